"""Which parts an engine has beside its nodes, in the order in which they are opened and called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from live.engine.control_thread import Service
from live.http.service import HttpService
from live.midi.input.key_routing import KeyRouting
from live.midi.input.learn import Learn
from live.midi.input.midi_input import MidiInput
from live.parameters.glides import Glides
from live.show.cue_list import CueList
from live.show.mapping_service import MappingService
from live.show.presets import Presets
from live.show.toml_file import place
from live.system.disk import DiskThread
from live.transport.ableton_link import AbletonLink
from live.transport.midi_clock_in import MidiClockIn
from live.transport.midi_clock_out import MidiClockOut
from live.transport.tempo import TempoService
from live.video.frame_outputs import FrameOutputs

if TYPE_CHECKING:
    from live.engine.engine import Engine


def services_of(engine: Engine) -> list[Service]:
    """The parts, made and not yet opened."""
    tree, clock, wake = engine.tree, engine.clock, engine.control_thread.wake
    disk = DiskThread(inline=clock.virtual)

    def beside(what: str) -> Path | None:
        return place(engine.path, what) if engine.path is not None else None

    mappings = MappingService(tree, clock, wake, engine.fail, beside("mappings"), engine.patch, disk)
    presets = Presets(tree, clock, wake, engine.fail, beside("presets"), mappings.drives, disk)
    midi_in, players = MidiInput(tree, clock, wake, engine.fail, engine.options.midi_in), KeyRouting(engine)
    learn = Learn(tree, clock, wake, engine.fail, beside("midi"), disk)
    clock_in = MidiClockIn(tree, clock)
    midi_in.takers += [clock_in.take, players.take, learn.take]
    midi_in.gone += [players.gone]
    return [
        disk,
        Glides(tree, clock, wake),
        engine.cameras,
        midi_in,
        players,
        learn,
        clock_in,
        AbletonLink(tree, clock, engine.fail),
        TempoService(tree, clock, wake),
        MidiClockOut(tree, clock, wake),
        engine.meters,
        mappings,
        presets,  # these two last of those with addresses: their files name all others
        CueList(tree, clock, wake, engine.fail, beside("cues"), presets.drop, disk),
        FrameOutputs(tree, clock, engine.stage, engine.fail, Path(), engine.options.record_video),
        HttpService(engine),
    ]

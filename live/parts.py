"""Which parts an engine has beside its nodes, in the order in which they are opened and called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from live.ableton import AbletonLink
from live.beside import place
from live.desk import Part
from live.glides import Glides
from live.midi.clock_in import ClockIn
from live.midi.clock_out import ClockOut
from live.midi.input import MidiIn
from live.midi.learn import Learn
from live.midi.players import Players
from live.show.cues import Cues
from live.show.links import Links
from live.show.presets import Presets
from live.tempo import Tempo
from live.video.outputs import Outputs
from live.web.part import Web

if TYPE_CHECKING:
    from live.engine import Engine


def parts_of(engine: Engine) -> list[Part]:
    """The parts, made and not yet opened."""
    tree, clock, wake = engine.tree, engine.clock, engine.desk.wake

    def beside(what: str) -> Path | None:
        return place(engine.path, what) if engine.path is not None else None

    links = Links(tree, clock, wake, engine.fail, beside("links"), engine.patch)
    presets = Presets(tree, clock, wake, engine.fail, beside("presets"), links.drives)
    midi_in, players = MidiIn(tree, clock, wake, engine.fail, engine.options.midi_in), Players(engine)
    learn = Learn(tree, clock, wake, engine.fail, beside("midi"))
    clock_in = ClockIn(tree, clock)
    midi_in.takers += [clock_in.take, players.take, learn.take]
    midi_in.gone += [players.gone]
    return [
        Glides(tree, clock, wake),
        engine.cameras,
        midi_in,
        players,
        learn,
        clock_in,
        AbletonLink(tree, clock, engine.fail),
        Tempo(tree, clock, wake),
        ClockOut(tree, clock, wake),
        engine.meters,
        links,
        presets,  # these two last of those with addresses: their files name all others
        Cues(tree, clock, wake, engine.fail, beside("cues"), presets.drop),
        Outputs(tree, clock, engine.stage, engine.fail, Path(), engine.options.record_video),
        Web(engine),
    ]

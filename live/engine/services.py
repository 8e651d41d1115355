"""The services of an engine, in the order in which they are opened and called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from live.engine.control_thread import Service
from live.engine.home import Home
from live.engine.options import Options
from live.gallery.keeps import Keeps
from live.gallery.schedule import Schedule
from live.gallery.visitors import Visitors
from live.http.service import HttpService
from live.midi.input.file_performer import FilePerformer
from live.midi.input.key_routing import KeyRouting
from live.midi.input.lamps import DeviceOutput, Lamps
from live.midi.input.learn import Learn
from live.midi.input.midi_input import MidiInput
from live.midi.output.node_outputs import NodeOutputs
from live.midi.output.silence import Silence
from live.nodes.node_set import NodeSet
from live.osc.output import OscOutput
from live.osc.server import OscServer
from live.parameters.glides import Glides
from live.parameters.service_context import ServiceContext
from live.parameters.tree import Tree
from live.parameters.writer import performer_of
from live.patch import Patch
from live.service.checks import Heartbeat
from live.service.monitor import Monitor
from live.service.supervision import TRY_AGAIN, Supervision
from live.show.cue_list import CueList
from live.show.mapping_service import MappingService
from live.show.meter import MeterService
from live.show.painting_change import PaintingChange
from live.show.presets import Presets
from live.show.saved_state import SavedState
from live.show.toml_file import place, shipped_presets
from live.system.disk import DiskThread
from live.transport.ableton_link import AbletonLink
from live.transport.clock import Clock
from live.transport.midi_clock_in import MidiClockIn
from live.transport.midi_clock_out import MidiClockOut
from live.transport.tempo import TempoService
from live.video.cameras import Cameras
from live.video.frame_outputs import FrameOutputs
from live.video.stage import Stage


def make_services(
    *,
    tree: Tree,
    clock: Clock,
    wake: Callable[[], None],
    fail: Callable[[str], None],
    patch: Patch,
    playing: Callable[[], Patch],
    path: Path | None,
    options: Options,
    nodes: NodeSet,
    voices: NodeOutputs,
    cameras: Cameras,
    meters: MeterService,
    stage: Stage,
    osc_out: OscOutput,
    osc: Callable[[], OscServer | None],
    supervision: Supervision,
    main_thread: Heartbeat,
    leave: Callable[[int], None],
    home: Home,
) -> list[Service]:
    """All services, not yet opened; `path` is the patch's, `playing` gives the patch that plays, and `osc` the server
    once it is open. `main_thread` is the heartbeat of that thread, and `leave` ends the engine with an exit status.
    """
    context = ServiceContext(tree, clock, wake, fail, disk := DiskThread(inline=clock.virtual))
    statuses: list[int] = []

    def leave_with(status: int) -> None:
        statuses.append(status)
        leave(status)

    def restart() -> None:
        if supervision.installation is not None:
            leave_with(TRY_AGAIN)

    def beside(what: str) -> Path | None:
        return place(path, what) if path is not None else None

    mappings = MappingService(context, beside("mappings"), patch)
    shipped = shipped_presets(path) if path is not None else None
    presets = Presets(context, beside("presets"), mappings.drives, shipped)
    midi_in = MidiInput(context, options.midi_in, voices.keys_addresses)
    keys = KeyRouting(tree, wake, patch, nodes, voices)
    cues = CueList(context, beside("cues"), presets.drop)
    schedule = Schedule(
        context,
        None if clock.virtual else beside("schedule"),
        lambda cue: tree.write("/cue/goto", [cue]),
        lambda: state.restored,
        restart,
    )
    state = SavedState(
        context,
        cues,
        None if clock.virtual else beside("state"),
        options.restore,
        lambda: schedule.closing.held,
        lambda: TRY_AGAIN in statuses,
    )
    folder = beside("schedule")
    visitors = Visitors(
        context,
        schedule=schedule,
        stage=stage,
        folder=folder.with_name(f"{folder.name.removesuffix('.schedule.toml')}.drawings") if folder else None,
        seed=(options.seed if options.seed is not None else patch.seed) or 0,
        home=home.begin_again,
    )
    home.others.append(visitors.return_to_file)
    learn = Learn(context, beside("midi"))
    clock_in = MidiClockIn(tree, clock)
    midi_in.receivers += [clock_in.receive, learn.receive, keys.receive]
    midi_in.gone += [keys.gone]
    monitor = Monitor(
        context,
        supervision=supervision,
        main_thread=main_thread,
        leave=leave_with,
        options=options,
        nodes=nodes,
        voices=voices,
        listener=midi_in,
        cameras=cameras,
        stage=stage,
        patch=playing,
        path=path,
    )
    osc_out.gone += [keys.peer_gone, lambda peer: stage.pens.performer_gone(performer_of(peer))]
    return [
        disk,
        Glides(tree, clock, wake),
        cameras,
        FilePerformer(context, midi_in, options.player),
        midi_in,
        keys,
        learn,
        Lamps(context, learn, lambda device, on_state: DeviceOutput(device, clock, on_state)),
        Silence(tree, patch),
        clock_in,
        AbletonLink(tree, clock, fail),
        TempoService(tree, clock, wake),
        MidiClockOut(tree, clock, wake),
        meters,
        PaintingChange(tree, clock),
        mappings,
        presets,  # presets and cues after all services with addresses, since their files refer to these
        cues,
        schedule,
        visitors,
        Keeps(tree, clock, options),
        state,
        FrameOutputs(context, stage, Path(), options.record_video),
        HttpService(context, stage, options, osc_out, osc, patch, monitor.pages.answers()),
        monitor.service,
    ]

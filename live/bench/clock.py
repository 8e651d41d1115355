"""Jitter of the MIDI clock output, and error of the beats that follow a jittered MIDI clock input.

Both are measured under the load of an engine, and compared with a plain program in the same run.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from live.bench.lateness import PEER, RECEIVER, MidiReceiver, busy, lstm_step, receiver_of
from live.bench.ticker import CLIENT as TICKER
from live.engine.control_thread import ControlThread
from live.midi import MidiError
from live.midi.input.message import CLOCK, InputMessage
from live.midi.input.midi_input import MidiInput
from live.midi.output.lateness import Lateness
from live.midi.output.midi_output import MidiOutput
from live.midi.port import open_port
from live.parameters.service_context import ServiceContext
from live.parameters.tree import Tree
from live.transport.clock import Clock
from live.transport.midi_clock_in import MidiClockIn
from live.transport.midi_clock_out import MidiClockOut
from live.transport.tempo import TempoService
from live.transport.tick_tracker import PER_BEAT
from models.compute.bench_row import BenchRow

TEMPO_BPM = 120.0
JITTER_MS = 1.0
SETTLED_S = 2.0
LOOK_EVERY_S = 0.01
OPENING_S = 10.0
FIGURES = ("p50", "p99", "max")
TICK_S = 60.0 / TEMPO_BPM / PER_BEAT


def clock_rows(seconds: float = 20.0, load: Callable[[], object] | None = None) -> list[BenchRow]:
    """Errors of tick intervals sent, and of the phase followed; ratio is the peer's error over ours.

    Takes about 3 * seconds. Raises MidiError if no MIDI system works.
    """
    with busy(load or lstm_step()):
        with receiver_of("f") as receiver:
            if receiver is None:
                raise MidiError("no MIDI system works here (a JACK server without a sound card will do)")
            late: dict[str, float] = {}
            sent = _intervals(receiver, lambda: late.update(_by_control_thread(seconds)), seconds)
            plain = _intervals(receiver, lambda: _by_thread(seconds), seconds)
        followed, came = _followed(seconds)
    rows: list[BenchRow] = []
    for name, own, peer, who in (
        ("error of tick intervals sent", sent, plain, PEER),
        (f"error of followed beats, ticks off by {JITTER_MS:g} ms", followed, came, "the raw ticks"),
    ):
        ours, theirs = own.figures(), peer.figures()
        for part in FIGURES:
            ratio = theirs[part] / ours[part] if ours[part] else float("inf")
            rows.append({"name": f"{name}, {part}", "value": ours[part], "unit": "ms", "ratio": ratio, "peer": who})
            rows.append({"name": f"{name}, {part}, {who}", "value": theirs[part], "unit": "ms"})
        rows.append({"name": f"{name}, count", "value": ours["count"], "unit": ""})
    for part in FIGURES:  # at the sender, so without the cycles of the receiver's audio server
        rows.append({"name": f"lateness of ticks at the sender, {part}", "value": late[part], "unit": "ms"})
    return rows


# -- clock out --------------------------------------------------------------------------------------------------


def _intervals(receiver: MidiReceiver, send: Callable[[], None], seconds: float) -> Lateness:
    """Errors of the intervals between ticks at the receiver."""
    send()
    came = [came_s for came_s, message in receiver.take(int(seconds / TICK_S) + 2) if message[0] == CLOCK]
    errors = Lateness()
    for before_s, after_s in itertools.pairwise(came):
        errors.add(abs(after_s - before_s - TICK_S))
    return errors


def _by_control_thread(seconds: float) -> dict[str, float]:
    """Our clock: the control thread schedules the ticks, the sender process sends them and reports their lateness."""
    clock, opened = Clock(TEMPO_BPM), threading.Event()
    out = MidiOutput(RECEIVER, clock=clock, on_state=lambda *_: opened.set())
    opened.wait(OPENING_S)
    tree = Tree(clock)
    control_thread = ControlThread(clock, lambda _: None)
    control_thread.open(
        [
            TempoService(tree, clock, control_thread.wake),
            MidiClockOut(tree, clock, control_thread.wake, lambda _: out.voice("clock")),
        ]
    )
    tree.set("/clock/out", RECEIVER)
    control_thread.start()
    time.sleep(seconds)
    control_thread.close()
    late: dict[str, float] = out.stats(within_s=OPENING_S)["late"]
    out.close()
    return late


def _by_thread(seconds: float) -> None:
    """The peer: a thread of the same process sleeps until each tick is due, at absolute times, so without drift."""
    port = open_port(RECEIVER)

    def tick() -> None:
        begin_s = time.monotonic() + 0.1
        for number in range(int(seconds / TICK_S)):
            time.sleep(max(0.0, begin_s + number * TICK_S - time.monotonic()))
            port.send(bytes((CLOCK,)))

    thread = threading.Thread(target=tick, name="plain clock")
    thread.start()
    thread.join()
    port.close()


# -- clock in ---------------------------------------------------------------------------------------------------


def _followed(seconds: float) -> tuple[Lateness, Lateness]:
    """Errors of our beats and of the raw ticks against the times that the other program states."""
    clock = Clock()
    tree = Tree(clock)
    control_thread = ControlThread(clock, lambda _: None)
    context = ServiceContext(tree, clock, control_thread.wake, lambda _: None)
    midi_in, clock_in = MidiInput(context, [TICKER]), MidiClockIn(tree, clock)
    arrived: list[float] = []

    def note(message: InputMessage) -> bool:
        if message.kind == CLOCK:
            arrived.append(message.at_s)
        return False

    midi_in.receivers += [note, clock_in.receive]
    control_thread.open([midi_in, clock_in, TempoService(tree, clock, control_thread.wake)])
    tree.set("/clock/source", "midi")
    control_thread.start()
    ticks = str(int(seconds / TICK_S))
    command = [sys.executable, "-m", "live.bench.ticker", str(TEMPO_BPM), ticks, str(JITTER_MS)]
    ours, theirs = Lateness(), Lateness()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        begin_s = float(process.stdout.readline().split()[1])
        time.sleep(max(0.0, begin_s + SETTLED_S - clock.now()))
        while (now_s := clock.now()) < begin_s + seconds - LOOK_EVERY_S:
            line = clock.beats
            ours.add(abs(line.beat_at(now_s) * 60.0 / TEMPO_BPM - (now_s - begin_s)))
            time.sleep(LOOK_EVERY_S)
    control_thread.close()
    for number, came_s in enumerate(arrived):
        if number * TICK_S >= SETTLED_S:
            theirs.add(abs(came_s - begin_s - number * TICK_S))
    return ours, theirs

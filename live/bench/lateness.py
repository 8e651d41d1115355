"""Lateness of MIDI messages: our sender process compared with a sleeping thread, in one run under the same load.

The load is typical of an engine: a model that steps without a pause, and a thread of pure Python that draws 60 times
per second. If a MIDI system works (a JACK server without a sound card is enough), the messages go to a real port, and
the receiving process measures their times, too.
"""

from __future__ import annotations

import contextlib
import queue
import random
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

from live.midi.output.lateness import Lateness
from live.midi.output.midi_output import MidiOutput
from live.midi.port import Port, SilentPort, open_port
from live.transport.clock import Clock
from models.base import NoteOff, NoteOn
from models.compute.bench_row import BenchRow

LOOKAHEAD_S = 0.2
DRAWING_S = 0.008
FRAME_S = 1.0 / 60.0
RECEIVER = "Arabesque receiver:in"
PEER = "thread with time.sleep"
PERCENTILES = ("p50", "p99", "p99.9", "max")
Figures = dict[str, float]


def lateness_rows(
    messages: int = 2000, load: Callable[[], object] | None = None, gap_s: float = 0.01, seed: int = 1
) -> list[BenchRow]:
    """Lateness of our messages and of a sleeping thread's in the same run; ratio is the peer's lateness over ours.

    `messages` note-ons and note-offs are sent at random times, on average `gap_s` apart. `load` is one step of the
    load, by default that of an LSTM with three layers of 512. Takes about 2 * messages * gap_s seconds.
    """
    dice = random.Random(seed)
    offsets, at_s = [], 0.5
    for _ in range(messages):
        at_s += dice.expovariate(1.0 / gap_s)
        offsets.append(at_s)
    with receiver_of("89") as receiver, busy(load or lstm_step()):
        port = "silent" if receiver is None else RECEIVER
        ours = _measure(_by_sender, port, offsets, receiver)
        plain = _measure(_by_thread, port, offsets, receiver)
    rows: list[BenchRow] = []
    for place in ours:
        for part in PERCENTILES:
            own, peer = ours[place][part], plain[place][part]
            ratio = peer / own if own else float("inf")
            name = f"late {place}, {part}"
            rows.append({"name": name, "value": own, "unit": "ms", "ratio": ratio, "peer": PEER})
            rows.append({"name": f"{name}, {PEER}", "value": peer, "unit": "ms"})
        for name, figures in (("messages", ours), (f"messages of the {PEER}", plain)):
            rows.append({"name": f"{name} {place}", "value": float(figures[place]["count"]), "unit": f"of {messages}"})
    return rows


# -- the two ways to send -------------------------------------------------------------------------------------

Way = Callable[[str, list[float]], Figures]


def _by_sender(port: str, due: list[float]) -> Figures:
    """Our sender process, which receives each message ahead of time from a thread of this loaded process.

    A message that this process passes on too late counts with its whole lateness.
    """
    clock, wake, opened = Clock(), threading.Condition(), threading.Event()
    out = MidiOutput(port, on_state=lambda state, _: opened.set() if state == "opened" else None)
    try:
        opened.wait(10.0)
        voice = out.voice("bench")
        for number, due_s in enumerate(due):
            with wake:
                while clock.now() < due_s - LOOKAHEAD_S:
                    clock.wait(due_s - LOOKAHEAD_S, wake)
            _, pitch, _ = _message(number)
            voice.send(due_s, NoteOff(pitch) if number % 2 else NoteOn(pitch, 64))
        with wake:
            while clock.now() < due[-1] + LOOKAHEAD_S:
                clock.wait(due[-1] + LOOKAHEAD_S, wake)
        return dict(out.stats(within_s=10.0)["late"])
    finally:
        out.close()


def _by_thread(port: str, due: list[float]) -> Figures:
    """The peer: a thread of the same process sleeps until each message is due, at absolute times, so without drift."""
    late = Lateness()
    opened: Port = SilentPort() if port == "silent" else open_port(port)

    def play() -> None:
        for number, due_s in enumerate(due):
            # The peer is exactly this sleep.
            time.sleep(max(0.0, due_s - time.monotonic()))
            opened.send(_message(number))
            late.add(time.monotonic() - due_s)

    thread = threading.Thread(target=play, name="plain sender")
    thread.start()
    thread.join()
    opened.close()
    return late.figures()


def _message(number: int) -> bytes:
    """Key down, key up, next key …: messages repeat after 256, so that a received one can be identified."""
    return bytes((0x80 if number % 2 else 0x90, number // 2 % 128, 64))


def _measure(way: Way, port: str, offsets: list[float], receiver: MidiReceiver | None) -> dict[str, Figures]:
    """The figures of the sender and, if there is one, of the receiver."""
    begin_s = Clock().now()
    due = [begin_s + offset_s for offset_s in offsets]
    found = {"when sent": way(port, due)}
    if receiver is not None:
        late = Lateness()
        # Paired by content instead of order, so that a lost or overtaken message does not shift the others.
        waiting: dict[bytes, deque[float]] = {}
        for number, due_s in enumerate(due):
            waiting.setdefault(_message(number), deque()).append(due_s)
        for came_s, message in receiver.take(len(due)):
            if waiting.get(message):
                late.add(came_s - waiting[message].popleft())
        found["when received"] = late.figures()
    return found


class MidiReceiver:
    """A process with a MIDI input that records the arrival times of messages of some kinds."""

    def __init__(self, process: subprocess.Popen[str], kinds: str) -> None:
        self._process = process
        self._kinds = kinds
        self._came: queue.Queue[tuple[float, bytes]] = queue.Queue()
        self._thread = threading.Thread(target=self._read, name="receiver")
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            came_s, message = line.split()
            if message[0] in self._kinds:
                self._came.put((float(came_s), bytes.fromhex(message)))

    def take(self, wanted: int) -> list[tuple[float, bytes]]:
        """Messages with their times; fewer than `wanted` if some were lost."""
        came: list[tuple[float, bytes]] = []
        with contextlib.suppress(queue.Empty):
            while len(came) < wanted:
                came.append(self._came.get(timeout=2.0))
        return came

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._thread.join()


@contextlib.contextmanager
def receiver_of(kinds: str) -> Iterator[MidiReceiver | None]:
    """A receiver of messages whose status begins with one of these hex digits; None if no MIDI system works."""
    command = [sys.executable, "-m", "live.bench.receiver"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            yield None
            return
        receiver = MidiReceiver(process, kinds)
        try:
            yield receiver
        finally:
            receiver.close()


# -- the load -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def busy(load: Callable[[], object]) -> Iterator[None]:
    """Load while the block lasts: a stepping model and a drawing window, each on a thread."""
    stop, wake, clock = threading.Event(), threading.Condition(), Clock()

    def step() -> None:
        while not stop.is_set():
            load()

    def draw() -> None:
        points = [(0.0, 0.0)]
        while not stop.is_set():
            began_s = clock.now()
            while clock.now() < began_s + DRAWING_S:
                x, y = points[-1]
                points.append((x * 0.99 + y * 0.01 + 1.0, y * 0.99 - x * 0.01))
                del points[:-500]
            with wake:
                clock.wait(began_s + FRAME_S, wake)

    threads = [threading.Thread(target=step, name="model"), threading.Thread(target=draw, name="drawing")]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def lstm_step() -> Callable[[], object]:
    """One step of a network of the size of Performance-RNN."""
    import torch

    cells = [torch.nn.LSTMCell(size, 512) for size in (409, 512, 512)]
    head = torch.nn.Linear(512, 388)
    states = [(torch.zeros(1, 512), torch.zeros(1, 512)) for _ in cells]

    def step() -> object:
        with torch.inference_mode():
            heard = torch.zeros(1, 409)
            for layer, cell in enumerate(cells):
                states[layer] = cell(heard, states[layer])
                heard = states[layer][0]
            return torch.multinomial(torch.softmax(head(heard), -1), 1)

    torch.set_num_threads(1)
    return step

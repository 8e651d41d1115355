"""The stage's pictures sent on while switches of the window say so: as a control-thread service."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from live.parameters.tree import Tree
from live.patch import Patch
from live.transport.clock import Clock
from live.video.files import fresh
from live.video.frame_tap import FrameTap
from live.video.program_sinks import NdiSink, SpoutSink, SyphonSink, VirtualCameraSink
from live.video.sinks import RECORD_RATE, FrameSink, SharedMemorySink, VideoFileSink
from live.video.stage import Stage

log = logging.getLogger(__name__)

LOOK_S = 0.1
"""How often it looks at the switches."""
SINKS: Mapping[str, Callable[[], FrameSink]] = {
    "share": SharedMemorySink,
    "virtual_camera": VirtualCameraSink,
    "syphon": SyphonSink,
    "spout": SpoutSink,
    "ndi": NdiSink,
}
"""The switches `/window/…` beside `record`, and what each opens."""


class FrameOutputs:
    """Opens and closes what the switches `/window/record`, `/window/share` … ask for.

    Each has a thread of its own; one that fails is told with `fail`, and its switch goes off. On a virtual clock a
    film is written picture by picture, as fast as the machine can. `film` is a file to begin with.
    """

    def __init__(
        self, tree: Tree, clock: Clock, stage: Stage, fail: Callable[[str], None], folder: Path, film: Path | None
    ) -> None:
        self._tree = tree
        self._clock = clock
        self._stage = stage
        self._fail = fail
        self._folder = folder
        self._film = film
        self._open: dict[str, SinkThread] = {}

    def open(self) -> None:
        """Begins the film that the command line asks for."""
        if self._film is not None:
            if self._stage.window is None:
                self._fail(f"--record-video {self._film}: this patch shows nothing")
                self._film = None
            else:
                self._tree.set("/window/record", True)

    def follow(self, patch: Patch) -> None:
        """Nothing: the switches stay as they are."""

    def advance(self, now_s: float) -> float:
        """Does what the switches say now."""
        for name in ("record", *SINKS):
            wanted = f"/window/{name}" in self._tree and bool(self._tree.get(f"/window/{name}"))
            sending = self._open.get(name)
            if sending is not None and (sending.failed or not wanted):
                self._end(name)
            elif sending is None and wanted:
                self._begin(name)
        if not self._clock.virtual:
            return now_s + LOOK_S
        if self._open:
            self._stage.advance(now_s)
            self._stage.show(now_s)
            for sending in self._open.values():
                sending.send()
        return min(now_s + LOOK_S, self._stage.taps.next_s())

    def close(self) -> None:
        """Ends all of them; files are complete."""
        for name in list(self._open):
            self._end(name)

    # -- inside -------------------------------------------------------------------------------------------------

    def _begin(self, name: str) -> None:
        try:
            sink = VideoFileSink(self._file()) if name == "record" else SINKS[name]()
        except Exception as error:
            self._tree.set(f"/window/{name}", False)
            self._fail(f"/window/{name}: {error}")
            return
        self._open[name] = SinkThread(sink, partial(self._stage.taps.open, RECORD_RATE))
        if not self._clock.virtual:
            self._open[name].start()
        log.info("/window/%s: %s", name, sink.name)
        self._tree.publish("/window/sending", ", ".join(sending.sink.name for sending in self._open.values()))

    def _end(self, name: str) -> None:
        sending = self._open.pop(name)
        sending.close()
        if sending.failed:
            self._fail(f"/window/{name}: {sending.failed}")
        if f"/window/{name}" in self._tree:
            self._tree.set(f"/window/{name}", False)
            self._tree.publish("/window/sending", ", ".join(other.sink.name for other in self._open.values()))

    def _file(self) -> Path:
        if self._film is not None:
            film, self._film = self._film, None
            return film
        return fresh(self._folder, f"arabesque {self._clock.date()}", ".mp4")


class SinkThread:
    """One sink, fed from a tap of its own on a thread of its own."""

    def __init__(self, sink: FrameSink, tap: Callable[[Callable[[], None]], FrameTap]) -> None:
        self.sink = sink
        self.failed = ""
        """The sentence of what ended it."""
        self._turn = threading.Condition()
        self._tap = tap(self._wake)
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to send, on a thread of its own."""
        self._thread = threading.Thread(target=self._run, name=f"sending {self.sink.name}", daemon=True)
        self._thread.start()

    def send(self) -> bool:
        """Sends the newest picture, if there is one; False when it is over."""
        shown = self._tap.take()
        if shown is not None and not self.failed:
            try:
                self.sink.write(shown)
            except Exception as error:
                log.debug("%s", error, exc_info=True)
                self.failed = str(error) or type(error).__name__
        return not self.failed

    def close(self) -> None:
        """Sends what has come, and gives back what was opened."""
        self._tap.close()
        with self._turn:
            self._stopping = True
            self._turn.notify()
        if self._thread is not None:
            self._thread.join()
        self.send()
        try:
            self.sink.close()
        except Exception as error:
            self.failed = self.failed or str(error)

    def _wake(self) -> None:
        with self._turn:
            self._turn.notify()

    def _run(self) -> None:
        while self.send():
            with self._turn:
                if self._stopping:
                    return
                if not self._tap.waiting:
                    self._turn.wait()

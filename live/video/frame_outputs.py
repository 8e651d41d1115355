"""Sends the stage's pictures to files and programs while the switches of the window are on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from live.parameters.service_context import ServiceContext
from live.patch import Patch
from live.system.disk_room import CHECK_EVERY_S, is_full, require_room
from live.video.files import fresh
from live.video.frame_tap import FrameTap
from live.video.privacy import Reach
from live.video.program_sinks import NdiSink, SpoutSink, SyphonSink, VirtualCameraSink
from live.video.sinks import RECORD_RATE, FrameSink, SharedMemorySink, VideoFileSink
from live.video.stage import Stage

log = logging.getLogger(__name__)

LOOK_S = 0.1
"""Interval at which the switches are read."""
SINKS: Mapping[str, Callable[[], FrameSink]] = {
    "share": SharedMemorySink,
    "virtual_camera": VirtualCameraSink,
    "syphon": SyphonSink,
    "spout": SpoutSink,
    "ndi": NdiSink,
}
"""The switches `/window/…` besides `record`, and the sink of each."""
REACHES: Mapping[str, Reach] = {"ndi": "network"}
"""Sinks that send to other machines."""


class FrameOutputs:
    """The control-thread service that opens and closes the sinks of `/window/record`, `/window/share` …

    Each sink opens, writes and closes on its own thread, so that the control thread never waits for a device or a file.
    A failure is reported to `fail`, and the sink's switch is set to off. On a virtual clock a film is written picture
    by picture, as fast as possible. `film` is a file to which recording starts at once.
    """

    def __init__(self, context: ServiceContext, stage: Stage, folder: Path, film: Path | None) -> None:
        self._tree, self._clock, self._fail = context.tree, context.clock, context.fail
        self._stage = stage
        self._folder = folder
        self._film = film
        self._asked = film is not None
        """Whether the command line asks for a film: it shows the camera, whatever /engine/privacy says."""
        self._open: dict[str, SinkThread] = {}
        self._resting: dict[str, float] = {}
        """Until when a switch that is on has no sink, since the disk is full."""
        self._told = ""

    def open(self) -> None:
        """Starts the recording of `--record-video`."""
        if self._film is not None:
            if self._stage.window is None:
                self._fail(f"--record-video {self._film}: this patch has no layers")
                self._film = None
            else:
                self._tree.set("/window/record", True)

    def follow(self, patch: Patch) -> None:
        """Does nothing: the switches do not depend on the patch."""

    def advance(self, now_s: float) -> float:
        """Opens and closes sinks according to the switches."""
        for name in ("record", *SINKS):
            wanted = f"/window/{name}" in self._tree and bool(self._tree.get(f"/window/{name}"))
            sending = self._open.get(name)
            if sending is None:
                if not wanted:
                    self._resting.pop(name, None)
                elif now_s >= self._resting.get(name, now_s):
                    self._begin(name)
            elif sending.ended:
                self._end(name, now_s)
            elif sending.failed or not wanted:
                sending.stop()
        self._tell()
        if not self._clock.virtual:
            return now_s + LOOK_S
        if self._open:
            self._stage.advance(now_s)
            self._stage.show(now_s)
            for sending in self._open.values():
                sending.send()
        return min(now_s + LOOK_S, self._stage.taps.next_s())

    def close(self) -> None:
        """Closes all sinks; files are then complete."""
        for sending in self._open.values():
            sending.stop()
        for name, sending in list(self._open.items()):
            sending.join()
            self._end(name, float("-inf"))
        self._tell()

    # -- inside -------------------------------------------------------------------------------------------------

    def _begin(self, name: str) -> None:
        opening = partial(self._video_file, name in self._resting) if name == "record" else SINKS[name]
        reach: Reach = "asked" if name == "record" and self._asked else REACHES.get(name, "machine")
        sending = self._open[name] = SinkThread(name, opening, partial(self._stage.taps.open, RECORD_RATE, reach=reach))
        if self._clock.virtual:
            sending.open()
        else:
            sending.start()

    def _end(self, name: str, now_s: float) -> None:
        sending = self._open.pop(name)
        if sending.full:
            if name not in self._resting or sending.name:
                self._fail(f"/window/{name}: {sending.failed}; it goes on once there is room")
            self._resting[name] = now_s + CHECK_EVERY_S
        elif sending.failed:
            self._fail(f"/window/{name}: {sending.failed}")
            if f"/window/{name}" in self._tree:
                self._tree.set(f"/window/{name}", False)

    def _tell(self) -> None:
        names = ", ".join(sending.name for sending in self._open.values() if sending.name and not sending.ended)
        if names != self._told:
            self._told = names
            if "/window/sending" in self._tree:
                self._tree.publish("/window/sending", names)

    def _video_file(self, again: bool) -> VideoFileSink:
        """A new file; on the thread that writes it. Raises NoRoomError, and makes no file then."""
        require_room(self._folder if self._film is None else self._film.parent, again=again)
        return VideoFileSink(self._file())

    def _file(self) -> Path:
        if self._film is not None:
            film, self._film = self._film, None
            return film
        return fresh(self._folder, f"arabesque {self._clock.date()}", ".mp4")


class SinkThread:
    """One sink with its tap and its thread."""

    def __init__(
        self, switch: str, opening: Callable[[], FrameSink], tap: Callable[[Callable[[], None]], FrameTap]
    ) -> None:
        self.name = ""
        """Name of the sink, once it is open."""
        self.failed = ""
        """The error that ended it."""
        self.full = False
        """Whether that error was a full disk."""
        self.ended = False
        """Whether the sink is closed."""
        self._switch = switch
        self._opening = opening
        self._sink: FrameSink | None = None
        self._turn = threading.Condition()
        self._tap = tap(self._wake)
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the thread."""
        self._thread = threading.Thread(target=self._run, name=f"sending {self._switch}", daemon=True)
        self._thread.start()

    def open(self) -> None:
        """Opens the sink."""
        try:
            self._sink = self._opening()
        except Exception as error:
            self._failed(error)
        else:
            self.name = self._sink.name
            log.info("/window/%s: %s", self._switch, self.name)

    def send(self) -> bool:
        """Sends the latest picture, if any; returns False when the sink has ended."""
        shown = self._tap.take()
        if shown is not None and not self.failed and self._sink is not None:
            try:
                self._sink.write(shown)
            except Exception as error:
                self._failed(error)
            else:
                self.name = self._sink.name  # shared memory takes another name when its own is in use
        return not self.failed

    def stop(self) -> None:
        """Requests the end: waiting pictures are sent, then the sink is closed. Does not wait for the thread."""
        self._tap.close()
        with self._turn:
            self._stopping = True
            self._turn.notify()
        if self._thread is None:
            self._finish()

    def join(self) -> None:
        """Waits for the requested end."""
        if self._thread is not None:
            self._thread.join()

    # -- inside -------------------------------------------------------------------------------------------------

    def _failed(self, error: Exception) -> None:
        log.debug("%s", error, exc_info=True)
        self.full = self.full or (isinstance(error, OSError) and is_full(error))
        sentence = error.strerror if isinstance(error, OSError) else str(error)
        self.failed = self.failed or sentence or type(error).__name__

    def _wake(self) -> None:
        with self._turn:
            self._turn.notify()

    def _run(self) -> None:
        self.open()
        while self.send():
            with self._turn:
                if self._stopping:
                    break
                if not self._tap.waiting:
                    self._turn.wait()
        self._finish()

    def _finish(self) -> None:
        if self.ended:
            return
        self.send()
        self._tap.close()
        if self._sink is not None:
            try:
                self._sink.close()
            except Exception as error:
                self._failed(error)
        self.ended = True

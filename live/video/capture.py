"""Keeps one source of frames open, on its own thread, and opens it again when it is lost."""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import cv2

from live.nodes.quality import limits
from live.parameters.tree import Tree
from live.transport.clock import Clock
from live.video.camera import MOST_PX
from live.video.reader import FrameReader, TestPictureReader, cameras, open_reader
from live.video.shot import Shot
from live.video.synthetic_scene import Picture
from models.base import Frame, Knob, knobs_of

log = logging.getLogger(__name__)

PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
"""First and longest pause before a lost source is opened again; each pause is 1.5 times the previous one."""
LOOK_AGAIN_S = 5.0
"""Interval at which "auto" looks for a camera while it shows the test picture."""
RATE_WINDOW_S = 2.0
"""Window over which the frame rate is averaged."""
CLOSE_WITHIN_S = 1.0
"""How long the end of a read is waited for when a source is closed."""
REPEAT_S = 1.0
"""Interval at which an unchanged frame is delivered again."""


def _settings(
    *,
    source: Annotated[
        str, Knob("auto, test, a camera's number or name, a file, a network address, shared:NAME, ndi:NAME", file=True)
    ] = "auto",
    width: Annotated[int, Knob("Requested width; files and streams keep their own", 16, MOST_PX, "px")] = 640,
    height: Annotated[int, Knob("Requested height; files and streams keep their own", 16, MOST_PX, "px")] = 480,
    rate: Annotated[float, Knob("Requested frame rate", 1.0, 240.0, "1/s")] = 30.0,
    mirror: Annotated[bool, Knob("Swap left and right")] = False,
    rotation: Annotated[int, Knob("Clockwise rotation in steps of 90", 0, 270, "degrees")] = 0,
    exposure: Annotated[float, Knob("Exposure time; 0 is automatic", 0.0, 1000.0, "ms")] = 0,
) -> None:
    """The parameters of a camera."""


CAMERA_KNOBS = knobs_of(_settings)
CAMERA_STATES: dict[str, Knob] = {
    "state": Knob(
        "opening, playing, test (no camera found), lost or released", kind="text", default="opening", access="r"
    ),
    "seen": Knob("Name of the open source", kind="text", default="", access="r"),
    "seen_width": Knob("Width of the frames", unit="px", kind="int", default=0, access="r"),
    "seen_height": Knob("Height of the frames", unit="px", kind="int", default=0, access="r"),
    "fps": Knob("Frames per second, averaged over two seconds", unit="1/s", access="r"),
    "dropped": Knob("Frames dropped because a node was still busy", kind="int", default=0, access="r"),
    "motion": Knob("Amount of motion in the picture", 0.0, 1.0, access="r"),
}
RELEASED_KNOB = Knob(
    "Close the source and forget its last frame, so that other programs can use it", kind="switch", default=False
)
REOPENING = ("source", "width", "height", "rate")
TURNING = ("mirror", "rotation")
QUARTERS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class Capture:
    """Opens the source that `/NAME/source` names and passes each of its frames to `deliver`.

    On a virtual clock there is no thread: each call of `advance` delivers the frame that is due. `fail` is called with
    a message when the source is lost.
    """

    def __init__(
        self,
        name: str,
        tree: Tree,
        clock: Clock,
        deliver: Callable[[Frame], None],
        fail: Callable[[str], None],
        folder: Path,
    ) -> None:
        self.name = name
        self.newest: Frame | None = None
        self._tree = tree
        self._clock = clock
        self._deliver = deliver
        self._fail = fail
        self._folder = folder
        self._reader: FrameReader | None = None
        self._shot: Shot | None = None
        self._turning: tuple[Any, ...] = ()
        self._repeat_s = math.inf
        self._opened: tuple[Any, ...] = ()
        self._began_s = clock.now()
        self._first = 0
        self._next_s = clock.now()
        self._pause_s = PAUSE_S
        self._look_s = math.inf
        self._known: list[tuple[int, str]] = []
        self._exposure = 0.0
        self._size = (0, 0)
        self._shown: deque[float] = deque()
        self._turn = threading.Condition()
        self._woken = False
        self._stopping = False
        self._thread: threading.Thread | None = None

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the reading thread, once."""
        if self._thread is not None or self._stopping:
            return
        self._thread = threading.Thread(target=self._run, name=f"camera {self.name}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Makes the thread read the parameters at once instead of at the next frame or attempt."""
        with self._turn:
            self._woken = True
            self._turn.notify()

    def stop_soon(self) -> None:
        """Requests the end of the thread, which ends once the read in progress returns."""
        with self._turn:
            self._stopping = True
            self._turn.notify()

    def close(self) -> None:
        """Ends the thread and closes the source; a driver or network that does not answer is left to itself."""
        self.stop_soon()
        if self._thread is None:
            self._release()
        else:
            self._thread.join(CLOSE_WITHIN_S)

    def rate(self) -> float:
        """Frames per second over the last two seconds."""
        now_s = self._clock.now()
        return sum(now_s - RATE_WINDOW_S < shown_s <= now_s for shown_s in list(self._shown)) / RATE_WINDOW_S

    def advance(self) -> float:
        """Opens the source, reads and delivers a frame if one is due; returns the time of the next call."""
        now_s = self._clock.now()
        if self._tree.get(f"/{self.name}/released"):
            return self._rest()
        settings = self._tree.snapshot(self.name, CAMERA_KNOBS)
        settings["rate"] = min(float(settings["rate"]), limits(self._tree).camera)  # type: ignore[arg-type]
        wanted = tuple(settings[name] for name in REOPENING)
        if wanted != self._opened or self._cameras_changed(now_s):
            self._release()
            self._opened, self._next_s, self._pause_s = wanted, now_s, PAUSE_S
        if now_s < self._next_s:
            self._repeat(settings, now_s)
            return min(self._next_s, self._repeat_s)
        try:
            if self._reader is None:
                self._open(settings, now_s)
            assert self._reader is not None
            self._read(self._reader, settings, self._clock.now())
        except Exception as error:
            log.debug("%s", error, exc_info=True)
            if not self._stopping:
                self._lose(str(error) or type(error).__name__)
        return min(self._next_s, self._repeat_s)

    # -- inside -------------------------------------------------------------------------------------------------

    def _rest(self) -> float:
        """Closes the source until it is no longer released."""
        if self._state() != "released":
            self._release()
            self._first, self.newest, self._opened = self._next_number(), None, ()
            self._publish_state("released")
        return math.inf

    def _next_number(self) -> int:
        return self.newest.number + 1 if self.newest is not None else self._first

    def _open(self, settings: Mapping[str, Any], now_s: float) -> None:
        if self._state() != "lost":
            self._publish_state("opening")
        self._reader, seen = open_reader(settings, self._folder, live=not self._clock.virtual)
        self._exposure = settings["exposure"]
        looks = isinstance(self._reader, TestPictureReader) and settings["source"] == "auto" and not self._clock.virtual
        self._known = cameras() if looks else []
        self._look_s = now_s + LOOK_AGAIN_S if looks else math.inf
        self._began_s, self._first = self._clock.now(), self._next_number()
        self._tree.publish(f"/{self.name}/seen", seen)

    def _read(self, reader: FrameReader, settings: Mapping[str, Any], now_s: float) -> None:
        if settings["exposure"] != self._exposure:
            self._exposure = settings["exposure"]
            reader.expose(self._exposure)
        self._shot = reader.read(now_s - self._began_s)
        if self._shot is None:
            raise EOFError(f"{self._tree.get(f'/{self.name}/seen')}: the source has ended")
        self._next_s = self._began_s + self._shot.next_s
        self._pause_s = PAUSE_S
        frame = self._turned(self._shot, settings, now_s)
        self._count(frame)
        if self._state() not in ("playing", "test"):
            test = isinstance(reader, TestPictureReader) and settings["source"] != "test"
            self._publish_state("test" if test else "playing")
            log.info("%s: %s, %d x %d", self.name, self._tree.get(f"/{self.name}/seen"), *self._size)
        self._deliver(frame)

    def _repeat(self, settings: Mapping[str, Any], now_s: float) -> None:
        """Delivers the current frame again: at once when mirror or rotation changed, else once a second.

        A restarted node has lost its frame, and a still picture would otherwise never be delivered again.
        """
        if self._shot is not None and (now_s >= self._repeat_s or _turning(settings) != self._turning):
            self._deliver(self._turned(self._shot, settings, now_s))

    def _turned(self, shot: Shot, settings: Mapping[str, Any], now_s: float) -> Frame:
        self._turning, self._repeat_s = _turning(settings), now_s + REPEAT_S
        self.newest = Frame(_turned(shot.picture, settings), self._first + shot.number)
        return self.newest

    def _count(self, frame: Frame) -> None:
        now_s = self._clock.now()
        self._shown.append(now_s)
        while self._shown[0] <= now_s - RATE_WINDOW_S:
            self._shown.popleft()
        height, width = frame.pixels.shape[:2]
        if (width, height) != self._size:
            self._size = width, height
            self._tree.publish(f"/{self.name}/seen_width", width)
            self._tree.publish(f"/{self.name}/seen_height", height)

    def _lose(self, why: str) -> None:
        self._release()
        if self._state() != "lost":
            self._publish_state("lost")
            self._fail(f"{self.name}: {why}; retrying until it is back")
        self._next_s = self._clock.now() + self._pause_s
        self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 1.5)

    def _release(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader, self._shot, self._repeat_s = None, None, math.inf

    def _cameras_changed(self, now_s: float) -> bool:
        """Whether cameras were plugged in or removed since "auto" fell back to the test picture."""
        if now_s < self._look_s:
            return False
        self._look_s = now_s + LOOK_AGAIN_S
        return cameras() != self._known

    def _state(self) -> str:
        return str(self._tree.get(f"/{self.name}/state"))

    def _publish_state(self, state: str) -> None:
        self._tree.publish(f"/{self.name}/state", state)

    def _run(self) -> None:
        while True:
            wanted_s = self.advance()
            with self._turn:
                if not self._woken and not self._stopping:
                    self._clock.wait(wanted_s, self._turn)
                self._woken = False
                if self._stopping:
                    break
        self._release()


def _turning(settings: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(settings[name] for name in TURNING)


def _turned(picture: Picture, settings: Mapping[str, Any]) -> Picture:
    """Mirrors the picture, then rotates it."""
    if settings["mirror"]:
        picture = cv2.flip(picture, 1)
    quarters = round(settings["rotation"] / 90.0) % 4
    return cv2.rotate(picture, QUARTERS[quarters * 90]) if quarters else picture

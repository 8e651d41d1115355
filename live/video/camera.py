"""The Camera value of a patch: describes a source of frames without opening it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from live.video import VideoError

MOST_PX = 7680


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera or another source of frames. `source` is

    - "auto": the first camera that delivers frames, else the test picture;
    - 0, 1, 2 …: a camera by its number;
    - "http://…", "rtsp://…", "tcp://…": a network stream;
    - "shared:NAME": pictures that another program writes to shared memory (`live.video.shared_memory_reader`);
    - "ndi:NAME": an NDI source by part of its name (extra arabesque[ndi]);
    - "clip.mp4": a video file, looped at its own frame rate, looked up beside the patch first;
    - "photo.jpg": a still picture;
    - "test": a built-in moving picture;
    - any other text: a camera by part of its name, with `*` as a wildcard ("*Logitech*").

    `width` and `height` in pixels (16..7680) and `rate` in frames per second (1..240) are requested from a camera and
    used by the test picture; files and streams have their own. `mirror` swaps left and right. `rotation` turns
    clockwise by 0, 90, 180 or 270 degrees. `exposure` is in milliseconds, 0 for automatic; cameras without an exposure
    control ignore it.

    `name` is the root of its addresses, `/camera/…`; each camera of a patch needs its own. Nodes with equal Cameras
    share one source. Raises VideoError for a value out of range.
    """

    source: int | str = "auto"
    _: KW_ONLY
    name: str = "camera"
    width: int = 640
    height: int = 480
    rate: float = 30.0
    mirror: bool = False
    rotation: int = 0
    exposure: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.source, bool) or not isinstance(self.source, int | str) or self.source == "":
            raise VideoError(
                f"source: expected a number, a name, a file, an address, auto or test, got {self.source!r}"
            )
        if isinstance(self.source, int) and not 0 <= self.source < 100:
            raise VideoError(f"source: expected a camera's number from 0 to 99, got {self.source}")
        if not self.name.isidentifier():
            raise VideoError(f"name: expected one word of letters, digits and _, got {self.name!r}")
        for what, low, high in (("width", 16, MOST_PX), ("height", 16, MOST_PX)):
            if type(getattr(self, what)) is not int or not low <= getattr(self, what) <= high:
                raise VideoError(f"{what}: expected a whole number from {low} to {high}, got {getattr(self, what)!r}")
        for what, least, most in (("rate", 1.0, 240.0), ("exposure", 0.0, 1000.0)):
            if not isinstance(getattr(self, what), int | float) or not least <= getattr(self, what) <= most:
                raise VideoError(f"{what}: expected {least:g} to {most:g}, got {getattr(self, what)!r}")
        if self.rotation not in (0, 90, 180, 270):
            raise VideoError(f"rotation: expected 0, 90, 180 or 270, got {self.rotation!r}")
        if type(self.mirror) is not bool:
            raise VideoError(f"mirror: expected True or False, got {self.mirror!r}")

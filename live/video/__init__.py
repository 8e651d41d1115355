"""Windows, layers and piano rolls, as values of a patch. Importing this opens nothing."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Blend = Literal["over", "add", "multiply", "screen"]
BLENDS: tuple[str, ...] = get_args(Blend)


class VideoError(ValueError):
    """A wrong window, layer, camera or file; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Window:
    """The window of a patch: its size in pixels (64..16384), and whether it fills the screen number `display`.

    `invitation` is a line of text for visitors, shown until a performer plays or draws.

    Screens are counted from 0; a number without a screen means the first. Raises VideoError for other values.
    """

    width: int = 1280
    height: int = 720
    fullscreen: bool = False
    display: int = 0
    invitation: str = ""

    def __post_init__(self) -> None:
        for name, low, high in (("width", 64, 16384), ("height", 64, 16384), ("display", 0, 63)):
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise VideoError(f"{name}: expected a whole number from {low} to {high}, got {value!r}")
        if type(self.fullscreen) is not bool:
            raise VideoError(f"fullscreen: expected True or False, got {self.fullscreen!r}")
        if type(self.invitation) is not str or len(self.invitation) > 200 or not self.invitation.isprintable():
            raise VideoError(f"invitation: expected one line of at most 200 characters, got {self.invitation!r}")

    def layer(self, number: int, opacity: float = 1.0, blend: Blend = "over") -> Layer:
        """A layer of this window for a node; layers with higher numbers are in front."""
        return Layer(self, number, opacity, blend)

    def roll(self, of: str, number: int = 0, opacity: float = 1.0, blend: Blend = "over", **knobs: Any) -> Roll:
        """A piano roll of the notes of the node named `of`, on a layer of this window; `knobs` are the roll's own."""
        return Roll(of, self.layer(number, opacity, blend), tuple(sorted(knobs.items())))


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a window: its number (any integer), its opacity 0..1, and how it blends with the layers below.

    Raises VideoError for other values.
    """

    window: Window
    number: int
    opacity: float = 1.0
    blend: Blend = "over"

    def __post_init__(self) -> None:
        if type(self.number) is not int:
            raise VideoError(f"layer: expected a whole number, got {self.number!r}")
        if not isinstance(self.opacity, int | float) or not 0.0 <= self.opacity <= 1.0:
            raise VideoError(f"opacity: expected 0 to 1, got {self.opacity!r}")
        if self.blend not in BLENDS:
            raise VideoError(f"blend: expected {', '.join(BLENDS)}, got {self.blend!r}")


@dataclass(frozen=True, slots=True)
class Roll:
    """A piano roll of the past and scheduled notes of the node named `of`; the patch checks its knobs."""

    of: str
    out: Layer = field(default_factory=lambda: Window().layer(0))
    knobs: tuple[tuple[str, Any], ...] = ()
    """Values of `live.video.layer_knobs.ROLL_KNOBS`, by name."""


os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # pygame prints a greeting when it is imported
# OpenCV logs missing devices and ended streams; here they are states of a camera.
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")  # seconds without a picture
if sys.platform == "darwin":
    # OpenCV can request camera access on the main thread only; otherwise macOS requests it.
    os.environ.setdefault("OPENCV_AVFOUNDATION_SKIP_AUTH", "1")
if sys.platform == "linux":
    # SDL would show the window through OpenGL, which takes 16 ms a frame without a graphics card instead of 0.2 ms.
    os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")

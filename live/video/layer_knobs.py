"""The knobs of what lies on a layer: how lines look, how long drawings stay, how a roll scrolls. Opens nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from live.video import BLENDS, Layer
from models.base import Knob, Pulse, Value, event, knobs_of, pulse

Numbers = tuple[float, ...]
RGB = ("red", "green", "blue")
FITS = ("cover", "fit", "stretch")
OPACITY = Knob("How much of the layer is seen", 0.0, 1.0)
BLEND = Knob("How the layer lies over what is under it", choices=BLENDS)


def _ink(
    *,
    width: Annotated[
        float, Knob("Width of the line, in thousandths of the paper's shorter side", 0.5, 100.0, "‰", "log")
    ] = 6.0,
    colour: Annotated[Numbers, Knob("Colour of the lines drawn from now on", 0.0, 1.0, components=RGB)] = (
        *(0.96, 0.93, 0.86),
    ),
    paper: Annotated[
        Numbers, Knob("Colour of the paper; with opacity 0 there is none", 0.0, 1.0, components=(*RGB, "opacity"))
    ] = (0.97, 0.95, 0.91, 0.0),
    opacity: Annotated[float, OPACITY] = 1.0,
    blend: Annotated[str, BLEND] = "over",
    fade: Annotated[float, Knob("How long an old drawing takes to fade away; 0 keeps it", 0.0, 600.0, "s")] = 3.0,
    save: Annotated[Pulse, pulse("Write the drawings to a new SVG file in the folder it was started in")] = False,
    clear: Annotated[Pulse, pulse("Take everything off the paper, now")] = False,
    undo: Annotated[Pulse, pulse("Take back the last drawing, or the last stroke of a person's")] = False,
) -> None:
    """The knobs that a node has whose pens draw on a layer."""


def _roll(
    *,
    past: Annotated[float, Knob("How much of what was played is shown", 0.5, 60.0, "s", "log")] = 8.0,
    ahead: Annotated[float, Knob("How much of what is about to be played is shown", 0.05, 10.0, "s", "log")] = 0.8,
    lowest: Annotated[int, Knob("The pitch at the lower edge", 0, 120)] = 21,
    highest: Annotated[int, Knob("The pitch at the upper edge", 7, 127)] = 108,
    top: Annotated[float, Knob("Its upper edge, in parts of the window's height", 0.0, 1.0)] = 0.0,
    bottom: Annotated[float, Knob("Its lower edge, in parts of the window's height", 0.0, 1.0)] = 1.0,
    opacity: Annotated[float, OPACITY] = 1.0,
    blend: Annotated[str, BLEND] = "over",
) -> None:
    """The knobs of a piano roll."""


def _picture(
    *,
    fit: Annotated[
        str, Knob("Fill the window, show all of the picture, or pull it to the window's shape", choices=FITS)
    ] = "cover",
    opacity: Annotated[float, OPACITY] = 1.0,
    blend: Annotated[str, BLEND] = "over",
) -> None:
    """The knobs that a node has whose pictures are shown on a layer."""


INK_KNOBS = knobs_of(_ink)
PICTURE_KNOBS = knobs_of(_picture)
ROLL_KNOBS = knobs_of(_roll)

_PLACE = Knob("on the paper", -1000.0, 1000.0)
PEN_KNOB = event(
    "A performer's pen: its place (0 0 is the middle of the paper, y grows downward, 1 is half of its shorter side), 1 "
    "where it touches, and the finger, from 0. Each sender has pens of its own; a line begins where one first touches",
    1,
    x=_PLACE,
    y=_PLACE,
    down=Knob("1 touches, 0 is lifted", 0.0, 1.0),
    finger=Knob("which of the sender's pens", 0, 15, kind="int"),
)


def laid(knobs: dict[str, Knob], layer: Layer) -> dict[str, Knob]:
    """Knobs that begin as the layer says."""
    begins: dict[str, Value] = {"opacity": float(layer.opacity), "blend": layer.blend}
    return {name: replace(knob, default=begins.get(name, knob.default)) for name, knob in knobs.items()}

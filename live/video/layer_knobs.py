"""The knobs of layers: lines and drawings, piano rolls, frames."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from live.video import BLENDS, Layer, Roll, VideoError
from models.base import Knob, KnobError, Pulse, Value, event, knobs_of, pulse

Numbers = tuple[float, ...]
RGB = ("red", "green", "blue")
FITS = ("cover", "fit", "stretch")
OPACITY = Knob("Opacity of the layer", 0.0, 1.0)
BLEND = Knob("How the layer is blended with those below", choices=BLENDS)


def _ink(
    *,
    width: Annotated[
        float, Knob("Width of the line, in thousandths of the paper's shorter side", 0.5, 100.0, "‰", "log")
    ] = 6.0,
    colour: Annotated[Numbers, Knob("Colour of new lines", 0.0, 1.0, components=RGB)] = (
        *(0.96, 0.93, 0.86),
    ),
    glide: Annotated[bool, Knob("Lines of the model grow smoothly from point to point, as a hand draws")] = True,
    tint: Annotated[
        float, Knob("How far new drawings of the model take their colour from the picture behind them", 0.0, 1.0)
    ] = 0.0,
    performer_colour: Annotated[
        Numbers, Knob("Colour of a performer's lines; further performers get other hues", 0.0, 1.0, components=RGB)
    ] = (1.0, 0.80, 0.36),
    answer_colour: Annotated[
        Numbers, Knob("Colour of lines that complete a performer's; other hues for others", 0.0, 1.0, components=RGB)
    ] = (1.0, 0.55, 0.42),
    compose: Annotated[
        bool, Knob("Give each drawing a place of its own: where the picture is calm, beside the other drawings")
    ] = True,
    paper: Annotated[
        Numbers, Knob("Colour and opacity of the paper; opacity 0 is no paper", 0.0, 1.0, components=(*RGB, "opacity"))
    ] = (0.97, 0.95, 0.91, 0.0),
    opacity: Annotated[float, OPACITY] = 1.0,
    blend: Annotated[str, BLEND] = "over",
    fade: Annotated[float, Knob("Time in which a finished drawing fades out; 0 keeps it", 0.0, 600.0, "s")] = 3.0,
    save: Annotated[Pulse, pulse("Writes the drawings to a new SVG file in the working directory")] = False,
    clear: Annotated[Pulse, pulse("Erases all drawings")] = False,
    undo: Annotated[Pulse, pulse("Undoes the last drawing, or the performer's last stroke")] = False,
) -> None:
    """The knobs of a layer of drawings."""


def _roll(
    *,
    past: Annotated[float, Knob("Time span of past notes", 0.5, 60.0, "s", "log")] = 8.0,
    ahead: Annotated[float, Knob("Time span of scheduled notes", 0.05, 10.0, "s", "log")] = 0.8,
    lowest: Annotated[int, Knob("Pitch at the lower edge", 0, 120)] = 21,
    highest: Annotated[int, Knob("Pitch at the upper edge", 7, 127)] = 108,
    top: Annotated[float, Knob("Upper edge, as a share of the window's height", 0.0, 1.0)] = 0.0,
    bottom: Annotated[float, Knob("Lower edge, as a share of the window's height", 0.0, 1.0)] = 1.0,
    mist: Annotated[float, Knob("Clouds of light around the notes", 0.0, 1.0)] = 0.0,
    labels: Annotated[bool, Knob("Bars on rows with the names of the pitches, instead of light")] = False,
    tint: Annotated[float, Knob("How far the lights take their colours from the picture behind them", 0.0, 1.0)] = 1.0,
    opacity: Annotated[float, OPACITY] = 1.0,
    blend: Annotated[str, BLEND] = "over",
) -> None:
    """The knobs of a piano roll."""


def _picture(
    *,
    fit: Annotated[
        str, Knob("cover fills the window, fit shows the whole picture, stretch changes its shape", choices=FITS)
    ] = "cover",
    crop: Annotated[float, Knob("Part of the picture that is cut off at each edge", 0.0, 0.4)] = 0.0,
    opacity: Annotated[float, OPACITY] = 1.0,
    blend: Annotated[str, BLEND] = "over",
) -> None:
    """The knobs of a layer of frames."""


INK_KNOBS = knobs_of(_ink)
PICTURE_KNOBS = knobs_of(_picture)
ROLL_KNOBS = knobs_of(_roll)

_PLACE = Knob("on the paper", -1000.0, 1000.0)
PEN_KNOB = event(
    "A performer's pen: its place (0 0 is the middle of the paper, y grows downward, 1 is half of its shorter side), 1 "
    "where it touches, the finger, from 0, and the pressure. Each sender, over UDP each machine, has pens of its own; "
    "a line begins where one first touches",
    2,
    x=_PLACE,
    y=_PLACE,
    down=Knob("1 touches, 0 is lifted", 0.0, 1.0),
    finger=Knob("which of the sender's pens", 0, 15, kind="int"),
    pressure=Knob("how hard it presses: the width of the line", 0.0, 1.0),
)
ERASER = 0.06
"""Radius of the eraser, in halves of the paper's shorter side."""
ERASE_KNOB = event(
    f"Erases what is drawn in a circle: its middle on the paper, and its radius ({ERASER})",
    1,
    x=_PLACE,
    y=_PLACE,
    radius=Knob("half of its width", 0.001, 4.0),
)
UNDO_STROKE_KNOB = pulse("Takes the sender's own last line back, and what completed it")
PERFORMER_KNOB = Knob("Performers' pens that are on the paper now", kind="int", default=0, access="r")
HAND_KNOBS = {
    "pen": PEN_KNOB,
    "erase": ERASE_KNOB,
    "undo_stroke": UNDO_STROKE_KNOB,
    "performer": PERFORMER_KNOB,
}
"""What performers do on the paper."""


def roll_knobs(roll: Roll) -> dict[str, Knob]:
    """The knobs of a piano roll with the patch's values as their defaults. Raises VideoError for other names or values.
    """
    knobs = laid(ROLL_KNOBS, roll.out)
    for name, value in roll.knobs:
        if name not in ROLL_KNOBS:
            raise VideoError(f"roll: no knob is called {name!r}; it has {', '.join(ROLL_KNOBS)}")
        try:
            knobs[name] = replace(knobs[name], default=knobs[name].coerce(value))
        except KnobError as error:
            raise VideoError(f"roll: {name}: {error}") from None
    return knobs


def laid(knobs: dict[str, Knob], layer: Layer) -> dict[str, Knob]:
    """Knobs with the opacity and blend of a layer as their defaults."""
    begins: dict[str, Value] = {"opacity": float(layer.opacity), "blend": layer.blend}
    return {name: replace(knob, default=begins.get(name, knob.default)) for name, knob in knobs.items()}

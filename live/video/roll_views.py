"""Makes the piano rolls of a stage those of the patch, with their addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from live.parameters.tree import Tree
from live.video import Layer, Roll
from live.video.layer_knobs import roll_knobs
from live.video.piano_roll import PianoRoll


def roll_views(
    tree: Tree, views: Mapping[str, PianoRoll], rolls: Mapping[str, Roll], move: Callable[[str, PianoRoll, Layer], None]
) -> dict[str, PianoRoll]:
    """The views of these rolls; unchanged ones stay, and of the others only the values that changed are set.

    `move` moves a view to another layer.
    """
    for name in [name for name in views if name not in rolls]:
        tree.remove(name)
    kept: dict[str, PianoRoll] = {}
    for name, roll in rolls.items():
        view = views.get(name)
        if view is None:
            for knob_name, knob in roll_knobs(roll).items():
                tree.add(f"/{name}/{knob_name}", knob)
        else:
            move(f"/{name}", view, roll.out)
            for knob_name, knob in roll_knobs(roll).items():
                if knob.default != roll_knobs(view.roll)[knob_name].default and knob_name not in ("opacity", "blend"):
                    tree.set(f"/{name}/{knob_name}", knob.default)
        kept[name] = view if view is not None and view.of == roll.of else PianoRoll(name, roll)
        kept[name].roll = roll
    return kept

"""What is visible: the properties that elements inherit, colours, and lengths in user units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tinycss2.color4 import parse_color

PX = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, "q": 96 / 101.6}
EM = {"em": 1.0, "rem": 1.0, "ex": 0.5, "ch": 0.5}  # of the font size; ex and ch as for a font without metrics
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
LENGTH = re.compile(rf"({NUMBER})\s*([a-zA-Z%]*)")


def length(text: str, whole: float, font_px: float) -> float:
    """A length in user units; 100 % is `whole`. Raises ValueError for anything else."""
    match = LENGTH.fullmatch(text.strip())
    if match is not None:
        number, unit = float(match[1]), match[2].lower()
        if unit == "%":
            return number / 100 * whole
        if unit in PX:
            return number * PX[unit]
        if unit in EM:
            return number * EM[unit] * font_px
    raise ValueError(f"expected a length, got {text!r}")


@dataclass(frozen=True, slots=True)
class Style:
    """The inherited properties of an element, as far as they decide what is visible."""

    fill: bool = True
    stroke: bool = False
    fill_opacity: bool = True
    stroke_opacity: bool = True
    stroke_width: bool = True
    visible: bool = True
    even_odd: bool = False  # fill-rule
    clip_even_odd: bool = False  # clip-rule
    font_px: float = 16.0

    def within(self, declared: Mapping[str, str]) -> Style:
        """The style of an element inside one of this style; invalid declarations are ignored."""
        return replace(
            self,
            fill=_paint(declared.get("fill", ""), self.fill),
            stroke=_paint(declared.get("stroke", ""), self.stroke),
            fill_opacity=_positive(declared.get("fill-opacity", ""), self.fill_opacity),
            stroke_opacity=_positive(declared.get("stroke-opacity", ""), self.stroke_opacity),
            stroke_width=_positive(declared.get("stroke-width", ""), self.stroke_width),
            visible={"visible": True, "hidden": False, "collapse": False}.get(
                declared.get("visibility", ""), self.visible
            ),
            even_odd={"evenodd": True, "nonzero": False}.get(declared.get("fill-rule", ""), self.even_odd),
            clip_even_odd={"evenodd": True, "nonzero": False}.get(declared.get("clip-rule", ""), self.clip_even_odd),
            font_px=_font(declared.get("font-size", ""), self.font_px),
        )

    @property
    def filled(self) -> bool:
        return self.visible and self.fill and self.fill_opacity

    @property
    def stroked(self) -> bool:
        return self.visible and self.stroke and self.stroke_opacity and self.stroke_width


def clip_path(declared: Mapping[str, str]) -> str:
    """The id of the clip path that an element refers to, or ""."""
    match = re.match(r"url\(\s*(['\"]?)#(.+?)\1\s*\)", declared.get("clip-path", ""))
    return match[2] if match else ""


def shown(declared: Mapping[str, str]) -> bool:
    """Whether an element and all inside it can be seen: neither `display: none` nor fully transparent."""
    return declared.get("display", "") != "none" and _positive(declared.get("opacity", ""), True)


def _paint(text: str, inherited: bool) -> bool:
    """Whether a fill or stroke paints anything; currentColor, gradients and patterns do."""
    if text.startswith(("url(", "var(", "context-")):
        return True
    if text.lower() == "none":
        return False
    colour = parse_color(text) if text else None
    if colour is None:
        return inherited
    return not (isinstance(colour.alpha, int | float) and colour.alpha <= 0) if colour != "currentcolor" else True


def _positive(text: str, inherited: bool) -> bool:
    try:
        return length(text, 1.0, 16.0) > 0
    except ValueError:
        return inherited


def _font(text: str, inherited: float) -> float:
    try:
        return length(text, inherited, inherited)
    except ValueError:
        return inherited

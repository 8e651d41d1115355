"""Pure Data's file format: canvases of boxes and cords, written as text (see Pd's manual, and any .pd file)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

SANS = 0
INK, PAPER, HEADING, QUIET = "#1d2426", "#f4f2ec", "#2f4a4d", "#dfe3dc"
CHARACTER = 7.3
"""Width of a character in boxes, in pixels."""
_IN_COMMENTS = {"\\": "\\\\", ",": " \\,", ";": " \\;", "$": "\\$"}


def word(text: str) -> str:
    """A text as one word of a file, with separators escaped."""
    escaped = "".join(f"\\{sign}" if sign in "\\ ,;$" else sign for sign in text)
    return escaped or "empty"


def number(value: float) -> str:
    """A number in Pd's format."""
    return f"{value:.6g}"


class PdCanvas:
    """A window of boxes. Each method adds one and returns its index, to which cords refer."""

    def __init__(self, name: str = "", size: tuple[int, int] = (450, 300), opened: bool = False) -> None:
        self.name = name
        self.size = size
        self.opened = opened
        self._boxes: list[str] = []
        self._cords: list[str] = []

    def obj(self, x: int, y: int, *words: str) -> int:
        """An object box, its words escaped where needed."""
        return self._add(f"#X obj {x} {y} {' '.join(word(each) for each in words)};")

    def message(self, x: int, y: int, text: str) -> int:
        """A message box; `$1` in it stands for its input."""
        return self._add(f"#X msg {x} {y} {text.replace('$', chr(92) + '$')};")

    def comment(self, x: int, y: int, text: str, width: int = 60) -> int:
        """A comment, wrapped after `width` characters."""
        escaped = "".join(_IN_COMMENTS.get(sign, sign) for sign in text)
        return self._add(f"#X text {x} {y} {escaped}, f {width};")

    def panel(self, x: int, y: int, size: tuple[int, int], colour: str, label: str = "", height: int = 16) -> int:
        """A coloured box without function, with an optional label."""
        width, tall = size
        return self._add(
            f"#X obj {x} {y} cnv 5 {width} {tall} empty empty {word(label)} 12 {tall // 2} {SANS} {height} {colour} "
            f"{PAPER} 0;"
        )

    def fader(self, x: int, y: int, span: tuple[float, float], log: bool, names: tuple[str, str], width: int) -> int:
        """A horizontal slider; `names` are its send and its receive name."""
        low, high = span
        return self._add(
            f"#X obj {x} {y} hsl {width} 16 {number(low)} {number(high)} {int(log)} 0 {_names(names)} empty -2 -8 0 10 "
            f"{QUIET} {HEADING} #000000 0 1;"
        )

    def toggle(self, x: int, y: int, names: tuple[str, str]) -> int:
        """A switch."""
        return self._add(f"#X obj {x} {y} tgl 16 0 {_names(names)} empty 17 7 0 10 {QUIET} {HEADING} #000000 0 1;")

    def button(self, x: int, y: int, names: tuple[str, str], size: int = 16) -> int:
        """A button."""
        return self._add(
            f"#X obj {x} {y} bng {size} 250 50 0 {_names(names)} empty 17 7 0 10 {QUIET} {HEADING} #000000;"
        )

    def radio(self, x: int, y: int, cells: int, names: tuple[str, str]) -> int:
        """A row of cells, of which one is selected."""
        return self._add(
            f"#X obj {x} {y} hradio 16 1 0 {cells} {_names(names)} empty 0 -8 0 10 {QUIET} {HEADING} #000000 0;"
        )

    def number_box(self, x: int, y: int, span: tuple[float, float], names: tuple[str, str], width: int = 7) -> int:
        """A number to drag or type; without limits for the span (0, 0)."""
        send, receive = names
        low, high = span
        return self._add(
            f"#X floatatom {x} {y} {width} {number(low)} {number(high)} 0 - {word(receive)} {word(send)} 0;"
        )

    def text_box(self, x: int, y: int, names: tuple[str, str], width: int = 14) -> int:
        """A text field for one word."""
        send, receive = names
        return self._add(f"#X symbolatom {x} {y} {width} 0 0 0 - {word(receive)} {word(send)} 0;")

    def inside(self, x: int, y: int, canvas: PdCanvas) -> int:
        """Another canvas as a box of this one."""
        return self._add(f"{canvas.text(within=True)}\n#X restore {x} {y} pd {word(canvas.name)};")

    def cord(self, source: int, target: int, outlet: int = 0, inlet: int = 0) -> int:
        """Adds a cord between two boxes; returns the target, so that calls can be chained."""
        self._cords.append(f"#X connect {source} {outlet} {target} {inlet};")
        return target

    def chain(self, *boxes: int) -> int:
        """Adds cords from each box's first outlet to the next one's first inlet; returns the last box."""
        for source, target in pairwise(boxes):
            self.cord(source, target)
        return boxes[-1]

    def text(self, within: bool = False) -> str:
        """The text of the whole canvas."""
        width, height = self.size
        last = f"{word(self.name)} {int(self.opened)}" if within else "12"
        return "\n".join([f"#N canvas 60 60 {width} {height} {last};", *self._boxes, *self._cords])

    def _add(self, text: str) -> int:
        self._boxes.append(text)
        return len(self._boxes) - 1


def _names(names: Sequence[str]) -> str:
    return " ".join(word(name) for name in names)

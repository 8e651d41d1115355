"""OSC address patterns: `?` `*` `[a-z]` `[!x]` `{a,b}` within one part of an address, and `//` across parts.

Follows the OpenSound Control 1.0 specification, with `//` from 1.1. All possible positions in the pattern are followed
at once, as bits of one integer, so that matching takes a few steps per character of the address for any pattern,
without backtracking.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from typing import Final

MAX_LENGTH: Final = 255
MAX_GROUPS: Final = 8
"""Most groups `{…}` in one part of a pattern."""


class PatternError(ValueError):
    """An invalid pattern; the message is the reason."""


def is_pattern(address: str) -> bool:
    """Whether an address is a pattern."""
    return "//" in address or any(sign in address for sign in "*?[]{}")


def without_signs(pattern: str) -> str:
    """An address similar to a pattern: the first choice of each group, without the other signs."""
    text = re.sub(r"\{([^,}]*)[^}]*\}", r"\1", pattern)
    return re.sub(r"\[[^\]]*\]|[*?\[\]{}]", "", text).replace("//", "/")


class Pattern:
    """A compiled pattern: `Pattern("/*/pitch_class/{c,d}*").matches(address)`.

    Raises PatternError for unbalanced brackets or braces, more than 255 characters, or more than 8 groups in one part.
    """

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise PatternError(f"a pattern has at most {MAX_LENGTH} characters, this one has {len(text)}")
        if not text.startswith("/"):
            raise PatternError(f"a pattern begins with /: {text}")
        self.text = text
        parts: list[_Part | None] = []
        for part in text[1:].split("/"):
            if part:
                parts.append(_Part(part))
            elif not parts or parts[-1] is not None:
                parts.append(None)  # //: any number of parts
        if parts[-1] is None and text.endswith("//"):
            parts.append(_Part("*"))  # "/a//" is everything below /a, not /a itself
        self._parts = parts

    def matches(self, address: str) -> bool:
        """Whether the pattern matches an address such as /piano/temperature."""
        parts, last = self._parts, len(self._parts)
        at = self._skip(1)
        for piece in address[1:].split("/"):
            following = 0
            for index in range(last):
                if at >> index & 1:
                    part = parts[index]
                    if part is None:
                        following |= 1 << index
                    elif part.matches(piece):
                        following |= 2 << index
            at = self._skip(following)
            if not at:
                return False
        return bool(at >> last & 1)

    def among(self, addresses: Iterable[str]) -> list[str]:
        """The addresses that the pattern matches, in their order."""
        return [address for address in addresses if self.matches(address)]

    def _skip(self, at: int) -> int:
        for index, part in enumerate(self._parts):
            if part is None and at >> index & 1:
                at |= 2 << index
        return at


class _Part:
    """One part of a pattern: bit i of a state is set if the first i steps of the pattern have been matched."""

    def __init__(self, text: str) -> None:
        self._literal = text if not any(sign in text for sign in "*?[]{}") else None
        self._steps: list[frozenset[str] | None] = []
        """The characters that each step accepts; None for any, empty for a step without a character."""
        self._excluded: dict[int, frozenset[str]] = {}
        self._stars = 0
        self._jumps: dict[int, int] = {}
        """From a position's bit to the bits of the positions that are reached without a character."""
        self._jumping = 0
        self._masks: dict[str, int] = {}
        self._answers: dict[str, bool] = {}
        if self._literal is None:
            self._read(text)
            self._start = self._settle(1)

    def matches(self, piece: str) -> bool:
        if self._literal is not None:
            return piece == self._literal
        answer = self._answers.get(piece)
        if answer is None:
            if len(self._answers) >= 1_024:
                self._answers.clear()
            answer = self._answers[piece] = self._match(piece)
        return answer

    def _match(self, piece: str) -> bool:
        at = self._start
        for character in piece:
            at = self._settle((at & self._mask(character)) << 1 | at & self._stars)
            if not at:
                return False
        return bool(at >> len(self._steps) & 1)

    def _settle(self, at: int) -> int:
        """Adds the positions that are reached without a character: after a star, at the start and end of a group."""
        at |= (at & self._stars) << 1
        done = 0
        while jumping := at & self._jumping & ~done:
            lowest = jumping & -jumping  # all jumps go forward, so one pass upwards is enough
            done |= lowest
            at |= self._jumps[lowest]
            at |= (at & self._stars) << 1
        return at

    def _mask(self, character: str) -> int:
        mask = self._masks.get(character)
        if mask is None:
            mask = 0
            for index, taken in enumerate(self._steps):
                if taken is None:
                    mask |= (character not in self._excluded.get(index, ())) << index
                elif character in taken:
                    mask |= 1 << index
            if len(self._masks) < 1_024:
                self._masks[character] = mask
        return mask

    def _read(self, text: str) -> None:
        at = groups = 0
        while at < len(text):
            sign = text[at]
            at += 1
            if sign == "*":
                if not self._steps or not self._stars >> (len(self._steps) - 1) & 1:
                    self._stars |= 1 << len(self._steps)
                    self._steps.append(frozenset())
            elif sign == "?":
                self._steps.append(None)
            elif sign == "[":
                at = self._read_set(text, at)
            elif sign == "{":
                groups += 1
                if groups > MAX_GROUPS:
                    raise PatternError(f"a part of a pattern has at most {MAX_GROUPS} groups {{…}}: {text}")
                at = self._read_group(text, at)
            elif sign in "]}":
                raise PatternError(f"{sign} without an opening bracket: {text}")
            else:
                self._steps.append(frozenset(sign))

    def _read_set(self, text: str, at: int) -> int:
        end = text.find("]", at)
        if end < 0:
            raise PatternError(f"[ is not closed: {text}")
        inside = text[at:end]
        negated = inside.startswith("!")
        inside = inside[negated:]
        taken: set[str] = set()
        index = 0
        while index < len(inside):
            if inside[index + 1 : index + 2] == "-" and index + 2 < len(inside):
                # ranges are within ASCII, like all OSC addresses
                taken.update(c for c in _ASCII if inside[index] <= c <= inside[index + 2])
                index += 3
            else:
                taken.add(inside[index])
                index += 1
        if negated:
            self._excluded[len(self._steps)] = frozenset(taken)
        self._steps.append(None if negated else frozenset(taken))
        return end + 1

    def _read_group(self, text: str, at: int) -> int:
        """Lays out the choices one after the other, each after a step that is left only by a jump."""
        end = text.find("}", at)
        if end < 0:
            raise PatternError(f"{{ is not closed: {text}")
        entry = len(self._steps)
        self._steps.append(frozenset())
        starts, ends = [], []
        for choice in text[at:end].split(","):
            starts.append(len(self._steps))
            self._steps.extend(frozenset(character) for character in choice)
            ends.append(len(self._steps))
            self._steps.append(frozenset())
        after = len(self._steps)
        self._jumps[1 << entry] = sum(1 << start for start in starts)
        self._jumps.update({1 << position: 1 << after for position in ends})
        self._jumping = sum(self._jumps)
        return end + 1


_ASCII = string.printable

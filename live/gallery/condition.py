"""Conditions such as `/camera/motion > 0.02 for 2 s or /ink/performer`, parsed by a grammar of their own.

    condition = clause {"or" clause}                 clause = timed {"and" timed}
    timed     = unary ["for" NUMBER ("ms" | "s" | "min" | "h")]
    unary     = "not" unary | "(" condition ")" | value [("<" | "<=" | ">" | ">=" | "=" | "==" | "!=") value]
    value     = ADDRESS [":" NUMBER] | NUMBER | WORD | "TEXT"

An address alone holds while its value is not 0, off or empty. A signal holds for a second after each message; `:2` is
the second number of a message or vector.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol

Operand = float | str | None
"""A number, a text, or None where an address has no value now."""

LONGEST: Final = 1000
"""Characters of a condition."""
DEEPEST: Final = 30
"""Parentheses and nots within each other."""
UNITS: Final[Mapping[str, float]] = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
}
_TOKEN = re.compile(
    r"""\s*(?:(?P<address>/[^\s()<>=!"']+)|(?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<word>[A-Za-z_][\w-]*)
    |"(?P<text>[^"]*)"|'(?P<single>[^']*)'|(?P<sign><=|>=|==|!=|[<>=()]))""",
    re.VERBOSE,
)
_WORDS: Final[Mapping[str, float]] = {"on": 1.0, "true": 1.0, "off": 0.0, "false": 0.0}
_KEYWORDS: Final = ("and", "or", "not", "for")


class ConditionError(ValueError):
    """A text that is no condition; the message says where it goes wrong and what was expected."""


class Values(Protocol):
    """Gives the values of addresses."""

    def value(self, address: str, place: int) -> Operand:
        """The value at an address now, of a vector or signal the number at a place counted from 0."""
        ...

    def holds(self, address: str, place: int) -> bool:
        """Whether the value is not 0, off or empty; of a signal, whether a message has just come."""
        ...


class Condition:
    """A parsed condition. It has a memory: since when each part with `for` has held."""

    def __init__(self, text: str) -> None:
        """Raises ConditionError."""
        self.text = text
        self.addresses: tuple[str, ...]
        """The addresses in it, without places."""
        parser = _Parser(text)
        self._root = parser.whole()
        self.addresses = tuple(dict.fromkeys(parser.addresses))

    def holds(self, values: Values, now_s: float) -> bool:
        """Whether it holds at a time. To be called several times a second where it contains `for`."""
        return self._root.holds(values, now_s)

    def forget(self) -> None:
        """Lets every `for` begin anew."""
        self._root.forget()


class _Test(Protocol):
    def holds(self, values: Values, now_s: float) -> bool: ...

    def forget(self) -> None: ...


class _Compared:
    """A value, or the comparison of two."""

    def __init__(self, left: _Value, sign: str = "", right: _Value | None = None) -> None:
        self._left, self._sign, self._right = left, sign, right

    def holds(self, values: Values, now_s: float) -> bool:  # noqa: ARG002
        if self._right is None:
            return self._left.holds(values)
        left = self._left.now(values)
        right = self._right.now(values)
        if left is None or right is None:
            return False
        if isinstance(left, str) or isinstance(right, str):
            same = str(left).lower() == str(right).lower()
            return {"=": same, "==": same, "!=": not same}.get(self._sign, False)
        return COMPARISONS[self._sign](left, right)

    def forget(self) -> None:
        """Has no memory."""


class _Value:
    def __init__(self, constant: Operand, address: str = "", place: int = 0) -> None:
        self._constant, self._address, self._place = constant, address, place

    def now(self, values: Values) -> Operand:
        return values.value(self._address, self._place) if self._address else self._constant

    def holds(self, values: Values) -> bool:
        return values.holds(self._address, self._place) if self._address else bool(self._constant)


class _Several:
    """`and` or `or`. All parts are asked each time, since those with `for` count their time."""

    def __init__(self, parts: list[_Test], every: bool) -> None:
        self._parts, self._every = parts, every

    def holds(self, values: Values, now_s: float) -> bool:
        held = [part.holds(values, now_s) for part in self._parts]
        return all(held) if self._every else any(held)

    def forget(self) -> None:
        for part in self._parts:
            part.forget()


class _Not:
    def __init__(self, part: _Test) -> None:
        self._part = part

    def holds(self, values: Values, now_s: float) -> bool:
        return not self._part.holds(values, now_s)

    def forget(self) -> None:
        self._part.forget()


class _For:
    """Holds once its part has held without a break for some seconds."""

    def __init__(self, part: _Test, seconds: float) -> None:
        self._part, self._seconds = part, seconds
        self._since_s = math.inf

    def holds(self, values: Values, now_s: float) -> bool:
        self._since_s = min(self._since_s, now_s) if self._part.holds(values, now_s) else math.inf
        return now_s - self._since_s >= self._seconds

    def forget(self) -> None:
        self._since_s = math.inf
        self._part.forget()


class _Parser:
    """Recursive descent over the tokens of a text."""

    def __init__(self, text: str) -> None:
        if not text.strip():
            raise ConditionError("expected a condition, such as /camera/motion > 0.02; got nothing")
        if len(text) > LONGEST:
            raise ConditionError(f"a condition has at most {LONGEST} characters, got {len(text)}")
        self.addresses: list[str] = []
        self._tokens: list[tuple[str, str, int]] = []
        end = len(text.rstrip())
        at = 0
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None:
                rest = text[at:].lstrip()
                raise ConditionError(f"unexpected {rest.rstrip()[:20]!r} at character {len(text) - len(rest) + 1}")
            kind = found.lastgroup or ""
            token = found[kind]
            self._tokens.append(("text" if kind == "single" else kind, token, found.start(kind) + 1))
            at = found.end()
        self._at = 0
        self._deep = 0

    def whole(self) -> _Test:
        """The condition that the whole text is. Raises ConditionError."""
        root = self._condition()
        if self._at < len(self._tokens):
            raise self._wrong("and, or, for, or the end")
        return root

    def _condition(self) -> _Test:
        parts = [self._clause()]
        while self._next("word", "or"):
            parts.append(self._clause())
        return parts[0] if len(parts) == 1 else _Several(parts, every=False)

    def _clause(self) -> _Test:
        parts = [self._timed()]
        while self._next("word", "and"):
            parts.append(self._timed())
        return parts[0] if len(parts) == 1 else _Several(parts, every=True)

    def _timed(self) -> _Test:
        part = self._unary()
        if not self._next("word", "for"):
            return part
        number = self._next("number")
        unit = self._next("word") if number else None
        if number is None or unit is None or unit not in UNITS or float(number) < 0.0:
            raise self._wrong(f"a time after for, such as 60 s (units: {', '.join(UNITS)})", back=unit is not None)
        return _For(part, float(number) * UNITS[unit])

    def _unary(self) -> _Test:
        self._deep += 1
        if self._deep > DEEPEST:
            raise ConditionError(f"more than {DEEPEST} parentheses and nots within each other")
        try:
            if self._next("word", "not"):
                return _Not(self._unary())
            if self._next("sign", "("):
                inner = self._condition()
                if not self._next("sign", ")"):
                    raise self._wrong(")")
                return inner
            left = self._value()
            for sign in COMPARISONS:
                if self._next("sign", sign):
                    return _Compared(left, sign, self._value())
            return _Compared(left)
        finally:
            self._deep -= 1

    def _value(self) -> _Value:
        if (given := self._next("address")) is not None:
            address, colon, place = given.partition(":")
            if colon and not (place.isdigit() and 1 <= int(place) <= 99):
                raise self._wrong("a number from 1 to 99 after the address and its colon", back=True)
            self.addresses.append(address)
            return _Value(None, address, int(place or 1) - 1)
        if (number := self._next("number")) is not None:
            return _Value(float(number))
        if (text := self._next("text")) is not None:
            return _Value(text)
        kind, word, _ = self._tokens[self._at] if self._at < len(self._tokens) else ("", "", 0)
        if kind == "word" and word not in _KEYWORDS:
            self._at += 1
            return _Value(_WORDS.get(word, word))
        raise self._wrong("an address, a number, a word, not or (")

    def _next(self, kind: str, token: str | None = None) -> str | None:
        """The next token if it is of this kind, and this one; then it is taken."""
        if self._at < len(self._tokens):
            found, text, _ = self._tokens[self._at]
            if found == kind and token in (None, text):
                self._at += 1
                return text
        return None

    def _wrong(self, expected: str, back: bool = False) -> ConditionError:
        at = self._at - back
        if at >= len(self._tokens):
            return ConditionError(f"expected {expected}, got the end")
        _, token, character = self._tokens[at]
        return ConditionError(f"expected {expected}, got {token!r} at character {character}")

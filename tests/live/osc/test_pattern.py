"""Address patterns, compared with a slow recursive matcher that follows the specification."""

from __future__ import annotations

import contextlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.osc.pattern import Pattern, PatternError, is_pattern


def matches_slowly(pattern: str, address: str) -> bool:
    """The same by recursion over pattern and address, one rule of the specification after the other."""
    if not pattern:
        return not address
    if pattern.startswith("//"):
        if not address.startswith("/"):
            return False
        rest = pattern[2:].lstrip("/")
        if not rest:
            return address.startswith("/") and len(address) > 1
        return any(matches_slowly("/" + rest, address[at:]) for at in range(len(address)) if address[at] == "/")
    head, rest = pattern[0], pattern[1:]
    if head == "*":
        return matches_slowly(rest, address) or (
            bool(address) and address[0] != "/" and matches_slowly(pattern, address[1:])
        )
    if head == "{":
        inside, _, after = rest.partition("}")
        return any(
            address.startswith(word) and matches_slowly(after, address[len(word) :]) for word in inside.split(",")
        )
    if not address:
        return False
    if head == "?":
        return address[0] != "/" and matches_slowly(rest, address[1:])
    if head == "[":
        inside, _, after = rest.partition("]")
        if address[0] == "/":
            return False
        negated = inside.startswith("!")
        inside = inside[negated:]
        taken = False
        while inside:
            if len(inside) >= 3 and inside[1] == "-":
                taken |= inside[0] <= address[0] <= inside[2]
                inside = inside[3:]
            else:
                taken |= inside[0] == address[0]
                inside = inside[1:]
        return taken != negated and matches_slowly(after, address[1:])
    return head == address[0] and matches_slowly(rest, address[1:])


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("/piano/temperature", ["/piano/temperature"], ["/piano/temperatur", "/piano", "/piano/temperature/x"]),
        ("/*/temperature", ["/piano/temperature", "/ink/temperature"], ["/a/b/temperature", "/temperature"]),
        ("/?/b/*c", ["/a/b/c", "/a/b/abc"], ["/ab/b/c", "/a/b/cd", "/a/b/a/c"]),
        ("/a[0-9]", ["/a0", "/a9"], ["/a", "/aa", "/a10"]),
        ("/a[!0-9]", ["/ab", "/a-"], ["/a0", "/a"]),
        ("/a[b-]", ["/ab", "/a-"], ["/ac"]),
        ("/a[x!]", ["/a!", "/ax"], ["/ay"]),
        ("/{piano,ink}/seed", ["/piano/seed", "/ink/seed"], ["/veil/seed", "/pianoink/seed"]),
        ("/{a,ab}c", ["/ac", "/abc"], ["/abbc", "/c"]),
        ("/x{,y}", ["/x", "/xy"], ["/xyy"]),
        ("/*{abcd,c}*d", ["/abcdd", "/cd", "/abcd"], ["/abc", "/c"]),
        ("//temperature", ["/temperature", "/a/temperature", "/a/b/temperature"], ["/a/temperatures"]),
        ("/piano//c", ["/piano/c", "/piano/x/c", "/piano/x/y/c"], ["/ink/c", "/piano/x"]),
        ("/piano//", ["/piano/c", "/piano/x/c"], ["/piano", "/ink/c"]),
        ("//", ["/a", "/a/b"], []),
        ("/**", ["/", "/abc"], ["/a/b"]),
    ],
)
def test_the_meaning_of_each_character(pattern: str, matching: list[str], others: list[str]) -> None:
    compiled = Pattern(pattern)
    assert compiled.among([*others, *matching]) == matching
    assert [address for address in [*others, *matching] if matches_slowly(pattern, address)] == matching


@pytest.mark.parametrize("pattern", ["/a[bc", "/a{b,c", "/a]", "/a}", "/a[/]", "a", "/" + "a" * 255, "/" + "{a}" * 9])
def test_an_invalid_pattern_raises_with_a_reason(pattern: str) -> None:
    with pytest.raises(PatternError, match=r"closed|closes|opening|begins|characters|groups"):
        Pattern(pattern)


def test_plain_addresses_are_looked_up_and_patterns_matched() -> None:
    assert not is_pattern("/piano/pitch_class/c_sharp")
    assert all(map(is_pattern, ["/a*", "/a?", "/[a]", "/{a}", "//a", "/a//b", "/a]"]))


pieces = st.sampled_from(["a", "b", "ab", "*", "?", "[a-b]", "[!a]", "[b]", "{a,ab}", "{,b}", "{b}", "/", "//", "c-"])
patterns = st.lists(pieces, min_size=1, max_size=9).map(lambda parts: "/" + "".join(parts))
addresses = st.lists(st.text("abc-", min_size=1, max_size=5), min_size=1, max_size=4).map("/".join).map("/".__add__)


@settings(max_examples=600, deadline=None)
@given(patterns, addresses)
def test_it_agrees_with_the_slow_matcher(pattern: str, address: str) -> None:
    pattern = re.sub("/{3,}", "//", pattern)
    pattern = pattern if pattern.endswith("//") else pattern.rstrip("/") or "/a"
    if pattern.count("{") > 8:
        return
    assert Pattern(pattern).matches(address) == matches_slowly(pattern, address)


@settings(deadline=None)
@given(st.text("ab*?[]{}!-,/", max_size=40))
def test_any_text_is_a_pattern_or_a_pattern_error(text: str) -> None:
    with contextlib.suppress(PatternError):
        Pattern("/" + text).matches("/ab/ba")


@pytest.mark.parametrize(
    "pattern",
    [
        "/" + "*a" * 34,
        "/" + "*a" * 127,
        "/" + "*?" * 127,
        "/" + "{a,aa,aaa,}" * 8 + "*b",
        "/" + "*{a,,aa}" * 8 + "*" * 80,
        "//" + "/".join(["*"] * 60) + "//a",
    ],
)
def test_no_pattern_takes_long(pattern: str) -> None:
    addresses = [f"/{'a' * 40}{number}/{'a' * 40}" for number in range(200)]
    before = time.process_time()
    Pattern(pattern).among(addresses)
    assert time.process_time() - before < 2.0  # hundredths in truth; a regular expression would take years

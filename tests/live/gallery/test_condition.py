"""The condition language: comparisons, and, or, not, for; and its error messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.gallery.address_values import AddressValues
from live.gallery.condition import DEEPEST, Condition, ConditionError, Operand
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from models.base import Knob


class Fixed:
    """Values of addresses from a table."""

    def __init__(self, **values: Operand) -> None:
        self.values = values

    def value(self, address: str, place: int) -> Operand:
        return self.values.get(address[1:]) if place == 0 else None

    def holds(self, address: str, place: int) -> bool:
        return bool(self.value(address, place))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/a > 0.02", True),
        ("/a > 0.5", False),
        ("0.5 > /a", True),
        ("/a>=0.1 and /b", True),
        ("/b and not /c", True),
        ("/c or /b and /c", False),
        ("(/c or /b) and /b", True),
        ("not (/c or /b)", False),
        ("/name == storm", True),
        ("/name = 'Storm' and /name != calm", True),
        ("/name > 3", False),
        ("/nothing > -1", False),
        ("not /nothing", True),
        ("/a == 1e-1", True),
        ("/c = off and /b = on", True),
        ("/b for 0 s", True),
        ("/b for 1 ms", False),
    ],
)
def test_conditions_have_their_documented_meaning(text: str, expected: bool) -> None:
    assert Condition(text).holds(Fixed(a=0.1, b=1.0, c=0.0, name="storm"), 10.0) is expected


def test_for_counts_only_unbroken_time_and_binds_the_whole_part_before_it() -> None:
    condition, values = Condition("not /a for 2 s and /b"), Fixed(a=0.0, b=1.0)
    assert [condition.holds(values, now_s) for now_s in (0.0, 1.9, 2.0)] == [False, False, True]
    values.values["a"] = 1.0
    assert not condition.holds(values, 2.1)
    values.values["a"] = 0.0
    assert [condition.holds(values, now_s) for now_s in (2.2, 4.1, 4.3)] == [False, False, True]
    condition.forget()
    assert not condition.holds(values, 4.4)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "expected a condition, such as /camera/motion > 0.02; got nothing"),
        ("/a >", r"expected an address, a number, a word, not or \(, got the end"),
        ("/a /b", "expected and, or, for, or the end, got '/b' at character 4"),
        ("(/a or /b", r"expected \), got the end"),
        ("/a for 3", r"expected a time after for, such as 60 s \(units: ms, s, min, h\), got the end"),
        ("/a for 3 days", "expected a time after for.*got 'days' at character 10"),
        ("/a ; import os", "unexpected '; import os' at character 4"),
        ("__import__('os')", r"expected and, or, for, or the end, got '\(' at character 11"),
        ("/a:0 > 1", "expected a number from 1 to 99 after the address"),
        ("x" * 1001, "a condition has at most 1000 characters, got 1001"),
        ("(" * (DEEPEST + 1), f"more than {DEEPEST} parentheses and nots"),
    ],
)
def test_an_invalid_condition_is_reported_with_its_position(text: str, sentence: str) -> None:
    with pytest.raises(ConditionError, match=sentence):
        Condition(text)


@given(st.text(alphabet="/ab:10. <>=!()'\"andortfs-", max_size=60))
def test_any_text_is_a_condition_or_a_condition_error(text: str) -> None:
    try:
        condition = Condition(text)
    except ConditionError:
        return
    assert condition.holds(Fixed(a=1.0, b=0.0), 0.0) in (True, False)


def test_a_signal_holds_for_a_second_and_a_parameter_as_long_as_it_is_not_zero() -> None:
    clock = VirtualClock()
    tree = Tree(clock)
    tree.add("/camera/motion", Knob("Motion", 0.0, 1.0, access="r"))
    tree.add("/ink/colour", Knob("Colour", 0.0, 1.0, components=("r", "g"), kind="vector", default=(0.0, 0.5)))
    tree.add_signal("/piano/heard", "iii", "A key")
    values = AddressValues(tree, clock)
    key, loud, motion = Condition("/piano/heard"), Condition("/piano/heard:2 > 60"), Condition("/camera/motion > 0.1")

    def hold() -> list[bool]:
        return [one.holds(values, clock.now()) for one in (key, loud, motion)]

    assert hold() == [False, False, False]
    tree.publish("/piano/heard", 0, 80, 1)
    tree.publish("/camera/motion", 0.5)
    assert hold() == [True, True, True]
    clock.advance(0.9)
    tree.publish("/piano/heard", 60, 20, 1)
    assert hold() == [True, False, True]
    clock.advance(2.0)
    assert hold() == [False, False, True]
    assert Condition("/ink/colour:2 = 0.5 and not /ink/colour:3").holds(values, 2.0)
    assert values.unknown("/camera/motoin") == "no address /camera/motoin; similar: /camera/motion"

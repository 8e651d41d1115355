"""Values and presses that are set: what is stored, reported, and pending."""

from __future__ import annotations

import pytest
from trees import planted

from live.parameters.tree import AddressError


def test_pending_presses_are_bounded() -> None:
    tree = planted()
    for _ in range(2000):
        tree.set("/piano/reset", True)
    assert sum(bool(tree.snapshot("piano", ["reset"])["reset"]) for _ in range(2000)) == 8


def test_the_error_contains_the_stored_value() -> None:
    tree = planted()
    assert tree.set("/piano/temperature", 9.0) == (
        4.0,
        "/piano/temperature: 9 is out of range, 0.25 to 4: 4 is used",
    )
    assert tree.set("/piano/pitch_class/c", 0.5) == (0.5, "")
    place = tree.find("/piano/density")
    assert place is not None
    tree.remove("piano")
    with pytest.raises(AddressError, match="/piano/density has been removed"):
        tree.set_at(place, 3.0)

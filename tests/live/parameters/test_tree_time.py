"""Time in the tree: glides along a curve with their updates, and atomic batches."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from trees import advance, overheard, planted

from live.parameters.tree import Tree
from models.base import Knob, KnobError, Value


@pytest.fixture
def tree() -> Tree:
    return planted()


@pytest.fixture
def told(tree: Tree) -> list[tuple[Any, ...]]:
    return overheard(tree)


# -- glides -------------------------------------------------------------------------------------------------------


def test_a_logarithmic_knob_glides_by_equal_ratios(tree: Tree) -> None:
    tree.set("/piano/temperature", 0.25)
    tree.set("/piano/temperature", 4.0, 4.0)
    heard = []
    for second in range(5):
        advance(tree, float(second))
        heard.append(tree.get("/piano/temperature"))
    assert heard == pytest.approx([0.25, 0.5, 1.0, 2.0, 4.0])


def test_a_glide_is_published_and_ends_exactly(tree: Tree, told: list[Any]) -> None:
    tree.set("/piano/density", 10.0, 1.0)
    assert tree.glides
    for now_s in (0.5, 0.9, 1.7):
        advance(tree, now_s)
        tree.snapshot("piano")  # a node reads meanwhile, and must not make the last step unheard
        assert tree.gliding() == ["/piano/density"]
    assert told == [("/piano/density", value) for value in (5.0, 7.5, 9.5, 10.0)]
    assert not tree.glides
    assert tree.gliding() == []
    assert tree.get("/piano/density") == 10.0


def test_a_new_value_ends_a_glide_and_a_new_glide_starts_where_it_is(tree: Tree) -> None:
    tree.set("/piano/density", 10.0, 1.0)
    advance(tree, 0.5)
    tree.set("/piano/density", 0.0, 1.0)
    assert tree.get("/piano/density") == 7.5
    tree.set("/piano/density", 3.0)
    advance(tree, 9.0)
    assert tree.get("/piano/density") == 3.0
    assert not tree.glides


@pytest.mark.parametrize(("address", "value"), [("/piano/scale", "major"), ("/piano/title", "x"), ("/piano/mute", 1)])
def test_only_numbers_glide(tree: Tree, address: str, value: Any) -> None:
    tree.set(address, value, 5.0)
    assert tree.get(address) == tree.knob(address).coerce(value)
    assert address not in tree.gliding()


def test_a_number_that_steps_does_not_glide(tree: Tree) -> None:
    tree.add("/piano/program", Knob("Instrument", 1, 128, kind="int", default=1, steps=True))
    tree.set("/piano/program", 41, 5.0)
    assert (tree.get("/piano/program"), tree.glides) == (41, False)


def test_a_published_value_and_a_node_taken_away_end_glides(tree: Tree) -> None:
    tree.set("/piano/density", 10.0, 1.0)
    tree.publish("/piano/density", 2.0)
    assert not tree.glides
    tree.set("/piano/density", 10.0, 1.0)
    tree.remove("piano")
    assert not tree.glides


# -- batches ------------------------------------------------------------------------------------------------------


def test_a_batch_is_one_instant(tree: Tree, told: list[Any]) -> None:
    acts: list[Any] = []
    tree.add("/clock/tempo", Knob("Tempo", 10.0, 400.0), lambda _: acts.append(tree.get("/piano/density")))
    with tree.batch():
        tree.set("/clock/tempo", 100)
        tree.set("/piano/density", 9.0)
        with tree.batch():
            tree.publish("/piano/note", 60)
        assert told == []
        assert acts == []
    assert told == [("/clock/tempo", 100.0), ("/piano/density", 9.0), ("/piano/note", 60)]
    assert acts == [9.0]


def test_no_other_thread_reads_within_a_batch(tree: Tree) -> None:
    read: list[Any] = []
    reader = threading.Thread(target=lambda: read.append(tree.snapshot("piano", ["density", "channel"])))
    with tree.batch():
        tree.set("/piano/density", 9.0)
        reader.start()
        tree.set("/piano/channel", 9)
    reader.join()
    assert read == [{"density": 9.0, "channel": 9}]


def test_a_failing_action_in_a_batch_stops_nothing_else(tree: Tree, told: list[Any]) -> None:
    def fail(_: Value) -> None:
        raise ZeroDivisionError

    tree.add("/bad/act", Knob(""), fail)

    def set_together(*values: tuple[str, Any]) -> None:
        with tree.batch():
            for address, value in values:
                tree.set(address, value)

    with pytest.raises(ZeroDivisionError):
        set_together(("/bad/act", 1.0), ("/piano/density", 9.0))
    assert told == [("/bad/act", 1.0), ("/piano/density", 9.0)]
    with pytest.raises(KnobError):
        set_together(("/piano/density", 8.0), ("/piano/density", "loud"))
    assert told[-1] == ("/piano/density", 8.0)
    tree.set("/piano/density", 7.0)
    assert told[-1] == ("/piano/density", 7.0)

"""The parameter tree: stored values, glides, buttons, and watchers."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from trees import PITCHES, advance, overheard, planted, writing

from live.parameters.tree import AddressError, Tree
from live.parameters.writer import current_writer
from live.transport.clock import VirtualClock
from models.base import Knob, KnobError, Value, event, pulse


@pytest.fixture
def tree() -> Tree:
    return planted()


@pytest.fixture
def told(tree: Tree) -> list[tuple[Any, ...]]:
    return overheard(tree)


# -- what is stored -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "given", "stored"),
    [
        ("/piano/density", 3, 3.0),
        ("/piano/density", "2.5", 2.5),
        ("/piano/density", True, 1.0),
        ("/piano/density", -1.0, 0.0),
        ("/piano/density", 1e30, 20.0),
        ("/piano/channel", 2.5, 3),
        ("/piano/channel", 2.4, 2),
        ("/piano/channel", "9", 9),
        ("/piano/channel", 99, 16),
        ("/piano/mute", 0.7, True),
        ("/piano/mute", "off", False),
        ("/piano/mute", "TRUE", True),
        ("/piano/title", "Night Train", "Night Train"),
        ("/piano/scale", "MAJOR ", "major"),
        ("/piano/scale", 1, "chromatic"),
        ("/piano/scale", "0", "major"),
        ("/piano/pitch_class", [0, 0.5, 9], (0.0, 0.5, 1.0)),
        ("/piano/pitch_class", ("1", True, 0), (1.0, 1.0, 0.0)),
    ],
)
def test_a_value_is_converted_to_its_knobs_type(tree: Tree, address: str, given: Any, stored: Value) -> None:
    assert tree.set(address, given).value == stored
    assert tree.get(address) == stored
    assert tree.snapshot("piano")[address.rpartition("/")[2]] == stored


@pytest.mark.parametrize(
    ("address", "given"),
    [
        ("/piano/density", "loud"),
        ("/piano/density", float("nan")),
        ("/piano/density", float("inf")),
        ("/piano/density", None),
        ("/piano/density", [1.0]),
        ("/piano/channel", "1e999"),
        ("/piano/scale", "lydian"),
        ("/piano/scale", 2),
        ("/piano/scale", 0.5),
        ("/piano/title", 5),
        ("/piano/mute", "perhaps"),
        ("/piano/pitch_class", (1.0, 1.0)),
        ("/piano/pitch_class", "abc"),
        ("/piano/pitch_class", (1.0, 1.0, "x")),
        ("/piano/pitch_class/d", "x"),
    ],
)
def test_an_invalid_value_changes_nothing(tree: Tree, told: list[Any], address: str, given: Any) -> None:
    before = tree.snapshot("piano")
    with pytest.raises(KnobError, match=address.removesuffix("/d")):
        tree.set(address, given)
    assert tree.snapshot("piano") == before
    assert told == []


def test_the_error_for_an_unknown_address_lists_similar_ones(tree: Tree) -> None:
    with pytest.raises(AddressError) as caught:
        tree.set("/piano/temprature", 1.0)
    assert str(caught.value).startswith("no address /piano/temprature; similar: /piano/temperature")
    with pytest.raises(AddressError, match=r"^no address /xyz$"):
        tree.get("/xyz")
    with pytest.raises(AddressError, match="/piano/pitch_class/c_sharp"):
        tree.get("/piano/pitch_class/c_shrp")
    assert tree.near("/temperature")[0] in ("/piano/temperature", "/ink/temperature")
    assert tree.near("/" + "a" * 100_000) == []


def test_a_read_only_address_cannot_be_set(tree: Tree, told: list[Any]) -> None:
    with pytest.raises(AddressError, match="/piano/rate is read-only"):
        tree.set("/piano/rate", 1.0)
    tree.publish("/piano/rate", 7.5)
    assert tree.get("/piano/rate") == 7.5
    assert told == [("/piano/rate", 7.5)]


def test_a_signal_is_published_and_not_stored(tree: Tree, told: list[Any]) -> None:
    tree.publish("/piano/note", 60, 80, 1)
    assert told == [("/piano/note", 60, 80, 1)]
    assert "/piano/note" not in tree


# -- vectors ------------------------------------------------------------------------------------------------------


def test_each_component_is_an_address(tree: Tree, told: list[Any]) -> None:
    tree.set("/piano/pitch_class/c_sharp", 0.25)
    assert tree.get("/piano/pitch_class") == (1.0, 0.25, 1.0)
    assert tree.get("/piano/pitch_class/c_sharp") == 0.25
    assert told == [("/piano/pitch_class", 1.0, 0.25, 1.0)]
    assert [a for a in tree.addresses() if a.startswith("/piano/pitch_class/")] == [
        f"/piano/pitch_class/{pitch}" for pitch in PITCHES
    ]
    assert tree.knob("/piano/pitch_class/d").kind == "float"
    assert tree.knob("/piano/pitch_class/d").high == 1.0


def test_a_vector_of_one(tree: Tree) -> None:
    tree.add("/one/v", Knob("", 0.0, 1.0, components=("x",), kind="vector", default=(0.0,)))
    tree.write("/one/v", [0.5])
    assert tree.get("/one/v") == (0.5,)


def test_a_component_jumps_while_the_others_glide(tree: Tree) -> None:
    tree.set("/piano/pitch_class", (0.0, 0.0, 0.0), 4.0)
    advance(tree, 1.0)
    tree.set("/piano/pitch_class/d", 0.5)
    assert tree.get("/piano/pitch_class") == (0.75, 0.75, 0.5)
    advance(tree, 2.0)
    assert tree.get("/piano/pitch_class") == (0.5, 0.5, 0.5)
    advance(tree, 5.0)
    assert tree.get("/piano/pitch_class") == (0.0, 0.0, 0.5)


def test_a_component_glides(tree: Tree) -> None:
    tree.set("/piano/pitch_class/c", 0.0, 2.0)
    advance(tree, 1.0)
    assert tree.get("/piano/pitch_class") == (0.5, 1.0, 1.0)


# -- what a sender writes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "arguments", "stored"),
    [
        ("/piano/density", [3.0], 3.0),
        ("/piano/density", [[3.0]], 3.0),
        ("/piano/pitch_class", [0.0, 0.5, 1.0], (0.0, 0.5, 1.0)),
        ("/piano/pitch_class", [(0.0, 0.5, 1.0)], (0.0, 0.5, 1.0)),
        ("/piano/pitch_class/c", [0.25], 0.25),
    ],
)
def test_write_takes_one_list(tree: Tree, address: str, arguments: list[Any], stored: Value) -> None:
    tree.write(address, arguments)
    assert tree.get(address) == stored


@pytest.mark.parametrize(
    ("address", "arguments", "halfway"),
    [
        ("/piano/density", [9.0, 2.0], 7.0),
        ("/piano/density", ["9", "2"], 7.0),
        ("/piano/temperature", [4.0, 2.0], 2.0),
        ("/piano/channel", [16, 2.0], 9),
        ("/piano/pitch_class", [0.0, 0.0, 1.0, 2.0], (0.5, 0.5, 1.0)),
        ("/piano/pitch_class", [(0.0, 0.0, 1.0), 2.0], (0.5, 0.5, 1.0)),
    ],
)
def test_a_further_number_is_a_glide_along_the_curve(
    tree: Tree, address: str, arguments: list[Any], halfway: Value
) -> None:
    tree.write(address, arguments)
    advance(tree, 1.0)
    assert tree.get(address) == pytest.approx(halfway)


@pytest.mark.parametrize("arguments", [[], [1, 2, 3], ["a", 2.0], [1.0, "soon"], [1.0, float("inf")], [1.0, None]])
def test_the_error_of_write_names_the_expected_arguments(tree: Tree, arguments: list[Any]) -> None:
    with pytest.raises(KnobError, match=r"/piano/density: (expected|the glide)"):
        tree.write("/piano/density", arguments)
    assert tree.get("/piano/density") == 5.0


def test_an_event_is_passed_on_and_not_stored(tree: Tree) -> None:
    given: list[Value] = []
    walk = event("Go", 1, place=Knob("Where", kind="text"), seconds=Knob("In how long", 0.0, 60.0))
    tree.add("/piano/go", walk, given.append)
    tree.write("/piano/go", ["home", 3])
    tree.write("/piano/go", [2])
    with pytest.raises(KnobError, match=r"/piano/go: expected place \[seconds\], got 3 arguments"):
        tree.write("/piano/go", ["home", 1, 2])
    assert given == [("home", 3.0), ("2",)]


# -- buttons ------------------------------------------------------------------------------------------------------


def test_a_press_is_seen_by_exactly_one_snapshot(tree: Tree, told: list[Any]) -> None:
    tree.write("/piano/reset", [])
    assert [tree.snapshot("piano", ["reset"])["reset"] for _ in range(3)] == [True, False, False]
    tree.set("/piano/reset", 1)
    tree.set("/piano/reset", True)
    tree.set("/piano/reset", 0)  # letting go
    assert [tree.snapshot("piano", ["reset"])["reset"] for _ in range(3)] == [True, True, False]
    assert told == [("/piano/reset", True)] * 3


def test_a_snapshot_of_other_knobs_does_not_take_a_press(tree: Tree) -> None:
    tree.set("/piano/reset", True)
    assert tree.snapshot("piano", ["density"]) == {"density": 5.0}
    assert tree.snapshot("piano", ["reset"]) == {"reset": True}


# -- acts and what follows ----------------------------------------------------------------------------------------


def test_an_action_is_called_with_each_value_and_with_presses_only(tree: Tree) -> None:
    acts: list[Any] = []
    tree.add("/clock/tempo", Knob("Tempo", 10.0, 400.0, default=96.0), lambda v: acts.append(("tempo", v)))
    tree.add("/midi/panic", pulse("End every note"), lambda v: acts.append(("panic", v)))
    tree.set("/clock/tempo", 1_000)
    tree.set("/midi/panic", 0)
    tree.set("/midi/panic", 1)
    assert acts == [("tempo", 400.0), ("panic", True)]


def test_a_scale_sets_the_pitch_classes(tree: Tree, told: list[Any]) -> None:
    tree.set("/piano/scale", "major")
    assert tree.get("/piano/pitch_class") == (1.0, 0.0, 1.0)
    assert told == [("/piano/scale", "major"), ("/piano/pitch_class", 1.0, 0.0, 1.0)]
    tree.set("/piano/pitch_class/c_sharp", 0.5)
    tree.set("/piano/scale", "major")  # chosen again, it counts again
    assert tree.get("/piano/pitch_class") == (1.0, 0.0, 1.0)


def test_pitch_classes_set_by_a_scale_glide_with_it(tree: Tree) -> None:
    tree.set("/piano/scale", "major", 2.0)
    assert tree.get("/piano/scale") == "major"
    advance(tree, 1.0)
    assert tree.get("/piano/pitch_class") == (1.0, 0.5, 1.0)


# -- what there is ------------------------------------------------------------------------------------------------


def test_a_node_can_be_removed_and_added_again(tree: Tree) -> None:
    tree.add_signal("/piano/note", "iii", "A note")
    version = tree.version
    tree.remove("piano")
    assert tree.addresses() == ["/ink/temperature"]
    assert tree.signals == {}
    assert tree.snapshot("piano") == {}
    assert "/piano/pitch_class/c" not in tree
    assert tree.version > version
    version = tree.version
    tree.add("/piano/density", Knob("Notes a second", 0.0, 20.0, default=5.0))
    assert "/piano/density" in tree
    assert tree.version > version


def test_one_address_can_be_removed_with_its_components(tree: Tree) -> None:
    tree.add_signal("/piano/pitch_class", "i", "sent out under the same address")
    tree.add("/piano/pitch_class_2", Knob("another", 0.0, 1.0))
    version = tree.version
    tree.remove("piano/pitch_class")
    assert [address for address in tree.addresses() if "pitch_class" in address] == ["/piano/pitch_class_2"]
    assert "/piano/pitch_class" in tree.signals
    assert tree.version > version


def test_parameters_are_listed_in_the_order_of_their_declaration(tree: Tree) -> None:
    assert [parameter.address for parameter in tree.parameters("ink")] == ["/ink/temperature"]
    assert [parameter.address for parameter in tree.parameters()][:2] == ["/piano/temperature", "/piano/density"]
    assert tree.parameters("nobody") == []


def test_a_name_with_further_slashes_belongs_to_its_node(tree: Tree) -> None:
    tree.add("/veil/paint/great_wave", Knob("How much of it", 0.0, 1.0))
    tree.set("/veil/paint/great_wave", 0.5)
    assert tree.snapshot("veil") == {"paint/great_wave": 0.5}


def test_many_threads_at_once(tree: Tree) -> None:
    def move(address: str) -> None:
        for step in range(300):
            tree.set(address, step % 2, 0.001 if step % 3 else 0.0)
            tree.get(address)
            tree.snapshot("piano")
            tree.gliding()

    threads = [threading.Thread(target=move, args=(f"/piano/pitch_class/{pitch}",)) for pitch in PITCHES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    advance(tree, 1.0)
    tree.gliding()
    value = tree.get("/piano/pitch_class")
    assert isinstance(value, tuple)
    assert all(0.0 <= part <= 1.0 for part in value)


def test_an_action_knows_the_writer_of_its_value_on_any_thread() -> None:
    tree = Tree(VirtualClock())
    alice, bob = ("192.168.1.7", 5005), ("192.168.1.8", 5005)
    began, go_on, heard = threading.Event(), threading.Event(), list[tuple[object, object]]()

    def act(value: object) -> None:
        writer = current_writer()
        heard.append((value, writer.peer if writer is not None else None))
        began.set()
        assert go_on.wait(30.0)

    tree.add("/a/key", Knob("A key", 0, 127, kind="int"), act)

    def first() -> None:
        with writing(alice):
            tree.set("/a/key", 1)

    thread = threading.Thread(target=first)
    thread.start()
    assert began.wait(30.0)
    with writing(bob):
        tree.set("/a/key", 2)  # while the first act is under way: its thread calls the second, too
    tree.set("/a/key", 3)
    go_on.set()
    thread.join()
    assert heard == [(1, alice), (2, bob), (3, None)]

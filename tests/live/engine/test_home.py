"""/engine/home resets every parameter to its value in the patch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pieces import Piece

from live.midi.input.midi_input import MidiInput
from live.osc.dispatch import Dispatcher
from live.osc.encode import message
from live.parameters.parameter import Parameter
from live.parameters.tree import AddressError
from models.base import KnobError

HEADER = "from live import Midi, Node, Patch, Window, follow\nfrom pens import Boxes\nfrom toys import Scale\n"
TWO = "a=Node(Scale, weights='p', lowest=7, register='high', seed=5), b=Node(Scale, weights='p', length=0.5, seed=0)"
PATCH = f"patch = Patch(tempo=90, {TWO}, mappings={{'/b/lowest': follow('/a/length', 0, 50)}})"


@pytest.fixture
def piece(tmp_path: Path) -> Iterator[Piece]:
    piece = Piece(tmp_path, HEADER, PATCH)
    yield piece
    piece.close()


def test_every_parameter_is_reset_to_its_value_in_the_patch(piece: Piece) -> None:
    engine = piece.open()
    tree = engine.tree
    before = {one.address: one.value for one in tree.parameters("a") if one.knob.access == "rw"}
    for address, value in {
        "/a/lowest": 90,
        "/a/length": 9.0,
        "/a/seed": 77,
        "/a/mute": True,
        "/a/pause": True,
        "/a/channel": 9,
        "/b/length": 1.0,
        "/clock/tempo": 200,
        "/clock/meter": 7,
        "/clock/play": False,
        "/mapping/b.lowest/enabled": False,
        "/engine/blackout": 1.0,
        "/midi/silence": True,
    }.items():
        tree.set(address, value)
    tree.set("/clock/source", "midi")
    engine.advance(1.0)
    meaning = Dispatcher(tree, engine.clock, engine.osc_out)
    assert meaning.handle(message("/engine/home"), ("127.0.0.1", 5)) == []
    assert {one.address: one.value for one in tree.parameters("a") if one.knob.access == "rw"} == before
    after = [tree.get(a) for a in ("/b/length", "/clock/source", "/clock/tempo", "/clock/meter", "/clock/play")]
    assert after == [0.5, "internal", 90.0, 4, True]
    assert engine.clock.running
    assert engine.clock.beats.tempo_bpm == 90.0
    assert tree.get("/mapping/b.lowest/enabled") is True
    assert tree.get("/engine/blackout") == 0.0


def test_the_window_the_inputs_and_the_show_return_and_projectors_stay_as_they_are_set_up(piece: Piece) -> None:
    text = "patch = Patch(ink=Node(Boxes, weights='b', out=Window(400, 200, invitation='Draw!').layer(1)))"
    engine = piece.open(text, settings=(("/clock/in", "Drums"), ("/window/rate", "25")))
    tree, away = engine.tree, dict[str, object]()
    for one in tree.parameters():
        if one.knob.access == "rw" and one.knob.kind not in ("pulse", "event"):
            away[one.address] = one.value
            with suppress(KnobError, AddressError):  # a number is no choice
                tree.set(one.address, _another(one))
    tree.set("/window/invitation", "Go away!")
    tree.write("/engine/home", [])
    left = [address for address, value in away.items() if tree.get(address) != value]
    chosen = {"kiosk", "privacy", "quality"} & {address.split("/")[2] for address in left}
    assert {"kiosk", "privacy"} <= chosen  # by the staff: no visitor and no operator's home key loosens them
    assert {address.split("/")[2] for address in left} - chosen == {"rotation", "mirrored", "corner", "mesh", "edge"}
    for address in ("record", "share", "rate", "fullscreen", "invitation"):
        assert f"/window/{address}" in away
    assert {"/midi/in/velocity_curve", "/midi/learn_mode", "/preset/seconds", "/clock/in"} <= away.keys()


def _another(one: Parameter) -> object:
    match one.knob.kind:
        case "switch":
            return not one.value
        case "choice":
            return next(choice for choice in one.knob.choices if choice != one.value)
        case "text":
            return "other"
        case "vector":
            return tuple(0.5 * (part + 0.7) for part in one.value)  # type: ignore[union-attr]
    return one.knob.high if one.value != one.knob.high else one.knob.low


def test_what_a_knob_of_the_patch_sets_returns_with_it(piece: Piece) -> None:
    engine = piece.open("patch = Patch(a=Node(Scale, weights='p', register='high'))")
    assert engine.tree.get("/a/lowest") == 70
    for address, value in (("/a/lowest", 3), ("/a/register", "low"), ("/a/lowest", 4)):
        engine.tree.set(address, value)
    engine.tree.write("/engine/home", [])
    assert (engine.tree.get("/a/register"), engine.tree.get("/a/lowest")) == ("high", 70)


def test_one_node_returns_alone_and_a_wrong_name_is_answered(piece: Piece) -> None:
    engine = piece.open()
    engine.tree.set("/a/lowest", 90)
    engine.tree.set("/b/length", 9.0)
    engine.tree.write("/engine/home", ["b"])
    assert (engine.tree.get("/a/lowest"), engine.tree.get("/b/length")) == (90, 0.5)
    with pytest.raises(KnobError, match=r"/engine/home: the patch has no 'c'; expected one of a, b"):
        engine.tree.write("/engine/home", ["c"])


def test_a_node_that_was_given_up_is_restarted(piece: Piece) -> None:
    engine = piece.open("patch = Patch(a=Node(Scale, weights='p', seed=0))")
    engine.tree.set("/a/broken", True)
    engine.advance(10.0)
    assert engine.tree.get("/a/state") == "failed"
    engine.tree.write("/engine/home", [])
    engine.advance(11.0)
    assert engine.tree.get("/a/state") == "playing"


def test_a_clock_that_never_comes_gives_the_beats_back(piece: Piece) -> None:
    engine = piece.open()
    keys = next(service for service in engine.control_thread.services if isinstance(service, MidiInput))
    engine.tree.set("/clock/play", False)
    engine.tree.set("/clock/source", "midi")
    engine.advance(9.0)
    assert not engine.clock.running
    engine.advance(11.0)
    assert engine.clock.running
    keys.arrive("drums", 11.0, bytes((0xFA,)))
    keys.arrive("drums", 11.01, bytes((0xF8,)))
    keys.arrive("drums", 11.02, bytes((0xFC,)))
    engine.advance(60.0)
    assert not engine.clock.running  # a device that was stopped is waited for

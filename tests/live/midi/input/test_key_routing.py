"""Routes the performer's keys to nodes with `source=Keys(…)` and to the instruments of `thru`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido
import pytest
from pieces import Piece
from trees import writing

from live.midi.input.key_routing import KeyRouting
from live.midi.input.midi_input import MidiInput
from models.base import Control, NoteOff, NoteOn, Wait

HEADER = "from live import Keys, Midi, Node, Patch\nfrom toys import Listener, Scale\n"
DUET = "patch = Patch(a=Node(Scale, weights='p', length=0.5, seed=0, source=Keys('keys')), b=Node(Scale, weights='p'))"


class Duet:
    def __init__(self, folder: Path, text: str = DUET) -> None:
        self.piece = Piece(folder, HEADER, text, record=folder / "played.mid", osc=None)
        self.engine = self.piece.open()
        parts: Any = self.engine.control_thread.services
        self.midi_in = next(part for part in parts if isinstance(part, MidiInput))
        self.keys = next(part for part in parts if isinstance(part, KeyRouting))
        self.sent: list[tuple[str, tuple[Any, ...]]] = []
        self.engine.tree.watchers.append(lambda *sent: self.sent.append(sent))

    def play(self, text: str, device: str = "Keys") -> None:
        self.midi_in.arrive(device, self.engine.clock.now(), bytes.fromhex(text))
        self.engine.advance(self.engine.clock.now() + 0.6)

    def heard(self, node: str = "a") -> list[Any]:
        model: Any = self.engine.nodes[node].model
        return [event for step in model.heard for event in step]

    def sounded(self) -> list[tuple[int, int, int]]:
        """(channel, pitch, velocity) of what left, without the models' own notes below 40."""
        self.engine.close()
        assert self.engine.options.record is not None
        notes = [m for m in mido.MidiFile(self.engine.options.record) if m.type in ("note_on", "note_off")]
        return [(m.channel + 1, m.note, m.velocity if m.type == "note_on" else 0) for m in notes if m.note >= 40]


@pytest.fixture
def duet(tmp_path: Path) -> Iterator[Duet]:
    duet = Duet(tmp_path)
    yield duet
    duet.engine.close()


def test_a_listening_node_receives_the_keys(duet: Duet) -> None:
    for text in ("903c40", "903e50", "803c00"):
        duet.play(text)
    assert duet.heard() == [NoteOn(60, 64), NoteOn(62, 80), NoteOff(60)]
    assert duet.heard("b") == []
    assert [sent for sent in duet.sent if sent[0] == "/a/heard"] == [
        ("/a/heard", (60, 64)),
        ("/a/heard", (62, 80)),
        ("/a/heard", (60, 0)),
    ]


def test_other_devices_and_controllers_are_ignored(duet: Duet) -> None:
    duet.play("903c40", "Drums")
    duet.play("b04a40")
    assert duet.heard() == []


def test_a_node_that_stops_listening_receives_the_release_of_held_keys(duet: Duet) -> None:
    duet.play("903c40")
    duet.engine.tree.set("/a/listen", False)
    duet.engine.advance(duet.engine.clock.now() + 1.0)
    duet.play("903e40")
    assert duet.heard() == [NoteOn(60, 64), NoteOff(60)]
    duet.engine.tree.set("/a/listen", True)
    duet.play("904040")
    assert duet.heard()[-1] == NoteOn(64, 64)


def test_keys_of_an_unplugged_device_are_released(duet: Duet) -> None:
    duet.play("903c40")
    duet.keys.gone("Keys")
    duet.engine.advance(duet.engine.clock.now() + 0.6)
    assert duet.heard()[-1] == NoteOff(60)


def test_nothing_sounds_unless_it_is_sent_through(duet: Duet) -> None:
    duet.play("903c40")
    assert duet.sounded() == []


def test_keys_sound_on_the_node_s_instrument(duet: Duet) -> None:
    duet.engine.tree.set("/a/thru", True)
    duet.engine.tree.set("/a/channel", 3)
    for text in ("913c40", "813c00", "913e40"):
        duet.play(text)
    duet.engine.tree.set("/a/thru", False)
    duet.engine.advance(duet.engine.clock.now() + 1.0)
    assert duet.sounded() == [(3, 60, 64), (3, 60, 0), (3, 62, 64), (3, 62, 0)]


def test_a_channel_of_its_own(tmp_path: Path) -> None:
    duet = Duet(tmp_path, "patch = Patch(a=Node(Scale, weights='p', source=Keys(channel=2)))")
    duet.play("903c40")
    duet.play("913e40")
    assert duet.heard() == [NoteOn(62, 64)]
    duet.engine.close()


def test_a_node_may_begin_to_listen_while_it_plays(duet: Duet) -> None:
    duet.piece.write(DUET.replace("b=Node(Scale,", "b=Node(Scale, source=Keys(),"))
    assert duet.engine.reload()
    duet.play("903c40", "Drums")
    assert (duet.heard("a"), duet.heard("b")) == ([], [NoteOn(60, 64)])


@pytest.mark.parametrize("end", ["b07b00", "b07800", "b07900", "fc"])
def test_all_notes_off_releases_the_keys(duet: Duet, end: str) -> None:
    for text in ("903c40", "904040", end, "803c00"):
        duet.play(text)
    assert duet.heard() == [NoteOn(60, 64), NoteOn(64, 64), NoteOff(60), NoteOff(64)]


def test_panic_releases_the_keys(duet: Duet) -> None:
    duet.play("b0407f")
    duet.play("903c40")
    duet.engine.tree.set("/midi/panic", True)
    duet.engine.advance(duet.engine.clock.now() + 1.0)
    assert duet.heard() == [NoteOn(60, 64), NoteOff(60)]
    duet.play("903e40")
    duet.play("803e40")
    assert duet.heard()[2:] == [NoteOn(62, 64), NoteOff(62)]


def test_the_pedal_extends_received_notes(duet: Duet) -> None:
    for text in ("b0407f", "903c40", "803c40", "904040", "804040", "b04000"):
        duet.play(text)
    assert duet.heard() == [NoteOn(60, 64), NoteOn(64, 64), NoteOff(60), NoteOff(64)]


def test_a_learned_key_is_a_control_and_not_music(duet: Duet) -> None:
    duet.engine.tree.set("/a/thru", True)
    duet.engine.tree.set("/midi/learn", "/b/pause")
    for text in ("903c40", "803c40", "903c40", "803c40", "904040"):
        duet.play(text)
    assert duet.heard() == [NoteOn(64, 64)]
    assert duet.engine.tree.get("/b/pause") is True
    assert duet.sounded() == [(1, 64, 64), (1, 64, 0)]


@pytest.mark.parametrize(("curve", "heard"), [(1.0, [1, 64, 127]), (0.5, [11, 90, 127]), (2.0, [1, 32, 127])])
def test_the_velocity_curve(duet: Duet, curve: float, heard: list[int]) -> None:
    duet.engine.tree.set("/midi/in/velocity_curve", curve)
    for velocity in ("01", "40", "7f"):
        duet.play(f"903c{velocity}")
        duet.play("803c40")
    assert [event.velocity for event in duet.heard() if isinstance(event, NoteOn)] == heard


def test_thru_on_two_channels_is_one_key_to_the_instrument(duet: Duet) -> None:
    """One string of two is let go: the pitch sounds on. And the end of all notes ends the performer's alone."""
    duet.engine.tree.set("/a/thru", True)
    for text in ("913c40", "923c50", "813c40", "823c40", "b07b00"):
        duet.play(text)
    assert duet.sounded() == [(1, 60, 64), (1, 60, 0), (1, 60, 80), (1, 60, 0)]


def test_thru_passes_on_all_that_a_device_plays_and_leaves_nothing_bent(duet: Duet) -> None:
    duet.engine.tree.set("/midi/programs", False)
    duet.engine.tree.set("/a/thru", True)
    duet.engine.tree.set("/a/channel", 3)
    for text in ("e00050", "d040", "a03c33", "c005", "b00740", "b0017f", "b04a00", "e00040", "e17f7f", "b07900"):
        duet.play(text)
    duet.play("e00000")
    duet.engine.tree.set("/a/thru", False)
    duet.engine.advance(duet.engine.clock.now() + 1.0)
    duet.engine.close()
    assert duet.engine.options.record is not None
    sent = [m.hex(" ") for m in mido.MidiFile(duet.engine.options.record) if not m.is_meta and m.type[:4] != "note"]
    assert [text for text in sent if text[1] == "2"] == [
        *("E2 00 50", "D2 40", "A2 3C 33", "C2 05", "B2 07 40", "B2 01 7F", "B2 4A 00", "E2 00 40", "E2 7F 7F"),
        *("B2 40 00", "D2 00", "E2 00 40"),
        *("E2 00 00", "E2 00 40", "B2 7B 00"),
    ]


def test_a_learned_bend_is_a_control_and_not_music(duet: Duet) -> None:
    duet.engine.tree.set("/a/thru", True)
    duet.engine.tree.set("/midi/learn", "/b/length")
    for text in ("e00050", "e00060"):
        duet.play(text)
    duet.engine.close()
    assert duet.engine.options.record is not None
    assert not [m for m in mido.MidiFile(duet.engine.options.record) if m.type == "pitchwheel"]


def test_keys_of_a_page_are_played_and_released_when_it_is_closed(duet: Duet) -> None:
    tree, page, other = duet.engine.tree, ("web 192.168.1.8", 6006), ("192.168.1.7", 5005)
    with writing(page):
        tree.write("/a/play", (60, 70))
        tree.write("/a/play", (64,))
    with writing(other):
        tree.write("/a/play", (67, 90))
        tree.write("/a/play", (67, 0))
    duet.keys.peer_gone(page)
    duet.engine.advance(duet.engine.clock.now() + 0.6)
    assert duet.heard() == [
        *(NoteOn(60, 70), NoteOn(64, 80), NoteOn(67, 90), NoteOff(67)),
        *(NoteOff(60), NoteOff(64)),
    ]
    assert "/b/play" not in tree


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Duet]:
    duet = Duet(tmp_path, "patch = Patch(a=Node(Listener, weights='p', source=Keys('keys')))")
    yield duet
    duet.engine.close()


def heard_by(listener: Duet) -> list[Any]:
    return [event for event in listener.heard() if not isinstance(event, Wait)]


def test_a_listening_model_receives_pedals_and_keys_unchanged(listener: Duet) -> None:
    for text in ("b04010", "b04050", "903c40", "803c40", "b0407f", "b0437f", "b04000"):
        listener.play(text)
    assert heard_by(listener) == [Control(64, 127), NoteOn(60, 64), NoteOff(60), Control(67, 127), Control(64, 0)]
    listener.keys.gone("Keys")
    listener.engine.advance(listener.engine.clock.now() + 0.6)
    assert heard_by(listener)[-1] == Control(67, 0)


def test_pedals_are_released_when_a_node_stops_listening(listener: Duet) -> None:
    listener.play("b0407f")
    listener.engine.tree.set("/a/listen", False)
    listener.engine.advance(listener.engine.clock.now() + 1.0)
    listener.play("b0427f")
    assert heard_by(listener) == [Control(64, 127), Control(64, 0)]

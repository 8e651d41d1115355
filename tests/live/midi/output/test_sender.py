"""The sender without its process: commands, hot-plugging of the port, reports."""

from __future__ import annotations

import threading
from pathlib import Path

import mido
import pytest

from live.midi import MidiError
from live.midi.output.messages import QUIET
from live.midi.output.sender import Sender
from live.midi.port import Port, SilentPort
from live.transport.clock import VirtualClock


class Socket:
    """A place where a port is plugged in, or not."""

    def __init__(self) -> None:
        self.name = "Roland"
        self.plugged = True
        self.breaks = False
        self.heard: list[str] = []
        self.closed = 0

    def open(self) -> Port:
        if not self.plugged:
            raise MidiError("no MIDI port matches 'Roland' (ports: none)")
        return self

    def send(self, data: bytes) -> None:
        if self.breaks or not self.plugged:
            raise OSError("the port is out")
        self.heard.append(data.hex())

    def alive(self) -> bool:
        return self.plugged

    def close(self) -> None:
        self.closed += 1

    def new(self) -> list[str]:
        heard, self.heard = self.heard, []
        return heard


class SenderRig:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.socket = Socket()
        self.said: list[tuple[str, str]] = []
        self.sender = Sender(self.clock, self.socket.open, lambda state, text: self.said.append((state, text)))

    def until(self, to_s: float) -> None:
        while self.sender.player.next_due() <= to_s:
            self.clock.advance(self.sender.player.next_due())
            self.sender.player.advance()
        self.clock.advance(to_s)

    def states(self) -> list[str]:
        return [state for state, _ in self.said]


@pytest.fixture
def rig() -> SenderRig:
    return SenderRig()


def test_it_reports_its_port_and_leaves_other_programs_notes_alone(rig: SenderRig) -> None:
    rig.sender.port.check()
    assert rig.said == [("opened", "playing to Roland")]
    assert rig.socket.new() == []


def test_valid_lines_are_executed_and_invalid_ones_counted(rig: SenderRig) -> None:
    rig.sender.port.check()
    for line in (
        b'["set","piano",{"channel":2}]',
        b'["play",0.5,"piano","on",60,64]',
        b'["play",0.5,"piano","on",160,64]',
        b'["play",0.5,"piano","sing",60,64]',
        b'["set","piano",{"colour":2}]',
        b'["set","piano",{"channel":2.0}]',
        b"nonsense",
        b'["play",0.7,"piano","off",60,0]',
    ):
        rig.sender.execute_line(line)
    rig.until(1.0)
    assert rig.socket.new() == ["913c40", "813c40"]
    assert rig.sender.bad == 5
    rig.sender.execute_line(b'["quit"]')
    assert rig.sender.quitting


def test_a_lost_port_is_reported_and_reopened_when_it_returns(rig: SenderRig) -> None:
    sender, socket = rig.sender, rig.socket
    sender.port.check()
    sender.execute("set", "piano", {"program": 5})
    sender.execute("play", 0.1, "piano", "on", 60, 64)
    rig.until(0.2)
    socket.plugged = False
    sender.port.check()
    sender.execute("play", 0.3, "piano", "off", 60, 0)
    sender.execute("play", 0.4, "piano", "on", 62, 64)
    rig.until(0.5)
    sender.port.check()
    assert socket.new() == ["c004", "903c40"]
    socket.plugged = True
    sender.port.check()
    sender.execute("play", 0.6, "piano", "on", 64, 64)
    rig.until(1.0)
    assert socket.new() == [*(message.hex() for message in QUIET), "c004", "904040"]
    assert rig.states() == ["opened", "lost", "waiting", "returned"]
    assert socket.closed == 1


def test_a_port_that_fails_while_sending_is_lost_too(rig: SenderRig) -> None:
    rig.sender.port.check()
    rig.socket.breaks = True
    for at_s in (0.1, 0.2):
        rig.sender.execute("play", at_s, "piano", "on", 60, 64)
    rig.until(1.0)
    assert rig.states() == ["opened", "lost"]
    assert "the port is out" in rig.said[1][1]


def test_a_missing_port_is_reported_once_and_opened_when_it_appears(rig: SenderRig) -> None:
    rig.socket.plugged = False
    for _ in range(3):
        rig.sender.port.check()
    assert rig.said == [("waiting", "no MIDI port matches 'Roland' (ports: none); waiting for the port")]
    rig.socket.plugged = True
    rig.sender.port.check()
    assert rig.states() == ["waiting", "opened"]


def test_after_a_crash_every_note_on_the_port_is_ended_first(rig: SenderRig) -> None:
    rig.sender.port.quiet_first = True
    rig.sender.port.check()
    assert rig.socket.new() == [message.hex() for message in QUIET]


def test_silent_playing_is_reported_with_its_reason() -> None:
    said: list[tuple[str, str]] = []
    sender = Sender(VirtualClock(), lambda: SilentPort("no sound device"), lambda *state: said.append(state))
    sender.port.check()
    assert said == [("silent", "no sound device")]


def test_stopping_ends_every_note_and_closes_the_port(rig: SenderRig) -> None:
    rig.sender.port.check()
    rig.sender.execute("play", 0.1, "piano", "on", 60, 64)
    rig.until(0.2)
    rig.sender.end()
    assert rig.socket.new() == ["903c40", "803c40", "b07b00"]
    assert rig.socket.closed == 1


def test_the_recording_holds_what_is_played_even_while_the_port_is_away(rig: SenderRig, tmp_path: Path) -> None:
    rig.socket.plugged = False
    rig.sender.port.check()
    rig.sender.execute("record", str(tmp_path / "a.mid"))
    rig.sender.execute("set", "piano", {"channel": 2, "transpose": 1})
    rig.sender.execute("play", 0.5, "piano", "on", 60, 64)
    rig.sender.execute("play", 0.75, "piano", "off", 60, 0)
    rig.sender.execute("play", 0.8, "piano", "on", 62, 64)
    rig.sender.execute("withdraw", "piano", 0.76)
    rig.until(1.0)
    rig.sender.end()
    notes = [m for m in mido.MidiFile(tmp_path / "a.mid") if not m.is_meta and m.type.startswith("note")]
    assert [(m.type, m.note, m.channel, m.time) for m in notes] == [("note_on", 61, 1, 0), ("note_off", 61, 1, 0.25)]
    assert ("recording", str(tmp_path / "a.mid")) in rig.said


def test_a_failed_recording_is_reported_and_the_music_continues(rig: SenderRig, tmp_path: Path) -> None:
    rig.sender.port.check()
    rig.sender.execute("record", str(tmp_path / "nowhere" / "a.mid"))
    rig.sender.execute("play", 0.1, "piano", "on", 60, 64)
    rig.until(0.2)
    assert rig.states() == ["opened", "error"]
    assert rig.socket.new() == ["903c40"]


class Patient(VirtualClock):
    """A virtual clock on which waiting passes the time."""

    def wait(self, until_s: float, wake: threading.Condition) -> None:
        self.advance(until_s)


class AudioServerPort(Socket):
    """A port of an audio server, which loses what is sent while it connects, and one late cycle of what comes after."""

    settle_s = 0.05

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.clock = clock
        self.times: list[tuple[int, str]] = []

    def send(self, data: bytes) -> None:
        self.times.append((round(self.clock.now() * 1000), data.hex()))

    def close(self) -> None:
        self.times.append((round(self.clock.now() * 1000), "closed"))


def test_a_port_of_an_audio_server_is_left_alone_after_opening_and_before_closing_and_hears_the_ends_twice() -> None:
    clock = Patient()
    server = AudioServerPort(clock)
    sender = Sender(clock, lambda: server, lambda *_: None)
    sender.execute("set", "piano", {"program": 5})
    sender.port.check()
    sender.execute("play", 0.1, "piano", "on", 60, 64)
    clock.advance(0.1)
    sender.player.advance()
    sender.end()
    assert server.times == [
        (50, "c004"),
        (100, "903c40"),
        (100, "803c40"),
        (100, "b07b00"),
        (150, "803c40"),
        (150, "b07b00"),
        (200, "closed"),
    ]


def test_messages_of_the_system_go_out_at_their_time_and_are_not_recorded(rig: SenderRig, tmp_path: Path) -> None:
    rig.sender.port.check()
    rig.socket.new()
    rig.sender.record(tmp_path / "played.mid")
    for due_s, message in ((0.5, "fa"), (0.6, "f8"), (0.7, "f8")):
        rig.sender.execute_line(f'["raw",{due_s},"clock","{message}"]'.encode())
    rig.sender.execute_line(b'["raw",0.5,"clock","no"]')
    rig.sender.execute_line(b'["play",0.55,"piano","on",60,64]')
    rig.until(0.65)
    rig.sender.execute("withdraw", "clock", 0.65)
    rig.until(1.0)
    assert rig.socket.new() == ["fa", "903c40", "f8"]
    assert rig.sender.bad == 1
    rig.sender.end()
    kept = [m.type for m in mido.MidiFile(tmp_path / "played.mid").tracks[0] if not m.is_meta]
    assert kept[0] == "note_on"

"""Chooses a MIDI port by name, number or pattern, and the fallback without one."""

from __future__ import annotations

import pytest

from live.midi import Midi, MidiError
from live.midi import port as ports
from live.midi.port import PortPattern, SilentPort, choose, open_port, parse_port

NAMES = [
    "Midi Through:Midi Through Port-0 14:0",
    "Roland FP-30:FP-30 MIDI 1 20:0",
    "IAC Driver Bus 1",
    "IAC Driver Bus 10",
]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("fp-30", NAMES[1]),
        ("*roland*", NAMES[1]),
        ("IAC*", NAMES[2]),
        ("iac driver bus 1", NAMES[2]),
        ("IAC*10", NAMES[3]),
        ("2", NAMES[2]),
        ("Bus 1?", None),
        ("*Bus 1?", NAMES[3]),
        ("7", None),
        ("Yamaha", None),
    ],
)
def test_a_port_is_named_by_number_whole_pattern_or_part(text: str, name: str | None) -> None:
    chosen = choose(text, NAMES)
    assert (None if chosen is None else NAMES[chosen]) == name


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("virtual", PortPattern("virtual", "piano")),
        ("Virtual:left hand", PortPattern("virtual", "left hand")),
        ("jack:virtual", PortPattern("virtual", "piano", "jack")),
        ("JACK:fluidsynth*", PortPattern("named", "fluidsynth*", "jack")),
        ("alsa:Roland: A 20:0", PortPattern("named", "Roland: A 20:0", "alsa")),
        ("Roland: A 20:0", PortPattern("named", "Roland: A 20:0")),
        ("sound", PortPattern("sound")),
        ("sound:/music/grand.sf2", PortPattern("sound", "/music/grand.sf2")),
        ("silent", PortPattern("silent")),
        ("auto", PortPattern("auto")),
        ("Silent Running:in", PortPattern("named", "Silent Running:in")),
    ],
)
def test_the_option_is_parsed(text: str, meant: PortPattern, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ports.AUTO_VARIABLE, raising=False)
    assert parse_port(text) == meant


def test_auto_uses_the_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ports.AUTO_VARIABLE, "*Roland*")
    assert parse_port("auto") == PortPattern("named", "*Roland*")
    monkeypatch.setenv(ports.AUTO_VARIABLE, "auto")
    assert parse_port("auto") == PortPattern("auto")


def test_without_sound_auto_is_silent_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_card(_: str | None) -> ports.Port:
        raise MidiError("no audio device")

    monkeypatch.delenv(ports.AUTO_VARIABLE, raising=False)
    monkeypatch.setattr(ports, "_sound", no_card)
    port = open_port("auto")
    assert isinstance(port, SilentPort)
    assert port.why == "no MIDI port and no sound device: playing silently (no audio device)"
    with pytest.raises(MidiError, match="no audio device"):
        open_port("sound")


def test_the_error_for_a_missing_port_lists_the_existing_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    from live.midi import rtmidi_port as rtport

    monkeypatch.setattr(rtport, "port_names", lambda _: [("jack", name) for name in NAMES])
    with pytest.raises(MidiError, match=r"no MIDI port matches 'Yamaha' \(ports: Midi Through"):
        open_port("Yamaha")
    assert [(port.index, port.direction, port.system) for port in ports.list_ports()][3:5] == [
        (3, "out", "jack"),
        (0, "in", "jack"),
    ]


@pytest.mark.parametrize("wrong", [{"port": ""}, {"channel": 17}, {"program": -1}, {"transpose": 99}])
def test_a_patch_with_a_wrong_midi_value_says_what_was_expected(wrong: dict[str, object]) -> None:
    with pytest.raises(MidiError, match="expected"):
        Midi(**wrong)  # type: ignore[arg-type]

"""Controllers of seven and fourteen bits."""

from __future__ import annotations

import pytest

from live.midi.input.controller import ControlReader, scaled
from live.midi.input.message import InputMessage


def read(*texts: str, every_s: float = 0.0) -> list[tuple[str, float]]:
    """(control, position) of all moves in these messages."""
    controls = ControlReader()
    messages = [InputMessage("Faders", number * every_s, bytes.fromhex(text)) for number, text in enumerate(texts)]
    moves = [move for message in messages for move in controls.read(message)]
    return [(move.control.control, round(move.position, 4)) for move in moves]


def test_the_middle_of_a_fader_is_the_middle() -> None:
    assert [scaled(n, 7) for n in (0, 32, 64, 127)] == [0.0, 0.25, 0.5, 1.0]
    assert [scaled(n, 14) for n in (0, 8192, 16383)] == [0.0, 0.5, 1.0]


def test_a_controller() -> None:
    assert read("b04a00", "b04a40", "b04a7f") == [("cc 74", 0.0), ("cc 74", 0.5), ("cc 74", 1.0)]


def test_a_pair_of_controllers_is_one_of_fourteen_bits() -> None:
    assert read("b00240", "b02200", "b02240")[1:] == [
        ("cc 34", 0.0),
        ("cc14 2", 0.5),
        ("cc 34", 0.5),
        ("cc14 2", round(0.5 + 64 / 8191 / 2, 4)),
    ]


def test_a_controller_over_thirty_two_alone_is_no_half() -> None:
    assert read("b02240") == [("cc 34", 0.5)]


def test_pitch_bend_and_pressure() -> None:
    assert read("e00040", "e07f7f", "d040") == [("bend", 0.5), ("bend", 1.0), ("pressure", 0.5)]


def test_keys_are_buttons() -> None:
    controls = ControlReader()
    pressed = [
        controls.read(InputMessage("Pads", 0.0, bytes.fromhex(t)))[0].pressed for t in ("902401", "802440", "902400")
    ]
    assert pressed == [True, False, False]


def test_nrpn_of_seven_bits() -> None:
    assert read("b06302", "b0622c", "b00640") == [("nrpn 300", 0.5)]


def test_nrpn_of_fourteen_bits_moves_once_for_both_halves() -> None:
    first, second = ("b06302", "b0622c", "b00640", "b02600"), ("b00660", "b02600")
    assert read(*first, *second) == [("nrpn 300", 0.5), ("nrpn 300", 0.5), ("nrpn 300", 0.75)]


def test_registered_parameters_are_no_controls() -> None:
    assert read("b06500", "b06400", "b00602", "b02600") == []


@pytest.mark.parametrize("choose", [("b0657f", "b0647f"), ("b0637f", "b0627f")])
def test_after_none_is_chosen_six_is_a_controller_again(choose: tuple[str, str]) -> None:
    assert read("b06302", "b0622c", *choose, "b00640") == [("cc 6", 0.5)]


def test_increments_are_a_control_of_each_parameter() -> None:
    encoders = ("b06301", "b06214", "b06000", "b06301", "b06215", "b06000", "b0617f")
    assert read(*encoders) == [("nrpn 148 step", 1.0), ("nrpn 149 step", 1.0), ("nrpn 149 step", 0.0)]
    assert read("b06500", "b06401", "b06001") == [("rpn 1 step", 1.0)]
    assert read("b06001") == [("cc 96", 0.0078)]


def test_faders_six_and_thirty_eight_work_after_a_parameter_that_was_not_ended() -> None:
    """A keyboard sets the range of its pitch bend at its start, and its faders are used minutes later."""
    assert read("b06500", "b06400", "b00602", every_s=0.01) == []
    assert read("b06500", "b06400", "b00640", "b02640", every_s=10.0) == [
        ("cc 6", 0.5),
        ("cc 38", 0.5),
        ("cc14 6", round(0.5 + 64 / 8191 / 2, 4)),
    ]


def test_data_long_after_their_parameter_are_ambiguous() -> None:
    assert read("b06302", "b0622c", "b00640", every_s=0.01) == [("nrpn 300", 0.5)]
    assert read("b06302", "b0622c", "b00640", every_s=10.0) == [("cc 6", 0.5), ("nrpn 300", 0.5)]


def test_channel_modes_are_no_controls() -> None:
    assert read("b07b00", "b07800") == []


def test_devices_and_channels_do_not_mix() -> None:
    controls = ControlReader()
    controls.read(InputMessage("A", 0.0, bytes.fromhex("b00240")))
    assert [t.control.control for t in controls.read(InputMessage("A", 0.0, bytes.fromhex("b12210")))] == ["cc 34"]
    assert [t.control.control for t in controls.read(InputMessage("B", 0.0, bytes.fromhex("b02210")))] == ["cc 34"]

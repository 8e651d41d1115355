"""The effects of OSC messages: values, queries, patterns, errors. No socket, no thread."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from pythonosc.osc_message_builder import OscMessageBuilder

from live.net.token import Token
from live.osc.encode import message
from models.base import Knob, KnobError, pulse

OTHER = ("192.168.1.7", 9001)


def typed(address: str, tags: str, *values: Any) -> bytes:
    builder = OscMessageBuilder(address)
    for tag, value in zip(tags, values, strict=True):
        builder.add_arg(value, tag)
    return builder.build().dgram


# -- values ---


@pytest.mark.parametrize(
    ("address", "tags", "values", "stored"),
    [
        ("/piano/temperature", "f", [0.5], 0.5),
        ("/piano/temperature", "i", [2], 2.0),
        ("/piano/temperature", "d", [2.5], 2.5),
        ("/piano/temperature", "s", ["0.25"], 0.25),
        ("/piano/temperature", "T", [True], 1.0),
        ("/piano/channel", "f", [7.6], 8),
        ("/piano/channel", "h", [16], 16),
        ("/piano/mute", "i", [1], True),
        ("/piano/mute", "T", [True], True),
        ("/piano/mute", "s", ["on"], True),
        ("/piano/scale", "s", ["Minor"], "minor"),
        ("/piano/scale", "f", [1.0], "minor"),
        ("/piano/title", "s", ["Night Train"], "Night Train"),
        ("/piano/pitch_class", "fff", [0.0, 0.5, 1.0], (0.0, 0.5, 1.0)),
        ("/piano/pitch_class/c_sharp", "f", [0.25], (1.0, 0.25, 1.0)),
    ],
)
def test_every_numeric_type_is_accepted(
    rig: Any, address: str, tags: str, values: list[Any], stored: object
) -> None:
    assert rig.raw(typed(address, tags, *values)) == []
    assert rig.tree.get(address.removesuffix("/c_sharp")) == stored


@pytest.mark.parametrize(
    ("address", "tags", "values", "stored", "sentence"),
    [
        ("/piano/temperature", "d", [99.0], 3.0, "99 is out of range, 0.1 to 3: 3 is used"),
        ("/piano/channel", "h", [2**40], 16, "1.09951e+12 is out of range, 1 to 16: 16 is used"),
        ("/piano/density", "f", [-1.0], 0.0, "-1 is out of range, 0 to 20 1/s: 0 is used"),
        ("/piano/temperature", "ff", [99.0, 500.0], 1.0, "99 is out of range, 0.1 to 3: 3 is used"),
        ("/piano/temperature", "s", ["99"], 3.0, "99 is out of range, 0.1 to 3: 3 is used"),
        ("/piano/pitch_class", "fff", [0.0, 0.5, 7.0], (0.0, 0.5, 1.0), "7 is out of range, 0 to 1: 1 is used"),
    ],
)
def test_a_value_out_of_range_is_clipped_and_reported_to_sender_and_subscribers(
    rig: Any, address: str, tags: str, values: list[Any], stored: object, sentence: str
) -> None:
    told: list[tuple[str, tuple[Any, ...]]] = []
    rig.tree.watchers.append(lambda *one: told.append(one))
    sentence = f"{address}: {sentence}"
    assert rig.raw(typed(address, tags, *values)) == [("/error", address, sentence)]
    assert rig.tree.get(address) == stored
    assert told[-1] == ("/engine/refused", ("127.0.0.1:5005", sentence))


def test_the_end_of_a_range_rounded_to_32_bits_is_in_range(rig: Any) -> None:
    assert rig.raw(typed("/piano/temperature", "f", 0.1)) == []
    rig.tree.add("/piano/small", Knob("", 0.0, 0.1))
    assert rig.raw(typed("/piano/small", "f", 0.1)) == []  # as 32 bits it is slightly larger


def test_a_pattern_out_of_range_is_reported_once(rig: Any) -> None:
    said = rig.send("/piano/{temperature,density}", 99.0)
    assert said == [
        ("/error", "/piano/{temperature,density}", "/piano/density: 99 is out of range, 0 to 20 1/s: 20 is used")
    ]
    assert (rig.tree.get("/piano/temperature"), rig.tree.get("/piano/density")) == (3.0, 20.0)


@pytest.mark.parametrize("given", [(), (1,), (True,), ("bang",), (1, 2, 3), (b"\1",)])
def test_any_argument_presses_a_button(rig: Any, given: tuple[Any, ...]) -> None:
    pressed: list[Any] = []
    rig.tree.add("/midi/panic", pulse("Silence"), pressed.append)
    assert rig.send("/midi/panic", *given) == []
    assert pressed == [True]
    assert rig.send("/midi/panic", 0) == []  # a release
    assert pressed == [True]


def test_an_array_is_a_vector(rig: Any) -> None:
    builder = OscMessageBuilder("/piano/pitch_class")
    builder.add_arg([0.0, 0.5, 1.0], ["f", "f", "f"])
    builder.add_arg(2.0)
    rig.raw(builder.build().dgram)
    rig.clock.advance(1.0)
    assert rig.tree.get("/piano/pitch_class") == (0.5, 0.75, 1.0)
    beyond = OscMessageBuilder("/piano/pitch_class")
    beyond.add_arg([0.0, 9.0, 1.0], ["f", "f", "f"])
    said = rig.raw(beyond.build().dgram)
    assert said == [("/error", "/piano/pitch_class", "/piano/pitch_class: 9 is out of range, 0 to 1: 1 is used")]


def test_a_second_number_is_a_glide(rig: Any) -> None:
    rig.send("/piano/density", 9.0, 4.0)
    rig.clock.advance(1.0)
    assert rig.tree.get("/piano/density") == 6.0


@pytest.mark.parametrize(("address", "answer"), [("/piano/temperature", 1.0), ("/piano/scale", "major")])
def test_a_message_without_arguments_queries(rig: Any, address: str, answer: object) -> None:
    assert rig.send(address) == [(address, answer)]
    assert rig.raw(b"/piano/temperature\0\0") == [("/piano/temperature", 1.0)]  # without type tags, too
    assert rig.send("/get", address) == [(address, answer)]


@pytest.mark.parametrize("packet", [message("/piano/reset"), message("/piano/reset", 1), b"/piano/reset\0\0\0\0,I\0\0"])
def test_no_argument_presses_a_button(rig: Any, packet: bytes) -> None:
    assert rig.raw(packet) == []
    assert rig.tree.snapshot("piano")["reset"] is True
    assert rig.tree.snapshot("piano")["reset"] is False


def test_a_release_does_not_press_a_button(rig: Any) -> None:
    rig.send("/piano/reset", 0)
    assert rig.tree.snapshot("piano")["reset"] is False


def test_the_order_is_kept_and_the_last_value_wins(rig: Any) -> None:
    for value in range(20):
        rig.send("/piano/density", value)
    assert rig.tree.get("/piano/density") == 19.0


# -- patterns ---


def test_a_pattern_sets_all_that_it_matches(rig: Any) -> None:
    rig.send("/*/{temperature,density}", 2.0)
    assert rig.tree.get("/piano/temperature") == rig.tree.get("/piano/density") == 2.0
    rig.send("//pitch_class/c*", 0.0)
    assert rig.tree.get("/piano/pitch_class") == (0.0, 0.0, 1.0)


def test_a_pattern_without_arguments_queries(rig: Any) -> None:
    assert rig.send("/piano/[dt]e*") == [("/piano/temperature", 1.0), ("/piano/density", 5.0)]
    assert rig.send("/get", "/piano/[dt]e*", "/piano/mute") == [
        ("/piano/temperature", 1.0),
        ("/piano/density", 5.0),
        ("/piano/mute", 0),
    ]


def test_a_pattern_presses_buttons_only_where_it_matches_nothing_else(rig: Any) -> None:
    rig.send("/piano/{reset,density}", 3.0)
    assert rig.tree.snapshot("piano")["reset"] is False
    rig.send("/*/reset")
    assert rig.tree.snapshot("piano")["reset"] is True


def test_parameters_that_refuse_a_patterns_value_are_named(rig: Any) -> None:
    ((error, address, sentence),) = rig.send("/piano/{density,scale}", 7.0)
    assert (error, address) == ("/error", "/piano/{density,scale}")
    assert sentence.startswith("1 of 2 addresses accepted it; /piano/scale: expected one of major, minor")
    assert rig.tree.get("/piano/density") == 7.0


# -- errors ---


@pytest.mark.parametrize(
    ("address", "arguments", "sentence"),
    [
        ("/piano/temprature", [1.0], "no address /piano/temprature; similar: /piano/temperature"),
        ("/piano/temperature", ["loud"], "/piano/temperature: expected a number, got 'loud'"),
        ("/piano/temperature", [float("nan")], "/piano/temperature: expected a number, got nan"),
        ("/piano/pitch_class", [1.0], "/piano/pitch_class: expected 3 values and optionally a glide"),
        ("/piano/rate", [1.0], "/piano/rate is read-only"),
        ("/piano/nothing*", [1.0], "no address matches /piano/nothing*"),
        ("/piano/temprature*", [1.0], "no address matches /piano/temprature*; similar: /piano/temperature"),
        ("/pianos/{density,mute}", [1.0], "no address matches /pianos/{density,mute}; similar: /piano/density"),
        ("/piano/[a", [1.0], "[ is not closed"),
        ("/get", ["/piano/reset"], "/piano/reset is write-only"),
        ("/get", ["/nothing"], "no address /nothing"),
        ("/get", [], "/get needs an address"),
        ("/piano/note", [60, 1, 1], "/piano/note is a signal, which cannot be set"),
    ],
)
def test_an_error_is_answered_with_address_and_sentence(
    rig: Any, address: str, arguments: list[Any], sentence: str
) -> None:
    rig.out.voice("piano")
    ((error, about, said),) = rig.send(address, *arguments)
    assert (error, about) == ("/error", address)
    assert said.startswith(sentence)


def test_an_action_of_a_value_may_fail(rig: Any, caplog: pytest.LogCaptureFixture) -> None:
    def fails(value: object) -> None:
        raise ZeroDivisionError("of all things")

    def refuses(value: object) -> None:
        raise KnobError("no such preset")

    rig.tree.add("/bad/act", Knob("Fails"), fails)
    rig.tree.add("/bad/preset", Knob("Refuses"), refuses)
    assert rig.send("/bad/preset", 1) == [("/error", "/bad/preset", "no such preset")]
    assert rig.send("/bad/act", 1) == [("/error", "/bad/act", "/bad/act failed: ZeroDivisionError: of all things")]
    answered = rig.raw(rig.bundle(None, message("/bad/act", 1), message("/piano/density", 3)))
    assert answered == [("/error", "/bad/act", "/bad/act failed: ZeroDivisionError: of all things")]
    assert rig.tree.get("/piano/density") == 3.0
    assert "of all things" in caplog.text
    caplog.clear()
    answered = rig.raw(rig.bundle(None, message("/bad/preset", 1), message("/piano/density", 4)))
    assert answered == [("/error", "/bad/preset", "no such preset")]
    assert "Traceback" not in caplog.text


def test_answers_to_a_flood_of_errors_are_limited(rig: Any) -> None:
    answered = [rig.send("/nothing", 1.0) for _ in range(1_000)]
    assert sum(map(len, answered)) == 20
    assert rig.send("/nothing", 1.0, sender=OTHER) != []  # the limits of hosts are independent
    rig.clock.advance(0.2)
    ((_, _, sentence),) = rig.send("/nothing", 1.0)
    assert "errors were not answered" in sentence
    assert rig.send("/piano/density", 3.0) == []
    assert rig.server.dispatcher.counts.refused == 1_002


def test_a_flood_of_errors_is_logged_in_a_few_lines(rig: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    published: list[str] = []
    rig.tree.watchers.append(lambda address, _: published.append(address))
    for number in range(6_000):
        rig.send("/nothing", 1.0)
        rig.send(f"/nothing/{number}", 1.0)
        rig.clock.advance((number + 1) / 100.0)
    assert len(caplog.text) < 8_000
    assert published.count("/engine/refused") == len(caplog.records) < 50
    assert "more before this" in caplog.text


def test_one_packet_presses_a_button_a_bounded_number_of_times(rig: Any) -> None:
    pressed: list[Any] = []
    rig.tree.add("/engine/reload", pulse("Reload the patch file"), pressed.append)
    packet = rig.bundle(None, *[message("/engine/reload")] * 2_000)
    ((_, _, sentence), *_) = rig.raw(packet)
    assert len(pressed) == 64
    assert "more than 32 per second" in sentence
    rig.send("/engine/reload", sender=OTHER)
    assert len(pressed) == 65
    rig.clock.advance(1.0)
    assert rig.send("/engine/reload") == []


def test_other_machines_send_the_token_first(rig: Any) -> None:
    access = rig.server.dispatcher.access
    access.token = Token("tosca")
    assert rig.send("/piano/density", 9.0) == []
    ((_, _, sentence),) = rig.send("/piano/density", 2.0, sender=OTHER)
    assert "/token" in sentence
    assert rig.send("/token", "tosco", sender=OTHER) == [("/error", "/token", "wrong token")]
    assert rig.raw(rig.bundle(None, message("/piano/density", 2.0), message("/ping")), OTHER)[0][0] == "/error"
    assert rig.tree.get("/piano/density") == 9.0
    assert rig.send("/token", "tosca", sender=OTHER) == [("/token/accepted",)]
    assert rig.send("/piano/density", 2.0, sender=OTHER) == []
    assert rig.tree.get("/piano/density") == 2.0
    assert rig.send("/piano/density", 3.0, sender=("web 192.168.1.9", 5000)) == []  # an HTTP request for it


def test_answers_to_many_hosts_together_are_limited(rig: Any) -> None:
    answered = sum(len(rig.send("/x", sender=(f"10.0.{n // 200}.{n % 200}", 9))) for n in range(1_000))
    assert answered == 200


def test_answers_are_never_answered(rig: Any) -> None:
    for address in ("/error", "/pong", "/listed", "/listed/end", "/subscribed", "/unsubscribed", "/token/accepted"):
        assert rig.send(address, "/x", "sentence") == []


# -- commands ---


def test_ping(rig: Any) -> None:
    assert rig.send("/ping", 1, "two") == [("/pong", 1, "two")]


def test_pong_has_the_arguments_of_ping_in_their_types(rig: Any) -> None:
    ping = (
        b"/ping\0\0\0,ifdhsbTFNI[i[s]]tcrm\0\0\0\0"[:32]
        + struct.pack(">ifdq", 7, 0.5, 0.1, 2**40)
        + b"ab\0\0" + b"\0\0\0\3xyz\0" + b"\0\0\0\1" + b"c\0\0\0"
        + bytes(range(8)) + b"\0\0\0A" + b"\1\2\3\4" + b"\0\x90\x3c\x40"
    )  # fmt: skip
    ((_, pong),) = rig.server.handle(ping, rig.me)
    assert pong == ping.replace(b"/ping", b"/pong")
    empty = b"/ping\0\0\0,b\0\0\0\0\0\0"
    assert rig.server.handle(empty, rig.me) == [(rig.me, empty.replace(b"/ping", b"/pong"))]
    assert rig.server.handle(b"/ping\0\0\0", rig.me) == [(rig.me, b"/pong\0\0\0,\0\0\0")]


def test_list(rig: Any) -> None:
    assert rig.send("/list", "/piano/{temperature,reset}") == [
        ("/listed", "/piano/temperature", "float", "rw", "How surprising"),
        ("/listed", "/piano/reset", "pulse", "w", "Begin again"),
        ("/listed/end", 2),
    ]
    assert len(rig.send("/list")) == len(rig.tree.addresses()) + 1


def test_queries_are_rate_limited(rig: Any) -> None:
    answered = [len(rig.send("/list")) for _ in range(1_000)]
    assert sum(answered) < 6_000
    rig.clock.advance(1.0)
    assert len(rig.send("/list")) > 1


def test_an_address_that_is_added_or_removed_later_is_found_and_gone(rig: Any) -> None:
    assert rig.send("/ink/*", 1)[0][0] == "/error"
    rig.tree.add("/ink/morph", Knob("Morph", 0, 1))
    assert rig.send("/ink/*", 1) == []
    rig.tree.remove("ink")
    assert rig.send("/ink/*", 1)[0][0] == "/error"

"""What the OSC server does with what it hears, without a socket; and a few times with one."""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pythonosc.osc_message_builder import OscMessageBuilder

from live.clock import Clock
from live.osc.encode import message
from live.osc.packet import Message, parse
from live.osc.server import OscServer
from live.tree import Tree
from models.base import Knob, KnobError, NoteOn, pulse

UNIX_0 = 1_600_000_000.0  # what the virtual clock's zero is by the wall clock
OTHER = ("192.168.1.7", 9001)


def bundle(at_s: float | None, *elements: bytes) -> bytes:
    tag = 1 if at_s is None else int((UNIX_0 + at_s + 2_208_988_800.0) * 2**32)
    return b"#bundle\0" + struct.pack(">Q", tag) + b"".join(struct.pack(">i", len(e)) + e for e in elements)


def typed(address: str, tags: str, *values: Any) -> bytes:
    builder = OscMessageBuilder(address)
    for tag, value in zip(tags, values, strict=True):
        builder.add_arg(value, tag)
    return builder.build().dgram


# -- values -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "tags", "values", "stored"),
    [
        ("/piano/temperature", "f", [0.5], 0.5),
        ("/piano/temperature", "i", [2], 2.0),
        ("/piano/temperature", "d", [99.0], 3.0),
        ("/piano/temperature", "s", ["0.25"], 0.25),
        ("/piano/temperature", "T", [True], 1.0),
        ("/piano/channel", "f", [7.6], 8),
        ("/piano/channel", "h", [2**40], 16),
        ("/piano/mute", "i", [1], True),
        ("/piano/mute", "T", [True], True),
        ("/piano/mute", "s", ["on"], True),
        ("/piano/scale", "s", ["Minor"], "minor"),
        ("/piano/scale", "f", [1.0], "minor"),
        ("/piano/title", "s", ["Night Train"], "Night Train"),
        ("/piano/pitch_class", "fff", [0.0, 0.5, 7.0], (0.0, 0.5, 1.0)),
        ("/piano/pitch_class/c_sharp", "f", [0.25], (1.0, 0.25, 1.0)),
    ],
)
def test_senders_say_numbers_in_many_ways(
    stage: Any, address: str, tags: str, values: list[Any], stored: object
) -> None:
    assert stage.raw(typed(address, tags, *values)) == []
    assert stage.tree.get(address.removesuffix("/c_sharp")) == stored


def test_an_array_is_a_vector(stage: Any) -> None:
    builder = OscMessageBuilder("/piano/pitch_class")
    builder.add_arg([0.0, 0.5, 1.0], ["f", "f", "f"])
    builder.add_arg(2.0)
    stage.raw(builder.build().dgram)
    stage.clock.advance(1.0)
    assert stage.tree.get("/piano/pitch_class") == (0.5, 0.75, 1.0)


def test_a_second_number_is_a_glide(stage: Any) -> None:
    stage.send("/piano/density", 9.0, 4.0)
    stage.clock.advance(1.0)
    assert stage.tree.get("/piano/density") == 6.0


@pytest.mark.parametrize(("address", "answer"), [("/piano/temperature", 1.0), ("/piano/scale", "major")])
def test_no_argument_asks(stage: Any, address: str, answer: object) -> None:
    assert stage.send(address) == [(address, answer)]
    assert stage.raw(b"/piano/temperature\0\0") == [("/piano/temperature", 1.0)]  # without type tags, too
    assert stage.send("/get", address) == [(address, answer)]


@pytest.mark.parametrize("packet", [message("/piano/reset"), message("/piano/reset", 1), b"/piano/reset\0\0\0\0,I\0\0"])
def test_no_argument_presses_a_button(stage: Any, packet: bytes) -> None:
    assert stage.raw(packet) == []
    assert stage.tree.snapshot("piano")["reset"] is True
    assert stage.tree.snapshot("piano")["reset"] is False


def test_letting_go_of_a_button_does_not_press_it(stage: Any) -> None:
    stage.send("/piano/reset", 0)
    assert stage.tree.snapshot("piano")["reset"] is False


def test_the_order_is_kept_and_the_last_value_wins(stage: Any) -> None:
    for value in range(20):
        stage.send("/piano/density", value)
    assert stage.tree.get("/piano/density") == 19.0


# -- patterns -----------------------------------------------------------------------------------------------------


def test_a_pattern_sets_all_that_it_matches(stage: Any) -> None:
    stage.send("/*/{temperature,density}", 2.0)
    assert stage.tree.get("/piano/temperature") == stage.tree.get("/piano/density") == 2.0
    stage.send("//pitch_class/c*", 0.0)
    assert stage.tree.get("/piano/pitch_class") == (0.0, 0.0, 1.0)


def test_a_pattern_asks(stage: Any) -> None:
    assert stage.send("/piano/[dt]e*") == [("/piano/temperature", 1.0), ("/piano/density", 5.0)]
    assert stage.send("/get", "/piano/[dt]e*", "/piano/mute") == [
        ("/piano/temperature", 1.0),
        ("/piano/density", 5.0),
        ("/piano/mute", 0),
    ]


def test_a_pattern_presses_buttons_only_where_it_matches_nothing_else(stage: Any) -> None:
    stage.send("/piano/{reset,density}", 3.0)
    assert stage.tree.snapshot("piano")["reset"] is False
    stage.send("/*/reset")
    assert stage.tree.snapshot("piano")["reset"] is True


def test_who_does_not_take_a_patterns_value_is_named(stage: Any) -> None:
    ((error, address, sentence),) = stage.send("/piano/{density,scale}", 7.0)
    assert (error, address) == ("/error", "/piano/{density,scale}")
    assert sentence.startswith("1 of 2 addresses took it; /piano/scale: expected one of major, minor")
    assert stage.tree.get("/piano/density") == 7.0


# -- errors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "arguments", "sentence"),
    [
        ("/piano/temprature", [1.0], "no address /piano/temprature; near it: /piano/temperature"),
        ("/piano/temperature", ["loud"], "/piano/temperature: expected a number, got 'loud'"),
        ("/piano/temperature", [float("nan")], "/piano/temperature: expected a number, got nan"),
        ("/piano/pitch_class", [1.0], "/piano/pitch_class: expected 3 values and perhaps a glide"),
        ("/piano/rate", [1.0], "/piano/rate can only be read"),
        ("/piano/nothing*", [1.0], "no address matches /piano/nothing*"),
        ("/piano/[a", [1.0], "[ is not closed"),
        ("/get", ["/piano/reset"], "/piano/reset can only be written"),
        ("/get", ["/nothing"], "no address /nothing"),
        ("/get", [], "/get needs an address"),
        ("/piano/note", [60, 1, 1], "/piano/note is only sent out"),
    ],
)
def test_an_error_is_answered_with_address_and_sentence(
    stage: Any, address: str, arguments: list[Any], sentence: str
) -> None:
    stage.out.voice("piano")
    ((error, about, said),) = stage.send(address, *arguments)
    assert (error, about) == ("/error", address)
    assert said.startswith(sentence)


def test_what_a_value_sets_off_may_fail(stage: Any, caplog: pytest.LogCaptureFixture) -> None:
    def fails(value: object) -> None:
        raise ZeroDivisionError("of all things")

    def refuses(value: object) -> None:
        raise KnobError("no such preset")

    stage.tree.add("/bad/act", Knob("Fails"), fails)
    stage.tree.add("/bad/preset", Knob("Refuses"), refuses)
    assert stage.send("/bad/preset", 1) == [("/error", "/bad/preset", "no such preset")]
    assert stage.send("/bad/act", 1) == [("/error", "/bad/act", "/bad/act failed: ZeroDivisionError: of all things")]
    answered = stage.raw(bundle(None, message("/bad/act", 1), message("/piano/density", 3)))
    assert answered == [("/error", "/bad/act", "/bad/act failed: ZeroDivisionError: of all things")]
    assert stage.tree.get("/piano/density") == 3.0
    assert "of all things" in caplog.text


def test_a_flood_of_errors_is_not_answered_by_a_flood(stage: Any) -> None:
    answered = [stage.send("/nothing", 1.0) for _ in range(1_000)]
    assert sum(map(len, answered)) == 20
    assert stage.send("/nothing", 1.0, sender=OTHER) != []  # one host's flood is not another's
    stage.clock.advance(0.2)
    ((_, _, sentence),) = stage.send("/nothing", 1.0)
    assert "errors were not answered" in sentence
    assert stage.send("/piano/density", 3.0) == []
    assert stage.server.meaning.counts.refused == 1_002


def test_many_hosts_together_are_not_answered_without_end(stage: Any) -> None:
    answered = sum(len(stage.send("/x", sender=(f"10.0.{n // 200}.{n % 200}", 9))) for n in range(1_000))
    assert answered == 200


def test_answers_are_never_answered(stage: Any) -> None:
    for address in ("/error", "/pong", "/listed", "/listed/end", "/subscribed", "/unsubscribed"):
        assert stage.send(address, "/x", "sentence") == []


# -- bundles ------------------------------------------------------------------------------------------------------


def test_a_bundle_for_now_or_the_past_acts_at_once(stage: Any) -> None:
    stage.clock.advance(10.0)
    stage.raw(bundle(None, message("/piano/density", 1), message("/piano/temperature", 2)))
    assert (stage.tree.get("/piano/density"), stage.tree.get("/piano/temperature")) == (1.0, 2.0)
    stage.raw(bundle(3.0, message("/piano/density", 4)))
    assert stage.tree.get("/piano/density") == 4.0


def test_a_bundle_waits_for_its_time_and_nobody_waits_for_it(stage: Any) -> None:
    stage.raw(bundle(2.0, message("/piano/density", 9), message("/piano/temperature", 2)))
    stage.raw(bundle(1.0, message("/piano/density", 8)))
    stage.send("/piano/density", 7)
    assert stage.tree.get("/piano/density") == 7.0
    assert stage.server.next_due() == pytest.approx(1.0, abs=1e-5)
    stage.at(0.999)
    assert stage.tree.get("/piano/density") == 7.0
    stage.at(1.001)
    assert stage.tree.get("/piano/density") == 8.0
    stage.at(2.001)
    assert (stage.tree.get("/piano/density"), stage.tree.get("/piano/temperature")) == (9.0, 2.0)


def test_a_bundle_within_is_never_earlier_than_the_outer_one(stage: Any) -> None:
    stage.raw(
        bundle(
            1.0,
            message("/piano/density", 1),
            bundle(None, message("/piano/density", 2)),
            bundle(3.0, message("/piano/channel", 3)),
            message("/piano/density", 4),
        )
    )
    seen: list[Any] = []
    stage.tree.watchers.append(lambda address, arguments: seen.append((address, *arguments)))
    stage.at(1.1)
    assert seen == [("/piano/density", n) for n in (1.0, 2.0, 4.0)]
    stage.at(3.1)
    assert seen[-1] == ("/piano/channel", 3)


def test_nobody_sees_half_a_bundle(stage: Any) -> None:
    halves: list[Any] = []
    stage.tree.watchers.append(lambda *_: halves.append(stage.tree.snapshot("piano", ["density", "channel"])))
    stage.raw(bundle(None, message("/piano/density", 9), message("/piano/channel", 9)))
    assert halves == [{"density": 9.0, "channel": 9}] * 2


def test_a_bundle_dated_too_far_ahead_is_dropped_whole(stage: Any) -> None:
    far = bundle(None, message("/piano/density", 9), bundle(3_600.0, message("/piano/density", 8)))
    ((error, about, sentence),) = stage.raw(far)
    assert (error, about) == ("/error", "#bundle")
    assert sentence.startswith("dated 3600 s ahead, more than 60 s: dropped")
    assert stage.tree.get("/piano/density") == 5.0
    assert stage.server.next_due() == float("inf")


def test_only_so_much_waits_for_its_time(stage: Any) -> None:
    sent = bundle(50.0, message("/piano/density", 9))
    answers = [stage.raw(sent) for _ in range(10_001)]
    assert answers[9_999] == []
    assert answers[10_000] == [("/error", "#bundle", "too much is waiting for its time already: dropped")]
    stage.at(51.0)
    assert stage.raw(sent) == []


# -- subscriptions ------------------------------------------------------------------------------------------------


def test_a_subscriber_is_told_changes_and_signals(stage: Any) -> None:
    assert stage.send("/subscribe") == [("/subscribed", "127.0.0.1", 5005, "//")]
    assert stage.send("/piano/density", 3) == [("/piano/density", 3.0)]
    stage.tree.set("/piano/mute", True)
    stage.tree.publish("/piano/pen", 1.5, 2.5, "down")
    assert stage.at(0.0) == [("/piano/mute", 1), ("/piano/pen", 1.5, 2.5, "down")]


@pytest.mark.parametrize(
    ("arguments", "peer"),
    [
        ([9001], ("127.0.0.1", 9001)),
        ([9001.0], ("127.0.0.1", 9001)),
        (["9001"], ("127.0.0.1", 9001)),
        (["192.168.1.7", 9001], ("192.168.1.7", 9001)),
        (["192.168.1.7"], ("192.168.1.7", 5005)),
        (["localhost", 9001, "/piano/*"], ("127.0.0.1", 9001)),
        (["/piano/*"], ("127.0.0.1", 5005)),
    ],
)
def test_whom_a_subscription_is_for(stage: Any, arguments: list[Any], peer: tuple[str, int]) -> None:
    patterns = [argument for argument in arguments if str(argument).startswith("/")]
    assert stage.send("/subscribe", *arguments) == [("/subscribed", *peer, *(patterns or ["//"]))]
    stage.tree.set("/piano/density", 2.0)
    assert stage.at(0.0, peer) == [("/piano/density", 2.0)]
    assert stage.send("/unsubscribe", *arguments) == [("/unsubscribed", *peer)]
    stage.tree.set("/piano/density", 3.0)
    assert stage.at(0.0, peer) == []


@pytest.mark.parametrize("arguments", [["stage.example.org", 9001], [0], [70_000], ["::1", 9001], [9001, "x"], [1e30]])
def test_a_subscription_that_cannot_be(stage: Any, arguments: list[Any]) -> None:
    ((error, about, _),) = stage.send("/subscribe", *arguments)
    assert (error, about) == ("/error", "/subscribe")
    assert len(stage.out.subscribers) == 0


def test_patterns_add_up_and_come_off_one_by_one(stage: Any) -> None:
    stage.send("/subscribe", "/piano/d*")
    stage.send("/subscribe", "/piano/mute")
    stage.send("/unsubscribe", "/piano/d*")
    stage.tree.set("/piano/density", 1.0)
    stage.tree.set("/piano/mute", True)
    assert stage.at(0.0) == [("/piano/mute", 1)]
    assert stage.send("/unsubscribe", "/other")[0][0] == "/error"
    stage.send("/unsubscribe", "/piano/mute")
    assert len(stage.out.subscribers) == 0
    assert stage.send("/unsubscribe")[0][0] == "/error"


def test_too_many_patterns(stage: Any) -> None:
    assert stage.send("/subscribe", *[f"/a{n}" for n in range(33)])[0][0] == "/error"


def test_a_new_subscriber_takes_the_place_of_the_oldest(stage: Any) -> None:
    stage.out.subscribe("127.0.0.1", 7000)
    for port in range(8_000, 8_063):
        stage.send("/subscribe", port)
    stage.send("/subscribe", 8_000)  # renewed
    stage.send("/subscribe", 9_000)
    ports = [subscriber.peer[1] for subscriber in stage.out.subscribers.everybody()]
    assert len(ports) == 64
    assert 8_001 not in ports
    assert {7_000, 8_000, 9_000} <= set(ports)


def test_a_subscription_ends_when_its_port_goes_on_refusing(stage: Any) -> None:
    stage.send("/subscribe")
    refused = stage.out.subscribers.refused
    assert [refused(stage.me, now_s) for now_s in (0.0, 1.0, 8.0, 17.0, 26.0)] == [False] * 5
    assert not refused(stage.me, 40.0)  # a gap: it had been there meanwhile
    assert [refused(stage.me, now_s) for now_s in (49.0, 58.0, 67.0, 71.0)] == [False, False, False, True]
    assert len(stage.out.subscribers) == 0
    stage.out.subscribe("127.0.0.1", 7000)
    assert not any(refused(("127.0.0.1", 7000), float(now_s)) for now_s in range(100))


# -- commands -----------------------------------------------------------------------------------------------------


def test_ping(stage: Any) -> None:
    assert stage.send("/ping", 1, "two") == [("/pong", 1, "two")]


def test_list(stage: Any) -> None:
    assert stage.send("/list", "/piano/{temperature,reset}") == [
        ("/listed", "/piano/temperature", "float", "rw", "How surprising"),
        ("/listed", "/piano/reset", "pulse", "w", "Begin again"),
        ("/listed/end", 2),
    ]
    assert len(stage.send("/list")) == len(stage.tree.addresses()) + 1


def test_nobody_can_ask_without_end(stage: Any) -> None:
    answered = [len(stage.send("/list")) for _ in range(1_000)]
    assert sum(answered) < 6_000
    stage.clock.advance(1.0)
    assert len(stage.send("/list")) > 1


def test_an_address_that_is_added_or_removed_later_is_found_and_gone(stage: Any) -> None:
    assert stage.send("/ink/*", 1)[0][0] == "/error"
    stage.tree.add("/ink/morph", Knob("Morph", 0, 1))
    assert stage.send("/ink/*", 1) == []
    stage.tree.remove("ink")
    assert stage.send("/ink/*", 1)[0][0] == "/error"


# -- what is sent to break it ------------------------------------------------------------------------------------

NASTY = {
    "element size -4": b"#bundle\0" + bytes(7) + b"\1" + b"\xff\xff\xff\xfc" + bytes(4),
    "catastrophic regex": message("/" + "*a" * 32 + "b", 1.0),
    "far-future timetag": b"#bundle\0" + b"\xff" * 8 + struct.pack(">i", 8) + b"/a\0\0,\0\0\0",
    "unknown type tag": b"/piano/density\0\0,Qf\0" + bytes(8),
    "bad UTF-8": b"/piano/title\0\0\0\0,s\0\0\xff\xfe\xfd\0",
    "bad UTF-8 address": b"/\xff\xfe\0,f\0\0" + bytes(4),
    "1,200 deep": b"#bundle\0" + bytes(8) + (struct.pack(">i", 16) + b"#bundle\0" + bytes(8)) * 1_200,
    "really 1,200 deep": b"".join(
        b"#bundle\0" + bytes(8) + struct.pack(">i", 20 * n + 16) for n in range(1_199, -1, -1)
    )
    + b"#bundle\0"
    + bytes(8),
    "a blob of 2 GB": b"/piano/density\0\0,b\0\0\x7f\xff\xff\xff",
    "not a number": message("/piano/density", float("nan")),
    "infinity": message("/piano/density", float("inf")),
    "an endless glide": message("/piano/density", 1.0, float("inf")),
    "a long unknown address": message("/" + "a" * 4_000, 1.0),
    "a long question": message("/get", "/" + "a" * 4_000),
    "many questions": message("/get", *["//"] * 900),
    "zeros": bytes(64),
    "text": b"GET / HTTP/1.1\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("name", NASTY)
def test_it_survives_and_goes_on(stage: Any, name: str, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        stage.raw(NASTY[name])
    assert stage.send("/piano/temperature", 0.5) == []
    assert stage.tree.get("/piano/temperature") == 0.5
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            [
                *(b"#bundle\0", bytes(7) + b"\1", b"\0\0\0\x10", b"\0\0\0\x14", b"/piano/*", bytes(4)),
                *(b",f\0\0", b",s\0\0", b"?\xf0\0\0", b",T\0\0", b"//\0\0", b"/get", b"/subscri", b"be\0\0"),
                *(b",i\0\0", b"\x7f\xff\xff\xff", b",[i]", b"/list\0\0\0", b"/ping\0\0\0", b",I\0\0"),
            ]
        ),
        max_size=20,
    ).map(b"".join)
)
def test_no_bytes_raise(stage: Any, packet: bytes) -> None:
    stage.raw(packet)
    assert 0.0 <= stage.tree.get("/piano/density") <= 20.0


# -- with a real socket ------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[OscServer]:
    clock = Clock()
    tree = Tree(clock)
    tree.add("/piano/density", Knob("Notes a second", 0, 1e9, "1/s"))
    tree.add("/piano/reset", pulse("Begin again"))
    with OscServer(tree, clock, port=0) as server:
        yield server


@pytest.fixture
def client(server: OscServer) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10.0)
        client.connect(("127.0.0.1", server.port))
        yield client


def hear(client: socket.socket) -> tuple[Any, ...]:
    said = parse(client.recv(65_535))
    assert isinstance(said, Message)
    return (said.address, *said.arguments)


def test_over_the_network(server: OscServer, client: socket.socket) -> None:
    client.send(message("/subscribe"))
    assert hear(client) == ("/subscribed", *client.getsockname(), "//")
    client.send(message("/piano/density", 3))
    assert hear(client) == ("/piano/density", 3.0)
    server.out.tree.set("/piano/density", 4)  # from another thread
    assert hear(client) == ("/piano/density", 4.0)
    client.send(message("/piano/densty", 3))
    assert hear(client)[:2] == ("/error", "/piano/densty")


def test_a_burst_arrives_whole_and_in_order(server: OscServer, client: socket.socket) -> None:
    seen: list[float] = []
    server.out.tree.watchers.append(lambda address, arguments: seen.append(arguments[0]))
    for number in range(2_000):
        client.send(message("/piano/density", number))
        if number % 100 == 99:  # what a system without root's buffer can hold
            client.send(message("/ping", number))
            assert hear(client) == ("/pong", number)
    assert seen == [float(number) for number in range(2_000)]


def test_notes_and_glides_are_sent_at_their_time_by_the_thread(server: OscServer, client: socket.socket) -> None:
    client.send(message("/subscribe"))
    hear(client)
    voice = server.out.voice("piano")
    now_s = server.clock.now()
    voice.send(now_s + 0.04, NoteOn(64, 90))
    voice.send(now_s + 0.02, NoteOn(60, 80))
    assert [hear(client), hear(client)] == [("/piano/note", 60, 80, 1), ("/piano/note", 64, 90, 1)]
    server.out.tree.set("/piano/density", 10.0, 0.12)
    values = []
    while not values or values[-1] != 10.0:
        values.append(hear(client)[1])
    assert values == sorted(values)
    assert len(values) >= 3


def test_it_ends_what_sounds_when_it_closes(server: OscServer, client: socket.socket) -> None:
    client.send(message("/subscribe"))
    hear(client)
    server.out.voice("piano").send(0.0, NoteOn(60, 80))
    assert hear(client) == ("/piano/note", 60, 80, 1)
    server.close()
    assert hear(client) == ("/piano/note", 60, 0, 0)
    server.close()
    assert "osc" not in [thread.name for thread in threading.enumerate()]


def test_the_network_brings_the_worst(server: OscServer, client: socket.socket) -> None:
    for packet in NASTY.values():
        client.send(packet)
    client.settimeout(1.0)
    client.send(message("/ping", "still there"))
    heard: list[Any] = []
    with contextlib.suppress(TimeoutError):
        while not heard or heard[-1][0] != "/pong":
            heard.append(hear(client))
    assert heard[-1] == ("/pong", "still there")


def test_a_taken_port_is_an_os_error(server: OscServer) -> None:
    tree = Tree(Clock())
    with pytest.raises(OSError, match="in use"):
        OscServer(tree, tree.clock, port=server.port)


def test_it_cannot_be_subscribed_to_itself(server: OscServer, client: socket.socket) -> None:
    client.send(message("/subscribe", server.port))
    assert hear(client) == ("/error", "/subscribe", "this engine cannot subscribe to itself")


def test_sending_to_nobody_harms_nobody(server: OscServer, client: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        port = gone.getsockname()[1]
    client.send(message("/subscribe", port))
    hear(client)
    for number in range(100):
        server.out.tree.set("/piano/density", number)
        client.send(message("/ping", number))
        assert hear(client) == ("/pong", number)


def test_one_who_changes_the_address_is_told_by_port_alone(server: OscServer) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
    ):
        ear.settimeout(10.0)
        ear.bind(("127.0.0.1", 0))
        mouth.sendto(message("/subscribe", ear.getsockname()[1]), ("127.0.0.1", server.port))
        mouth.sendto(message("/piano/density", 8), ("127.0.0.1", server.port))
        assert hear(ear) == ("/piano/density", 8.0)

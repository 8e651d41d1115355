"""OSC output: the newest value of each parameter, every signal, and notes when they are due."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from live.osc.encode import message, value_message
from live.osc.output import OscOutput
from live.osc.packet import Message, parse
from live.osc.send_queue import MAX_SIGNALS
from live.parameters.tree import Tree
from models.base import Control, Knob, NoteOff, NoteOn, Wait


def said(packet: bytes) -> tuple[Any, ...]:
    one = parse(packet)
    assert isinstance(one, Message)
    return (one.address, *one.arguments)


# -- encoding -----------------------------------------------------------------------------------------------------


def test_only_i_f_and_s_are_sent() -> None:
    packet = message("/a", True, False, 3, 2**40, 0.5, "text", (1, [2.0, "x"]), None)
    assert packet[4:20] == b",iiiffsifss\0" + packet[16:20]
    assert said(packet) == ("/a", 1, 0, 3, float(2**40), 0.5, "text", 1, 2.0, "x", "None")


def test_unsupported_types_are_converted() -> None:
    assert said(message("/a", 1e300, -1e300)) == ("/a", 3.4028234663852886e38, -3.4028234663852886e38)
    assert said(message("/a", "nul\0 and \udcff")) == ("/a", "nul  and ?")
    assert len(message("/a", *["x" * 10_000])) < 5_000
    assert len(said(message("/a", *range(5_000)))) == 1_001
    assert said(message("", 1)) == ("/", 1)


@pytest.mark.parametrize(
    ("knob", "value", "tags"),
    [
        (Knob(""), 1, b",f\0\0"),
        (Knob("", kind="int"), 1, b",i\0\0"),
        (Knob("", kind="switch"), True, b",i\0\0"),
        (Knob("", kind="vector", components=("x", "y")), (0, 1), b",ff\0"),
        (Knob("", kind="choice", choices=("a",)), "a", b",s\0\0"),
    ],
)
def test_a_value_is_sent_with_the_type_of_its_declaration(knob: Knob, value: Any, tags: bytes) -> None:
    assert value_message("/a", knob, value)[4:8] == tags


# -- changes ------------------------------------------------------------------------------------------------------


def test_of_many_changes_only_the_last_is_sent(rig: Any) -> None:
    rig.send("/subscribe")
    for value in range(1_000):
        rig.tree.set("/piano/density", value % 20)
    rig.tree.set("/piano/temperature", 2.0)
    rig.tree.set("/piano/density", 7.0)
    assert rig.at(0.0) == [("/piano/temperature", 2.0), ("/piano/density", 7.0)]


def test_signals_are_all_sent_in_order_among_the_changes(rig: Any) -> None:
    rig.send("/subscribe")
    rig.tree.publish("/ink/pen", 1)
    rig.tree.set("/piano/mute", True)
    rig.tree.publish("/ink/pen", 1)
    assert rig.at(0.0) == [("/ink/pen", 1), ("/piano/mute", 1), ("/ink/pen", 1)]


def test_an_overflow_drops_the_oldest_signals_first(rig: Any) -> None:
    rig.out.subscribe("127.0.0.1", 5005)
    rig.tree.set("/piano/mute", True)
    for number in range(MAX_SIGNALS + 5):
        rig.tree.publish("/ink/pen", number)
    heard = rig.at(0.0)
    assert heard[:2] == [("/piano/mute", 1), ("/ink/pen", 5)]
    assert heard[-1] == ("/ink/pen", MAX_SIGNALS + 4)
    assert rig.out.queue.dropped == 5


def test_an_unchanged_value_is_not_sent_again(rig: Any) -> None:
    """Max's slider answers what it is sent; two such programs would talk for ever."""
    rig.send("/subscribe")
    assert rig.send("/piano/density", 3.0) == [("/piano/density", 3.0)]
    assert rig.send("/piano/density", 3.0) == []
    rig.tree.set("/piano/density", 3.0)
    assert rig.at(0.0) == []
    rig.send("/subscribe")  # a new subscriber at the same port needs it
    assert rig.send("/piano/density", 3.0) == [("/piano/density", 3.0)]


def test_a_changed_value_is_sent_back(rig: Any) -> None:
    rig.send("/subscribe")
    for _ in range(3):  # the sender of 99 must not keep showing 99
        assert ("/piano/density", 20.0) in rig.send("/piano/density", 99.0)
        assert rig.send("/piano/scale", 1) == [("/piano/scale", "minor")]


def test_a_press_is_not_sent_back_to_its_sender(rig: Any) -> None:
    other = ("10.0.0.2", 9001)
    rig.send("/subscribe")
    rig.send("/subscribe", sender=other)
    assert rig.send("/piano/reset", sender=other) == []
    assert rig.send("/piano/reset") == []
    rig.tree.set("/piano/reset", True)
    assert rig.at(0.0) == [("/piano/reset", 1)]
    packets = rig.server.handle(message("/piano/reset", 1), rig.me) + rig.server.poll(0.0)
    assert rig.read(packets, other) == [("/piano/reset", 1)]


def test_two_engines_subscribed_to_each_other_stop_sending(rig: Any) -> None:
    there = type(rig)()
    here_at, there_at = ("10.0.0.1", 9000), ("10.0.0.2", 9000)
    rig.send("/subscribe", sender=there_at)
    there.send("/subscribe", sender=here_at)
    for address, value in (("/piano/density", 3.0), ("/piano/reset", True), ("/piano/scale", "minor")):
        rig.tree.set(address, value)
        rig.tree.set("/piano/pitch_class/d", 0.25)
        for _ in range(20):
            sent = rig.server.poll(0.0)
            for _, packet in sent:
                there.server.handle(packet, here_at)
            answered = there.server.poll(0.0)
            for _, packet in answered:
                rig.server.handle(packet, there_at)
        assert (sent, answered) == ([], [])
        assert there.tree.get("/piano/density") == 3.0
        rig.tree.publish("/piano/note", 60, 80, 1)  # no writable address
    assert there.tree.get("/piano/scale") == "minor"
    assert there.tree.get("/piano/pitch_class") == (1.0, 1.0, 0.25)


def test_a_pattern_selects_addresses(rig: Any) -> None:
    rig.send("/subscribe", "/*/note", "/piano/pitch_class/c*")
    rig.tree.set("/piano/density", 9.0)
    rig.tree.publish("/piano/note", 60, 80, 1)
    rig.tree.set("/piano/pitch_class", (0.1, 0.2, 0.3))
    assert [(a, round(v, 3)) for a, v, *_ in rig.at(0.0)] == [
        ("/piano/note", 60),
        ("/piano/pitch_class/c", 0.1),
        ("/piano/pitch_class/c_sharp", 0.2),
    ]
    rig.send("/piano/pitch_class/d", 0.9)
    assert rig.at(0.0) == []


def test_a_fixed_target_receives_everything(rig: Any) -> None:
    rig.out.subscribe("localhost", 7000)
    rig.tree.set("/piano/density", 9.0)
    assert rig.at(0.0, ("127.0.0.1", 7000)) == [("/piano/density", 9.0)]


def test_the_newest_value_is_sent_whichever_thread_notified_first(rig: Any) -> None:
    rig.send("/subscribe")
    rig.tree.set("/piano/density", 9.0)
    rig.out.watch("/piano/density", (4.0,))  # an older change, notified late by a slower thread
    assert rig.at(0.0) == [("/piano/density", 9.0)]


def test_a_node_removed_meanwhile(rig: Any) -> None:
    rig.send("/subscribe")
    rig.tree.set("/piano/density", 9.0)
    rig.tree.remove("piano")
    assert rig.at(0.0) == [("/piano/density", 9.0)]


def test_many_threads_and_nothing_lost(rig: Any) -> None:
    rig.send("/subscribe")

    def play(name: str) -> None:
        for number in range(500):
            rig.tree.publish(f"/{name}/note", number)
            rig.tree.set("/piano/density", number % 20)

    threads = [threading.Thread(target=play, args=(f"n{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    heard: list[Any] = []
    while any(thread.is_alive() for thread in threads):
        heard += rig.at(0.0)
    for thread in threads:
        thread.join()
    heard += rig.at(0.0)
    for name in ("n0", "n1", "n2", "n3"):
        assert [one[1] for one in heard if one[0] == f"/{name}/note"] == list(range(500))
    assert [one[1] for one in heard if one[0] == "/piano/density"][-1] == rig.tree.get("/piano/density")


# -- notes --------------------------------------------------------------------------------------------------------


def test_notes_are_sent_when_they_are_due(rig: Any) -> None:
    rig.send("/subscribe")
    piano, bass = rig.out.voice("piano"), rig.out.voice("bass")
    piano.send(1.0, NoteOn(60, 80))
    piano.send(1.5, NoteOff(60))
    bass.send(1.25, NoteOn(36, 100))
    piano.send(1.25, Wait(0.5))
    piano.send(1.25, Control(64, 127))
    assert rig.server.next_due() == 1.0
    assert rig.at(0.999) == []
    assert rig.at(1.0) == [("/piano/note", 60, 80, 1)]
    assert rig.at(1.25) == [("/bass/note", 36, 100, 1), ("/piano/control", 64, 127)]
    assert rig.at(9.0) == [("/piano/note", 60, 0, 0)]


def test_equal_notes_are_all_sent(rig: Any) -> None:
    rig.send("/subscribe")
    piano = rig.out.voice("piano")
    for _ in range(3):
        piano.send(0.0, NoteOn(60, 80))
    assert rig.at(0.0) == [("/piano/note", 60, 80, 1)] * 3


def test_an_owner_can_withdraw_events_that_are_not_due(rig: Any) -> None:
    rig.send("/subscribe")
    piano, bass = rig.out.voice("piano"), rig.out.voice("bass")
    for due_s in (1.0, 2.0, 3.0):
        piano.send(due_s, NoteOn(60, 80))
        bass.send(due_s, NoteOn(36, 80))
    piano.withdraw(1.5)
    assert [one[0] for one in rig.at(9.0)] == ["/piano/note", *["/bass/note"] * 3]


def test_silence_ends_sounding_notes_and_withdraws_the_rest(rig: Any) -> None:
    rig.send("/subscribe")
    piano = rig.out.voice("piano")
    for due_s, event in ((0.0, NoteOn(64, 80)), (0.0, NoteOn(60, 80)), (0.0, NoteOn(67, 1)), (0.0, NoteOff(67))):
        piano.send(due_s, event)
    piano.send(2.0, NoteOn(72, 80))
    assert len(rig.at(0.5)) == 4
    piano.silence()
    piano.send(-5.0, NoteOn(48, 80))  # late, but sent after the silence
    assert rig.at(9.0) == [("/piano/note", 60, 0, 0), ("/piano/note", 64, 0, 0), ("/piano/note", 48, 80, 1)]
    piano.close()
    assert rig.at(9.0) == [("/piano/note", 48, 0, 0)]
    piano.silence()
    assert rig.at(9.0) == []


def test_without_a_server_the_queue_stays_empty(rig: Any) -> None:
    out = OscOutput(Tree(rig.clock), rig.clock)
    voice = out.voice("piano")
    voice.send(1.0, NoteOn(60, 80))
    voice.silence()
    assert out.next_due() == float("inf")
    assert out.poll(2.0) == []


def test_the_queue_of_a_node_is_bounded(rig: Any, caplog: pytest.LogCaptureFixture) -> None:
    voice = rig.out.voice("piano")
    for number in range(100_010):
        voice.send(1_000.0 + number, NoteOn(60, 80))
    assert voice.dropped == 10
    assert len(caplog.records) == 1
    voice.silence()
    assert rig.server.next_due() == float("inf")


def test_the_thread_is_woken_only_when_it_would_oversleep(rig: Any) -> None:
    woken: list[int] = []
    rig.out.wake = lambda: woken.append(1)
    rig.out.planned_s = 5.0
    voice = rig.out.voice("piano")
    voice.send(6.0, NoteOn(60, 80))
    assert len(woken) == 0
    voice.send(4.0, NoteOn(60, 80))
    assert len(woken) == 1
    rig.tree.set("/piano/density", 1.0)  # no subscriber
    assert len(woken) == 1
    rig.send("/subscribe")
    for value in range(10):
        rig.tree.set("/piano/density", value)
    assert len(woken) == 2


def test_voices_declare_their_signals(rig: Any) -> None:
    rig.tree.add_signal("/piano/note", "iii", "Mine")
    rig.out.voice("piano")
    assert rig.tree.signals["/piano/note"].meaning == "Mine"
    assert rig.tree.signals["/piano/control"].types == "ii"

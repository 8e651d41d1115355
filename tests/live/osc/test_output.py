"""What is sent out: changes, each newest value once; signals, all of them; notes, when they are due."""

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


def test_what_cannot_be_sent_is_brought_into_shape() -> None:
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


def test_of_many_changes_only_the_last_is_sent(stage: Any) -> None:
    stage.send("/subscribe")
    for value in range(1_000):
        stage.tree.set("/piano/density", value % 20)
    stage.tree.set("/piano/temperature", 2.0)
    stage.tree.set("/piano/density", 7.0)
    assert stage.at(0.0) == [("/piano/temperature", 2.0), ("/piano/density", 7.0)]


def test_signals_are_all_sent_in_order_among_the_changes(stage: Any) -> None:
    stage.send("/subscribe")
    stage.tree.publish("/ink/pen", 1)
    stage.tree.set("/piano/mute", True)
    stage.tree.publish("/ink/pen", 1)
    assert stage.at(0.0) == [("/ink/pen", 1), ("/piano/mute", 1), ("/ink/pen", 1)]


def test_what_nobody_takes_in_time_is_dropped_oldest_first(stage: Any) -> None:
    stage.out.subscribe("127.0.0.1", 5005)
    stage.tree.set("/piano/mute", True)
    for number in range(MAX_SIGNALS + 5):
        stage.tree.publish("/ink/pen", number)
    heard = stage.at(0.0)
    assert heard[:2] == [("/piano/mute", 1), ("/ink/pen", 5)]
    assert heard[-1] == ("/ink/pen", MAX_SIGNALS + 4)
    assert stage.out.queue.dropped == 5


def test_a_value_said_before_is_not_said_again(stage: Any) -> None:
    """Max's slider answers what it is sent; two such programs would talk for ever."""
    stage.send("/subscribe")
    assert stage.send("/piano/density", 3.0) == [("/piano/density", 3.0)]
    assert stage.send("/piano/density", 3.0) == []
    stage.tree.set("/piano/density", 3.0)
    assert stage.at(0.0) == []
    stage.send("/subscribe")  # somebody new at the same port wants to hear it
    assert stage.send("/piano/density", 3.0) == [("/piano/density", 3.0)]


def test_a_value_that_came_out_otherwise_is_said(stage: Any) -> None:
    stage.send("/subscribe")
    for _ in range(3):  # whoever sends 99 must not go on showing 99
        assert ("/piano/density", 20.0) in stage.send("/piano/density", 99.0)
        assert stage.send("/piano/scale", 1) == [("/piano/scale", "minor")]


def test_a_button_is_not_pressed_again_at_the_one_who_pressed_it(stage: Any) -> None:
    other = ("10.0.0.2", 9001)
    stage.send("/subscribe")
    stage.send("/subscribe", sender=other)
    assert stage.send("/piano/reset", sender=other) == []
    assert stage.send("/piano/reset") == []
    stage.tree.set("/piano/reset", True)
    assert stage.at(0.0) == [("/piano/reset", 1)]
    packets = stage.server.handle(message("/piano/reset", 1), stage.me) + stage.server.poll(0.0)
    assert stage.read(packets, other) == [("/piano/reset", 1)]


def test_two_engines_that_listen_to_each_other_come_to_rest(stage: Any) -> None:
    there = type(stage)()
    here_at, there_at = ("10.0.0.1", 9000), ("10.0.0.2", 9000)
    stage.send("/subscribe", sender=there_at)
    there.send("/subscribe", sender=here_at)
    for address, value in (("/piano/density", 3.0), ("/piano/reset", True), ("/piano/scale", "minor")):
        stage.tree.set(address, value)
        stage.tree.set("/piano/pitch_class/d", 0.25)
        for _ in range(20):
            sent = stage.server.poll(0.0)
            for _, packet in sent:
                there.server.handle(packet, here_at)
            answered = there.server.poll(0.0)
            for _, packet in answered:
                stage.server.handle(packet, there_at)
        assert (sent, answered) == ([], [])
        assert there.tree.get("/piano/density") == 3.0
        stage.tree.publish("/piano/note", 60, 80, 1)  # which is no address to write to
    assert there.tree.get("/piano/scale") == "minor"
    assert there.tree.get("/piano/pitch_class") == (1.0, 1.0, 0.25)


def test_a_pattern_chooses_what_is_told(stage: Any) -> None:
    stage.send("/subscribe", "/*/note", "/piano/pitch_class/c*")
    stage.tree.set("/piano/density", 9.0)
    stage.tree.publish("/piano/note", 60, 80, 1)
    stage.tree.set("/piano/pitch_class", (0.1, 0.2, 0.3))
    assert [(a, round(v, 3)) for a, v, *_ in stage.at(0.0)] == [
        ("/piano/note", 60),
        ("/piano/pitch_class/c", 0.1),
        ("/piano/pitch_class/c_sharp", 0.2),
    ]
    stage.send("/piano/pitch_class/d", 0.9)
    assert stage.at(0.0) == []


def test_a_fixed_target_is_told_everything(stage: Any) -> None:
    stage.out.subscribe("localhost", 7000)
    stage.tree.set("/piano/density", 9.0)
    assert stage.at(0.0, ("127.0.0.1", 7000)) == [("/piano/density", 9.0)]


def test_the_newest_value_is_sent_whoever_told_first(stage: Any) -> None:
    stage.send("/subscribe")
    stage.tree.set("/piano/density", 9.0)
    stage.out.watch("/piano/density", (4.0,))  # an older change, told late by a slower thread
    assert stage.at(0.0) == [("/piano/density", 9.0)]


def test_a_node_taken_away_meanwhile(stage: Any) -> None:
    stage.send("/subscribe")
    stage.tree.set("/piano/density", 9.0)
    stage.tree.remove("piano")
    assert stage.at(0.0) == [("/piano/density", 9.0)]


def test_many_threads_and_nothing_lost(stage: Any) -> None:
    stage.send("/subscribe")

    def play(name: str) -> None:
        for number in range(500):
            stage.tree.publish(f"/{name}/note", number)
            stage.tree.set("/piano/density", number % 20)

    threads = [threading.Thread(target=play, args=(f"n{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    heard: list[Any] = []
    while any(thread.is_alive() for thread in threads):
        heard += stage.at(0.0)
    for thread in threads:
        thread.join()
    heard += stage.at(0.0)
    for name in ("n0", "n1", "n2", "n3"):
        assert [one[1] for one in heard if one[0] == f"/{name}/note"] == list(range(500))
    assert [one[1] for one in heard if one[0] == "/piano/density"][-1] == stage.tree.get("/piano/density")


# -- notes --------------------------------------------------------------------------------------------------------


def test_notes_are_sent_when_they_are_due(stage: Any) -> None:
    stage.send("/subscribe")
    piano, bass = stage.out.voice("piano"), stage.out.voice("bass")
    piano.send(1.0, NoteOn(60, 80))
    piano.send(1.5, NoteOff(60))
    bass.send(1.25, NoteOn(36, 100))
    piano.send(1.25, Wait(0.5))
    piano.send(1.25, Control(64, 127))
    assert stage.server.next_due() == 1.0
    assert stage.at(0.999) == []
    assert stage.at(1.0) == [("/piano/note", 60, 80, 1)]
    assert stage.at(1.25) == [("/bass/note", 36, 100, 1), ("/piano/control", 64, 127)]
    assert stage.at(9.0) == [("/piano/note", 60, 0, 0)]


def test_equal_notes_are_never_one(stage: Any) -> None:
    stage.send("/subscribe")
    piano = stage.out.voice("piano")
    for _ in range(3):
        piano.send(0.0, NoteOn(60, 80))
    assert stage.at(0.0) == [("/piano/note", 60, 80, 1)] * 3


def test_what_is_not_yet_due_can_be_withdrawn_by_its_owner(stage: Any) -> None:
    stage.send("/subscribe")
    piano, bass = stage.out.voice("piano"), stage.out.voice("bass")
    for due_s in (1.0, 2.0, 3.0):
        piano.send(due_s, NoteOn(60, 80))
        bass.send(due_s, NoteOn(36, 80))
    piano.withdraw(1.5)
    assert [one[0] for one in stage.at(9.0)] == ["/piano/note", *["/bass/note"] * 3]


def test_silence_ends_what_sounds_and_takes_the_rest_back(stage: Any) -> None:
    stage.send("/subscribe")
    piano = stage.out.voice("piano")
    for due_s, event in ((0.0, NoteOn(64, 80)), (0.0, NoteOn(60, 80)), (0.0, NoteOn(67, 1)), (0.0, NoteOff(67))):
        piano.send(due_s, event)
    piano.send(2.0, NoteOn(72, 80))
    assert len(stage.at(0.5)) == 4
    piano.silence()
    piano.send(-5.0, NoteOn(48, 80))  # late, but sent after the silence
    assert stage.at(9.0) == [("/piano/note", 60, 0, 0), ("/piano/note", 64, 0, 0), ("/piano/note", 48, 80, 1)]
    piano.close()
    assert stage.at(9.0) == [("/piano/note", 48, 0, 0)]
    piano.silence()
    assert stage.at(9.0) == []


def test_without_a_server_nothing_piles_up(stage: Any) -> None:
    out = OscOutput(Tree(stage.clock), stage.clock)
    voice = out.voice("piano")
    voice.send(1.0, NoteOn(60, 80))
    voice.silence()
    assert out.next_due() == float("inf")
    assert out.poll(2.0) == []


def test_a_node_that_runs_away_does_not_fill_the_memory(stage: Any, caplog: pytest.LogCaptureFixture) -> None:
    voice = stage.out.voice("piano")
    for number in range(100_010):
        voice.send(1_000.0 + number, NoteOn(60, 80))
    assert voice.dropped == 10
    assert len(caplog.records) == 1
    voice.silence()
    assert stage.server.next_due() == float("inf")


def test_the_thread_is_woken_only_when_it_would_oversleep(stage: Any) -> None:
    woken: list[int] = []
    stage.out.wake = lambda: woken.append(1)
    stage.out.planned_s = 5.0
    voice = stage.out.voice("piano")
    voice.send(6.0, NoteOn(60, 80))
    assert len(woken) == 0
    voice.send(4.0, NoteOn(60, 80))
    assert len(woken) == 1
    stage.tree.set("/piano/density", 1.0)  # nobody listens
    assert len(woken) == 1
    stage.send("/subscribe")
    for value in range(10):
        stage.tree.set("/piano/density", value)
    assert len(woken) == 2


def test_voices_declare_their_signals(stage: Any) -> None:
    stage.tree.add_signal("/piano/note", "iii", "Mine")
    stage.out.voice("piano")
    assert stage.tree.signals["/piano/note"].meaning == "Mine"
    assert stage.tree.signals["/piano/control"].types == "ii"

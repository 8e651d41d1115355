"""The queues between threads: the latest value, and events in the order of time."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.system.queues import LatestValue, TimedQueue


@dataclass(frozen=True)
class Note:
    owner: str
    pitch: int


def test_latest_keeps_the_newest_and_returns_it_once() -> None:
    frames: LatestValue[int] = LatestValue()
    assert frames.take() is None
    for frame in (1, 2, 3):
        frames.put(frame)
    assert frames.take() == 3
    assert frames.take() is None
    assert frames.dropped == 2
    frames.put(4)
    assert frames.take() == 4
    assert frames.dropped == 2


def test_latest_between_threads_never_goes_back() -> None:
    frames: LatestValue[int] = LatestValue()

    def film() -> None:
        for frame in range(1, 5_001):
            frames.put(frame)

    camera = threading.Thread(target=film)
    camera.start()
    seen: list[int] = []
    while not seen or seen[-1] != 5_000:
        frame = frames.take()
        if frame is not None:
            seen.append(frame)
    camera.join()
    assert seen == sorted(seen)
    assert len(seen) + frames.dropped == 5_000


def test_timed_returns_due_items_in_order_of_time() -> None:
    notes: TimedQueue[str] = TimedQueue()
    assert notes.next_due() == float("inf")
    for due_s, note in ((3.0, "e"), (1.0, "c"), (2.0, "d"), (1.0, "c again")):
        notes.put(due_s, note)
    assert notes.next_due() == 1.0
    assert notes.take_due(0.999) == []
    assert notes.take_due(2.0) == [(1.0, "c"), (1.0, "c again"), (2.0, "d")]
    assert len(notes) == 1
    assert notes.take_due(float("inf")) == [(3.0, "e")]
    assert notes.next_due() == float("inf")


@settings(deadline=None)
@given(st.lists(st.integers(0, 5)))
def test_equal_times_keep_their_order(times: list[int]) -> None:
    lane: TimedQueue[int] = TimedQueue()
    for number, due in enumerate(times):
        lane.put(float(due), number)
    expected = sorted(enumerate(times), key=lambda entry: entry[1])
    assert [(due_s, number) for due_s, number in lane.take_due(9.0)] == [(float(d), n) for n, d in expected]


def test_items_later_than_a_time_are_withdrawn() -> None:
    lane: TimedQueue[Note] = TimedQueue()
    for due_s in (3.0, 1.0, 2.0):
        lane.put(due_s, Note("piano", int(due_s)))
        lane.put(due_s, Note("bass", int(due_s)))
    assert lane.withdraw(1.0, "piano") == [(2.0, Note("piano", 2)), (3.0, Note("piano", 3))]
    assert [note.owner for _, note in lane.take_due(2.0)] == ["piano", "bass", "bass"]
    assert lane.withdraw(0.0) == [(3.0, Note("bass", 3))]
    assert lane.withdraw(0.0) == []
    assert len(lane) == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["piano", "bass"]))), st.integers(0, 9))
def test_withdrawing_keeps_the_order_of_the_rest(entries: list[tuple[int, str]], after: int) -> None:
    lane: TimedQueue[Note] = TimedQueue()
    for number, (due, owner) in enumerate(entries):
        lane.put(float(due), Note(owner, number))
    back = lane.withdraw(float(after), "piano")
    left = lane.take_due(float("inf"))
    assert [due_s for due_s, _ in back] == sorted(due_s for due_s, _ in back)
    assert all(due_s > after and note.owner == "piano" for due_s, note in back)
    assert not any(due_s > after and note.owner == "piano" for due_s, note in left)
    assert left == sorted(left, key=lambda entry: entry[0])
    assert len(back) + len(left) == len(entries)


def test_timed_is_bounded() -> None:
    lane: TimedQueue[int] = TimedQueue(size=2)
    lane.put(1.0, 1)
    lane.put(2.0, 2)
    with pytest.raises(OverflowError, match="more than 2"):
        lane.put(0.0, 3)
    lane.take_due(1.0)
    lane.put(0.0, 3)
    assert len(lane) == 2


def test_timed_between_threads_loses_nothing() -> None:
    lane: TimedQueue[int] = TimedQueue()

    def play(first: int) -> None:
        for number in range(first, first + 1_000):
            lane.put(float(number % 7), number)

    threads = [threading.Thread(target=play, args=(first,)) for first in (0, 1_000, 2_000)]
    for thread in threads:
        thread.start()
    taken: list[int] = []
    while any(thread.is_alive() for thread in threads):
        taken += [number for _, number in lane.take_due(3.0)]
    for thread in threads:
        thread.join()
    taken += [number for _, number in lane.take_due(7.0)]
    assert sorted(taken) == list(range(3_000))

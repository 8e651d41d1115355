"""Event encoding of Performance-RNN: notes to a sequence of 388 event types, and back.

Time is not quantised to a beat. Layout and order are those of Oore et al. 2018, "This Time with
Feeling", so that other implementations' weights can be used:

    0..127    NOTE_ON     key `pitch` goes down
    128..255  NOTE_OFF    key `pitch` comes up
    256..355  TIME_SHIFT  1 to 100 steps of 10 ms pass
    356..387  VELOCITY    velocity of the following notes, 32 bins of 4 MIDI velocities

Does not need torch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOTE_ON = 0
NOTE_OFF = 128
TIME_SHIFT = 256
VELOCITY = 356
VOCABULARY = 388

PITCHES = 128
STEPS_PER_SECOND = 100
LONGEST_SHIFT = 100  # steps; one second
VELOCITY_BINS = 32
VELOCITIES_PER_BIN = 4
ONE_SECOND = TIME_SHIFT + LONGEST_SHIFT - 1  # 355: input before the first event

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Note:
    """One key held down: MIDI pitch 0..127, velocity 1..127, start and end in seconds."""

    pitch: int
    velocity: int
    start_s: float
    end_s: float


def velocity_bin(velocity: int) -> int:
    """The bin, 1..32, of a MIDI velocity, 1..127."""
    if not 1 <= velocity <= 127:
        raise ValueError(f"a MIDI velocity is 1..127, not {velocity}")
    return (velocity - 1) // VELOCITIES_PER_BIN + 1


def bin_velocity(bin_: int) -> int:
    """The MIDI velocity of a bin 1..32: the lowest of its four."""
    if not 1 <= bin_ <= VELOCITY_BINS:
        raise ValueError(f"a velocity bin is 1..{VELOCITY_BINS}, not {bin_}")
    return 1 + (bin_ - 1) * VELOCITIES_PER_BIN


def name(event: int) -> str:
    """An event in words, for logs and tests: "on 60", "off 60", "shift 250 ms", "velocity 81"."""
    if NOTE_ON <= event < NOTE_OFF:
        return f"on {event - NOTE_ON}"
    if NOTE_OFF <= event < TIME_SHIFT:
        return f"off {event - NOTE_OFF}"
    if TIME_SHIFT <= event < VELOCITY:
        return f"shift {(event - TIME_SHIFT + 1) * 1000 // STEPS_PER_SECOND} ms"
    if VELOCITY <= event < VOCABULARY:
        return f"velocity {bin_velocity(event - VELOCITY + 1)}"
    raise ValueError(f"an event is 0..{VOCABULARY - 1}, not {event}")


def shift_steps(event: int) -> int:
    """How many steps of 10 ms pass with this event: 1..100 for a time shift, else 0."""
    return event - TIME_SHIFT + 1 if TIME_SHIFT <= event < VELOCITY else 0


def encode(notes: Iterable[Note]) -> NDArray[np.int16]:
    """Notes, in any order, to events, int16 [N].

    Times are rounded to 10 ms, and a note lasts at least one step. Raises ValueError for a pitch, velocity
    or time out of range.
    """
    held = list(notes)
    for note in held:
        if not (0 <= note.pitch < PITCHES and 1 <= note.velocity <= 127):
            raise ValueError(f"pitch is 0..127 and velocity 1..127, not {note.pitch} and {note.velocity}")
        if not 0 <= note.start_s <= note.end_s < float("inf"):
            raise ValueError(f"a note starts at 0 s or later and ends after it starts, not {note}")
    pitch = np.array([note.pitch for note in held], np.int64)
    velocity = np.array([note.velocity for note in held], np.int64)
    start = np.array([note.start_s for note in held], np.float64)
    end = np.array([note.end_s for note in held], np.float64)
    return encode_arrays(pitch, velocity, to_steps(start), to_steps(end))[0]


def to_steps(seconds: Floats) -> Ints:
    """Seconds to whole steps of 10 ms, halves upward."""
    return (seconds * STEPS_PER_SECOND + 0.5).astype(np.int64)


def encode_arrays(
    pitch: NDArray[Any], velocity: NDArray[Any], start: Ints, end: Ints
) -> tuple[NDArray[np.int16], Ints]:
    """`encode` for arrays [notes], times in steps: events int16 [N], and the step at which each starts [N].

    The input is not checked.
    """
    order = np.lexsort((end, pitch, start))
    pitch = pitch[order].astype(np.int64)
    bins = (velocity[order].astype(np.int64) - 1) // VELOCITIES_PER_BIN
    start = start[order]
    end = np.maximum(end[order], start + 1)

    count = len(pitch)
    index = np.arange(count)
    is_off = np.repeat(np.array([0, 1]), count)
    step = np.concatenate([start, end])
    order = np.lexsort((is_off, np.concatenate([index, index]), step))
    step, is_off, note = step[order], is_off[order], order % max(count, 1)

    previous = np.concatenate([[-1], bins[:-1]]) if count else bins
    changes = (is_off == 0) & (bins != previous)[note]
    gap = np.diff(step, prepend=0)
    shifts = -(-gap // LONGEST_SHIFT)  # how many time-shift events fill the gap
    length = shifts + changes + 1
    last = np.cumsum(length) - 1  # index of the NOTE_ON or NOTE_OFF

    total = int(length.sum())
    events = np.full(total, ONE_SECOND, np.int16)
    begins = np.repeat(step, length)
    events[last] = pitch[note] + np.where(is_off == 1, NOTE_OFF, NOTE_ON)
    events[last[changes] - 1] = VELOCITY + bins[note[changes]]
    moved = shifts > 0
    final = (last - changes - 1)[moved]  # the shift that reaches the step, after those of a full second
    events[final] = TIME_SHIFT + (gap - LONGEST_SHIFT * (shifts - 1))[moved] - 1

    within = np.arange(total) - np.repeat(last - length + 1, length)
    before = np.repeat(step - gap, length) + LONGEST_SHIFT * within
    begins = np.where(within < np.repeat(shifts, length), before, begins)
    return events, begins


def decode(events: Iterable[int]) -> list[Note]:
    """Events to notes, ordered by start and pitch, times in seconds.

    A NOTE_OFF without a NOTE_ON is ignored; of several sounding notes on one key the oldest ends first; notes
    that still sound end with the sequence. Raises ValueError for an integer outside 0..387.
    """
    step = 0
    velocity = bin_velocity(VELOCITY_BINS // 2)  # until the first VELOCITY event
    sounding: dict[int, deque[tuple[int, int]]] = {}
    notes: list[Note] = []

    def stop(pitch: int, start: int, touch: int) -> None:
        end = max(step, start + 1)
        notes.append(Note(pitch, touch, start / STEPS_PER_SECOND, end / STEPS_PER_SECOND))

    for event in events:
        event = int(event)
        if not 0 <= event < VOCABULARY:
            raise ValueError(f"an event is 0..{VOCABULARY - 1}, not {event}")
        if event < NOTE_OFF:
            sounding.setdefault(event, deque()).append((step, velocity))
        elif event < TIME_SHIFT:
            pitch = event - NOTE_OFF
            if sounding.get(pitch):
                stop(pitch, *sounding[pitch].popleft())
        elif event < VELOCITY:
            step += shift_steps(event)
        else:
            velocity = bin_velocity(event - VELOCITY + 1)
    for pitch, held in sounding.items():
        for start, touch in held:
            stop(pitch, start, touch)
    return sorted(notes, key=lambda note: (note.start_s, note.pitch, note.end_s))


def sustain(notes: Iterable[Note], pedal: Sequence[tuple[float, int]]) -> list[Note]:
    """Extends notes by the sustain pedal; `pedal` is (time in seconds, CC64 value 0..127), in time order.

    A value of 64 or more is down. A note that ends while the pedal is down sounds until the pedal comes up or
    its key is struck again; a pedal that never comes up ends with the last event. Two simultaneous notes of
    one key become one, of the longer duration.
    """
    held = list(notes)
    pitch = np.array([note.pitch for note in held], np.int64)
    start = np.array([note.start_s for note in held], np.float64)
    end = np.array([note.end_s for note in held], np.float64)
    times = np.array([time for time, _ in pedal], np.float64)
    down = np.array([value >= 64 for _, value in pedal], np.bool_)
    kept, ends = sustain_arrays(pitch, start, end, times, down)
    return [
        Note(held[i].pitch, held[i].velocity, held[i].start_s, float(stop)) for i, stop in zip(kept, ends, strict=True)
    ]


def sustain_arrays(
    pitch: NDArray[Any], start: Floats, end: Floats, pedal_s: Floats, down: NDArray[np.bool_]
) -> tuple[Ints, Floats]:
    """`sustain` for arrays: indices of the kept notes, by start and pitch, and their new ends in seconds."""
    if not len(pitch):
        return np.zeros(0, np.int64), np.zeros(0)
    end = end.copy()
    if len(pedal_s):
        finish = max(float(end.max()), float(pedal_s[-1]))
        ups = pedal_s[~down]
        state = np.searchsorted(pedal_s, end, side="right")  # a pedal change at the same time counts
        under = np.concatenate([[False], down])[state]
        release = np.append(ups, finish)[np.searchsorted(ups, end, side="right")]
        end = np.where(under, np.maximum(end, release), end)

    order = np.lexsort((end, start, pitch))  # key by key
    same_key = np.append(pitch[order][1:] == pitch[order][:-1], False)
    struck = np.append(start[order][1:], np.inf)
    stop = np.where(same_key, np.minimum(end[order], struck), end[order])
    kept = ~(same_key & (struck == start[order]))
    order, stop = order[kept], stop[kept]
    by_time = np.lexsort((pitch[order], start[order]))
    return order[by_time], stop[by_time]

"""Analysis of a performer's playing: loudness, density, register, key, beat, and phrases.

A `Performer` is an immutable value; each event and each wait makes a new one. The runner can therefore return to an
earlier one, and the same events at the same times give the same figures.

The end of a phrase is relative to the performer's tempo instead of a fixed silence: the pause after the last onset must
be long compared with the times between the phrase's onsets. Keys that are down and the sustain pedal delay the end,
each for a bounded time, so that a stuck key or pedal cannot delay it indefinitely.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from models.performance_rnn.pulse import Beat, beat
from models.performance_rnn.tonality import Tonality, tonality

WINDOW_S = 3.0
"""Loudness, density and register are computed from the notes struck in this time."""
NOTES_KEPT = 256
CHORD_S = 0.05
"""Notes struck within this time are one onset."""
KEY_MEMORY_S = 12.0
"""Time after which the weight of a note for the key has decreased by a factor of e."""
KEY_DURATION_S = 1.0
"""The weight of a note for the key is the time for which it is held, up to this."""

USUAL_GAP_S = 0.5
"""Time between onsets that is assumed before enough of them were played."""
GAPS_COUNTED = 24
SHORTEST_GAP_S = 0.05
AFTER_ONSET = (1.2, 0.4, 1.2, 4.0)
"""Pause after the last onset that ends a phrase: factor of the phrase's slow gaps, then seconds: added, least, most."""
AFTER_KEYS = (0.6, 0.3, 0.2, 1.5)
"""The same for the pause after the last key was released."""
PEDAL_FACTOR = 1.5
"""Factor of the pause after the last key while the pedal is down.

These three are chosen from some 2,000 sets, for few false turns and short waits in 523 phrases of the training split of
MAESTRO and of ASAP, at their tempo, at two thirds and at half of it: 0.14, 0.9 and 1.2 false turns a minute.
"""
HELD_S = 5.0
"""Longest time after its onset for which a key that is down delays the end of a phrase."""


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """A note of the performer; `end_s` is infinite while the key is down. Times are those of `Performer.now_s`."""

    pitch: int
    velocity: int
    start_s: float
    end_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Phrase:
    """A finished phrase, or the current one so far."""

    notes: tuple[PlayedNote, ...]
    start_s: float
    seconds: float
    """Time from the first onset to the last, plus a usual gap."""
    notes_per_second: float
    loudness: float
    """Mean velocity, 1..127."""
    lowest: int
    highest: int
    """10th and 90th percentile of the pitches."""


@dataclass(frozen=True, slots=True)
class Performer:
    """A performer's playing so far. `now_s` is the time since the start of the model."""

    now_s: float = 0.0
    notes: tuple[PlayedNote, ...] = ()
    """The last notes struck, in order."""
    pedal: bool = False
    phrase_s: float = math.nan
    """Start of the current phrase, or of the last one."""
    key_up_s: float = -math.inf
    chroma: tuple[float, ...] = field(default=(0.0,) * 12)

    # -- events -------------------------------------------------------------------------------------------------

    def after(self, seconds: float) -> Performer:
        """The state after `seconds` without an event."""
        if seconds <= 0.0:
            return self
        now_s = self.now_s + seconds
        if not any(self.chroma) and not self.down:
            return replace(self, now_s=now_s)
        chroma = list(self.chroma)
        for note in self.down:
            counted_s = min(now_s, note.start_s + KEY_DURATION_S) - self.now_s
            chroma[note.pitch % 12] += max(counted_s, 0.0)
        decay = math.exp(-seconds / KEY_MEMORY_S) if self.down else 1.0  # the key does not change in silence
        return replace(self, now_s=now_s, chroma=tuple(weight * decay for weight in chroma))

    def strike(self, pitch: int, velocity: int, patience: float) -> Performer:
        """The state after a key went down; this begins a phrase if the previous one has ended."""
        begins = math.isnan(self.phrase_s) or self.now_s >= self.end_s(patience)
        chroma = list(self.chroma)
        chroma[pitch % 12] += 0.1  # even a very short note has some weight
        notes = tuple(self._ended(note) if note.pitch == pitch else note for note in self.notes[1 - NOTES_KEPT :])
        return replace(
            self,
            notes=(*notes, PlayedNote(pitch, velocity, self.now_s)),
            phrase_s=self.now_s if begins else self.phrase_s,
            chroma=tuple(chroma),
        )

    def release(self, pitch: int) -> Performer:
        """The state after a key came up; unchanged if it was not down."""
        if not any(note.pitch == pitch for note in self.down):
            return self
        notes = tuple(self._ended(note) if note.pitch == pitch else note for note in self.notes)
        return replace(self, notes=notes, key_up_s=self.now_s)

    def press(self, *, down: bool) -> Performer:
        """The state after the sustain pedal went down or came up."""
        return replace(self, pedal=down)

    def _ended(self, note: PlayedNote) -> PlayedNote:
        return replace(note, end_s=self.now_s) if math.isinf(note.end_s) else note

    # -- figures ------------------------------------------------------------------------------------------------

    @property
    def down(self) -> list[PlayedNote]:
        """The notes whose keys are down."""
        return [note for note in self.notes if math.isinf(note.end_s)]

    @property
    def recent(self) -> list[PlayedNote]:
        """The notes struck in the last three seconds."""
        return [note for note in self.notes[-64:] if note.start_s > self.now_s - WINDOW_S]

    @property
    def last_s(self) -> float:
        """Onset of the last note; minus infinity before the first one."""
        return self.notes[-1].start_s if self.notes else -math.inf

    def end_s(self, patience: float) -> float:
        """The time at which the phrase ends if no key is struck before; infinite if there is no phrase.

        `patience` scales all pauses; 1 is usual.
        """
        if not self.notes or math.isnan(self.phrase_s):
            return math.inf
        gap_s = self._slow_gap_s()
        ends_s = self.last_s + patience * _pause(AFTER_ONSET, gap_s)
        after_keys_s = patience * _pause(AFTER_KEYS, gap_s) * (PEDAL_FACTOR if self.pedal else 1.0)
        if self.key_up_s >= self.phrase_s:
            ends_s = max(ends_s, self.key_up_s + after_keys_s)
        for note in self.down:
            ends_s = max(ends_s, note.start_s + patience * HELD_S)
        return ends_s

    def state(self, patience: float) -> str:
        """The phrase is "playing" while keys are down or notes follow each other, then "pausing", then "ended"."""
        if self.now_s >= self.end_s(patience) or not self.notes:
            return "ended"
        flows = self.now_s - self.last_s <= 1.2 * self._slow_gap_s()
        return "playing" if flows or self.down else "pausing"

    def phrase(self, from_s: float = -math.inf) -> Phrase | None:
        """The phrase so far, or the part of it from `from_s` on; None before the first note."""
        of_phrase = [note for note in self.notes if note.start_s >= self.phrase_s]
        notes = tuple(note for note in of_phrase if note.start_s >= from_s) or tuple(of_phrase[-1:])
        if not notes:
            return None
        gap_s = self._slow_gap_s()
        seconds = notes[-1].start_s - notes[0].start_s + gap_s
        pitches = sorted(note.pitch for note in notes)
        tenth = len(pitches) // 10
        return Phrase(
            notes=notes,
            start_s=notes[0].start_s,
            seconds=seconds,
            notes_per_second=len(notes) / max(seconds, USUAL_GAP_S),
            loudness=sum(note.velocity for note in notes) / len(notes),
            lowest=pitches[tenth],
            highest=pitches[-1 - tenth],
        )

    def tonality(self) -> Tonality | None:
        """The key of the last seconds (see `KEY_MEMORY_S`)."""
        return tonality(self.chroma)

    def beat(self) -> Beat | None:
        """The beat of the last seconds (see pulse.py)."""
        onsets = onsets_of(self.notes[-64:])
        return beat([at_s for at_s, _ in onsets], [float(velocity) for _, velocity in onsets])

    def _slow_gap_s(self) -> float:
        """A slow gap between the phrase's last onsets: the mean of their logarithms and a standard deviation more."""
        onsets = onsets_of([note for note in self.notes[-96:] if note.start_s >= self.phrase_s])[-GAPS_COUNTED - 1 :]
        logs = [math.log(max(after - before, SHORTEST_GAP_S)) for (before, _), (after, _) in itertools.pairwise(onsets)]
        logs += [math.log(USUAL_GAP_S)] * max(0, 2 - len(logs))
        mean = sum(logs) / len(logs)
        return math.exp(mean + math.sqrt(sum((one - mean) ** 2 for one in logs) / len(logs)))


def onsets_of(notes: Sequence[PlayedNote]) -> list[tuple[float, int]]:
    """(time, velocity of the loudest note) of each onset, in order; the notes of a chord are one onset."""
    onsets: list[tuple[float, int]] = []
    for note in notes:
        if onsets and note.start_s - onsets[-1][0] <= CHORD_S:
            onsets[-1] = onsets[-1][0], max(onsets[-1][1], note.velocity)
        else:
            onsets.append((note.start_s, note.velocity))
    return onsets


def _pause(of: tuple[float, float, float, float], gap_s: float) -> float:
    times, more_s, least_s, most_s = of
    return min(max(times * gap_s + more_s, least_s), most_s)

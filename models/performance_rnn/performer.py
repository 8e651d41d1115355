"""What a performer plays, as a musician would describe it: loudness, density, register, key, beat, and phrases.

A `Performer` is a value: every event and every stretch of time makes the next one. So it can be kept and gone back to,
as all state of a model, and the same events at the same times give the same figures.

A phrase ends by the performer's own playing, not by a fixed silence. The pause after the last onset must be long beside
the time between the phrase's onsets; keys that are down and the pedal put the end off, each for a bounded time, so that
a stuck key or a pedal that stays down cannot hold it up for ever.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from models.performance_rnn.pulse import Beat, beat
from models.performance_rnn.tonality import Tonality, tonality

WINDOW_S = 3.0
"""Loudness, density and register are those of the notes struck in the last three seconds."""
NOTES_KEPT = 256
CHORD_S = 0.05
"""Notes struck within this time are one onset."""
KEY_MEMORY_S = 12.0
"""Time after which what was played counts for the key by a factor e less."""
KEY_DURATION_S = 1.0
"""A note counts for the key by how long it is held, up to this."""

USUAL_GAP_S = 0.5
"""Time between onsets that is assumed before there are enough of them."""
GAPS_COUNTED = 12
AFTER_ONSET = (2.2, 0.25, 0.6, 4.0)
"""The pause after the last onset: so many times the slow gaps of the phrase, plus seconds, at least, at most."""
AFTER_KEYS = (0.7, 0.1, 0.2, 1.5)
"""The same, after the last key came up."""
PEDAL_FACTOR = 1.5
"""With the pedal down, the pause after the last key is this much longer."""
HELD_S = 5.0
"""A key that is down puts the end off for so long after it was struck, no longer."""


@dataclass(frozen=True, slots=True)
class PlayedNote:
    """A note of the performer's: `end_s` is infinite while the key is down. Times are the Performer's."""

    pitch: int
    velocity: int
    start_s: float
    end_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase that has ended, or the one under way so far, in figures."""

    notes: tuple[PlayedNote, ...]
    start_s: float
    seconds: float
    """From the first onset to the last, and a usual gap more."""
    notes_per_second: float
    loudness: float
    """Mean velocity, 1..127."""
    lowest: int
    highest: int
    """Pitches that a tenth of the notes lies below, and above."""


@dataclass(frozen=True, slots=True)
class Performer:
    """A performer's playing so far. `now_s` counts from the beginning of the state."""

    now_s: float = 0.0
    notes: tuple[PlayedNote, ...] = ()
    """The last notes struck, in order."""
    pedal: bool = False
    phrase_s: float = math.nan
    """Where the current phrase, or the last one, began."""
    key_up_s: float = -math.inf
    chroma: tuple[float, ...] = field(default=(0.0,) * 12)

    # -- events -------------------------------------------------------------------------------------------------

    def after(self, seconds: float) -> Performer:
        """After a time in which nothing was struck or let go."""
        if seconds <= 0.0:
            return self
        now_s = self.now_s + seconds
        if not any(self.chroma) and not self.down:
            return replace(self, now_s=now_s)
        chroma = list(self.chroma)
        for note in self.down:
            counted_s = min(now_s, note.start_s + KEY_DURATION_S) - self.now_s
            chroma[note.pitch % 12] += max(counted_s, 0.0)
        decay = math.exp(-seconds / KEY_MEMORY_S) if self.down else 1.0  # in silence, the key stays as it was
        return replace(self, now_s=now_s, chroma=tuple(weight * decay for weight in chroma))

    def strike(self, pitch: int, velocity: int, patience: float) -> Performer:
        """After a key went down; it begins a phrase where the one before has ended."""
        begins = math.isnan(self.phrase_s) or self.now_s >= self.end_s(patience)
        chroma = list(self.chroma)
        chroma[pitch % 12] += 0.1  # a note counts, however short
        notes = tuple(self._ended(note) if note.pitch == pitch else note for note in self.notes[1 - NOTES_KEPT :])
        return replace(
            self,
            notes=(*notes, PlayedNote(pitch, velocity, self.now_s)),
            phrase_s=self.now_s if begins else self.phrase_s,
            chroma=tuple(chroma),
        )

    def release(self, pitch: int) -> Performer:
        """After a key came up; nothing where it was not down."""
        if not any(note.pitch == pitch for note in self.down):
            return self
        notes = tuple(self._ended(note) if note.pitch == pitch else note for note in self.notes)
        return replace(self, notes=notes, key_up_s=self.now_s)

    def press(self, *, down: bool) -> Performer:
        """After the sustain pedal went down or came up."""
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
        """When a key was struck last; minus infinity before the first one."""
        return self.notes[-1].start_s if self.notes else -math.inf

    def end_s(self, patience: float) -> float:
        """When the phrase is over, unless something is struck before; infinite where there is none.

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
        """Of the phrase: "playing" while keys are down or notes follow each other, then "pausing", then "ended"."""
        if self.now_s >= self.end_s(patience) or not self.notes:
            return "ended"
        flows = self.now_s - self.last_s <= 1.2 * self._slow_gap_s()
        return "playing" if flows or self.down else "pausing"

    def phrase(self, from_s: float = -math.inf) -> Phrase | None:
        """The phrase so far in figures, or what of it began after a time; None before the first note."""
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
        """The key of what was played lately."""
        return tonality(self.chroma)

    def beat(self) -> Beat | None:
        """The beat of what was played lately."""
        onsets = onsets_of(self.notes[-64:])
        return beat([at_s for at_s, _ in onsets], [float(velocity) for _, velocity in onsets])

    def _slow_gap_s(self) -> float:
        """A gap that four of five gaps between the phrase's last onsets are shorter than."""
        onsets = onsets_of([note for note in self.notes[-64:] if note.start_s >= self.phrase_s])[-GAPS_COUNTED - 1 :]
        gaps = [after - before for (before, _), (after, _) in itertools.pairwise(onsets)]
        gaps += [USUAL_GAP_S] * max(0, 2 - len(gaps))
        return sorted(gaps)[(len(gaps) * 4 - 1) // 5]


def onsets_of(notes: Sequence[PlayedNote]) -> list[tuple[float, int]]:
    """(time, velocity of the loudest) of notes in order, those of a chord as one."""
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

"""Turn taking: the part of the pianist's state that decides when it waits, plays, and yields to a performer.

The state is an immutable value that depends only on the events of both players and their times. The runner steps the
model ahead of the clock on the assumption that the performer stays silent. When the performer plays after all, the
runner withdraws what is scheduled, returns to the state at that time, and passes the event to the model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

from models.base import Control, Event, NoteOff, NoteOn, Wait
from models.performance_rnn.echo import EchoNote, echo
from models.performance_rnn.events import PITCHES
from models.performance_rnn.manner import TURN_PEDALS, TURNS, Manner
from models.performance_rnn.performer import Performer, Phrase
from models.performance_rnn.pulse import Beat
from models.performance_rnn.tonality import Tonality

SUSTAIN = 64
PEDAL_DOWN = 64
"""The value from which a pedal counts as down."""

SHORTEST_ANSWER_S, LONGEST_ANSWER_S = 1.5, 30.0
STALE_S = 0.1
"""An answer that would begin later than this after its due time is omitted."""
POLL_S = 0.1
"""The longest rest of one step, so that knobs take effect soon."""
CLOSING_S = 0.8
"""Duration for which the last notes of an answer are held."""
RELEASE_S = (0.06, 0.05)
"""When the pianist yields: delay of the first note's release, and interval between further releases."""
LONGEST_RELEASE_S = 0.3
BEATLESS_S = 0.5
"""Delay of the release in the mode "beat" if no beat is known."""
BEAT_CERTAIN = 0.35
ENTRY_NOTES, ENTRY_S = 4, 1.5
"""An accompaniment begins after this many notes of a phrase, or this long after its first one."""
FILL_S = 3.0
"""An accompaniment continues for this long after the end of a phrase."""
ACCOMPANIED_S = 6.0
"""Window of the performer's playing that an accompaniment follows."""
TOUCH_NOTES = 8
"""Time constant, in notes, of the running mean of the pianist's velocity."""
PITCH_NOTES = 16
"""Time constant, in notes, of the running mean of the pianist's pitch."""
ACCOMPANYING_NOTES = 2.0
"""The running count of notes with which an accompaniment begins."""
LATELY_S = 2.5
"""Time constant of the running count of notes by which the pianist keeps to a density."""
REFRESH_S = 0.5
"""Interval at which an accompaniment updates what it follows."""

Phase = Literal["listen", "play", "close"]


@dataclass(frozen=True, slots=True)
class Goal:
    """What the pianist follows in this turn: the performer's phrase, its key and its beat."""

    at_s: float
    phrase: Phrase
    tonality: Tonality | None
    beat: Beat | None


@dataclass(frozen=True, slots=True)
class Duet:
    """The state of the duet. All times are on the scale of `performer.now_s`."""

    performer: Performer = field(default_factory=Performer)
    mode: str = "solo"
    phase: Phase = "listen"
    since_s: float = 0.0
    """Start of the phase."""
    until_s: float = math.inf
    """End of the pianist's turn."""
    goal: Goal | None = None
    struck: int = 0
    """Number of notes that the pianist has struck in this turn."""
    lately: tuple[float, float] = 0.0, 0.0
    """What `struck_lately` was at the last of them, and its onset."""
    touch: float = 0.0
    """Running mean of their velocities as sampled, before gain and offset."""
    pitch: float = 0.0
    """Running mean of their pitches."""
    answered_s: float = -math.inf
    """Onset of the performer's last note that was answered, so that it is not answered twice."""
    pedals: frozenset[int] = frozenset()
    """Controller numbers of the pedals that are down."""
    letting_go: tuple[tuple[float, int], ...] = ()
    """(time, pitch) of the scheduled releases, in order of time."""
    echo: tuple[EchoNote, ...] = ()
    """The notes of the echo that are still to be played."""

    # -- the performer's events -----------------------------------------------------------------------------------

    def hear(self, event: Event, manner: Manner, sounding: tuple[int, ...]) -> Duet:
        """The state after an event of the performer; `sounding` are the pianist's keys that are down."""
        performer = self.performer
        match event:
            case Wait(seconds):
                return replace(self, performer=performer.after(seconds))
            case NoteOn(pitch, velocity) if velocity > 0 and 0 <= pitch < PITCHES:
                heard = replace(self, performer=performer.strike(pitch, min(velocity, 127), manner.patience))
                if manner.mode in TURNS and heard.phase != "listen":
                    return heard.give_way(manner, sounding)
                return heard
            case NoteOn(pitch, _) | NoteOff(pitch):
                return replace(self, performer=performer.release(pitch))
            case Control(controller, value):
                down = value >= PEDAL_DOWN
                before = controller in self.pedals
                pedals = self.pedals | {controller} if down else self.pedals - {controller}
                heard = replace(self, pedals=pedals)
                if controller == SUSTAIN:
                    heard = replace(heard, performer=performer.press(down=down))
                hands_over = manner.mode == "hand over" and controller == TURN_PEDALS[manner.turn_pedal]
                return heard.turn(manner, sounding) if hands_over and down and not before else heard
        return self

    def turn(self, manner: Manner, sounding: tuple[int, ...]) -> Duet:
        """The state after the turn was passed: the pianist begins at once, or ends its turn if it is playing."""
        if manner.mode == "solo":
            return self
        if self.phase == "play":
            return self.close(manner, sounding)
        return self.begin(manner)

    def give_way(self, manner: Manner, sounding: tuple[int, ...]) -> Duet:
        """The state after the performer interrupted: the pianist strikes no more keys, and its notes are released."""
        now_s = self.performer.now_s
        match manner.yielding:
            case "cut":
                ends = [now_s for _ in sounding]
            case "beat":
                at_s = now_s + BEATLESS_S
                beat = self.performer.beat() or (self.goal.beat if self.goal else None)
                if beat is not None and beat.certainty >= BEAT_CERTAIN:
                    at_s = beat.next_s(now_s + RELEASE_S[0])
                ends = [at_s for _ in sounding]
            case _:
                first_s, each_s = RELEASE_S
                ends = [now_s + min(first_s + each_s * number, LONGEST_RELEASE_S) for number in range(len(sounding))]
        return self._phase("listen", letting_go=tuple(zip(ends, sounding, strict=True)))

    # -- time ---------------------------------------------------------------------------------------------------

    def after(self, seconds: float) -> Duet:
        """The state after `seconds` in which the pianist did nothing."""
        return replace(self, performer=self.performer.after(seconds))

    def advance(self, manner: Manner, sounding: tuple[int, ...]) -> Duet:
        """The state after all changes due now: the start or end of a turn or of its last notes, or another mode."""
        now_s = self.performer.now_s
        if manner.mode != self.mode:
            left = self.close(manner, sounding) if manner.mode != "solo" else self._phase("listen", letting_go=())
            answered_s = self.performer.last_s if manner.mode != "accompany" else -math.inf
            return replace(left, mode=manner.mode, answered_s=answered_s)
        if manner.mode == "solo":
            return self
        if self.phase == "close" and not self.letting_go:
            return self._phase("listen")
        if self.phase == "play":
            if self.struck == 0 and now_s > self.since_s + STALE_S and manner.mode != "accompany":
                return self._phase("listen")  # too late for an answer
            until_s = self._accompanied_until_s(manner) if manner.mode == "accompany" else self.until_s
            if now_s >= until_s:
                return self.close(manner, sounding)
            if manner.mode == "accompany" and (self.goal is None or now_s - self.goal.at_s >= REFRESH_S):
                return replace(self, goal=self._goal(manner))
            return self
        if not self._wants_turn(manner):
            return self
        if manner.mode != "accompany" and now_s > self.performer.end_s(manner.patience) + STALE_S:
            return replace(self, answered_s=self.performer.last_s)  # too late: the program was suspended
        return self.begin(manner)

    def rest_s(self, manner: Manner) -> float:
        """Time until the next release or possible start of a turn, at most POLL_S, in seconds."""
        now_s = self.performer.now_s
        wanted_s = [at_s for at_s, _ in self.letting_go[:1]]
        wanted_s += [self.since_s + note.at_s for note in self.echo[:1]]
        if manner.mode in ("answer", "echo") and self.performer.last_s > self.answered_s:
            wanted_s.append(self.performer.end_s(manner.patience))
        return min([POLL_S, *(max(at_s - now_s, 1e-4) for at_s in wanted_s)])

    def begin(self, manner: Manner) -> Duet:
        """The state after the pianist's turn began now."""
        goal = self._goal(manner)
        now_s, until_s = self.performer.now_s, math.inf
        if manner.mode == "answer":
            seconds = goal.phrase.seconds if goal is not None else LONGEST_ANSWER_S / 4
            until_s = now_s + min(max(seconds, SHORTEST_ANSWER_S), LONGEST_ANSWER_S)
        begun = self._phase("play", letting_go=())
        # As if it had played at such a density before, so that it does not begin with a burst.
        lately = goal.phrase.notes_per_second * LATELY_S if goal is not None else 0.0
        if manner.mode == "accompany":
            lately = ACCOMPANYING_NOTES
        begun = replace(begun, lately=(lately, now_s))
        return replace(begun, until_s=until_s, goal=goal, answered_s=self.performer.last_s)

    def plan_echo(self, manner: Manner, stream: int, count: int) -> Duet:
        """The state with the notes of this turn's echo; `stream` and `count` select the random numbers."""
        if self.goal is None:
            return replace(self, until_s=self.since_s)
        notes = echo(self.goal.phrase, manner, stream, count)
        return replace(self, echo=notes, until_s=self.since_s + max(note.at_s + note.seconds for note in notes))

    @property
    def echo_due(self) -> bool:
        """Whether a note of the echo is due."""
        return bool(self.echo) and self.since_s + self.echo[0].at_s <= self.performer.now_s

    def strike_echo(self, pitch: int) -> Duet:
        """The state after the first note of the echo was struck with this pitch."""
        note = self.echo[0]
        ends = sorted((*self.letting_go, (self.performer.now_s + note.seconds, pitch)))
        return replace(self.strike(pitch, note.velocity), echo=self.echo[1:], letting_go=tuple(ends))

    def close(self, manner: Manner, sounding: tuple[int, ...]) -> Duet:  # noqa: ARG002
        """The state after the turn's last note: sounding notes are released after CLOSING_S."""
        at_s = self.performer.now_s + CLOSING_S
        return self._phase("close", letting_go=tuple((at_s, pitch) for pitch in sounding))

    def strike(self, pitch: int, velocity: int) -> Duet:
        """The state after the pianist struck a key."""
        struck = self.struck + 1
        touch = self.touch + (velocity - self.touch) / min(struck, TOUCH_NOTES)
        mean = self.pitch + (pitch - self.pitch) / min(struck, PITCH_NOTES)
        now_s = self.performer.now_s
        lately = self.struck_lately(now_s) + 1.0, now_s
        return replace(self, struck=struck, touch=touch, pitch=mean, lately=lately)

    def struck_lately(self, now_s: float) -> float:
        """The pianist's notes of this turn, each with a weight that falls exponentially over LATELY_S."""
        count, at_s = self.lately
        return count * math.exp((at_s - now_s) / LATELY_S)

    def let_go(self, pitch: int) -> Duet:
        """The state after the pianist released a key."""
        return replace(self, letting_go=tuple(entry for entry in self.letting_go if entry[1] != pitch))

    # -- published figures ----------------------------------------------------------------------------------------

    def whose_turn(self, patience: float) -> str:
        """Who plays: "performer", "pianist", "both" or "nobody"."""
        pianist = self.mode == "solo" or self.phase == "play"
        performer = self.performer.state(patience) != "ended"
        if pianist:
            return "both" if performer else "pianist"
        return "performer" if performer else "nobody"

    @property
    def ends_in_s(self) -> float:
        """Seconds until the pianist's turn ends; 0 if it has no end or the pianist has no turn."""
        return max(0.0, self.until_s - self.performer.now_s) if self.phase == "play" and self.until_s < 1e9 else 0.0

    # -- internals ------------------------------------------------------------------------------------------------

    def _wants_turn(self, manner: Manner) -> bool:
        performer = self.performer
        if manner.mode in ("answer", "echo"):
            return performer.last_s > self.answered_s and performer.now_s >= performer.end_s(manner.patience)
        if manner.mode == "accompany" and performer.phrase_s > self.answered_s:  # one that it does not accompany yet
            phrase = performer.phrase()
            plays = phrase is not None and (len(phrase.notes) >= ENTRY_NOTES or phrase.seconds >= ENTRY_S)
            return plays and performer.now_s < self._accompanied_until_s(manner)
        return False

    def _accompanied_until_s(self, manner: Manner) -> float:
        ends_s = self.performer.end_s(manner.patience)
        return ends_s + FILL_S * manner.patience if ends_s < math.inf else math.inf

    def _goal(self, manner: Manner) -> Goal | None:
        now_s = self.performer.now_s
        phrase = self.performer.phrase(now_s - ACCOMPANIED_S if manner.mode == "accompany" else -math.inf)
        if phrase is None:
            return None
        return Goal(now_s, phrase, self.performer.tonality(), self.performer.beat())

    def _phase(self, phase: Phase, letting_go: tuple[tuple[float, int], ...] | None = None) -> Duet:
        return replace(
            self,
            phase=phase,
            since_s=self.performer.now_s,
            until_s=math.inf,
            struck=0,
            lately=(0.0, 0.0),
            touch=0.0,
            pitch=0.0,
            echo=(),
            letting_go=self.letting_go if letting_go is None else letting_go,
        )

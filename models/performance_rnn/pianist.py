"""The pianist's single steps: an event of the network's, a note let go or given back, something heard, time passing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from models.base import Event, NoteOff, NoteOn, Wait
from models.compute.chance import uniform
from models.performance_rnn.controls import control, strike_bias
from models.performance_rnn.events import (
    NOTE_OFF,
    NOTE_ON,
    PITCHES,
    TIME_SHIFT,
    VELOCITY,
    VELOCITY_BINS,
    bin_velocity,
)
from models.performance_rnn.listening import events_of, shifts_of
from models.performance_rnn.manner import Manner, Playing
from models.performance_rnn.sampling import NEVER, Floats
from models.performance_rnn.state import PianoState, passing
from models.performance_rnn.step import PianoStep

LONGEST_PAUSE_S = 3600.0


class Pianist:
    """A network that plays one event at a time; each method takes a state and returns events and the next state."""

    def __init__(self, network: PianoStep) -> None:
        self.network = network
        self._wish_for = lru_cache(maxsize=4)(self._wish)
        self._bias_for = lru_cache(maxsize=4)(strike_bias)

    def _play(
        self, state: PianoState, playing: Playing, manner: Manner, wish: Any
    ) -> tuple[Sequence[Event], PianoState]:
        """One event of the network's."""
        limits = playing.limits
        state = self._catch_up(state, wish, limits.speed)
        hands, count = state.hands, state.count
        over = hands.must_end(limits)
        seconds = 0.0
        if over is not None:
            event = NOTE_OFF + over
            _, memory = self.network.step(state.event, wish, state.memory)
        else:
            bias = self._bias(playing)
            if playing.strike:
                bias[NOTE_ON : NOTE_ON + PITCHES] += playing.strike
            hands.forbid(bias, state.event, state.touch, limits)
            if playing.must_strike and bias[NOTE_ON : NOTE_ON + PITCHES].max() > NEVER / 2:
                bias[NOTE_OFF:VELOCITY] = NEVER
            taste = playing.taste
            if manner.recall or manner.recall_performer:
                now_s = state.duet.performer.now_s
                taste = replace(taste, lean=state.motifs.lean(now_s, manner.recall, manner.recall_performer))
            drawn, memory = self.network.draw(
                state.event, wish, state.memory, bias, taste, uniform(state.stream, count)
            )
            event, seconds = hands.instead(drawn, limits)
            count += 1
        touch = event - VELOCITY + 1 if event >= VELOCITY else state.touch
        after = replace(state, memory=memory, event=event, touch=touch, hands=hands.after(event, seconds), count=count)
        if event < NOTE_OFF:
            raw = bin_velocity(touch or VELOCITY_BINS // 2)
            velocity = int(min(max(raw * playing.velocity_gain + playing.velocity_offset + 0.5, 1.0), 127.0))
            motifs = state.motifs.strike(event, state.duet.performer.now_s, performers=False)
            return (NoteOn(event, velocity),), replace(after, duet=after.duet.strike(raw), motifs=motifs)
        if event < TIME_SHIFT:
            return (NoteOff(event - NOTE_OFF),), after
        return passing(after, seconds, manner)

    def _let_go(self, state: PianoState, pitch: int, wish: Any, speed: float) -> tuple[Sequence[Event], PianoState]:
        """Lets a key go that sounds on after the pianist's turn."""
        duet = state.duet.let_go(pitch)
        if pitch not in state.hands.pitches:
            return (), replace(state, duet=duet)
        state = self._told(self._catch_up(state, wish, speed), (NOTE_OFF + pitch,), wish)
        return (NoteOff(pitch),), replace(state, duet=duet, hands=state.hands.after(NOTE_OFF + pitch, 0.0))

    def _echo(self, state: PianoState, playing: Playing, wish: Any) -> tuple[Sequence[Event], PianoState]:
        """Gives the next note of a phrase back; where its pitch is open, the network chooses it."""
        state = self._catch_up(state, wish, playing.limits.speed)
        note = state.duet.echo[0]
        pitch = note.pitch
        if pitch is None:
            bias = self._bias(playing)
            state.hands.forbid(bias, state.event, state.touch, playing.limits)
            bias[NOTE_OFF:] = NEVER
            number = uniform(state.stream, state.count)
            pitch, memory = self.network.draw(state.event, wish, state.memory, bias, playing.taste, number)
            state = replace(state, memory=memory, event=pitch, count=state.count + 1)
        else:
            heard = events_of(NoteOn(pitch, note.velocity), state.touch, 0, state.duet.performer)
            state = self._told(state, heard, wish)
        again: tuple[Event, ...] = (NoteOff(pitch),) if pitch in state.hands.pitches else ()
        hands = state.hands.after(NOTE_OFF + pitch, 0.0).after(pitch, 0.0)
        duet = (state.duet.let_go(pitch) if again else state.duet).strike_echo(pitch)
        return (*again, NoteOn(pitch, note.velocity)), replace(state, hands=hands, duet=duet)

    def _rest(self, state: PianoState, seconds: float, manner: Manner) -> tuple[Sequence[Event], PianoState]:
        """Lets time pass; the network is told of it before the next event."""
        rested = replace(state, hands=state.hands.wait(seconds), untold_s=state.untold_s + seconds)
        return passing(rested, seconds, manner)

    def _listen(self, state: PianoState, heard: Iterable[Event], manner: Manner, wish: Any, speed: float) -> PianoState:
        """The state after the network was told of another player's events."""
        for event in heard:
            if isinstance(event, Wait):
                if event.seconds > 0.0:  # not for NaN
                    seconds = min(event.seconds, LONGEST_PAUSE_S)
                    hands, duet = state.hands.wait(seconds), state.duet.after(seconds)
                    state = replace(state, hands=hands, duet=duet, untold_s=state.untold_s + seconds)
                continue
            told = events_of(event, state.touch, state.hands.others, state.duet.performer)
            if told:
                state = self._told(self._catch_up(state, wish, speed), told, wish)
                hands = state.hands
                for one in told:
                    if one < NOTE_OFF:
                        motifs = state.motifs.strike(one, state.duet.performer.now_s, performers=True)
                        state = replace(state, motifs=motifs)
                    hands = hands.hear(one % PITCHES, down=one < NOTE_OFF) if one < TIME_SHIFT else hands
                state = replace(state, hands=hands)
            state = replace(state, duet=state.duet.hear(event, manner, state.hands.pitches))
        return state

    def _catch_up(self, state: PianoState, wish: Any, speed: float) -> PianoState:
        """The state after the network was told of the time that has passed."""
        if not state.untold_s:
            return state
        return replace(self._told(state, shifts_of(state.untold_s, speed), wish), untold_s=0.0)

    def _told(self, state: PianoState, events: Iterable[int], wish: Any) -> PianoState:
        """The state after the network was told of events that it has not drawn."""
        memory, last, touch = state.memory, state.event, state.touch
        for event in events:
            _, memory = self.network.step(last, wish, memory)
            last = event
            touch = event - VELOCITY + 1 if event >= VELOCITY else touch
        return replace(state, memory=memory, event=last, touch=touch)

    def _bias(self, playing: Playing) -> Floats:
        low, high = min(playing.lowest, playing.highest), max(playing.lowest, playing.highest)
        return self._bias_for(playing.pitch_class, playing.pitch_pull, low, high).copy()

    def _wish(self, conditioning: str, density: float, pitch_class: tuple[float, ...]) -> Any:
        return self.network.wish(control(conditioning, density, pitch_class))

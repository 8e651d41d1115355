"""The kinds of steps of the pianist: sample an event, release a note, play a note of an echo, rest, and listen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from models.base import Event, NoteOff, NoteOn, Wait
from models.compute.chance import uniform
from models.performance_rnn.controls import control, strike_bias
from models.performance_rnn.density_curve import DensityCurve
from models.performance_rnn.events import (
    LONGEST_SHIFT,
    NOTE_OFF,
    NOTE_ON,
    PITCHES,
    STEPS_PER_SECOND,
    TIME_SHIFT,
    VELOCITY,
    VELOCITY_BINS,
    bin_velocity,
)
from models.performance_rnn.listening import LONGEST_HEARD_S, events_of, shifts_of
from models.performance_rnn.manner import Manner, Playing
from models.performance_rnn.sampling import NEVER, Floats
from models.performance_rnn.state import PianoState, passing
from models.performance_rnn.step import PianoStep

LONGEST_PAUSE_S = 3600.0


class Pianist:
    """Steps of a model around a `PianoStep`; each method takes a state and returns events and the next state."""

    def __init__(self, network: PianoStep) -> None:
        self.network = network
        self.density_curve = DensityCurve()
        self._projection_for = lru_cache(maxsize=4)(self._project)
        self._bias_for = lru_cache(maxsize=4)(strike_bias)

    def _play(
        self, state: PianoState, playing: Playing, manner: Manner, projection: Any
    ) -> tuple[Sequence[Event], PianoState]:
        """Samples one event from the network, or releases the note that must end."""
        limits = playing.limits
        state = self._catch_up(state, projection, limits.speed)
        polyphony, count = state.polyphony, state.count
        over = polyphony.must_end(limits)
        seconds = 0.0
        if over is not None:
            event = NOTE_OFF + over
            _, memory = self.network.step(state.event, projection, state.memory)
        else:
            bias = self._bias(playing)
            if playing.strike:
                bias[NOTE_ON : NOTE_ON + PITCHES] += playing.strike
                if state.event < VELOCITY:  # a velocity is nearly always followed by a key
                    bias[VELOCITY:] += playing.strike
            polyphony.forbid(bias, state.event, state.touch, limits)
            if playing.must_strike and bias[NOTE_ON : NOTE_ON + PITCHES].max() > NEVER / 2:
                bias[NOTE_OFF:VELOCITY] = NEVER
            settings = playing.sampling
            if manner.recall or manner.recall_performer:
                now_s = state.duet.performer.now_s
                motif_bias = state.motifs.key_bias(now_s, manner.recall, manner.recall_performer)
                if motif_bias is not None:
                    tilt = settings.key_bias
                    settings = replace(settings, key_bias=motif_bias if tilt is None else motif_bias + tilt)
            drawn, memory = self.network.draw(
                state.event, projection, state.memory, bias, settings, uniform(state.stream, count)
            )
            event, seconds = polyphony.instead(drawn, limits)
            count += 1
        touch = event - VELOCITY + 1 if event >= VELOCITY else state.touch
        polyphony = polyphony.after(event, seconds)
        after = replace(state, memory=memory, event=event, touch=touch, polyphony=polyphony, count=count)
        if event < NOTE_OFF:
            raw = bin_velocity(touch or VELOCITY_BINS // 2)
            velocity = int(min(max(raw * playing.velocity_gain + playing.velocity_offset + 0.5, 1.0), 127.0))
            motifs = state.motifs.strike(event, state.duet.performer.now_s, performers=False)
            return (NoteOn(event, velocity),), replace(after, duet=after.duet.strike(event, raw), motifs=motifs)
        if event < TIME_SHIFT:
            return (NoteOff(event - NOTE_OFF),), after
        return passing(after, seconds, manner)

    def _release(
        self, state: PianoState, pitch: int, projection: Any, speed: float
    ) -> tuple[Sequence[Event], PianoState]:
        """Releases a note whose release was scheduled at the end of the pianist's turn."""
        duet = state.duet.let_go(pitch)
        if pitch not in state.polyphony.pitches:
            return (), replace(state, duet=duet)
        state = self._feed(self._catch_up(state, projection, speed), (NOTE_OFF + pitch,), projection)
        return (NoteOff(pitch),), replace(state, duet=duet, polyphony=state.polyphony.after(NOTE_OFF + pitch, 0.0))

    def _echo(self, state: PianoState, playing: Playing, projection: Any) -> tuple[Sequence[Event], PianoState]:
        """Plays the next note of an echo; if it has no pitch, the network chooses one."""
        state = self._catch_up(state, projection, playing.limits.speed)
        note = state.duet.echo[0]
        pitch = note.pitch
        if pitch is None:
            bias = self._bias(playing)
            state.polyphony.forbid(bias, state.event, state.touch, playing.limits)
            bias[NOTE_OFF:] = NEVER
            number = uniform(state.stream, state.count)
            pitch, memory = self.network.draw(state.event, projection, state.memory, bias, playing.sampling, number)
            state = replace(state, memory=memory, event=pitch, count=state.count + 1)
        else:
            heard = events_of(NoteOn(pitch, note.velocity), state.touch, 0, state.duet.performer)
            state = self._feed(state, heard, projection)
        again: tuple[Event, ...] = (NoteOff(pitch),) if pitch in state.polyphony.pitches else ()
        polyphony = state.polyphony.after(NOTE_OFF + pitch, 0.0).after(pitch, 0.0)
        duet = (state.duet.let_go(pitch) if again else state.duet).strike_echo(pitch)
        return (*again, NoteOn(pitch, note.velocity)), replace(state, polyphony=polyphony, duet=duet)

    def _rest(
        self, state: PianoState, seconds: float, manner: Manner, projection: Any, speed: float
    ) -> tuple[Sequence[Event], PianoState]:
        """Lets time pass; whole shifts are fed to the network meanwhile, so that little is left when a turn begins."""
        rested = replace(state, polyphony=state.polyphony.wait(seconds), pending_s=state.pending_s + seconds)
        shift_s = LONGEST_SHIFT / STEPS_PER_SECOND / speed
        if rested.pending_s >= shift_s and rested.fed_s + shift_s <= LONGEST_HEARD_S:
            rested = self._feed(rested, shifts_of(shift_s, speed), projection)
            rested = replace(rested, pending_s=rested.pending_s - shift_s, fed_s=rested.fed_s + shift_s)
        return passing(rested, seconds, manner)

    def _listen(
        self, state: PianoState, heard: Iterable[Event], manner: Manner, projection: Any, speed: float
    ) -> PianoState:
        """The state after the performer's events were fed to the network."""
        for event in heard:
            if isinstance(event, Wait):
                if event.seconds > 0.0:  # not for NaN
                    seconds = min(event.seconds, LONGEST_PAUSE_S)
                    polyphony, duet = state.polyphony.wait(seconds), state.duet.after(seconds)
                    state = replace(state, polyphony=polyphony, duet=duet, pending_s=state.pending_s + seconds)
                continue
            fed = events_of(event, state.touch, state.polyphony.others, state.duet.performer)
            if fed:
                state = self._feed(self._catch_up(state, projection, speed), fed, projection)
                polyphony = state.polyphony
                for one in fed:
                    if one < NOTE_OFF:
                        motifs = state.motifs.strike(one, state.duet.performer.now_s, performers=True)
                        state = replace(state, motifs=motifs)
                    polyphony = polyphony.hear(one % PITCHES, down=one < NOTE_OFF) if one < TIME_SHIFT else polyphony
                state = replace(state, polyphony=polyphony)
            state = replace(state, duet=state.duet.hear(event, manner, state.polyphony.pitches))
        return state

    def _catch_up(self, state: PianoState, projection: Any, speed: float) -> PianoState:
        """The state after the pending time was fed to the network."""
        if not state.pending_s and not state.fed_s:
            return state
        left_s = min(state.pending_s, LONGEST_HEARD_S - state.fed_s)
        return replace(self._feed(state, shifts_of(left_s, speed), projection), pending_s=0.0, fed_s=0.0)

    def _feed(self, state: PianoState, events: Iterable[int], projection: Any) -> PianoState:
        """The state after events that it has not sampled were fed to the network."""
        memory, last, touch = state.memory, state.event, state.touch
        for event in events:
            _, memory = self.network.step(last, projection, memory)
            last = event
            touch = event - VELOCITY + 1 if event >= VELOCITY else touch
        return replace(state, memory=memory, event=last, touch=touch)

    def _bias(self, playing: Playing) -> Floats:
        low, high = min(playing.lowest, playing.highest), max(playing.lowest, playing.highest)
        return self._bias_for(playing.pitch_class, playing.pitch_pull, low, high).copy()

    def _project(self, conditioning: str, density: float, pitch_class: tuple[float, ...]) -> Any:
        return self.network.project(control(conditioning, self.density_curve.conditioned(density), pitch_class))

"""The modelled piano on this machine's loudspeaker, mixed by SDL outside Python's lock."""

from __future__ import annotations

import os
import threading
from collections import defaultdict, deque

import numpy as np

from live.clock import Clock
from live.sound import SoundError
from live.sound.keys import Keys
from live.sound.piano import MIDDLE_FIRST, Piano, Samples, damp, key_of

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # it would print where the sender's answers go
import pygame

RATE = 44100
BLOCK = 256
"""Samples SDL asks for at a time: the grain at which notes begin, 5.8 ms."""

_CHANNELS = 96
_VOICES = 64
"""The rest of the channels is for voices that are on their way out."""

_SPARE_S = 0.3
_LEAD = 2 * BLOCK
"""How far behind our reckoning of what has been played a damper begins; SDL does not tell."""


class Speaker:
    """Plays the modelled piano: keys, sustain pedal, volume. Raises SoundError where there is no sound device.

    Tones are rendered on a thread of its own, those asked for first; a note whose tone is not there yet sounds some
    twenty milliseconds late, which happens in the first second or two.
    """

    def __init__(self) -> None:
        self.name = "built-in piano"
        self.piano = Piano(RATE)
        self.clock = Clock()
        try:
            pygame.mixer.init(RATE, -16, 2, BLOCK, allowedchanges=0)
        except pygame.error as error:
            raise SoundError(f"no sound device can be opened: {error}") from None
        pygame.mixer.set_num_channels(_CHANNELS)
        self._keys = Keys(self._strike, _VOICES)
        self._asking = threading.Lock()
        self._waiting: defaultdict[int, deque[_Voice]] = defaultdict(deque)
        self._closing = False
        self._renderer = threading.Thread(target=self._render, name="piano tones", daemon=True)
        self._renderer.start()

    def send(self, data: bytes) -> None:
        """One MIDI message, now."""
        self._keys.message(data)

    def alive(self) -> bool:
        """Whether the sound device is open."""
        self._keys.sounding()  # gives back the channels of those that have ended
        return not self._closing and pygame.mixer.get_init() is not None

    def close(self) -> None:
        """Ends every note and gives the device back."""
        self._closing = True
        self._renderer.join()
        pygame.mixer.quit()

    def _strike(self, pitch: int, velocity: int, volume: float) -> _Voice:
        voice = _Voice(self.clock, pitch, velocity, volume)
        if not self.piano.ready(pitch):
            with self._asking:
                if not self.piano.ready(pitch):
                    self._waiting[key_of(pitch)].append(voice)
                    return voice
        voice.begin(self.piano.struck(pitch, velocity))
        return voice

    def _render(self) -> None:
        """Renders the keys asked for, and between them all others; ends when all are there."""
        left = deque(MIDDLE_FIRST)
        while not self._closing:
            with self._asking:
                asked = next(iter(self._waiting), None)
            if asked is None and not left:
                return
            key = left.popleft() if asked is None else asked
            self.piano.prepare(key)
            with self._asking:
                voices = self._waiting.pop(key, ())
            for voice in voices:
                voice.begin(self.piano.struck(voice.pitch, voice.velocity))


class _Voice:
    """One blow on an SDL channel; its samples are its own, and a damper is written into those not yet played."""

    def __init__(self, clock: Clock, pitch: int, velocity: int, volume: float) -> None:
        self.clock = clock
        self.pitch, self.velocity, self.volume = pitch, velocity, volume
        self._guard = threading.Lock()
        self._sound: pygame.mixer.Sound | None = None
        self._channel: pygame.mixer.Channel | None = None
        self._samples: Samples = np.empty((0, 2), np.int16)
        self._began_s = 0.0
        self._ends_s = float("inf")
        self._falling_s: float | None = None

    def begin(self, samples: Samples) -> None:
        """Sounds now."""
        with self._guard:
            self._sound = pygame.mixer.Sound(buffer=samples)
            self._samples = np.asarray(self._sound)  # the sound's own memory, not a copy
            if self._falling_s is not None:  # damped while it was still being rendered
                self._damp_at(0, self._falling_s)
            self._channel = pygame.mixer.find_channel(force=True)
            self._sound.set_volume(self.volume)
            self._began_s = self.clock.now()
            self._channel.play(self._sound)

    def damp(self, falling_s: float) -> None:
        with self._guard:
            self._falling_s = falling_s
            if self._sound is not None:
                self._damp_at(int((self.clock.now() - self._began_s) * RATE) + _LEAD, falling_s)

    def loud(self, volume: float) -> None:
        with self._guard:
            self.volume = volume
            if self._sound is not None:
                self._sound.set_volume(volume)

    def over(self) -> bool:
        with self._guard:
            if self._channel is None:
                return False
            if self._channel.get_sound() is not self._sound or not self._channel.get_busy():
                return True
            if self.clock.now() < self._ends_s:
                return False
            self._channel.stop()
            return True

    def _damp_at(self, at: int, falling_s: float) -> None:
        last = damp(self._samples, at, int(falling_s * RATE))
        self._ends_s = min(self._ends_s, self.clock.now() + (last - at + _LEAD) / RATE + _SPARE_S)

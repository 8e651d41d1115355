"""The synthesised piano on the sound device, mixed by SDL outside the interpreter lock."""

from __future__ import annotations

import math
import os
import threading
from collections import deque
from queue import Empty, SimpleQueue

import numpy as np

from live.sound.headroom import AHEAD_S
from live.sound.keyboard import PianoKeyboard
from live.sound.piano import MIDDLE_FIRST, Piano, Samples, Tone, damp
from live.sound.sound_device import BLOCK, RATE, SoundDevice
from live.transport.clock import Clock

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # it would be printed among the sender's answers
import pygame

_CHANNELS = 96
_VOICES = 64
"""The other channels are for voices that decay after their end."""

_LEAD = 1152
"""Samples between the estimated playing position and the start of a damper, 26 ms: SDL does not report its position,
and systems take sound in blocks of up to 20 ms. A real damper takes about as long."""

_SWEEP_S = 0.25
"""Interval at which silent channels are freed."""

_LAST_FADE_S = 0.06


class Speaker:
    """Plays the built-in piano: keys, sustain pedal, volume. Raises SoundError if there is no sound device.

    Its own thread strikes and damps, so that `send` never waits; between messages it renders the tones of the keys,
    which takes a second or two in total. A note whose tone is not ready is rendered first, about 20 ms late.
    """

    def __init__(self) -> None:
        self.name = "built-in piano"
        self.piano = Piano(RATE)
        self.clock = Clock()
        # SDL's file driver would run an eighth too fast, so that dampers would come too late.
        os.environ.setdefault("SDL_DISKAUDIODELAY", str(-(-1000 * BLOCK // RATE)))
        self._device = SoundDevice()
        pygame.mixer.set_num_channels(_CHANNELS)
        self._keys = PianoKeyboard(self._strike, _VOICES)
        self._messages: SimpleQueue[bytes | None] = SimpleQueue()
        self._player = threading.Thread(target=self._play, name="built-in piano", daemon=True)
        self._player.start()

    def send(self, data: bytes) -> None:
        """Plays one MIDI message."""
        self._messages.put(data)

    def alive(self) -> bool:
        """Whether the device is open and its thread runs."""
        return self._player.is_alive() and self._device.alive()

    def close(self) -> None:
        """Plays the queued messages, fades out and closes the device."""
        self._messages.put(None)
        self._player.join()
        if pygame.mixer.get_init() is None:
            return
        if pygame.mixer.get_busy():
            pygame.mixer.fadeout(int(1000 * _LAST_FADE_S))
            with (nobody := threading.Condition()):
                self.clock.wait(self.clock.now() + 2 * _LAST_FADE_S, nobody)
        pygame.mixer.quit()

    def _play(self) -> None:
        unrendered = deque(MIDDLE_FIRST)
        while True:
            try:
                message = self._messages.get(not unrendered, _SWEEP_S if self._keys.sounding() else None)
            except Empty:
                if unrendered:
                    self.piano.tone(unrendered.popleft())
                continue
            if message is None:
                return
            self._keys.message(message)

    def _strike(self, pitch: int, velocity: int) -> _ChannelVoice:
        return _ChannelVoice(self.piano.tone(pitch), velocity, self.clock)


class _ChannelVoice:
    """One struck string on an SDL channel. A damper modifies the samples that are not yet played."""

    def __init__(self, tone: Tone, velocity: int, clock: Clock) -> None:
        self._clock = clock
        self._sound = pygame.mixer.Sound(buffer=tone.mellow)
        self._samples: Samples = np.asarray(self._sound)  # the sound's own memory, not a copy
        tone.mix(velocity, self._samples)
        self._began_s = self._ends_s = math.inf

    def start(self, volume: float) -> None:
        self._sound.set_volume(volume)
        self._channel = pygame.mixer.find_channel(force=True)
        self._channel.play(self._sound)
        self._began_s = self._clock.now()

    def ahead(self) -> Samples:
        at = max(0, int((self._clock.now() - self._began_s) * RATE)) if self._began_s < math.inf else 0
        return self._samples[at : at + int(AHEAD_S * RATE)]

    def damp(self, falling_s: float) -> None:
        now_s = self._clock.now()
        at = int((now_s - self._began_s) * RATE) + _LEAD
        silent = damp(self._samples, at, int(falling_s * RATE))
        self._ends_s = min(self._ends_s, now_s + (silent - at + 2 * _LEAD) / RATE)

    def loud(self, volume: float) -> None:
        self._sound.set_volume(volume)

    def over(self) -> bool:
        if self._channel.get_sound() is not self._sound:
            return True
        if self._clock.now() < self._ends_s:
            return False
        self._channel.stop()
        return True

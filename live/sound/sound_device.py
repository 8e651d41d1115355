"""SDL's sound device for the built-in piano, which may be unplugged."""

from __future__ import annotations

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # it would print where the sender's answers go
import pygame

from live.sound import SoundError

RATE = 44100
BLOCK = 256
"""Samples per callback of SDL: the time grid of onsets, 5.8 ms."""
FIRST_OPENED = 2
"""SDL numbers the devices that a program has opened from here on; an event of a lower number is of another device."""


class SoundDevice:
    """Opens the mixer. Raises SoundError where there is no device.

    SDL goes on mixing for a device that has gone, and says so only by an event. Events need a video driver, so in a
    process without a window SDL gets its dummy one. `alive` is to be called on the thread that made the object.
    """

    def __init__(self) -> None:
        self._gone = False
        if not pygame.display.get_init():
            os.environ["SDL_VIDEODRIVER"] = "dummy"
            pygame.display.init()
            self._events = True
        else:  # the window's thread takes the events of this process
            self._events = pygame.display.get_driver() == "dummy"
        try:
            pygame.mixer.init(RATE, -16, 2, BLOCK, allowedchanges=0)
        except pygame.error as error:
            raise SoundError(f"no sound device can be opened: {error}") from None

    def alive(self) -> bool:
        """Whether the device is open and has not gone; from the thread that opened it."""
        if self._events:
            removed = [event for event in pygame.event.get() if event.type == pygame.AUDIODEVICEREMOVED]
            self._gone |= any(not event.iscapture and event.which >= FIRST_OPENED for event in removed)
        return not self._gone and pygame.mixer.get_init() is not None

"""The kiosk: visitors draw, play and hand over the turn, and no key stops or changes the show until a code is typed.

The code is typed at the keyboard of the window, followed by Enter; nothing shows it. After five wrong ones no code is
read for a minute, so that trying all numbers of four digits takes a day and more.
"""

from __future__ import annotations

import hmac
import logging
import threading
from contextlib import suppress
from typing import Final

import pygame

from live.gallery.screen_power import keep_awake
from live.video import keys
from live.video.stage import Stage

log = logging.getLogger(__name__)

UNLOCKED_S: Final = 120.0
"""It locks again so long after the last key."""
FORGOTTEN_S: Final = 10.0
"""A code that was begun is forgotten after this time without a key."""
TRIES: Final = 5
BLOCKED_S: Final = 60.0
ENTER: Final = (pygame.K_RETURN, pygame.K_KP_ENTER)


class Kiosk:
    """The lock of the window's keys while `/window/kiosk` is on. Without a code only that switch unlocks it."""

    def __init__(self, stage: Stage, code: str) -> None:
        self.locked = False
        """Whether keys are ignored now."""
        self._stage = stage
        self._code = code
        self._typed = ""
        self._key_s = self._unlocked_s = self._blocked_s = float("-inf")
        self._wrong = 0
        self._on = False

    def advance(self, now_s: float) -> None:
        """Follows the switch, and locks again after a while; on the main thread, with the window open."""
        on = bool(self._stage.tree.get("/window/kiosk"))
        if on != self._on:
            self._on, self._unlocked_s = on, float("-inf")
            self._hold_screen(on)
            if on and not self._code:
                log.info("kiosk: no code is set (--kiosk-code-file FILE); only /window/kiosk 0 unlocks the keys")
        locked = on and now_s >= self._unlocked_s
        if locked != self.locked:
            self.locked = locked
            self._stage.tree.publish("/window/locked", locked)

    def takes(self, event: pygame.event.Event, now_s: float) -> bool:
        """Reads a key as part of the code; True where it must do nothing else but what `pressed` does."""
        if not self._on:
            return False
        if not self.locked:
            self._unlocked_s = now_s + UNLOCKED_S
            return False
        if now_s - self._key_s > FORGOTTEN_S:
            self._typed = ""
        self._key_s = now_s
        if event.key not in ENTER:
            self._typed = (self._typed + getattr(event, "unicode", ""))[-64:]
            return True
        typed, self._typed = self._typed, ""
        if typed and self._code and now_s >= self._blocked_s:
            self._try(typed, now_s)
        return True

    def pressed(self, event: pygame.event.Event) -> None:
        """What a key does for visitors: Space hands over the turn in a duet."""
        if event.key == pygame.K_SPACE:
            keys.hand_over(self._stage)

    # -- inside -------------------------------------------------------------------------------------------------

    def _try(self, typed: str, now_s: float) -> None:
        if hmac.compare_digest(typed.encode(), self._code.encode()):
            self._wrong, self._unlocked_s = 0, now_s + UNLOCKED_S
            log.info("kiosk: unlocked by its code; it locks again %g s after the last key", UNLOCKED_S)
            self.advance(now_s)
            self._stage.say(False, f"unlocked, until {UNLOCKED_S:.0f} s after the last key")
            return
        self._wrong += 1
        if self._wrong % TRIES == 0:
            self._blocked_s = now_s + BLOCKED_S
            log.warning("kiosk: %d wrong codes; none is read for %g s", self._wrong, BLOCKED_S)

    def _hold_screen(self, on: bool) -> None:
        """Keeps the screen awake, and keys such as Alt-Tab in the window where the system lets it."""
        with suppress(pygame.error):  # a driver may know neither
            pygame.display.set_allow_screensaver(not on)
            pygame.event.set_keyboard_grab(on)
        if on:
            threading.Thread(target=self._keep_awake, name="screen awake", daemon=True).start()

    def _keep_awake(self) -> None:
        if pygame.display.get_init() and pygame.display.get_driver() == "x11" and (reason := keep_awake()):
            log.warning("kiosk: the screen may go blank: %s", reason)

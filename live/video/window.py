"""The pygame window, on the main thread: shows a Stage, and passes on keys, mouse, pen and touch."""

from __future__ import annotations

import logging
from collections import deque

import pygame

from live.nodes.quality import limits
from live.video import Window, keys
from live.video.computer_piano import ComputerPiano
from live.video.hud import Hud
from live.video.input_signal import InputSignal
from live.video.kiosk import Kiosk
from live.video.projection import Projection
from live.video.projection_setting import ProjectionSetting
from live.video.stage import Stage

log = logging.getLogger(__name__)

TITLE = "Arabesque"
REST_S = 3.0
"""The pointer is hidden after this time without a movement."""
NO_SCREEN = ("offscreen", "dummy")
"""SDL drivers without a display, which SDL chooses on a machine without a screen."""
FPS_WINDOW_S = 1.0


class Screen:
    """Opens the window of a stage, draws it at its rate, applies its changes, and closes it.

    Without a screen everything else continues, and a warning is logged once.
    """

    def __init__(self, stage: Stage, asked_driver: str | None = None, kiosk_code: str = "") -> None:
        self.stage = stage
        self.hud = Hud(stage)
        self.projection = Projection(stage.tree)
        self.setting = ProjectionSetting(stage.tree, self.projection)
        self.surface: pygame.Surface | None = None
        self._asked_driver = asked_driver
        self._window: Window | None = None
        self._full: tuple[bool, int] = (False, 0)
        self._failed = False
        self._next_s = 0.0
        self._frames: deque[float] = deque()
        self._published_s = 0.0
        self._draw_s = 0.0
        self._over = False
        self._moved_s = 0.0
        self._cursor = True
        self._exposed = True
        self._fingers: dict[tuple[int, int], int] = {}
        self._piano = ComputerPiano(stage.tree)
        self._input = InputSignal(stage.tree)
        self.kiosk = Kiosk(stage, kiosk_code)

    def frame(self) -> float:
        """Handles events and draws a frame if one is due; returns the time of the next one. Never waits for a model.
        """
        with self.stage.lock:
            return self._frame()

    def close(self) -> None:
        """Closes the window."""
        self.surface = None
        pygame.display.quit()

    # -- inside --------------------------------------------------------------------------------------------------

    def _frame(self) -> float:
        stage, now_s = self.stage, self.stage.clock.now()
        if stage.window != self._window:
            self._follow()
        if self.surface is None or stage.window is None:
            return float("inf")
        if now_s < self._next_s:
            return self._next_s
        self.kiosk.advance(now_s)
        for event in pygame.event.get():
            self._input.see(event, now_s)
            self._handle(event, now_s)
        wanted = bool(stage.tree.get("/window/fullscreen")), int(stage.tree.get("/window/display"))  # type: ignore[arg-type]
        if wanted != self._full:
            self._open(stage.window, *wanted)
        self._full = wanted
        self._draw()
        done_s = stage.clock.now()
        self._draw_s += (done_s - now_s - self._draw_s) * 0.05
        self._publish(done_s)
        rate = min(float(stage.tree.get("/window/rate")), limits(stage.tree).window)  # type: ignore[arg-type]
        self._next_s = max(self._next_s + 1.0 / rate, done_s)
        return self._next_s

    def _follow(self) -> None:
        """Opens, changes or closes the window according to the patch."""
        window, self._window = self.stage.window, self.stage.window
        if window is None:
            self.close()
        elif not self._failed:
            self._full = window.fullscreen, window.display
            self._open(window, *self._full)

    def _open(self, window: Window, fullscreen: bool, display: int) -> None:
        try:
            pygame.display.init()
            if pygame.display.get_driver() in NO_SCREEN and pygame.display.get_driver() != self._asked_driver:
                raise pygame.error("there is no screen")
            screens = len(pygame.display.get_desktop_sizes())
            display = display if display < screens else 0
            moves = fullscreen or display != self._full[1]
            if moves and self.surface is not None and pygame.display.get_driver() == "x11":
                # Without a window manager an open window is not moved to another screen, nor to a screen's corner.
                pygame.display.quit()
                pygame.display.init()
            if fullscreen:
                self.surface = pygame.display.set_mode((0, 0), pygame.FULLSCREEN, display=display)
            else:
                size = window.width, window.height
                self.surface = pygame.display.set_mode(size, pygame.RESIZABLE, display=display)
                if self.surface.get_size() != size:  # some drivers only leave the full screen at the first call
                    self.surface = pygame.display.set_mode(size, pygame.RESIZABLE, display=display)
        except pygame.error as error:
            self._failed, self.stage.no_screen = True, str(error)
            self.close()
            log.warning("no window: %s; playing without one (--headless silences this)", error)
            return
        pygame.display.set_caption(TITLE)
        pygame.key.set_repeat()
        self._exposed = True
        self._next_s = self.stage.clock.now()

    def _draw(self) -> None:
        surface = pygame.display.get_surface()
        if surface is None:
            return
        stage, self.surface = self.stage, surface
        if self.projection.follow(surface.get_size()):
            self._exposed = True
        picture = self.projection.picture(surface)
        if stage.size != picture.get_size():
            stage.size = picture.get_size()
            stage.tree.publish("/window/width", stage.size[0])
            stage.tree.publish("/window/height", stage.size[1])
            self._exposed = True
        setting = self.setting.mode != "off" and not stage.blackout.dark
        over, was_over = (setting or self.hud.wants()) and not stage.blackout.dark, self._over
        box = stage.draw(picture, whole=self._exposed or over or was_over)
        if setting:
            self.setting.draw_grid(picture)
        elif over:
            self.hud.draw(picture)
        self._over, self._exposed = over, False
        if box is not None:
            if picture is not surface:
                self.projection.show(surface)
                box = surface.get_rect()
            if setting:
                self.setting.draw_handles(surface)
            pygame.display.update(box)

    def _publish(self, now_s: float) -> None:
        self._frames.append(now_s)
        while self._frames[0] <= now_s - FPS_WINDOW_S:
            self._frames.popleft()
        if now_s - self._published_s >= 0.5:
            self._published_s = now_s
            self.stage.tree.publish("/window/fps", float(len(self._frames)))
            self.stage.tree.publish("/window/draw_ms", self._draw_s * 1000.0)
            if self._cursor != (now_s - self._moved_s < REST_S and not self.kiosk.locked):
                self._cursor = not self._cursor
                pygame.mouse.set_visible(self._cursor)

    def _handle(self, event: pygame.event.Event, now_s: float) -> None:
        stage = self.stage
        match event.type:
            case pygame.QUIT if not self.kiosk.locked:
                stage.tree.set("/engine/stop", True)
            case pygame.KEYDOWN if self.kiosk.takes(event, now_s):
                if not event.mod & keys.MODIFIERS and not self._piano.pressed(event.scancode):
                    self.kiosk.pressed(event)
            case pygame.KEYDOWN if event.mod & keys.MODIFIERS:
                keys.pressed(stage, event)
            case pygame.KEYDOWN if self.setting.key(event, self._output_size()):
                pass
            case pygame.KEYDOWN:
                if not self._piano.pressed(event.scancode):
                    keys.pressed(stage, event)
            case pygame.KEYUP:
                self._piano.released(event.scancode)
            case pygame.WINDOWFOCUSLOST:
                self._piano.release_all()
            case pygame.WINDOWEXPOSED | pygame.WINDOWRESTORED | pygame.WINDOWSHOWN:
                self._exposed = True
            case pygame.MOUSEBUTTONDOWN | pygame.MOUSEBUTTONUP if event.button == 1 and not event.touch:
                self._touch(event.pos, event.type == pygame.MOUSEBUTTONDOWN)
            case pygame.MOUSEBUTTONDOWN if event.button == 3 and not event.touch:
                self._erase(event.pos)
            case pygame.MOUSEMOTION:
                self._moved_s = now_s
                if event.buttons[0] and not event.touch:
                    self._touch(event.pos, True)
                elif event.buttons[2] and not event.touch:
                    self._erase(event.pos)
            case pygame.FINGERDOWN | pygame.FINGERMOTION | pygame.FINGERUP:
                width, height = self._output_size()
                at, down = (event.x * width, event.y * height), event.type != pygame.FINGERUP
                key = getattr(event, "touch_id", 0), event.finger_id  # two screens may number their fingers alike
                number = self._fingers.get(key) or self._new_finger()
                self._fingers[key] = number
                self._touch(at, down, number)
                if not down:
                    del self._fingers[key]

    def _new_finger(self) -> int:
        """The least finger number, from 1 on, that is not in use; the system's own numbers are arbitrary."""
        return min(set(range(1, len(self._fingers) + 2)) - set(self._fingers.values()))

    def _output_size(self) -> tuple[int, int]:
        return self.surface.get_size() if self.surface is not None else self.stage.size

    def _touch(self, at_px: tuple[float, float], down: bool, finger: int = 0) -> None:
        """A pen, mouse or finger on the output: it draws, or in the setting mode moves a handle."""
        if self.setting.mode != "off":
            self.setting.touch(at_px, down, self._output_size())
            return
        at_px = self.projection.picture_px(at_px)
        node = self.stage.top_ink()
        if node is not None:
            self.stage.touch(node, *self.stage.paper_under(*at_px), down, finger)

    def _erase(self, at_px: tuple[float, float]) -> None:
        node = self.stage.top_ink() if self.setting.mode == "off" else None
        if node is not None:
            self.stage.pens.erase(node, *self.stage.paper_under(*self.projection.picture_px(at_px)))

"""A layer of drawings: an output that draws each pen event of a node when it is due, and the performer's at once."""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

import pygame

from live.system.queues import TimedQueue
from live.video import Layer
from live.video.brush import StrokeRaster
from live.video.layer_knobs import INK_KNOBS
from live.video.palette import alike, legible, luminance, mixed, turned
from live.video.placement import GOLDEN, Box, Move, Placement
from live.video.scene import Scene
from live.video.strokes import Colour, Drawing, DrawingList
from models.base import Event, Page, Pen

log = logging.getLogger(__name__)

STAYS: Move = Move()
"""A drawing that is shown where the model draws it."""
FADE_LEVELS = 64
"""Number of steps in which a drawing fades; its pixels are recomputed at each step only."""


class Ink:
    """Takes Pen and Page events from any thread; the main thread turns them into strokes and pixels."""

    def __init__(self, name: str, layer: Layer) -> None:
        self.name = name
        self.layer = layer
        self.paper = DrawingList()
        self.dropped = 0
        """Number of events dropped because 100,000 were waiting."""
        self.look: Mapping[str, Any] = {knob: declared.default for knob, declared in INK_KNOBS.items()}
        self._timed: TimedQueue[Pen | Page] = TimedQueue()
        self._lock = threading.Lock()
        self._touched: deque[Pen] = deque(maxlen=100_000)
        self._down: set[int] = set()
        self._interrupted = self._wiped = False
        self._placement = Placement()
        self._moves: dict[int, Move] = {}
        self._lines: dict[int, Colour] = {}
        """For each pen of the model the colour that suits the picture behind its drawing."""
        self._answers: dict[int, bool] = {}
        self._erased: deque[tuple[float, float, float]] = deque(maxlen=10_000)
        self._taken_back: deque[int] = deque(maxlen=1000)
        self._now_s = 0.0
        self._size = (0, 0)
        self._sheets: dict[Drawing, StrokeRaster] = {}
        self._faded: dict[Drawing, tuple[int, pygame.Surface]] = {}
        self._background: pygame.Surface | None = None
        self._erasures = 0
        self._shown: tuple[Any, ...] = ()

    # -- Output: from the node's thread --------------------------------------------------------------------------

    def send(self, due_s: float, event: Event) -> None:
        """Schedules a Pen or a Page; other events are ignored."""
        if isinstance(event, Pen | Page):
            try:
                self._timed.put(due_s, event)
            except OverflowError as error:
                self.dropped += 1
                if self.dropped == 1:
                    log.warning("the layer of %s: %s", self.name, error)

    def withdraw(self, after_s: float) -> None:
        """Drops events due later than a time."""
        self._timed.withdraw(after_s)

    def silence(self) -> None:
        """Drops all events that are not drawn yet, and lifts the pens."""
        self._timed.withdraw(float("-inf"))
        self._interrupted = True

    def close(self) -> None:
        """Silences the output; drawings stay until the layer is removed."""
        self.silence()

    # -- from the window or over OSC -----------------------------------------------------------------------------

    def performer_pen(self, x: float, y: float, down: bool, pen: int = 0, pressure: float = 1.0) -> list[Pen]:
        """A performer's pen, from any thread: drawn with the next frame. Returns its events for the model.

        A pen that touches the paper is first moved there without drawing, so that no line connects two strokes.
        """
        with self._lock:
            events = [Pen(x, y, down, pen, pressure)]
            if down and pen not in self._down:
                events.insert(0, Pen(x, y, False, pen, pressure))
            (self._down.add if down else self._down.discard)(pen)
            self._touched.extend(events)
        return events

    def erase(self, x: float, y: float, radius: float) -> None:
        """Erases a circle with the next frame, from any thread."""
        self._erased.append((x, y, radius))

    def wipe(self) -> None:
        """Erases everything with the next frame, from any thread, without the model, which may clear later or never."""
        self._wiped = True

    def undo_performer(self, pen: int) -> bool:
        """Takes back the last stroke of a performer's pen, and its answer, with the next frame, from any thread.

        False where there is none.
        """
        waiting = any(moved.pen == pen and moved.down for moved in tuple(self._touched))
        if not waiting and not any(one.pen == -1 - pen for one in tuple(self.paper.drawings)):
            return False
        self._taken_back.append(pen)
        return True

    # -- on the main thread --------------------------------------------------------------------------------------

    def advance(self, now_s: float, look: Mapping[str, Any], scene: Scene) -> None:
        """Draws everything that is due by now; `look` has the present knobs of the layer, `scene` what is behind."""
        self.look = look
        self._now_s = now_s
        if self._interrupted:
            self._interrupted = False
            self.paper.interrupt()
        width = look["width"] / 500.0
        for due_s, event in self._timed.take_due(now_s):
            match event:
                case Pen(x, y, down, pen, pressure):
                    to = self._moves.get(pen, STAYS)(x, y)
                    self.paper.move(due_s, abs(pen), to, down, width, self._colour(abs(pen)), pressure)
                case Page("new", pen, box, answers):
                    self._new_page(due_s, abs(pen), box, answers, scene)
                case Page("clear"):
                    self.paper.clear()
                case Page("undo", pen):
                    self.paper.undo(abs(pen))
        while self._touched:
            moved = self._touched.popleft()
            colour = _of_performer(look["performer_colour"], moved.pen, self._behind(scene))
            self.paper.move(
                now_s, -1 - moved.pen, (moved.x, moved.y), moved.down, width, colour, 0.25 + 0.75 * moved.pressure
            )
        while self._taken_back:
            self.paper.undo_performer(self._taken_back.popleft())
        while self._erased:
            x, y, radius = self._erased.popleft()
            if self.paper.erase((x, y), radius) and look["fade"] <= 0.0:
                self.paper.erasures += 1
        if look["clear"] or self._wiped:
            self._wiped = False
            self.paper.clear()
        if look["undo"]:
            self.paper.undo()
        if look["fade"] > 0.0:
            self.paper.forget(now_s, look["fade"])

    def dirty(self, size: tuple[int, int]) -> pygame.Rect | None:
        """Updates the pixels for a window of this size; returns the changed box, if any."""
        whole = pygame.Rect((0, 0), size)
        fades = self.look["fade"] > 0.0
        shown = (size, fades, self.paper.erasures, self.look["paper"], self.look["opacity"], self.look["blend"])
        anew = shown != self._shown
        if anew and (size != self._size or fades != self._shown[1] or self.paper.erasures != self._erasures):
            self._sheets, self._faded, self._background = {}, {}, None
        self._size, self._erasures, self._shown = size, self.paper.erasures, shown
        changed: pygame.Rect | None = None
        drawings = self.paper.drawings
        for drawing in [drawing for drawing in self._sheets if drawing not in drawings]:
            gone = self._sheets.pop(drawing)
            self._faded.pop(drawing, None)
            changed = _union(changed, gone.bounds if fades else None)
        for drawing in drawings:
            sheet = self._sheets.get(drawing)
            if sheet is None or sheet.erasures != drawing.erasures:
                changed = _union(changed, sheet.bounds if sheet is not None else None)
                sheet = self._sheets[drawing] = StrokeRaster(size, drawing.erasures)
                self._faded.pop(drawing, None)
            changed = _union(changed, sheet.paint(drawing, self._now_s if self.look["glide"] else math.inf))
            if drawing.ended_s is not None:
                if fades:
                    changed = _union(changed, self._fade(drawing, sheet))
                else:
                    self._settle(sheet)
        return whole if anew else changed

    def draw(self, surface: pygame.Surface) -> None:
        """Draws the paper and all drawings over a surface."""
        red, green, blue, opacity = self.look["paper"]
        if opacity > 0.0:
            paper = pygame.Surface(surface.get_size(), 0, 32)
            paper.fill([round(part * 255.0) for part in (red, green, blue)])
            paper.set_alpha(round(opacity * 255.0))
            surface.blit(paper, (0, 0))
        if self._background is not None:
            surface.blit(self._background, (0, 0))
        for drawing in self.paper.drawings:
            sheet = self._sheets.get(drawing)
            if sheet is None or not sheet.bounds.w:
                continue
            faded = self._faded.get(drawing)
            if faded is not None:
                surface.blit(faded[1], sheet.bounds)
            elif not sheet.settled:
                surface.blit(sheet.picture, sheet.bounds)

    # -- inside --------------------------------------------------------------------------------------------------

    def _new_page(
        self, due_s: float, pen: int, box: tuple[float, float, float] | None, answers: int | None, scene: Scene
    ) -> None:
        move, place = STAYS, None
        if box is not None and self.look["compose"]:
            now_s, fade_s, drawings = self._now_s, self.look["fade"], self.paper.drawings
            others = [(extent, one.visible(now_s, fade_s)) for one in drawings if (extent := one.extent())]
            move, place = self._placement.place(box, others, scene.size, scene.picture)
        self._moves[pen] = move
        if answers is not None:
            self._lines[pen] = _of_performer(self.look["answer_colour"], answers, self._behind(scene))
        elif scene.palette.colours and self.look["tint"] > 0.0:
            behind = place or (Box(box[0], box[1], box[2], box[2]) if box is not None else None)
            self._lines[pen] = scene.palette.line(scene.colour(behind))
        else:
            self._lines.pop(pen, None)
        self._answers[pen] = answers is not None
        self.paper.new_page(due_s, pen, place, answers)

    def _behind(self, scene: Scene) -> Colour:
        """The colour of the paper, or of the picture where there is none."""
        *paper, opacity = self.look["paper"]
        return mixed(scene.colour(None), _rgb(tuple(paper)), opacity)

    def _colour(self, pen: int) -> Colour:
        """The colour of a model's pen."""
        if self._answers.get(pen):
            return self._lines[pen]
        colour = _rgb(self.look["colour"])
        return mixed(colour, self._lines[pen], self.look["tint"]) if pen in self._lines else colour

    def _fade(self, drawing: Drawing, sheet: StrokeRaster) -> pygame.Rect | None:
        if not sheet.bounds.w:
            return None
        left = drawing.visible(self._now_s, self.look["fade"])
        level = max(0, min(FADE_LEVELS, int(left * FADE_LEVELS) + 1))
        before = self._faded.get(drawing)
        if before is not None and before[0] == level:
            return None
        faded = sheet.picture.copy()
        alpha = pygame.surfarray.pixels_alpha(faded)
        alpha[:] = (alpha.astype("uint16") * level // FADE_LEVELS).astype("uint8")
        del alpha
        self._faded[drawing] = level, faded
        return sheet.bounds

    def _settle(self, sheet: StrokeRaster) -> None:
        """Merges a finished drawing into one background, so that hundreds cost no more than one."""
        if sheet.settled:
            return
        if self._background is None:
            self._background = pygame.Surface(self._size, pygame.SRCALPHA, 32)
        if sheet.bounds.w:
            self._background.blit(sheet.picture, sheet.bounds)
        sheet.settle()


def _of_performer(colour: tuple[float, ...], pen: int, behind: Colour) -> Colour:
    """The colour of a performer's lines, or of their answers: of the first as given, with other hues for the others,
    and legible over the colour `behind`.
    """
    given = turned(_rgb(colour), pen * GOLDEN)
    return legible(given, luminance(behind)) if pen or alike(given, behind) else _rgb(colour)


def _rgb(parts: tuple[float, ...]) -> Colour:
    red, green, blue = parts
    return red, green, blue


def _union(first: pygame.Rect | None, second: pygame.Rect | None) -> pygame.Rect | None:
    if first is None or second is None or not second.w:
        return first if second is None or not second.w else second.copy()
    return first.union(second)

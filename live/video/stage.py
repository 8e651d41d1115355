"""The stage: all layers of a patch, their addresses and their picture, with or without a window.

Nodes send to it from their threads and OSC writes to its addresses; the main thread calls `advance` and `draw`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pygame

from live.nodes.output import EventOutput
from live.parameters.tree import Tree
from live.system.fair_lock import FairLock
from live.transport.clock import Clock
from live.video import Layer, Roll, Window, svg
from live.video.blackout import Blackout
from live.video.blend import lay
from live.video.feedback import Feedback
from live.video.files import FileWriter
from live.video.frame_tap import FrameTaps
from live.video.guidance import Guidance
from live.video.ink import Ink
from live.video.layer_knobs import HAND_KNOBS, INK_KNOBS, PICTURE_KNOBS, ROLL_KNOBS, laid
from live.video.performer_pens import WINDOW, Hear, Paper, PerformerPens, writing_performer
from live.video.piano_roll import PianoRoll
from live.video.picture_layer import PictureLayer
from live.video.privacy import Privacy
from live.video.roll_views import roll_views
from live.video.scene import Scene
from live.video.window_parameters import WINDOW_KNOBS
from models.base import Edges, Knob, KnobError, Page, Value

BACKGROUND = (12, 12, 16)
UNDRAWN_S = 0.5
"""After this time without a drawn frame the stage counts as one without a window."""
SHOTS_AT_MOST = 16
"""Pictures asked for by `/window/shot` that wait to be drawn."""
View = PictureLayer | PianoRoll | Ink


class Stage:
    """The layers of one engine. Errors are reported to `fail`; files are written to `folder`."""

    def __init__(self, tree: Tree, clock: Clock, fail: Callable[[str], None], folder: Path | None = None) -> None:
        self.window: Window | None = None
        self.size = Window().width, Window().height
        """Size of the window in pixels; without a window, of the picture."""
        self.inks: dict[str, Ink] = {}
        self.pictures: dict[str, PictureLayer] = {}
        self.rolls: dict[str, PianoRoll] = {}
        self.guidance = Guidance(tree)
        self.scene = Scene(clock)
        self.privacy = Privacy(tree)
        self.taps = FrameTaps(clock, self.privacy.shows_camera)
        """Taps that receive the pictures besides the window."""
        self.notes: list[tuple[float, bool, str]] = []
        """Recent messages to show: (time, whether it is an error, sentence)."""
        self.tree = tree
        self.clock = clock
        self._fail = fail
        self.blackout = Blackout(tree)
        self.feedback = Feedback(tree, clock)
        self.lock = FairLock()
        """Held while layers are added and removed, so that a frame shows either all of a change or none of it. The main
        thread takes it for every frame, and must not take it before a thread that waits."""
        self._hear: dict[str, Hear] = {}
        self._names: dict[str, list[str]] = {}
        self.pens = PerformerPens(tree, self._paper)
        self._shots: list[str] = []
        self._changed: pygame.Rect | None = None
        self._drawn = (0, 0)
        self.drawn_s = float("-inf")
        """When the window was drawn last."""
        self.no_screen = ""
        """Why the window that the patch asks for could not be opened."""
        self._changes = 0
        self._dark = 0.0
        self._writer = FileWriter(folder or Path(), partial(self.say, False), fail, at_once=clock.virtual)
        tree.watchers.append(self._watch)

    # -- layers, from any thread --------------------------------------------------------------------------

    def set_window(self, window: Window | None) -> None:
        """Sets the window of the patch; its addresses are added and removed with it."""
        with self.lock:
            before, self.window = self.window, window
            if window is None:
                self.tree.remove("window")
                return
            self.size = window.width, window.height
            names = "fullscreen", "display", "width", "height", "invitation"
            begins: dict[str, Value] = {name: getattr(window, name) for name in names}
            for name, knob in ({} if before else WINDOW_KNOBS).items():
                self.tree.add(f"/window/{name}", knob, self._shoot if name == "shot" else None)
            for name, value in begins.items():
                if before is None or getattr(before, name) != value:
                    self.tree.publish(f"/window/{name}", value)

    def add(self, node: str, layer: Layer, hear: Hear, begins: Mapping[str, Value]) -> None:
        """Adds a layer for a node, with the defaults `begins`; `hear` is called with the performer's events.

        An existing layer is moved. The model's own knobs take precedence over the layer's of the same name.
        """
        with self.lock:
            ink = self.inks.get(node)
            if ink is not None:
                self._move(f"/{node}", ink, layer)
                return
            self._hear[node] = hear
            self._names[node] = self._declare(node, {**INK_KNOBS, **HAND_KNOBS}, layer, begins)
            self.inks = {**self.inks, node: Ink(node, layer)}
            self._changed = pygame.Rect((0, 0), self.size)

    def add_picture(self, node: str, layer: Layer, begins: Mapping[str, Value]) -> None:
        """Adds a layer for a node that sends frames; otherwise like `add`."""
        with self.lock:
            picture = self.pictures.get(node)
            if picture is not None:
                self._move(f"/{node}", picture, layer)
                return
            self._names[node] = self._declare(node, PICTURE_KNOBS, layer, begins)
            self.pictures = {**self.pictures, node: PictureLayer(node, layer)}
            self._changed = pygame.Rect((0, 0), self.size)

    def remove(self, node: str) -> None:
        """Removes a node's layer, if it has one, with its addresses."""
        with self.lock:
            self.inks = {name: ink for name, ink in self.inks.items() if name != node}
            self.pictures = {name: picture for name, picture in self.pictures.items() if name != node}
            for name in self._names.pop(node, ()):
                self.tree.remove(f"{node}/{name}")
            self._changed = pygame.Rect((0, 0), self.size)

    def set_rolls(self, rolls: Mapping[str, Roll]) -> None:
        """Sets the piano rolls of the patch; unchanged ones stay as they are."""
        with self.lock:
            self.rolls = roll_views(self.tree, self.rolls, rolls, self._move)
            self._changed = pygame.Rect((0, 0), self.size)

    def outputs(self, node: str) -> list[EventOutput]:
        """The views that show a node's events."""
        views: list[EventOutput] = [layer[node] for layer in (self.inks, self.pictures) if node in layer]
        return [*views, *(roll for roll in self.rolls.values() if roll.of == node)]

    # -- performers ----------------------------------------------------------------------------------------------

    def touch(
        self, node: str, x: float, y: float, down: bool, finger: int = 0, performer: Hashable = WINDOW,
        pressure: float = 1.0,
    ) -> None:  # fmt: skip
        """Moves a performer's pen on a node's paper, from any thread (see PerformerPens)."""
        if self.pens.touch(node, (x, y), down, finger, performer, pressure):
            self.guidance.taken_part = True

    def paper_under(self, x_px: float, y_px: float) -> tuple[float, float]:
        """The position on the paper of a pixel of the window."""
        half = min(self.size) / 2.0
        return (x_px - self.size[0] / 2.0) / half, (y_px - self.size[1] / 2.0) / half

    def top_ink(self) -> str | None:
        """The node of the front layer that can be drawn on; None without one."""
        inks = list(self.inks.values())
        return max(reversed(inks), key=lambda ink: ink.layer.number).name if inks else None

    def say(self, error: bool, sentence: str) -> None:
        """Shows a message for some seconds; from any thread."""
        self.notes = [*self.notes[-4:], (self.clock.now(), error, sentence)]

    def save(self, nodes: list[str] | None = None) -> None:
        """Writes the drawings of the named nodes, or of all, to a new SVG file with a group for each layer."""
        inks = sorted((ink for ink in self.inks.values() if nodes is None or ink.name in nodes), key=_number)
        layers = [svg.SvgLayer.of(ink) for ink in inks]
        if layers:
            name = " ".join([*(ink.name for ink in inks), self.clock.date()])
            self._writer.text(name, ".svg", svg.document(layers, *self.size))

    # -- the main thread -----------------------------------------------------------------------------------------

    def advance(self, now_s: float) -> None:
        """Processes events that are due, and the requests of the addresses."""
        with self.lock:
            for name, picture in self.pictures.items():
                picture.advance({**picture.look, **self.tree.snapshot(name, self._names[name])})
            self.scene.see(self.pictures.values(), self.size)
            for name, ink in self.inks.items():
                asked = self.tree.snapshot(name, self._names[name])
                ink.advance(now_s, {**_DEFAULTS, **asked}, self.scene)
                if asked.get("save"):
                    self.save([name])
            for name, roll in self.rolls.items():
                roll.advance(now_s, self.tree.snapshot(name, ROLL_KNOBS), self.scene)
            if self.window is not None and not self._writer.full:
                if self.tree.snapshot("window", ["screenshot"])["screenshot"]:
                    self._shots.insert(0, f"arabesque {self.clock.date()}")
                if self._shots:  # one at a time: the window is drawn between them
                    self._writer.picture(self._shots.pop(0), self.picture(self.privacy.shows_camera("machine")))

    def draw(self, surface: pygame.Surface, whole: bool = False) -> pygame.Rect | None:
        """Draws what has changed since the last call, or all; returns the drawn box, or None.

        At full blackout it draws black without calling any layer.
        """
        with self.lock:
            dark = self.blackout.dark
            whole = whole or self.feedback.on or (self._drawn, self._dark) != (surface.get_size(), dark)
            box = surface.get_rect() if whole else None
            if dark < 1.0:  # a failing layer must not prevent the blackout
                self._update(surface.get_size())
                box, self._changed = box or self._changed, None
            if box is not None:
                box = box.clip(surface.get_rect())
                self._paint(surface, box, dark)
                self._changes += 1
            self._drawn, self._dark = surface.get_size(), dark
            self.drawn_s = self.clock.now()
            self.taps.offer(surface, self._changes, partial(self.picture, False))
            return box

    def picture(self, camera: bool = True) -> pygame.Surface:
        """A picture of all layers, or of all but those of cameras, in the size of the window."""
        with self.lock:
            surface, dark = pygame.Surface(self.size, 0, 32), self.blackout.dark
            if dark < 1.0:
                self._update(self.size)
            self._paint(surface, surface.get_rect(), dark, camera)
            return surface

    def show(self, now_s: float) -> float:
        """Draws for the taps if no window is drawn; returns the time of the next call."""
        wanted_s = max(self.taps.next_s(), self.drawn_s + UNDRAWN_S)
        if wanted_s > now_s:
            return wanted_s
        surface = self.picture()
        self._changes += 1
        self.taps.offer(surface, self._changes, partial(self.picture, False))
        return self.taps.next_s()

    def close(self) -> None:
        """Waits until all files are written."""
        self._writer.close()

    # -- inside --------------------------------------------------------------------------------------------------

    def _declare(self, node: str, knobs: dict[str, Knob], layer: Layer, begins: Mapping[str, Value]) -> list[str]:
        """Adds the addresses of a node's layer except those that the model declares; returns their names."""
        names = [name for name in knobs if f"/{node}/{name}" not in self.tree]
        for name, knob in laid(knobs, layer).items():
            if name in names:
                default = knob.coerce(begins[name]) if name in begins else knob.default
                self.tree.add(f"/{node}/{name}", replace(knob, default=default), self._heard(node, name))
        return names

    def _views(self) -> list[View]:
        return sorted([*self.pictures.values(), *self.rolls.values(), *self.inks.values()], key=_number)

    def _update(self, size: tuple[int, int]) -> None:
        for view in self._views():
            box = view.dirty(size)
            if box is not None:
                self._changed = box.union(self._changed) if self._changed else box.copy()

    def _paint(self, surface: pygame.Surface, box: pygame.Rect, dark: float, camera: bool = True) -> None:
        if dark < 1.0:
            surface.set_clip(box)
            surface.fill(BACKGROUND)
            for view in self._views():
                if camera or not isinstance(view, PictureLayer):
                    lay(surface, view, view.look["opacity"], view.look["blend"])
            surface.set_clip(None)
            if camera:  # the feedback has earlier pictures in it
                self.feedback.apply(surface)
        self.blackout.darken(surface, box, dark)

    def _move(self, address: str, view: View, layer: Layer) -> None:
        before, view.layer = view.layer, layer
        if before.opacity != layer.opacity:
            self.tree.set(f"{address}/opacity", layer.opacity)
        if before.blend != layer.blend:
            self.tree.set(f"{address}/blend", layer.blend)
        self._changed = pygame.Rect((0, 0), self.size)

    def _heard(self, node: str, name: str) -> Callable[[Value], None] | None:
        """What a write does beyond storing: what a performer does, and what the model must hear of, too."""
        if name == "pen":
            return lambda value: self._pen(node, value)
        if name in ("erase", "undo_stroke"):
            return partial(self.pens.act, node, name)
        if name == "clear":
            return lambda _: self._hear[node](Page("clear"))
        if name == "undo":
            return lambda _: self._hear[node](Page("undo"))
        return None

    def _pen(self, node: str, value: Value) -> None:
        assert isinstance(value, tuple)
        x, y, down, finger, pressure = (*value, *(0.0, 1.0)[len(value) - 3 :])
        self.touch(node, x, y, down >= 0.5, int(finger), writing_performer(), pressure)

    def _paper(self, node: str) -> Paper | None:
        ink, hear = self.inks.get(node), self._hear.get(node)
        edges = Edges(*(side / min(self.size) for side in self.size))
        return Paper(node, ink, hear, edges) if ink is not None and hear is not None else None

    def _shoot(self, value: Value) -> None:
        if len(self._shots) >= SHOTS_AT_MOST:
            raise KnobError(f"/window/shot: {SHOTS_AT_MOST} pictures wait to be written already; {value!r} is left out")
        self._shots.append(str(value))

    def _watch(self, address: str, arguments: tuple[Any, ...]) -> None:
        if address == "/engine/error":
            self.say(True, str(arguments[0]))
        elif address.endswith("/heard"):
            self.guidance.taken_part = True
            for roll in self.rolls.values():
                if address == f"/{roll.of}/heard":
                    roll.perform(self.clock.now(), *arguments)


_DEFAULTS = {name: knob.default for name, knob in INK_KNOBS.items()}


def _number(view: View) -> int:
    return view.layer.number

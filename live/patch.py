"""The Patch: a value that describes models, their outputs and their knobs, without opening or starting anything.

A patch file is a Python file that defines one `Patch`. `load` runs it in a new namespace and checks it; `diff` returns
the changes between two patches, which an engine can apply while it plays.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import importlib.util
import linecache
import sys
import traceback
from collections import abc
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from live.midi import Keys, Midi
from live.nodes.event_runner import EventRunner
from live.nodes.frame_runner import FrameRunner
from live.nodes.note_runner import NoteRunner
from live.show.mapping import Mapping
from live.system.beside_modules import importable, modules_in
from live.system.sentence import describe
from live.video import Layer, Roll, Window
from live.video.camera import Camera
from live.video.layer_knobs import INK_KNOBS, PICTURE_KNOBS, laid, roll_knobs
from models.base import Knob, KnobError, Model, Sees, Value

RESERVED = {
    *("engine", "clock", "midi", "camera", "window", "preset", "cue", "mapping", "health", "metrics"),
    *("error", "get", "list", "ping", "pong", "subscribe", "unsubscribe"),
}
"""First parts of the engine's own addresses, which cannot be names of nodes."""


class PatchError(Exception):
    """An invalid patch; the message names the file, the line if known, and what was expected."""


Out = Midi | Layer
Source = Keys | Camera


class Node:
    """One model in a patch: its weights, its outputs, and the knobs that differ from their defaults.

    `weights` is a name or file, if the model has weights. `out` is a Midi, a window's layer, or a tuple of both; with a
    layer, its knobs (width, colour, paper, fade …) may be given here, too. `source` is the input: Keys for a model that
    receives a performer's notes, or a Camera for a model that takes pictures, which needs a layer. A knob with
    `follow(…)` starts at its default, and then follows its source. Raises PatchError for an unknown knob or an invalid
    value.
    """

    def __init__(
        self,
        model: type[Model],
        *,
        weights: str = "",
        out: Out | tuple[Out, ...] | None = None,
        source: Source | None = None,
        device: str = "auto",
        **knobs: Any,
    ) -> None:
        self.model = model
        self.weights = weights
        self.out = out if out is not None else Midi()
        outs = self.out if isinstance(self.out, tuple) else (self.out,)
        kinds = [type(one) for one in outs]
        if any(kind not in (Midi, Layer) for kind in kinds) or len(set(kinds)) < len(kinds):
            raise PatchError(f"out: expected a Midi(…), a window's layer(…), or one of each, got {self.out!r}")
        if source is not None and not isinstance(source, Source):
            raise PatchError(f"source: expected Keys(…) or a Camera(…), got {source!r}")
        self.source = source
        self.camera = source if isinstance(source, Camera) else None
        if self.camera is not None and not isinstance(out, Layer):
            raise PatchError(f"out: expected a window's layer(…) for a node with a camera, got {out!r}")
        self.midi = next((one for one in outs if isinstance(one, Midi)), None)
        self.layer = next((one for one in outs if isinstance(one, Layer)), None)
        played = NoteRunner if self.midi is not None else EventRunner
        if self.camera is None and isinstance(model, Sees) and model.sees:
            raise PatchError(f'{model.__name__} takes pictures: give it a source, such as source=Camera("auto")')
        self.runs: type[EventRunner | FrameRunner] = FrameRunner if self.camera is not None else played
        """The class of its runner."""
        self.device = device
        declared = self.declared()
        self.knobs: dict[str, Value] = {}
        self.mappings: dict[str, Mapping] = {}
        for name, given in knobs.items():
            if name not in declared:
                near = difflib.get_close_matches(name, declared, n=3)
                raise PatchError(
                    f"{model.__name__} has no knob {name!r}" + (f"; similar: {', '.join(near)}" if near else "")
                )
            try:
                if isinstance(given, Mapping):
                    given.check(declared[name])
                    self.mappings[name] = given
                else:
                    self.knobs[name] = declared[name].coerce(given)
            except KnobError as error:
                raise PatchError(f"{name}: {error}") from None

    def declared(self) -> dict[str, Knob]:
        """The knobs that may be given: the model's, and those of its layer, if any."""
        look = PICTURE_KNOBS if self.camera is not None else INK_KNOBS
        return {**(laid(look, self.layer) if self.layer else {}), **self.runs.knobs_for(self.model)}

    @property
    def identity(self) -> tuple[str, ...]:
        """The properties that must be unchanged for a running model to be kept: runner and class.

        For a class defined in the patch its source code is included.
        """
        pace, model = "pictures" if self.camera is not None else "time", self.model
        return pace, model.__module__, model.__qualname__, getattr(model, "patch_source", "")

    def asks_more(self, was: Node) -> bool:
        """Whether it has a knob that the runner of the previous node does not declare."""
        return bool(self.knobs.keys() & (self.runs.OWN.keys() - was.runs.OWN.keys()))


class Patch:
    """All nodes and piano rolls by name, the tempo in beats per minute, and the seed from which node seeds are derived.

    Without `seed` each start of the patch chooses a random one, which is logged.

    `mappings` are mappings of other addresses: `{"/clock/tempo": follow(…), "/veil/paint/udnie": follow(…)}`. `page` is
    the control page's first view: `["/piano/temperature", "/ink/draw", …]`. Raises PatchError for an invalid
    combination.
    """

    def __init__(
        self,
        *,
        tempo: float = 120.0,
        seed: int | None = None,
        mappings: abc.Mapping[str, Mapping] | None = None,
        page: abc.Sequence[str] = (),
        **named: Node | Roll,
    ) -> None:
        if not isinstance(tempo, int | float) or not 10.0 <= tempo <= 400.0:
            raise PatchError(f"tempo: expected 10 to 400 beats per minute, got {tempo!r}")
        if seed is not None and (not isinstance(seed, int) or not 0 <= seed < 2**31):
            raise PatchError(f"seed: expected a whole number from 0 to {2**31 - 1}, got {seed!r}")
        for name, made in named.items():
            if not isinstance(made, Node | Roll):
                raise PatchError(f"{name}: expected a Node, got {made!r}")
            if name in RESERVED:
                raise PatchError(f"{name!r} cannot be the name of a node: /{name} belongs to the engine")
        if isinstance(page, str) or not all(isinstance(one, str) and one.startswith("/") for one in page):
            raise PatchError(f'page: expected a list of addresses, such as ["/piano/temperature"], got {page!r}')
        self.page = tuple(page)
        self.tempo = float(tempo)
        self.seed = seed
        self.nodes: abc.Mapping[str, Node] = {name: made for name, made in named.items() if isinstance(made, Node)}
        self.rolls: abc.Mapping[str, Roll] = {name: made for name, made in named.items() if isinstance(made, Roll)}
        for target, mapping in (mappings or {}).items():
            if not target.startswith("/") or not isinstance(mapping, Mapping):
                raise PatchError(f"mappings: expected an address and follow(…), got {target!r} and {mapping!r}")
        of_nodes = {
            f"/{name}/{knob}": mapping for name, node in self.nodes.items() for knob, mapping in node.mappings.items()
        }
        self.mappings: abc.Mapping[str, Mapping] = {**of_nodes, **(mappings or {})}
        for name, roll in self.rolls.items():
            roll_knobs(roll)  # raises VideoError, with a sentence for the performer
            if roll.of not in self.nodes:
                raise PatchError(f"{name}: no node {roll.of!r}; the nodes are {', '.join(self.nodes) or 'none'}")
        seen = dict.fromkeys(node.camera for node in self.nodes.values() if node.camera is not None)
        for place in [camera.name for camera in seen]:
            if place in named or place in RESERVED - {"camera"}:
                raise PatchError(f"{place!r} cannot be the name of a camera: it is in use")
            if sum(camera.name == place for camera in seen) > 1:
                raise PatchError(f"two different cameras are named {place!r}: give one of them another name")
        layers = [node.layer for node in self.nodes.values()] + [roll.out for roll in self.rolls.values()]
        windows = dict.fromkeys(layer.window for layer in layers if layer is not None)
        if len(windows) > 1:
            raise PatchError(f"expected all layers in one window, got {' and '.join(map(repr, windows))}")
        self.window: Window | None = next(iter(windows), None)
        self.text = ""
        """The text of its file."""
        self.beside: frozenset[Path] = frozenset()
        """The files of imported modules in its folder."""

    def seed_of(self, name: str, seed: int | None = None) -> int:
        """A node's seed: its own if the patch states one, otherwise derived from the patch's seed and its name."""
        own = self.nodes[name].knobs.get("seed")
        if seed is None and own is not None:
            return int(own)  # type: ignore[arg-type]
        text = f"{(self.seed or 0) if seed is None else seed}/{name}".encode()
        return int.from_bytes(hashlib.sha256(text).digest()[:4], "big") >> 1


@dataclass(frozen=True, slots=True)
class Change:
    """One change between two patches: what to do, the node, and for "set" the knob and its value.

    For "mapping" the value is the new mapping of the address `/node/knob`, or None if it was removed.
    """

    do: Literal["add", "remove", "weights", "out", "source", "set", "mapping", "tempo", "seed", "window", "rolls"]
    node: str = ""
    knob: str = ""
    value: Any = None


def diff(old: Patch, new: Patch) -> list[Change]:
    """The changes that turn a running old patch into the new one; equal nodes have none."""
    changes: list[Change] = []
    if old.tempo != new.tempo:
        changes.append(Change("tempo", value=new.tempo))
    if old.window != new.window:
        changes.append(Change("window", value=new.window))
    for name in old.nodes:
        if name not in new.nodes:
            changes.append(Change("remove", name))
    if dict(old.rolls) != dict(new.rolls):
        changes.append(Change("rolls", value=new.rolls))
    for name, node in new.nodes.items():
        was = old.nodes.get(name)
        if was is None:
            changes.append(Change("add", name))
        elif was.identity != node.identity or node.asks_more(was):
            changes += [Change("remove", name), Change("add", name)]
        else:
            if (was.weights, was.device) != (node.weights, node.device):
                changes.append(Change("weights", name))
            if was.out != node.out:
                changes.append(Change("out", name))
            if was.source != node.source:
                changes.append(Change("source", name))
            before = {**_defaults(was), **_defaults(node), **was.knobs, "seed": old.seed_of(name)}
            after = {**_defaults(was), **_defaults(node), **node.knobs, "seed": new.seed_of(name)}
            # Removing a layer also removes its knobs.
            there = {**was.runs.knobs_for(node.model), **node.declared()}
            named = [k for k in [*node.knobs, *was.knobs, "seed"] if k in there and before[k] != after[k]]
            changes += [Change("set", name, knob, after[knob]) for knob in dict.fromkeys(named)]
    return changes + _remapped(old, new, changes)


def _remapped(old: Patch, new: Patch, changes: list[Change]) -> list[Change]:
    """Adds the changes of mappings, except those whose node or knob has changed, too."""
    whole = {change.node for change in changes if change.do in ("add", "remove")}
    valued = {(change.node, change.knob) for change in changes if change.do == "set"}
    mappings = []
    for target in dict.fromkeys([*old.mappings, *new.mappings]):
        node, _, knob = target[1:].partition("/")
        mapping = new.mappings.get(target)
        if old.mappings.get(target) != mapping and node not in whole and (node, knob) not in valued:
            mappings.append(Change("mapping", node, knob, mapping))
    return mappings


def _defaults(node: Node) -> dict[str, Value]:
    return {knob: declared.default for knob, declared in node.declared().items()}


def find(name: str) -> Path:
    """The file of a patch from a path or the name of a shipped patch. Raises PatchError."""
    path = Path(name)
    if path.is_file():
        return path
    spec = importlib.util.find_spec("patches")
    folders = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    shipped = {file.stem: file for folder in folders for file in sorted(folder.glob("*.py")) if file.stem[0] != "_"}
    if name in shipped:
        return shipped[name]
    raise PatchError(f"no patch {name}: expected a Python file, or one of {', '.join(shipped)}")


def _mark_sources(patch: Patch, folder: Path, classes: abc.Mapping[str, ast.ClassDef]) -> None:
    """Sets `patch_source` of model classes defined in the patch or in its folder, to detect changed versions.

    For a class in the patch it is its syntax tree, for a class in a module of its folder the text of all such modules.
    """
    patch.beside = frozenset(modules_in(folder).values())
    beside = "".join(_text_of(file) for file in sorted(patch.beside))
    for node in patch.nodes.values():
        model = node.model
        if model.__module__.startswith("patch_") and model.__name__ in classes:
            model.patch_source = _dump(classes[model.__name__]) + beside  # type: ignore[attr-defined]
        elif model.__module__ in sys.modules and _file_of(model) in patch.beside:
            model.patch_source = beside  # type: ignore[attr-defined]


def _dump(statement: ast.ClassDef) -> str:
    """The syntax tree as text, which does not contain comments."""
    try:
        return ast.dump(statement)
    except RecursionError:
        return ""


def _file_of(model: type) -> Path | None:
    file = getattr(sys.modules[model.__module__], "__file__", None)
    return Path(file) if file is not None else None


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def load(path: Path, text: str | None = None) -> Patch:
    """Runs a patch file, or `text` as its contents, in a new namespace; returns its Patch.

    Raises PatchError with file and line for any exception in the patch, including KeyboardInterrupt and SystemExit.
    """
    try:
        source = path.read_text(encoding="utf-8") if text is None else text
        tree = ast.parse(source, str(path))
        code = compile(tree, str(path), "exec")
    except SyntaxError as error:
        where = f"{path}, line {error.lineno}" if error.lineno else str(path)  # a null byte is reported without a line
        raise PatchError(f"{where}: {error.msg}") from None
    except (RecursionError, MemoryError):
        raise PatchError(f"{path}: nested too deeply to be read") from None
    except (OSError, ValueError) as error:
        raise PatchError(f"{path}: {error}") from None
    linecache.checkcache(str(path))
    namespace: dict[str, Any] = {"__name__": f"patch_{path.stem}", "__file__": str(path)}
    try:
        with importable(path.parent):
            exec(code, namespace)
    except BaseException as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        where = f"{path}, line {lines[-1]}" if lines else str(path)
        raise PatchError(f"{where}: {str(error) if isinstance(error, PatchError) else describe(error)}") from error
    patches = [value for value in namespace.values() if isinstance(value, Patch)]
    if len(patches) != 1:
        raise PatchError(f"{path}: expected one Patch, such as `patch = Patch(piano=Node(…))`, found {len(patches)}")
    patch = patches[0]
    patch.text = source
    _mark_sources(patch, path.parent, {one.name: one for one in tree.body if isinstance(one, ast.ClassDef)})
    return patch

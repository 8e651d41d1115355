"""A tree with a few addresses of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from live.parameters.tree import Tree
from live.parameters.writer import Peer, Writer, on_behalf_of
from live.transport.clock import VirtualClock
from models.base import Knob, Value, pulse

PITCHES = ("c", "c_sharp", "d")
SCALES = {"major": (1.0, 0.0, 1.0), "chromatic": (1.0, 1.0, 1.0)}


def weights_of(values: Mapping[str, Any]) -> Mapping[str, Value]:
    return {"pitch_class": SCALES[values["scale"]]}


def planted() -> Tree:
    """A tree on a virtual clock, with gliding, stepped, linked and read-only addresses."""
    tree = Tree(VirtualClock())
    tree.add("/piano/temperature", Knob("How surprising", 0.25, 4.0, curve="log", default=1.0))
    tree.add("/piano/density", Knob("Notes a second", 0.0, 20.0, "1/s", default=5.0))
    tree.add("/piano/channel", Knob("MIDI channel", 1, 16, kind="int", default=1))
    tree.add("/piano/mute", Knob("Unheard", kind="switch", default=False))
    tree.add("/piano/title", Knob("Title", kind="text", default=""))
    tree.add(
        "/piano/scale",
        Knob("Scale", choices=tuple(SCALES), kind="choice", default="chromatic", sets=weights_of),
    )
    tree.add(
        "/piano/pitch_class",
        Knob("Weights", 0.0, 1.0, components=PITCHES, kind="vector", default=(1.0, 1.0, 1.0)),
    )
    tree.add("/piano/reset", pulse("Begin again"))
    tree.add("/piano/rate", Knob("Notes struck", access="r", default=0.0))
    tree.add("/ink/temperature", Knob("How wild", 0.0, 1.0, default=0.5))
    return tree


def overheard(tree: Tree) -> list[tuple[Any, ...]]:
    """All calls of a watcher, as (address, arguments…)."""
    heard: list[tuple[Any, ...]] = []
    tree.watchers.append(lambda address, arguments: heard.append((address, *arguments)))
    return heard


def advance(tree: Tree, to_s: float) -> None:
    assert isinstance(tree.clock, VirtualClock)
    tree.clock.advance(to_s)


def writing(peer: Peer) -> on_behalf_of:
    """A context in which this peer is the current writer, as while its message is processed."""
    return on_behalf_of(Writer(peer))

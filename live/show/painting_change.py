"""A slow change of painting: nodes with a knob `change` glide from one painting to the next."""

from __future__ import annotations

from typing import Final

from live.parameters.tree import AddressError, Tree
from live.patch import Patch
from live.transport.clock import Clock

LOOK_EVERY_S: Final = 0.5
GLIDE: Final = 1.0 / 3.0
"""Part of the time between two paintings that the change takes …"""
LONGEST_S: Final = 20.0
"""… and the most."""


class PaintingChange:
    """The service that sets `/NODE/painting` to the next of its choices every `/NODE/change` seconds.

    A painting that somebody else chooses stays for the whole time, too. While `change` is 0 nothing is set.
    """

    def __init__(self, tree: Tree, clock: Clock) -> None:
        self._tree = tree
        self._clock = clock
        self._version = -1
        self._nodes: list[str] = []
        self._seen: dict[str, tuple[object, float]] = {}
        """The painting of each node, and when it was chosen."""

    def open(self) -> None:
        """Declares nothing: the knobs are the models'."""

    def follow(self, patch: Patch) -> None:
        """The nodes are looked up when addresses have changed."""

    def advance(self, now_s: float) -> float:
        """Begins the changes that are due."""
        if self._version != self._tree.version:
            self._version = self._tree.version
            ending = "/painting"
            found = [
                parameter.address.removesuffix(ending)
                for parameter in self._tree.parameters()
                if parameter.address.endswith(ending)
            ]
            self._nodes = [node for node in found if node.count("/") == 1 and f"{node}/change" in self._tree]
            self._seen = {node: seen for node, seen in self._seen.items() if node in self._nodes}
        next_s = [self._look(node, now_s) for node in self._nodes]
        return min([now_s + LOOK_EVERY_S, *next_s]) if next_s else now_s + LOOK_EVERY_S

    def close(self) -> None:
        """Nothing is open."""

    def _look(self, node: str, now_s: float) -> float:
        try:
            every_s, painting = float(self._tree.get(f"{node}/change")), self._tree.get(f"{node}/painting")  # type: ignore[arg-type]
        except AddressError:  # the node was removed meanwhile
            return float("inf")
        before, chosen_s = self._seen.get(node, (None, now_s))
        if painting != before or every_s <= 0.0:
            self._seen[node] = painting, now_s
            return now_s + every_s if every_s > 0.0 else float("inf")
        if now_s < chosen_s + every_s:
            return chosen_s + every_s
        choices = self._tree.knob(f"{node}/painting").choices
        following = choices[(choices.index(str(painting)) + 1) % len(choices)]
        self._tree.set(f"{node}/painting", following, min(every_s * GLIDE, LONGEST_S))
        self._seen[node] = following, now_s
        return now_s + every_s

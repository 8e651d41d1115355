"""The parameters of the control page's first view: those that the patch names, or the first ones of each node."""

from __future__ import annotations

from typing import Final

from live.parameters.tree import Tree
from live.patch import Patch

MOST: Final = 8
"""Most parameters in a view that the patch does not define."""
RIG: Final = frozenset(
    ("seed", "pause", "mute", "transport", "channel", "lookahead", "nudge", "listen", "thru", "opacity", "blend")
)
"""Parameters of the equipment instead of the music or the picture."""


def first_view(tree: Tree, patch: Patch) -> list[str]:
    """The existing addresses of the patch's `page`; without it at most eight, taken from the nodes in turn.

    Within a node numbers come first, then choices and vectors, in the order of their declaration.
    """
    if patch.page:
        return [address for address in patch.page if address in tree]
    queues = [queue for node in patch.nodes if (queue := _of_node(tree, node))]
    chosen: list[str] = []
    while queues and len(chosen) < MOST:
        for queue in queues:
            chosen.append(queue.pop(0))
        queues = [queue for queue in queues if queue]
    return chosen[:MOST]


def unknown(tree: Tree, patch: Patch) -> list[str]:
    """A sentence for each address of the patch's `page` that does not exist."""
    sentences = []
    for address in patch.page:
        if address not in tree:
            near = ", ".join(tree.near(address))
            sentences.append(f"page: no address {address}" + (f"; similar: {near}" if near else ""))
    return sentences


def _of_node(tree: Tree, node: str) -> list[str]:
    """A node's addresses for the first view, without long vectors such as the categories."""
    found = []
    for parameter in tree.parameters(node):
        name = parameter.address[len(node) + 2 :]
        if parameter.knob.access == "rw" and name not in RIG and "/" not in name:
            found.append(parameter)
    order = {"float": 0, "int": 0, "choice": 1, "vector": 1}
    return [one.address for one in sorted(found, key=lambda one: order.get(one.knob.kind, 2)) if one.knob.kind in order]

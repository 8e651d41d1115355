"""The room for a completion between its first position and the edges of the picture."""

from __future__ import annotations

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

MARGIN = 0.04  # of the paper, between a completion and an edge
SLACK = 0.01  # by which a completion may go nearer to an edge than a performer's last point that is in the margin
ENOUGH = 0.8  # share of its size that must fit for a completion to be drawn without trying others
SMALLEST = 0.5  # least share of its size at which a completion is drawn; beyond the edges it ends


def share_inside(box: Box, begin: Point, edges: Point) -> float:
    """The largest factor, up to 1, by which a box on the paper, scaled about `begin`, is inside the edges.

    `edges` are the right and the lower edge; the picture's middle is (0, 0).
    """
    left, top, right, bottom = box
    share = 1.0
    for low, high, at, edge in ((left, right, begin[0], edges[0]), (top, bottom, begin[1], edges[1])):
        for reach, here in ((high - at, at), (at - low, -at)):
            room = max(_limit(here, edge, MARGIN) - here, 0.0)
            if reach > room:
                share = min(share, room / reach)
    return share


def inside(point: Point, begin: Point, edges: Point) -> bool:
    """Whether a point is inside the edges; the margin is half of what `share_inside` leaves."""
    return all(
        at <= _limit(here, edge, MARGIN / 2.0) and -at <= _limit(-here, edge, MARGIN / 2.0)
        for at, here, edge in zip(point, begin, edges, strict=True)
    )


def _limit(begin: float, edge: float, margin: float) -> float:
    return max(edge - margin, min(begin + SLACK, edge))

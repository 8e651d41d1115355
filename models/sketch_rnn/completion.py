"""Completions of a performer's drawing: what is tried, one after the other, until one fits into the picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.compute.chance import stream
from models.sketch_rnn.latent import DrawingCondition
from models.sketch_rnn.pen import FILL, Job
from models.sketch_rnn.performer import Line, extent, from_side, to_points
from models.sketch_rnn.step import SketchStep
from models.sketch_rnn.subject import DrawingChooser, DrawingRequest

LEAST, MOST = 0.35, 1.0  # assumed size of a performer's drawing, as share of a complete one


@dataclass(frozen=True, slots=True)
class Beginning:
    """A performer's drawing that is to be completed from the end `side` of its lines."""

    drawn: Sequence[Line]
    side: int
    pen: int  # of the performer
    edges: tuple[float, float] | None  # of the picture, if known


def completion(
    beginning: Beginning, wanted: DrawingRequest, chance: int, size: float, subjects: DrawingChooser,
    network: SketchStep,
) -> Job:  # fmt: skip
    """The completion of a performer's drawing, from the random stream `chance`.

    With the edges of the picture, other completions follow for the case that it does not fit: the mirrored drawing, so
    that what is added extends to the other side, and drawings that are assumed to be more complete, so that less is
    added.
    """
    longer, facts, edges = extent(beginning.drawn)[1], subjects.facts, beginning.edges
    smallest, largest = (max(longer / (share * facts.extent), 1e-6) for share in (MOST, LEAST))
    unit = max(min(2.0 * FILL * size / facts.extent, largest), smallest)
    tried = [(unit, 1.0)]
    if edges is not None:
        x, y = from_side(beginning.drawn, beginning.side)[-1][-1]
        if abs(x) > edges[0] or abs(y) > edges[1]:  # where it was left, the pen was outside the picture
            beginning = replace(beginning, side=beginning.side ^ 1)
        tried = [(one, flip) for one in (unit, math.sqrt(unit * smallest), smallest) for flip in (1.0, -1.0)]
    jobs = []
    for number, (one, flip) in enumerate(tried):
        own = stream(chance, number) if number else chance
        condition = subjects.new(wanted, own)
        jobs.append(_job(beginning, condition, own, one, flip, facts.coarse * one, network))
    return replace(jobs[0], others=tuple(jobs[1:]))


def _job(
    beginning: Beginning, condition: DrawingCondition, chance: int, unit: float, flip: float, coarse: float,
    network: SketchStep,
) -> Job:  # fmt: skip
    lines, (x, y) = from_side(beginning.drawn, beginning.side), extent(beginning.drawn)[0]
    end = lines[-1][-1]
    points = to_points(lines, unit, coarse)
    points[:, 0] *= np.float32(flip)
    middle = (end[0] - x) / unit * flip, (end[1] - y) / unit
    projection = network.project(condition.vector)
    return Job(
        condition, projection, chance, points, unit, end, middle, beginning.pen, flip, beginning.edges
    )  # fmt: skip

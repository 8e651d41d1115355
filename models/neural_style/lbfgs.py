"""L-BFGS one step at a time: what it knows is a value that is handed in and out and never changes.

Liu & Nocedal 1989, "On the limited memory BFGS method": the two-loop recursion over the last corrections, scaled by
the newest (Nocedal & Wright 2006, algorithm 7.4 and equation 7.20); each step along a line search for the strong Wolfe
conditions (algorithms 3.5 and 3.6) with cubic interpolation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

DECREASE, CURVATURE = 1e-4, 0.9  # of the Wolfe conditions, as usual for quasi-Newton methods
FIRST = 0.02  # how far the first step of all goes, along the steepest descent: root mean square
LONGER = 4.0  # how much longer the next trial may be
TRIALS = 8  # evaluations in one line search, at the most

Evaluate = Callable[[Tensor], tuple[float, Tensor]]
"""The loss at a point and its gradient there, of the point's shape; not a number where there is no loss."""


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What one step taught of the loss's curvature."""

    moved: Tensor  # s, how far the point went
    turned: Tensor  # y, how the gradient changed
    inverse: float  # 1 / (y · s)


@dataclass(frozen=True, slots=True, eq=False)
class LbfgsDescent:
    """A point, the loss and gradient there, and the corrections up to it, the oldest first."""

    point: Tensor
    loss: float
    gradient: Tensor
    corrections: tuple[Correction, ...] = ()
    evaluations: int = 1
    """How often the loss was evaluated on the way here."""
    settled: bool = False
    """No way down was found from here."""


def begun(point: Tensor, evaluate: Evaluate) -> LbfgsDescent:
    """At a point, with nothing known of the curvature."""
    return LbfgsDescent(point, *evaluate(point))


def moved_to(descent: LbfgsDescent, evaluate: Evaluate) -> LbfgsDescent:
    """At the same point of a loss that has changed a little: what is known of its curvature is kept."""
    loss, gradient = evaluate(descent.point)
    return replace(descent, loss=loss, gradient=gradient, evaluations=descent.evaluations + 1, settled=False)


def step(descent: LbfgsDescent, evaluate: Evaluate, *, history: int = 50, rate: float = 1.0) -> LbfgsDescent:
    """The next point, of a lower loss; `settled` where there is none to be found.

    `rate` shortens every step (below 1) or makes the first trial of each longer. `history` is how many corrections are
    kept. After corrections that led nowhere the steepest descent is tried.
    """
    way = _way(descent)
    slope = _dot(way, descent.gradient)
    if not descent.corrections or slope >= 0.0:
        way, slope = -descent.gradient, -_dot(descent.gradient, descent.gradient)
        descent = replace(descent, corrections=())
    if not slope < 0.0:
        return replace(descent, settled=True)
    trial = 1.0 if descent.corrections else FIRST / max(way.square().mean().sqrt().item(), 1e-30)
    line = _Line(descent, way, slope, evaluate)
    found = line.search(trial * rate, longest=trial * rate if rate < 1.0 else math.inf)
    evaluations = descent.evaluations + line.evaluations
    if found is None:
        if descent.corrections:
            fresh = replace(descent, corrections=(), evaluations=evaluations)
            return step(fresh, evaluate, history=history, rate=rate)
        return replace(descent, evaluations=evaluations, settled=True)
    moved, turned = found.point - descent.point, found.gradient - descent.gradient
    curvature = _dot(moved, turned)
    corrections = descent.corrections
    if curvature > 1e-10 * _dot(turned, turned):
        corrections = (*corrections, Correction(moved, turned, 1.0 / curvature))[-history:]
    return LbfgsDescent(found.point, found.loss, found.gradient, corrections, evaluations)


def _way(descent: LbfgsDescent) -> Tensor:
    """The direction of the next step: minus the inverse Hessian, as far as it is known, times the gradient."""
    way = -descent.gradient
    parts: list[float] = []
    for known in reversed(descent.corrections):
        parts.append(known.inverse * _dot(known.moved, way))
        way = way.sub(known.turned, alpha=parts[-1])
    if descent.corrections:
        newest = descent.corrections[-1]
        way = way / (newest.inverse * _dot(newest.turned, newest.turned))
    for known, part in zip(descent.corrections, reversed(parts), strict=True):
        way = way.add(known.moved, alpha=part - known.inverse * _dot(known.turned, way))
    return way


def _dot(a: Tensor, b: Tensor) -> float:
    return torch.dot(a.flatten(), b.flatten()).item()


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """A place on the line: how far, the point, its loss, gradient and slope along the line."""

    length: float
    point: Tensor
    loss: float
    gradient: Tensor
    slope: float


class _Line:
    """The loss along one direction."""

    def __init__(self, descent: LbfgsDescent, way: Tensor, slope: float, evaluate: Evaluate) -> None:
        self._way, self._evaluate = way, evaluate
        self._start = _Trial(0.0, descent.point, descent.loss, descent.gradient, slope)
        self.evaluations = 0

    def search(self, length: float, *, longest: float = math.inf) -> _Trial | None:
        """A place that is low enough and where the slope is flat enough; the lowest one seen if trials run out."""
        start = before = self._start
        while self.evaluations < TRIALS:
            trial = self._at(length)
            if not self._low_enough(trial) or (before is not start and trial.loss >= before.loss):
                return self._between(before, trial)
            if abs(trial.slope) <= -CURVATURE * start.slope or length >= longest:
                return trial
            if trial.slope >= 0.0:
                return self._between(trial, before)
            further = _lowest(before, trial)
            least, most = 1.1 * length, LONGER * length
            before, length = trial, min(max(further, least) if further > length else most, most, longest)
        return before if before is not start else None

    def _between(self, low: _Trial, high: _Trial) -> _Trial | None:
        """A place between two of which the first is the lower, and slopes down towards the other."""
        start = self._start
        while self.evaluations < TRIALS:
            width = high.length - low.length
            if not abs(width) > 1e-9 * max(abs(high.length), abs(low.length)):
                break
            length = _lowest(low, high)
            inside = 0.1 * abs(width)
            ends = sorted((low.length, high.length))
            if not ends[0] + inside <= length <= ends[1] - inside:
                length = (
                    low.length + 0.5 * width
                    if math.isnan(length)
                    else min(max(length, ends[0] + inside), ends[1] - inside)
                )
            trial = self._at(length)
            if not self._low_enough(trial) or trial.loss >= low.loss:
                high = trial
                continue
            if abs(trial.slope) <= -CURVATURE * start.slope:
                return trial
            if trial.slope * width >= 0.0:
                high = low
            low = trial
        return low if low is not start else None

    def _at(self, length: float) -> _Trial:
        self.evaluations += 1
        point = self._start.point.add(self._way, alpha=length)
        loss, gradient = self._evaluate(point)
        return _Trial(length, point, loss if math.isfinite(loss) else math.inf, gradient, _dot(gradient, self._way))

    def _low_enough(self, trial: _Trial) -> bool:
        return trial.loss <= self._start.loss + DECREASE * trial.length * self._start.slope


def _lowest(a: _Trial, b: _Trial) -> float:
    """Where the cubic through two places and their slopes is lowest (Nocedal & Wright, equation 3.59)."""
    if not (math.isfinite(a.loss) and math.isfinite(b.loss)):
        return math.nan
    bend = a.slope + b.slope - 3.0 * (a.loss - b.loss) / (a.length - b.length)
    square = bend * bend - a.slope * b.slope
    if square < 0.0:
        return math.nan
    root = math.copysign(math.sqrt(square), b.length - a.length)
    under = b.slope - a.slope + 2.0 * root
    return b.length - (b.length - a.length) * (b.slope + root - bend) / under if under else math.nan

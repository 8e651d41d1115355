"""L-BFGS as a pure function: one step from an immutable state to the next.

Liu & Nocedal 1989, "On the limited memory BFGS method": the two-loop recursion over the latest corrections (Nocedal &
Wright 2006, algorithm 7.4), with the initial Hessian scaled by the newest one (equation 7.20). A line search with cubic
interpolation finds a step that meets the strong Wolfe conditions (algorithms 3.5 and 3.6).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

DECREASE, CURVATURE = 1e-4, 0.9  # c1 and c2 of the Wolfe conditions, the usual values for quasi-Newton methods
FIRST = 0.02  # root mean square of the very first step, which is steepest descent
LONGER = 4.0  # largest ratio of a trial length to the previous one
TRIALS = 8  # most evaluations in one line search

Evaluate = Callable[[Tensor], tuple[float, Tensor]]
"""Loss and gradient at a point; the gradient has the point's shape; NaN marks an undefined loss."""


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """The curvature pair (s, y) of one step."""

    moved: Tensor  # s, change of the point
    turned: Tensor  # y, change of the gradient
    inverse: float  # 1 / (y · s)


@dataclass(frozen=True, slots=True, eq=False)
class LbfgsDescent:
    """A point with its loss and gradient, and the latest corrections, oldest first."""

    point: Tensor
    loss: float
    gradient: Tensor
    corrections: tuple[Correction, ...] = ()
    evaluations: int = 1
    """Evaluations of the loss so far."""
    settled: bool = False
    """True if no descent step was found from this point."""


def begun(point: Tensor, evaluate: Evaluate) -> LbfgsDescent:
    """The state at a point before the first step, without corrections."""
    return LbfgsDescent(point, *evaluate(point))


def moved_to(descent: LbfgsDescent, evaluate: Evaluate) -> LbfgsDescent:
    """Re-evaluates the point after a small change of the loss; keeps the corrections."""
    loss, gradient = evaluate(descent.point)
    return replace(descent, loss=loss, gradient=gradient, evaluations=descent.evaluations + 1, settled=False)


def step(descent: LbfgsDescent, evaluate: Evaluate, *, history: int = 50, rate: float = 1.0) -> LbfgsDescent:
    """One step to a lower loss, or the same point with `settled` if none is found.

    `rate` below 1 shortens every step; above 1 it lengthens the first trial of each line search. `history` is the
    number of corrections kept. If the corrections give no descent, steepest descent is tried.
    """
    direction = _direction(descent)
    slope = _dot(direction, descent.gradient)
    if not descent.corrections or slope >= 0.0:
        direction, slope = -descent.gradient, -_dot(descent.gradient, descent.gradient)
        descent = replace(descent, corrections=())
    if not slope < 0.0:
        return replace(descent, settled=True)
    trial = 1.0 if descent.corrections else FIRST / max(direction.square().mean().sqrt().item(), 1e-30)
    line = _Line(descent, direction, slope, evaluate)
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


def _direction(descent: LbfgsDescent) -> Tensor:
    """Direction of the next step: minus the approximate inverse Hessian times the gradient (algorithm 7.4)."""
    direction = -descent.gradient
    alphas: list[float] = []
    for pair in reversed(descent.corrections):
        alphas.append(pair.inverse * _dot(pair.moved, direction))
        direction = direction.sub(pair.turned, alpha=alphas[-1])
    if descent.corrections:
        newest = descent.corrections[-1]
        direction = direction / (newest.inverse * _dot(newest.turned, newest.turned))
    for pair, alpha in zip(descent.corrections, reversed(alphas), strict=True):
        direction = direction.add(pair.moved, alpha=alpha - pair.inverse * _dot(pair.turned, direction))
    return direction


def _dot(a: Tensor, b: Tensor) -> float:
    return torch.dot(a.flatten(), b.flatten()).item()


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """A trial of the line search: step length, point, loss, gradient, and slope along the line."""

    length: float
    point: Tensor
    loss: float
    gradient: Tensor
    slope: float


class _Line:
    """The loss along one direction."""

    def __init__(self, descent: LbfgsDescent, direction: Tensor, slope: float, evaluate: Evaluate) -> None:
        self._direction, self._evaluate = direction, evaluate
        self._start = _Trial(0.0, descent.point, descent.loss, descent.gradient, slope)
        self.evaluations = 0

    def search(self, length: float, *, longest: float = math.inf) -> _Trial | None:
        """A step that meets the strong Wolfe conditions (algorithm 3.5), or the best one once the trials run out."""
        start = before = self._start
        while self.evaluations < TRIALS:
            trial = self._at(length)
            if not self._decreases(trial) or (before is not start and trial.loss >= before.loss):
                return self._zoom(before, trial)
            if abs(trial.slope) <= -CURVATURE * start.slope or length >= longest:
                return trial
            if trial.slope >= 0.0:
                return self._zoom(trial, before)
            further = _lowest(before, trial)
            least, most = 1.1 * length, LONGER * length
            before, length = trial, min(max(further, least) if further > length else most, most, longest)
        return before if before is not start else None

    def _zoom(self, low: _Trial, high: _Trial) -> _Trial | None:
        """Searches between two trials; `low` has the lower loss and descends towards `high` (algorithm 3.6)."""
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
            if not self._decreases(trial) or trial.loss >= low.loss:
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
        point = self._start.point.add(self._direction, alpha=length)
        loss, gradient = self._evaluate(point)
        slope = _dot(gradient, self._direction)
        return _Trial(length, point, loss if math.isfinite(loss) else math.inf, gradient, slope)

    def _decreases(self, trial: _Trial) -> bool:
        return trial.loss <= self._start.loss + DECREASE * trial.length * self._start.slope


def _lowest(a: _Trial, b: _Trial) -> float:
    """Minimiser of the cubic through two trials and their slopes (Nocedal & Wright, equation 3.59)."""
    if not (math.isfinite(a.loss) and math.isfinite(b.loss)):
        return math.nan
    bend = a.slope + b.slope - 3.0 * (a.loss - b.loss) / (a.length - b.length)
    square = bend * bend - a.slope * b.slope
    if square < 0.0:
        return math.nan
    root = math.copysign(math.sqrt(square), b.length - a.length)
    under = b.slope - a.slope + 2.0 * root
    return b.length - (b.length - a.length) * (b.slope + root - bend) / under if under else math.nan

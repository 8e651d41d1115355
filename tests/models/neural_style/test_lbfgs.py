"""L-BFGS and Adam on losses with a known minimum, compared with torch's."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from models.neural_style import adam, lbfgs


def valley(point: Tensor) -> Tensor:
    """Rosenbrock's: a bent valley whose lowest point is (1, 1, …)."""
    return (100.0 * (point[1:] - point[:-1] ** 2) ** 2 + (1.0 - point[:-1]) ** 2).sum()


class Counted:
    """A loss as the descents want it; counts how often it is asked for."""

    def __init__(self, loss: object = valley) -> None:
        self.loss = loss
        self.calls = 0

    def __call__(self, point: Tensor) -> tuple[float, Tensor]:
        self.calls += 1
        point = point.detach().requires_grad_()
        loss: Tensor = self.loss(point)  # type: ignore[operator]
        (gradient,) = torch.autograd.grad(loss, point)
        return loss.item(), gradient


BEGIN = torch.tensor([-1.2, 1.0, -0.5, 0.8, 1.3, -1.0], dtype=torch.float64)


def went(steps: int, evaluate: Counted, history: int = 50, rate: float = 1.0) -> lbfgs.LbfgsDescent:
    descent = lbfgs.begun(BEGIN, evaluate)
    for _ in range(steps):
        descent = lbfgs.step(descent, evaluate, history=history, rate=rate)
    return descent


def test_it_reaches_the_lowest_point() -> None:
    evaluate = Counted()
    descent = went(80, evaluate)
    assert descent.loss < 1e-15
    assert torch.allclose(descent.point, torch.ones(6, dtype=torch.float64), atol=1e-6)
    assert descent.settled
    assert descent.evaluations == evaluate.calls
    assert lbfgs.step(descent, evaluate).point is descent.point


def test_no_step_increases_the_loss_and_each_loss_is_returned() -> None:
    evaluate = Counted()
    descent = lbfgs.begun(BEGIN, evaluate)
    for _ in range(30):
        after = lbfgs.step(descent, evaluate)
        assert after.loss < descent.loss
        loss, gradient = Counted()(after.point)
        assert loss == after.loss
        assert torch.equal(gradient, after.gradient)
        descent = after


def test_it_is_as_low_as_torch_after_as_many_evaluations() -> None:
    for evaluations in (15, 30, 50):
        point = BEGIN.clone().requires_grad_()
        theirs = torch.optim.LBFGS(
            [point], max_iter=1000, max_eval=evaluations, history_size=100, line_search_fn="strong_wolfe",
            tolerance_grad=0.0, tolerance_change=0.0,
        )  # fmt: skip

        def closure(optimiser: torch.optim.LBFGS = theirs, at: Tensor = point) -> Tensor:
            optimiser.zero_grad()
            loss = valley(at)
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        theirs.step(closure)  # type: ignore[no-untyped-call]
        evaluate = Counted()
        descent = lbfgs.begun(BEGIN, evaluate)
        while evaluate.calls < evaluations - 3:
            descent = lbfgs.step(descent, evaluate)
        assert descent.loss <= 2.0 * valley(point).item(), evaluations


def test_the_arguments_are_not_changed() -> None:
    evaluate = Counted()
    descent = went(10, evaluate)
    kept = descent.point.clone(), descent.gradient.clone(), [c.moved.clone() for c in descent.corrections]
    again = lbfgs.step(descent, evaluate)
    lbfgs.step(again, evaluate)
    assert torch.equal(descent.point, kept[0])
    assert torch.equal(descent.gradient, kept[1])
    assert all(torch.equal(c.moved, k) for c, k in zip(descent.corrections, kept[2], strict=True))
    assert torch.equal(lbfgs.step(descent, evaluate).point, again.point)


def test_no_more_is_remembered_than_asked_for() -> None:
    assert len(went(12, Counted(), history=5).corrections) == 5
    assert len(went(12, Counted(), history=50).corrections) == 12


def test_a_short_rate_goes_slowly() -> None:
    slow, usual = went(10, Counted(), rate=0.1), went(10, Counted())
    assert usual.loss < slow.loss < lbfgs.begun(BEGIN, Counted()).loss
    assert slow.evaluations <= 11 + 3  # it does not search for longer steps


def test_a_loss_that_is_not_finite_shortens_the_step() -> None:
    def fenced(point: Tensor) -> Tensor:
        return torch.where((point < 0.1).any(), math.nan, 1.0) * (point**2).sum()

    evaluate = Counted(fenced)
    descent = lbfgs.begun(torch.full((3,), 2.0), evaluate)
    for _ in range(20):
        descent = lbfgs.step(descent, evaluate)
        assert math.isfinite(descent.loss)
    assert descent.loss < 0.2
    assert (descent.point >= 0.1).all()


def test_at_a_flat_point_it_stays() -> None:
    descent = lbfgs.step(lbfgs.begun(torch.ones(3), Counted(lambda p: (p * 0.0).sum())), Counted())
    assert descent.settled
    assert descent.point.tolist() == [1.0] * 3


def test_a_changed_loss_is_evaluated_again() -> None:
    evaluate = Counted()
    descent = went(10, evaluate)
    twice = Counted(lambda p: 2.0 * valley(p))
    moved = lbfgs.moved_to(descent, twice)
    assert moved.loss == pytest.approx(2.0 * descent.loss)
    assert moved.corrections is descent.corrections
    assert moved.evaluations == descent.evaluations + 1
    for _ in range(60):
        moved = lbfgs.step(moved, twice)
    assert moved.loss < 1e-12


def test_adam_is_torchs() -> None:
    point = BEGIN.clone().requires_grad_()
    theirs = torch.optim.Adam([point], lr=adam.LEARNING_RATE * 0.5)
    evaluate = Counted()
    ours = adam.begun(BEGIN)
    for _ in range(25):
        theirs.zero_grad()
        valley(point).backward()  # type: ignore[no-untyped-call]
        theirs.step()
        ours = adam.step(ours, evaluate, rate=0.5)
    assert torch.allclose(ours.point, point.detach(), atol=1e-9)
    assert ours.evaluations == ours.steps == 25

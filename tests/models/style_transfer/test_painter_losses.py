"""The losses of Gatys et al., computed by hand; the objective lowers content and style loss."""

from __future__ import annotations

import pytest
import torch
from tiny_painter import objective, painting, photo
from torch.nn import functional as F

from models.style_transfer import pictures
from models.style_transfer.evaluation import equal_steps
from models.style_transfer.gatys import optimised
from models.style_transfer.losses import content_loss, gram, style_loss, total_variation
from models.style_transfer.trainer import instability


def test_a_gram_matrix_counts_what_occurs_together() -> None:
    maps = torch.tensor([[[[1.0, 0.0], [2.0, 0.0]], [[0.0, 3.0], [1.0, 0.0]]]])
    assert gram(maps).tolist() == [[[5 / 4, 2 / 4], [2 / 4, 10 / 4]]]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_the_gradient_of_a_gram_matrix_is_that_of_its_formula(layout: torch.memory_format) -> None:
    maps = torch.randn(2, 3, 4, 5, dtype=torch.float64).contiguous(memory_format=layout)
    weights = torch.randn(2, 3, 3)
    slopes = []
    for how in (gram, lambda x: (x.flatten(2) @ x.flatten(2).transpose(1, 2) / 20).float()):
        given = maps.clone(memory_format=torch.preserve_format).requires_grad_()
        (how(given) * weights).sum().backward()
        assert given.grad is not None
        slopes.append(given.grad)
    torch.testing.assert_close(*slopes)


def test_half_precision_features_are_nearly_the_same() -> None:
    goal, shown = objective(), pictures.tensor(photo(1))
    found = []
    for eyes in (goal, goal.halved()):
        lost = eyes(shown, eyes.content(pictures.tensor(photo(2))), torch.tensor([1]))
        found.append(torch.tensor([float(part) for part in lost]))
    torch.testing.assert_close(found[1], found[0], rtol=0.03, atol=0.0)
    assert not torch.equal(*found)


def test_the_losses_are_those_of_the_paper() -> None:
    a, b = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5)
    assert content_loss(a, b)[1].item() == pytest.approx(0.5 * float((a[1] - b[1]).square().sum()), rel=1e-5)
    n, m = 3, 20
    sums = [x.flatten(2) @ x.flatten(2).transpose(1, 2) for x in (a, b)]
    expected = (sums[0] - sums[1]).square().sum(dim=(1, 2)) / (4 * n**2 * m**2)
    torch.testing.assert_close(style_loss(gram(a), gram(b)), expected)
    assert total_variation(torch.tensor([[[[0.0, 1.0], [0.0, 0.0]]]])).tolist() == [1.0]


def test_the_photo_has_no_content_loss_and_the_painting_no_style_loss() -> None:
    goal = objective()
    shown, manner = pictures.tensor(photo(1)), pictures.tensor(painting(1))
    kept = goal(shown, goal.content(shown), torch.tensor([1]))
    copied = goal(manner, goal.content(manner), torch.tensor([1]))
    assert kept.content.item() == 0
    assert copied.style.item() < 1e-9 < kept.style.item()
    assert kept.total.item() == pytest.approx(3 * kept.style.item())


def test_a_layer_of_style_is_the_mean_square_over_the_entries_of_its_gram_matrix() -> None:
    goal = objective()
    shown, manner = pictures.tensor(photo(1)), pictures.tensor(painting(0))
    seen, wanted = (goal.extractor(picture, goal.layers.style) for picture in (shown, manner))
    apart, whole = 0.0, 0.0
    for layer in goal.layers.style:
        found, meant = (maps[layer].flatten(2).squeeze(0) for maps in (seen, wanted))
        found, meant = (f @ f.T / f.numel() for f in (found, meant))
        apart += float((found - meant).square().mean())
        whole += float(meant.square().mean())
    assert goal(shown, goal.content(shown), torch.tensor([0])).style.item() == pytest.approx(apart / whole, rel=1e-4)


def test_each_picture_of_a_batch_has_its_own_painting() -> None:
    goal = objective()
    both = torch.cat([pictures.tensor(painting(n)) for n in (0, 1)])
    content = goal.content(both)
    assert goal(both, content, torch.tensor([0, 1])).style.max() < 1e-9
    assert goal(both, content, torch.tensor([1, 0])).style.min() > 1e-3


def test_optimisation_lowers_the_loss_and_reports_each_checkpoint() -> None:
    goal = objective()
    shown = pictures.tensor(photo(2, 24, 24)[:16, :16])
    stops = optimised(goal, shown, 0, [2, 6])
    begun = goal(shown, goal.content(shown), torch.tensor([0])).total.item()
    assert begun > stops[0][0].total > stops[1][0].total
    assert all(picture.shape == shown.shape and 0 <= picture.min() <= picture.max() <= 1 for _, picture in stops)


def test_as_good_as_so_many_steps() -> None:
    slow, steps = [6.0, 4.0], [10, 30]
    assert equal_steps(8.0, 10.0, slow, steps) == 5
    assert equal_steps(5.0, 10.0, slow, steps) == 20
    assert equal_steps(11.0, 10.0, slow, steps) == 0
    assert equal_steps(3.9, 10.0, slow, steps) == float("inf")


def test_a_picture_that_moves_with_what_it_shows_is_steady() -> None:
    smooth = F.avg_pool2d(torch.rand(1, 3, 60, 60), 9, 1)
    here, aside = smooth[..., 4:44, 4:44], smooth[..., 7:47, 2:42]
    shift = torch.tensor([[3.0, -2.0]])
    assert instability(here, aside, shift).item() < 1e-9
    assert instability(here, here, shift).item() > 1e-6
    assert instability(here, aside, -shift).item() > 1e-6

"""The style network: any size, no seams, and blends between paintings."""

from __future__ import annotations

import pytest
import torch
from tiny_painter import network
from torch.nn import functional as F

from models.style_transfer.network import StyleNetwork, normalised, prepare

ONE = torch.tensor([[1.0, 0.0, 0.0]])


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (48, 64), (101, 33)])
def test_a_picture_of_any_size_keeps_it_and_its_range(size: tuple[int, int]) -> None:
    painted = network()(torch.rand(2, 3, *size), ONE.expand(2, -1))
    assert painted.shape == (2, 3, *size)
    assert 0 <= painted.min() <= painted.max() <= 1


def test_untrained_it_shows_the_photo() -> None:
    made = StyleNetwork(paintings=2)
    prepare(made)
    photo = F.avg_pool2d(torch.rand(1, 3, 80, 96), 9, 1, 4)
    shown = made(photo, torch.tensor([[1.0, 0.0]]))
    together = torch.corrcoef(torch.stack([shown.flatten(), photo.flatten()]))[0, 1]
    assert together > 0.5


def test_paintings_differ_and_a_blend_moves_from_one_to_the_other() -> None:
    photo = torch.rand(1, 3, 40, 40)
    made = network()
    at = {part: made(photo, torch.tensor([[1 - part, part, 0.0]])) for part in (0.0, 0.25, 0.5, 0.75, 1.0)}
    away = [float((at[part] - at[0.0]).square().mean()) for part in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert away == sorted(away)
    assert away[-1] > 1e-3


def test_pictures_of_one_batch_do_not_touch_each_other() -> None:
    photos, rows = torch.rand(3, 3, 32, 40), torch.eye(3)
    together = network()(photos, rows)
    alone = torch.cat([network()(photos[n : n + 1], rows[n : n + 1]) for n in range(3)])
    torch.testing.assert_close(together, alone)


def test_the_border_of_a_plain_picture_is_painted_like_its_middle() -> None:
    painted = network()(torch.full((1, 3, 64, 64), 0.4), ONE)
    cells = F.avg_pool2d(painted, 2)  # the last fold is of 2x2 pixels
    assert float(cells.std(dim=(2, 3)).max()) < 1e-5


def test_what_is_added_to_fill_the_last_rows_is_no_seam() -> None:
    whole = torch.rand(1, 3, 64, 72)
    whole[..., 69:] = whole[..., 68:69]  # what the network itself adds to 69 columns
    torch.testing.assert_close(network()(whole[..., :69], ONE), network()(whole, ONE)[..., :69])


@pytest.mark.parametrize("name", ["scale", "shift"])
def test_a_painting_has_numbers_of_its_own_at_every_layer(name: str) -> None:
    made = network()
    photo = torch.rand(1, 3, 32, 32)
    others = torch.tensor([[0.0, 0.5, 0.5]])
    before, before_others = made(photo, ONE), made(photo, others)
    ends = torch.tensor(made.widths).cumsum(0).tolist()
    for begin, end in zip([0, *ends], ends, strict=False):
        numbers = made.get_parameter(name)[0, begin:end]
        kept = numbers.clone()
        numbers += torch.linspace(-1.0, 1.0, end - begin)
        assert not torch.equal(made(photo, ONE), before)
        torch.testing.assert_close(made(photo, others), before_others)
        numbers.copy_(kept)
    torch.testing.assert_close(made(photo, ONE), before)


def test_global_statistics_of_the_photo_act_in_proportion_to_the_style_gain() -> None:
    made = network()
    photo = torch.rand(1, 3, 32, 32)
    before = made(photo, ONE)
    torch.nn.init.normal_(made.corrections.weight, std=0.1)
    moved = made(photo, ONE)
    assert float((moved - before).abs().max()) > 1e-3
    made.style_gain[0] = 0.0
    torch.testing.assert_close(made(photo, ONE), before)


def test_contrast_removed_by_normalisation_still_acts() -> None:
    made = network()
    made.tone.zero_()
    torch.nn.init.zeros_(made.unfold.weight[12:])  # no mask: the photo shows only as the network sees it
    photo = torch.rand(1, 3, 32, 32)
    faint = 0.5 + (photo - 0.5) / 4
    torch.testing.assert_close(made(faint, ONE), made(photo, ONE), rtol=0.0, atol=1e-3)
    torch.nn.init.normal_(made.corrections.weight, std=0.1)
    assert float((made(faint, ONE) - made(photo, ONE)).abs().max()) > 1e-2


def test_a_plain_photo_leaves_every_gradient_finite() -> None:
    made = network().requires_grad_(True)
    made(torch.full((1, 3, 32, 32), 0.5), ONE).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in made.parameters() if p.grad is not None)


def test_normalisation_is_that_of_each_picture_and_channel() -> None:
    x, scale, shift = torch.randn(2, 3, 5, 7), torch.randn(2, 3), torch.randn(2, 3)
    expected = torch.stack([F.instance_norm(x[n : n + 1], weight=scale[n], bias=shift[n])[0] for n in range(2)])
    torch.testing.assert_close(normalised(x, scale, shift), expected)

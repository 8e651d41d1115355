"""The painter's network: a photo to a painting in one pass, in the manner of any blend of the paintings it learned."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KIND = "style_transfer"
STRIDE = 8  # of the trunk: sides are padded to multiples of it
PATCH = 4  # of the first fold: 4x4 pixels become channels
FINE = 16  # channels at half of the picture's size
TONE = 3, 4  # of a painting: its colours from the photo's, and a constant
HEED = 64  # numbers by which the whole photo is summed up

OWN = "scale", "shift", "tone", "heed"  # the parameters that have a row for each painting


class StyleNetwork(nn.Module):
    """Feed-forward style transfer with conditional instance normalisation (Johnson et al. 2016; Dumoulin et al. 2017).

    Our own cut of it, for a CPU: the photo is folded 4x4 into channels, so that nothing is computed at full size; the
    `blocks` residual blocks run at an eighth of it with `wide` channels, between two layers at a quarter with `narrow`
    ones. The photo also shines through the paint as through a glaze, more or less from place to place: that keeps what
    is finer than the network's own grain. All that belongs to one painting are a row of `scale`, of `shift` and of
    `tone`, which says how the photo's own colours show in those of the painting; rows mixed are paintings blended.
    Sizes grow by repeating pixels before a convolution, since folding channels out draws the fold's own grid into flat
    places.

    Each of those numbers is moved a little by what the photo as a whole is like (mean and deviation of its folded maps,
    through two small layers): a normalisation takes just that away, and how much paint a photo needs depends on it.
    `heed` is by how much each painting minds.
    """

    def __init__(self, *, paintings: int, narrow: int = 48, wide: int = 128, blocks: int = 4) -> None:
        super().__init__()
        self.paintings = paintings
        self.widths = (narrow, wide, *(wide,) * (2 * blocks), narrow)
        self.fold = convolution(3 * PATCH**2, narrow, bias=False)
        self.down = convolution(narrow, wide, stride=2, bias=False)
        self.trunk = nn.ModuleList(convolution(wide, wide, bias=False) for _ in range(2 * blocks))
        self.up = nn.Conv2d(wide, narrow, 1)
        self.merge = convolution(narrow, narrow, bias=False)
        self.fine = convolution(narrow, FINE)
        self.unfold = convolution(FINE, 2 * 12)
        self.scale = nn.Parameter(torch.ones(paintings, sum(self.widths)))
        self.shift = nn.Parameter(torch.zeros(paintings, sum(self.widths)))
        self.tone = nn.Parameter(torch.eye(*TONE).flatten().repeat(paintings, 1))  # [N, 12]: TONE, flat
        self.heed = nn.Parameter(torch.ones(paintings, HEED))
        self.sees = nn.Linear(2 * narrow, HEED)
        self.sums_up = nn.Linear(HEED, HEED)
        self.moves = nn.Linear(HEED, 2 * sum(self.widths) + math.prod(TONE))

    def forward(self, photo: Tensor, weights: Tensor) -> Tensor:
        """The photo [B, 3, H, W] in 0..1 painted, the same shape and range; `weights` [B, N] of the paintings.

        Weights are used as they are: they should sum to 1.
        """
        height, width = photo.shape[2:]
        x = F.pad(photo, (0, -width % STRIDE, 0, -height % STRIDE), mode="replicate") * 2 - 1
        folded = self.fold(F.pixel_unshuffle(x, PATCH))
        scales, shifts, tone = self._numbers(folded, weights)

        quarter = F.relu_(normalised(folded, scales[0], shifts[0]))
        h = F.relu_(normalised(self.down(quarter), scales[1], shifts[1]))  # [B, wide, H / 8, W / 8]
        for n in range(0, len(self.trunk), 2):
            inner = F.relu_(normalised(self.trunk[n](h), scales[n + 2], shifts[n + 2]))
            h = h + normalised(self.trunk[n + 1](inner), scales[n + 3], shifts[n + 3])
        h = quarter + twice(self.up(h))  # [B, narrow, H / 4, W / 4]
        h = F.relu_(normalised(self.merge(h), scales[-1], shifts[-1]))
        h = F.relu_(self.fine(twice(h)))  # [B, FINE, H / 2, W / 2]
        paint, glaze = F.pixel_shuffle(self.unfold(h), 2).chunk(2, dim=1)  # [B, 3, H, W] each
        h = torch.baddbmm(tone[..., 3:], tone[..., :3], x.flatten(2)).view_as(x)
        h = torch.addcmul(h.add_(paint), glaze, x)
        return torch.sigmoid(2 * h[..., :height, :width])

    def _numbers(self, folded: Tensor, weights: Tensor) -> tuple[Sequence[Tensor], Sequence[Tensor], Tensor]:
        """Scales and shifts of each normalisation, [B, channels], and the tone [B, 3, 4], for these photos."""
        variance, mean = torch.var_mean(folded, dim=(2, 3))
        deviation = (variance + 1e-5).sqrt()  # whose gradient a plain picture has, too
        heard = F.gelu(self.sums_up(F.gelu(self.sees(torch.cat([mean, deviation], dim=1)))))
        moved = self.moves(heard * (weights @ self.heed))
        total = sum(self.widths)
        scale, shift, tone = moved.split((total, total, math.prod(TONE)), dim=1)
        scales = (weights @ self.scale * (1 + scale)).split(self.widths, dim=1)
        shifts = (weights @ self.shift + shift).split(self.widths, dim=1)
        return scales, shifts, (weights @ self.tone + tone).view(-1, *TONE)


def convolution(before: int, after: int, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    """3x3; beyond its border a picture goes on as it ends, else the network would learn to see and paint the frame."""
    return nn.Conv2d(before, after, 3, stride=stride, padding=1, padding_mode="replicate", bias=bias)


def twice(x: Tensor) -> Tensor:
    """[B, C, 2 H, 2 W], each place repeated."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def normalised(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Instance normalisation of [B, C, H, W], then a scale and shift [B, C] of each picture's own.

    As a group normalisation of one channel each, whose kernel is several times faster on a CPU.
    """
    channels = scale.numel()
    flat = x.reshape(1, channels, *x.shape[2:])
    return torch.group_norm(flat, channels, scale.reshape(-1), shift.reshape(-1), 1e-5).view_as(x)


def prepare(network: StyleNetwork) -> None:
    """First weights: each block begins as nothing and the picture begins as the photo, which is quick to leave."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    with torch.no_grad():
        network.unfold.weight.mul_(0.1)
        network.moves.weight.zero_()
        network.moves.bias.zero_()
        ends = torch.tensor(network.widths).cumsum(0).tolist()
        for n in range(3, len(network.widths) - 1, 2):
            network.scale[:, ends[n - 1] : ends[n]] = 0.2

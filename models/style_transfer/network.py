"""The style network: stylises a photo in one pass, in any blend of the paintings it was trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KIND = "style_transfer"
STRIDE = 8  # of the residual blocks: the input is padded to multiples of it
PATCH = 4  # side of the pixel unshuffle at the input: 4x4 pixels become channels
FINE = 16  # channels at half resolution
TONE = 3, 4  # affine map from the photo's RGB to that of the painting
EMBEDDING = 64  # width of the embedding of the photo's statistics

Statistics = list[tuple[Tensor, Tensor]]
"""Variance and mean [B, C] of the input of each normalisation."""

OWN = "scale", "shift", "tone", "style_gain"  # parameters with one row per painting


class StyleNetwork(nn.Module):
    """Feed-forward style transfer with conditional instance normalisation (Johnson et al. 2016; Dumoulin et al. 2017).

    A variant designed for the CPU. A pixel unshuffle (4x4) moves the input to a quarter of its size, so no convolution
    runs at full resolution; the `blocks` residual blocks run at an eighth with `wide` channels, between two layers at a
    quarter with `narrow` channels. The output adds the photo twice: through the affine colour map `tone`, and
    multiplied by a mask that the network predicts for each pixel, to keep detail finer than the network
    draws. A painting owns one row each of `scale`, `shift` and `tone`; a blend of paintings is a weighted sum of rows.
    Upsampling repeats pixels before a convolution, since a pixel shuffle leaves a grid in flat areas.

    Instance normalisation removes the photo's overall contrast and colour, on which the right amount of paint depends.
    A small network therefore predicts corrections of scale, shift and tone from the mean and standard deviation of the
    first feature maps. `style_gain`: how strongly each style reacts to these statistics.
    """

    def __init__(self, *, paintings: int, narrow: int = 48, wide: int = 128, blocks: int = 4) -> None:
        super().__init__()
        self.paintings = paintings
        self.widths = (narrow, wide, *(wide,) * (2 * blocks), narrow)
        self.fold = convolution(3 * PATCH**2, narrow, bias=False)
        self.down = convolution(narrow, wide, stride=2, bias=False)
        self.residual = nn.ModuleList(convolution(wide, wide, bias=False) for _ in range(2 * blocks))
        self.up = nn.Conv2d(wide, narrow, 1)
        self.merge = convolution(narrow, narrow, bias=False)
        self.fine = convolution(narrow, FINE)
        self.unfold = convolution(FINE, 2 * 12)
        self.scale = nn.Parameter(torch.ones(paintings, sum(self.widths)))
        self.shift = nn.Parameter(torch.zeros(paintings, sum(self.widths)))
        self.tone = nn.Parameter(torch.eye(*TONE).flatten().repeat(paintings, 1))  # [N, 12]: TONE, flat
        self.style_gain = nn.Parameter(torch.ones(paintings, EMBEDDING))
        self.embedding_in = nn.Linear(2 * narrow, EMBEDDING)
        self.embedding_out = nn.Linear(EMBEDDING, EMBEDDING)
        self.corrections = nn.Linear(EMBEDDING, 2 * sum(self.widths) + math.prod(TONE))

    def forward(
        self, photo: Tensor, weights: Tensor, places: Places | None = None, record: Statistics | None = None
    ) -> Tensor:
        """Stylises photos [B, 3, H, W] in 0..1; returns the same shape and range; `weights` is [B, N].

        The weights are not normalised: each row should sum to 1. With `places`, one photo is painted in two styles,
        whose weights are two rows. To `record` the statistics of each normalisation's input are appended.
        """
        height, width = photo.shape[2:]
        x = F.pad(photo, (0, -width % STRIDE, 0, -height % STRIDE), mode="replicate") * 2 - 1
        folded = self.fold(F.pixel_unshuffle(x, PATCH))
        scales, shifts, tone = self._style_parameters(folded, weights)
        if places is not None:
            places = places.padded(*x.shape[2:])

        def norm(x: Tensor, n: int) -> Tensor:
            if record is not None:
                record.append(torch.var_mean(x.float(), dim=(2, 3), correction=0))
            if places is not None:
                return places.normalised(x, scales[n], shifts[n], n)
            return normalised(x, scales[n], shifts[n])

        quarter = F.relu_(norm(folded, 0))
        h = F.relu_(norm(self.down(quarter), 1))  # [B, wide, H / 8, W / 8]
        for n in range(0, len(self.residual), 2):
            inner = F.relu_(norm(self.residual[n](h), n + 2))
            h = h + norm(self.residual[n + 1](inner), n + 3)
        h = quarter + twice(self.up(h))  # [B, narrow, H / 4, W / 4]
        h = F.relu_(norm(self.merge(h), len(self.widths) - 1))
        h = F.relu_(self.fine(twice(h)))  # [B, FINE, H / 2, W / 2]
        paint, detail = F.pixel_shuffle(self.unfold(h), 2).chunk(2, dim=1)  # [B, 3, H, W] each
        toned = torch.baddbmm(tone[..., 3:], tone[..., :3], x.flatten(2).expand(len(tone), -1, -1))
        toned = toned.view(-1, *x.shape[1:])
        h = toned if places is None else places.mixed(toned)
        h = torch.addcmul(h.add_(paint), detail, x)
        return torch.sigmoid(2 * h[..., :height, :width])

    def _style_parameters(self, folded: Tensor, weights: Tensor) -> tuple[Sequence[Tensor], Sequence[Tensor], Tensor]:
        """Scale and shift of each normalisation, [B, channels], and the colour map [B, 3, 4], for B rows of weights."""
        variance, mean = torch.var_mean(folded, dim=(2, 3))
        deviation = (variance + 1e-5).sqrt()  # the offset keeps the gradient finite for a uniform picture
        embedding = F.gelu(self.embedding_in(torch.cat([mean, deviation], dim=1)))
        embedding = F.gelu(self.embedding_out(embedding))
        corrections = self.corrections(embedding * (weights @ self.style_gain))
        total = sum(self.widths)
        scale, shift, tone = corrections.split((total, total, math.prod(TONE)), dim=1)
        scales = (weights @ self.scale * (1 + scale)).split(self.widths, dim=1)
        shifts = (weights @ self.shift + shift).split(self.widths, dim=1)
        return scales, shifts, (weights @ self.tone + tone).view(-1, *TONE)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where one photo has the second of two styles: `mask` [1, 1, H, W] is 1 there.

    Every place mixes the scale, shift and tone of both, so that each convolution runs once. It is normalised by
    `statistics` [2, C] from a pass of each style alone: those of the mixed picture depend on the other style, which
    leaves halos and wrong tones.
    """

    mask: Tensor
    statistics: Statistics

    def padded(self, height: int, width: int) -> Places:
        """With the mask of a padded photo."""
        right, below = width - self.mask.shape[3], height - self.mask.shape[2]
        return replace(self, mask=F.pad(self.mask, (0, right, 0, below), mode="replicate"))

    def normalised(self, x: Tensor, scale: Tensor, shift: Tensor, n: int) -> Tensor:
        """The n-th normalisation of [1, C, h, w], with scale and shift [2, C] of both styles."""
        variance, mean = self.statistics[n]
        slope = scale * (variance + 1e-5).rsqrt()
        offset = shift - mean * slope
        slope, offset = (self.mixed(each[..., None, None].to(x.dtype), x.shape[2]) for each in (slope, offset))
        return torch.addcmul(offset, x, slope)

    def mixed(self, two: Tensor, height: int = 0) -> Tensor:
        """[2, C, …] of both styles mixed by place, at a height that the mask is reduced to, 0 for its own."""
        mask = F.avg_pool2d(self.mask, self.mask.shape[2] // height) if height else self.mask
        return torch.lerp(two[:1], two[1:], mask.to(two.dtype))


def convolution(before: int, after: int, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    """A 3x3 convolution with replicated borders: zero padding would let the network detect the picture's border."""
    return nn.Conv2d(before, after, 3, stride=stride, padding=1, padding_mode="replicate", bias=bias)


def twice(x: Tensor) -> Tensor:
    """Nearest-neighbour upsampling to [B, C, 2 H, 2 W]."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def normalised(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Instance normalisation of [B, C, H, W], then each picture's own scale and shift [B, C].

    Computed as a group normalisation with one channel per group, whose CPU kernel is several times faster.
    """
    channels = scale.numel()
    flat = x.reshape(1, channels, *x.shape[2:])
    return torch.group_norm(flat, channels, scale.reshape(-1), shift.reshape(-1), 1e-5).view_as(x)


def prepare(network: StyleNetwork) -> None:
    """Initialises the weights so that residual branches start small and the output starts close to the photo."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    with torch.no_grad():
        network.unfold.weight.mul_(0.1)
        network.corrections.weight.zero_()
        network.corrections.bias.zero_()
        ends = torch.tensor(network.widths).cumsum(0).tolist()
        for n in range(3, len(network.widths) - 1, 2):
            network.scale[:, ends[n - 1] : ends[n]] = 0.2

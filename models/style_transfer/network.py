"""The style network: stylises a photo in one pass, in any blend of the paintings it was trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KIND = "style_transfer"
STRIDE = 8  # of the residual blocks: the input is padded to multiples of it
PATCH = 4  # side of the pixel unshuffle at the input: 4x4 pixels become channels
FINE = 16  # channels at half resolution
TONE = 3, 4  # affine map from the photo's RGB to that of the painting
HEED = 64  # width of the embedding of the photo's statistics

OWN = "scale", "shift", "tone", "heed"  # parameters with one row per painting


class StyleNetwork(nn.Module):
    """Feed-forward style transfer with conditional instance normalisation (Johnson et al. 2016; Dumoulin et al. 2017).

    A variant designed for the CPU. A pixel unshuffle (4x4) moves the input to a quarter of its size, so no convolution
    runs at full resolution; the `blocks` residual blocks run at an eighth with `wide` channels, between two layers at a
    quarter with `narrow` channels. The output adds the photo twice: through the affine colour map `tone`, and
    multiplied by a mask (`glaze`) that the network predicts for each pixel, to keep detail finer than the network
    draws. A painting owns one row each of `scale`, `shift` and `tone`; a blend of paintings is a weighted sum of rows.
    Upsampling repeats pixels before a convolution, since a pixel shuffle leaves a grid in flat areas.

    Instance normalisation removes the photo's overall contrast and colour, on which the right amount of paint depends.
    A small network therefore predicts corrections of scale, shift and tone from the mean and standard deviation of the
    first feature maps. `heed`: how strongly each style reacts to these statistics.
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

    def forward(
        self, photo: Tensor, weights: Tensor, inside: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Stylises photos [B, 3, H, W] in 0..1; returns the same shape and range; `weights` is [B, N].

        The weights are not normalised: each row should sum to 1. `inside` [B, N] is the blend of styles where `mask`
        [B, 1, H, W] is 1: every place mixes the scale, shift and tone of both blends, so that each convolution runs
        once for two styles.
        """
        height, width = photo.shape[2:]
        quarters = eighths = None
        if mask is not None and inside is not None:
            mask = F.pad(mask, (0, -width % STRIDE, 0, -height % STRIDE), mode="replicate")
            quarters, eighths = F.avg_pool2d(mask, PATCH), F.avg_pool2d(mask, STRIDE)
            weights = torch.cat([weights, inside])
        x = F.pad(photo, (0, -width % STRIDE, 0, -height % STRIDE), mode="replicate") * 2 - 1
        folded = self.fold(F.pixel_unshuffle(x, PATCH))
        scales, shifts, tone = self._style_parameters(folded, weights)

        quarter = F.relu_(normalised(folded, scales[0], shifts[0], quarters))
        h = F.relu_(normalised(self.down(quarter), scales[1], shifts[1], eighths))  # [B, wide, H / 8, W / 8]
        for n in range(0, len(self.trunk), 2):
            inner = F.relu_(normalised(self.trunk[n](h), scales[n + 2], shifts[n + 2], eighths))
            h = h + normalised(self.trunk[n + 1](inner), scales[n + 3], shifts[n + 3], eighths)
        h = quarter + twice(self.up(h))  # [B, narrow, H / 4, W / 4]
        h = F.relu_(normalised(self.merge(h), scales[-1], shifts[-1], quarters))
        h = F.relu_(self.fine(twice(h)))  # [B, FINE, H / 2, W / 2]
        paint, glaze = F.pixel_shuffle(self.unfold(h), 2).chunk(2, dim=1)  # [B, 3, H, W] each
        toned = [torch.baddbmm(a[..., 3:], a[..., :3], x.flatten(2)).view_as(x) for a in torch.split(tone, len(x))]
        h = toned[0] if mask is None or len(toned) == 1 else blended(toned[0], toned[1], mask)
        h = torch.addcmul(h.add_(paint), glaze, x)
        return torch.sigmoid(2 * h[..., :height, :width])

    def _style_parameters(self, folded: Tensor, weights: Tensor) -> tuple[Sequence[Tensor], Sequence[Tensor], Tensor]:
        """Scale and shift of each normalisation, [B, channels], and the colour map [B, 3, 4].

        With 2 B rows of weights, for two blends of the same photos, all are [2 B, …].
        """
        variance, mean = torch.var_mean(folded, dim=(2, 3))
        deviation = (variance + 1e-5).sqrt()  # the offset keeps the gradient finite for a uniform picture
        embedding = F.gelu(self.sums_up(F.gelu(self.sees(torch.cat([mean, deviation], dim=1)))))
        embedding = embedding.repeat(len(weights) // len(embedding), 1)
        corrections = self.moves(embedding * (weights @ self.heed))
        total = sum(self.widths)
        scale, shift, tone = corrections.split((total, total, math.prod(TONE)), dim=1)
        scales = (weights @ self.scale * (1 + scale)).split(self.widths, dim=1)
        shifts = (weights @ self.shift + shift).split(self.widths, dim=1)
        return scales, shifts, (weights @ self.tone + tone).view(-1, *TONE)


def convolution(before: int, after: int, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    """A 3x3 convolution with replicated borders: zero padding would let the network detect the picture's border."""
    return nn.Conv2d(before, after, 3, stride=stride, padding=1, padding_mode="replicate", bias=bias)


def twice(x: Tensor) -> Tensor:
    """Nearest-neighbour upsampling to [B, C, 2 H, 2 W]."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def normalised(x: Tensor, scale: Tensor, shift: Tensor, mask: Tensor | None = None) -> Tensor:
    """Instance normalisation of [B, C, H, W], then each picture's own scale and shift [B, C].

    Computed as a group normalisation with one channel per group, whose CPU kernel is several times faster. With `mask`
    [B, 1, H, W], `scale` and `shift` are [2 B, C]: those where it is 0, then those where it is 1.
    """
    if mask is not None:
        outside, inside = zip(scale.chunk(2), shift.chunk(2), strict=True)
        return blended(normalised(x, *outside), normalised(x, *inside), mask)
    channels = scale.numel()
    flat = x.reshape(1, channels, *x.shape[2:])
    return torch.group_norm(flat, channels, scale.reshape(-1), shift.reshape(-1), 1e-5).view_as(x)


def blended(outside: Tensor, inside: Tensor, mask: Tensor) -> Tensor:
    """`outside` where the mask is 0, `inside` where it is 1."""
    return torch.lerp(outside, inside, mask.to(outside.dtype))


def prepare(network: StyleNetwork) -> None:
    """Initialises the weights so that residual branches start small and the output starts close to the photo."""
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

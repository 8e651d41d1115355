"""A training of the style network: updates, tests on held-out photos, and checkpoints that resume exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from models.compute.precision import bfloat16_is_faster
from models.files import store
from models.style_transfer.composition import Detail, composed_maps
from models.style_transfer.dataset import Photos, StyleBatch, threads
from models.style_transfer.network import KIND, StyleNetwork, prepare
from models.style_transfer.objective import Objective
from models.style_transfer.optimiser import StyleOptimiser
from models.style_transfer.weights import read
from models.training.arguments import count, counts, share, shares
from models.training.settings import StepSettings, setting
from models.training.trainer import BaseTrainer


class StyleLosses(NamedTuple):
    """Mean losses of one or more batches or test pictures."""

    content: float
    style: float
    total: float
    stability: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleSettings(StepSettings):
    """The settings that determine the result of a training."""

    steps: int = setting(40_000, "updates to make", count, may_change=True, metavar="N")
    batch: int = setting(6, "painted pictures of one update", count)
    learning_rate: float = setting(2e-3, "peak learning rate")
    sides: tuple[int, ...] = setting((192, 256), "sides of the crops in pixels: 192,256 (192,256)", counts)
    grows: tuple[float, ...] = setting((0.0, 0.5), "share of the training at which each begins: 0,0.5 (0,0.5)", shares)
    sharpens: float = 0.7  # share after which VGG-16 gives the losses, if SqueezeNet gave them first
    steadies: float = setting(0.6, "share of the training after which the flicker loss is added", share)
    stability: float = setting(20.0, "weight of the flicker loss, 0: none")
    narrow: int = setting(48, "channels at a quarter of the size", count)
    wide: int = setting(128, "channels at an eighth of the size", count)
    blocks: int = setting(4, "residual blocks", count)
    details: tuple[tuple[float, float], ...] = ()  # `Detail` of each painting; empty: the usual one


class StyleTrainer(BaseTrainer):
    """Network, optimiser and position in the photos; call `update` until `done`."""

    settings: StyleSettings
    network: StyleNetwork
    kind = KIND
    warm_up = 0.01

    def __init__(
        self,
        settings: StyleSettings,
        photos: Sequence[Path],
        objective: Objective,
        labels: Sequence[str],
        *,
        first: Objective | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """Minimises `objective`; if `first` is given, minimises that one until `settings.sharpens`."""
        super().__init__(settings, device=device)
        self.objective, self.first, self.labels = objective, first, tuple(labels)
        self.photos = Photos(
            photos, paintings=len(labels), batch=settings.batch, seed=settings.seed, ahead=threads(self.device)
        )
        torch.manual_seed(settings.seed)
        sizes = {"narrow": settings.narrow, "wide": settings.wide, "blocks": settings.blocks}
        self.network = StyleNetwork(paintings=len(labels), **sizes)
        prepare(self.network)
        if settings.begin:
            begin(self.network, self.labels, settings.begin)
        self.network.to(self.device)
        self.details = torch.tensor(settings.details or (Detail(),) * len(labels), device=self.device)  # [N, 2]
        self.half = bfloat16_is_faster(self.device)
        self.goal = objective.quick()  # for training; `objective` itself is for tests
        self.optimiser = StyleOptimiser(self.network)

    @property
    def side(self) -> int:
        """Current side of the crops in pixels."""
        reached = [side for side, at in zip(self.settings.sides, self.settings.grows, strict=True) if self.part >= at]
        return reached[-1]

    def update(self) -> StyleLosses:
        """One batch and one optimiser step. Raises ValueError, with no weight changed, if the loss is not finite."""
        batch = self.photos.batch(self.done_updates, self.side)
        loss, means = self._losses(batch)
        self.descend(loss, float(loss.detach()))
        return means

    def _losses(self, batch: StyleBatch) -> tuple[Tensor, StyleLosses]:
        each = batch.which.shape[1]
        photos = batch.photos.to(self.device)
        which = batch.which.flatten().to(self.device)
        rows = F.one_hot(which, len(self.labels)).float()
        painted = self.painted(photos.repeat_interleave(each, 0), rows)
        goal = self.goal
        if self.first is not None and self.part < self.settings.sharpens:
            goal = self.first
        content = goal.content(photos).repeat_interleave(each, 0)
        losses = goal(painted, content, which)
        loss = losses.total.mean()
        unstable = loss.new_zeros(())
        if self.settings.stability and self.part >= self.settings.steadies:
            moved = batch.moved.to(self.device).repeat_interleave(each, 0)
            shift = batch.shift.to(self.device).repeat_interleave(each, 0)
            unstable = instability(painted, self.painted(moved, rows), shift)
            loss = loss + self.settings.stability * unstable
        means = [float(part.detach().mean()) for part in (*losses, unstable)]
        return loss, StyleLosses(*means)

    def painted(self, photos: Tensor, rows: Tensor) -> Tensor:
        """Photos as they are shown in the paintings `rows` [B, N]: composed with their own detail."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            painted: Tensor = self.network(photos, rows)
        return composed_maps(painted.float(), photos, rows @ self.details)

    @torch.no_grad()
    def in_each_style(self, photo: Tensor) -> list[Tensor]:
        """A photo [1, 3, H, W] in each style."""
        return [self.painted(photo.to(self.device), row[None]) for row in torch.eye(len(self.labels)).to(self.device)]

    @torch.no_grad()
    def test(self, photos: Sequence[Tensor]) -> list[StyleLosses]:
        """Mean losses of each painting on the photos [1, 3, H, W]."""
        contents = [self.objective.content(photo.to(self.device)) for photo in photos]
        styles = zip(*(self.in_each_style(photo) for photo in photos), strict=True)
        return [judged(self.objective, pictures, contents, n) for n, pictures in enumerate(styles)]

    def step_optimiser(self, learning_rate: float) -> None:
        self.optimiser.step(learning_rate)

    def fingerprint(self) -> str:
        """The paintings and photos in one line."""
        return f"{', '.join(self.labels)} and {len(self.photos.files)} photos"


def begin(network: StyleNetwork, labels: Sequence[str], name_or_path: str) -> None:
    """Starts from existing weights. Raises WeightsError if they cannot be used or are of other paintings."""
    parameters, card = read(name_or_path)
    try:
        network.load_state_dict(parameters)
    except RuntimeError:
        raise store.WeightsError(f"{name_or_path}: the network in this file has a different size") from None
    if card.labels != tuple(labels):
        raise store.WeightsError(f"{name_or_path}: trained on other paintings: {', '.join(card.labels)}")


def instability(painted: Tensor, moved: Tensor, shift: Tensor) -> Tensor:
    """Stability loss: mean squared difference of `moved` [B, 3, S, S] and `painted` shifted by `shift` [B, 2]."""
    side = painted.shape[-1]
    lines = torch.arange(side, device=painted.device, dtype=painted.dtype)
    y = lines[None, :, None] + shift[:, 0, None, None]
    x = lines[None, None, :] + shift[:, 1, None, None]
    shape = len(painted), side, side
    grid = torch.stack([x.expand(shape), y.expand(shape)], dim=-1) * (2 / (side - 1)) - 1
    shifted = F.grid_sample(painted, grid, align_corners=True)
    inside = (grid.abs().amax(dim=-1) <= 1)[:, None].to(painted.dtype)
    return ((shifted - moved).square() * inside).mean()


def judged(objective: Objective, painted: Sequence[Tensor], contents: Sequence[Tensor], which: int) -> StyleLosses:
    """Mean losses of pictures [1, 3, H, W] against one painting."""
    sums = [0.0, 0.0, 0.0]
    for picture, content in zip(painted, contents, strict=True):
        for n, part in enumerate(objective(picture, content, torch.tensor([which], device=picture.device))):
            sums[n] += float(part.mean()) / len(painted)
    return StyleLosses(*sums)


def mean_of(many: Sequence[StyleLosses]) -> StyleLosses:
    """The mean of each loss."""
    return StyleLosses(*(sum(values) / len(many) for values in zip(*many, strict=True)))

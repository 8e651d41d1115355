"""The trainer of Sketch-RNN: updates, validation, and checkpoints that resume to the same losses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from models.sketch_rnn.dataset import Batches, Drawings, SketchBatch
from models.sketch_rnn.losses import KL_FLOOR, annealed, kl, reconstruction
from models.sketch_rnn.network import KIND, SketchNetwork, prepare
from models.sketch_rnn.recurrent import Dropout
from models.sketch_rnn.weights import read, transfer
from models.training.arguments import count, share, whole_number
from models.training.processes import average
from models.training.settings import StepSettings, setting
from models.training.trainer import BaseTrainer

ANNEALING_SPAN = 10.0  # over a training, 1 - η falls by the factor e^10


class SketchLosses(NamedTuple):
    """L_R and L_KL of the paper, of one batch or as a mean."""

    l_r: float
    l_kl: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SketchSettings(StepSettings):
    """The settings of a training; `batch` counts drawings, and the rest are the paper's hyperparameters."""

    kl_weight: float = setting(1.0, "weight of the KL loss, the paper's w_KL")
    annealing: float = setting(
        0.0,
        "annealing rate of the KL weight, the paper's R, such as 0.99999; 0: by the duration, so that the weight is "
        "nearly reached after a third of it",
    )
    longest: int = setting(200, "the paper's N_max: leave out drawings of more points", count)
    encoder: int = setting(256, "width of the encoder, each way", count)
    decoder: int = setting(512, "width of the decoder", count)
    latent: int = setting(
        128, "size of the latent vector z; 0: decoder only, which cannot vary or morph drawings", whole_number
    )
    mixtures: int = setting(20, "Gaussians of the mixture for each point", count)
    recurrent_dropout: float = setting(
        0.1, "dropout on the LSTM cell's input, against overfitting; 0 is faster", share, metavar="SHARE"
    )
    alone: float = setting(
        0.0,
        "share of the drawings trained with z = 0, which improves free drawing and completion",
        share,
        metavar="SHARE",
    )
    bfloat16: bool = setting(False, "half-precision arithmetic of the LSTMs, faster on some processors")


class SketchTrainer(BaseTrainer):
    """Network, optimiser and position in the data; `update` until `done`."""

    settings: SketchSettings
    network: SketchNetwork
    kind = KIND

    def __init__(self, settings: SketchSettings, drawings: Drawings, *, device: torch.device | str = "cpu") -> None:
        super().__init__(settings, device=device)
        self.drawings = drawings
        parameters, facts, card = read(settings.begin) if settings.begin else ({}, None, None)
        # Initial weights keep the scale factor that they were trained with.
        self.scale = card.scale_factor if card else drawings.scale()
        self.batches = Batches(drawings, batch=settings.batch, seed=settings.seed, scale=self.scale)
        torch.manual_seed(settings.seed)
        self.network = SketchNetwork(
            categories=len(drawings.categories),
            encoder=settings.encoder,
            decoder=settings.decoder,
            latent=settings.latent,
            mixtures=settings.mixtures,
        )
        prepare(self.network)
        if facts is not None:
            transfer(self.network, drawings.categories, parameters, facts.categories)
        self.network.to(self.device)
        fused = self.device.type in ("cpu", "cuda")
        self.optimiser = torch.optim.Adam(self.network.parameters(), betas=(0.9, 0.99), fused=fused)

    def kl_weight(self) -> float:
        """The current weight of L_KL, w_KL η; not annealed when training starts from trained weights."""
        if self.settings.begin:
            return self.settings.kl_weight
        if self.settings.annealing:
            return self.settings.kl_weight * annealed(self.done_updates, self.settings.annealing)
        return self.settings.kl_weight * annealed(1, math.exp(-ANNEALING_SPAN * self.part))

    def update(self) -> SketchLosses:
        """Trains on one batch; returns the losses of the whole batch.

        Raises ValueError, and changes no weight, when they are not finite.
        """
        random = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + self.done_updates)
        noise = torch.randn(self.settings.batch, self.settings.latent, generator=random)
        order = torch.randperm(self.own.stop - self.own.start, generator=random)
        encoded = order[: math.ceil(len(order) * (1 - self.settings.alone))].sort().values
        rate = self.settings.recurrent_dropout
        drop = Dropout(rate, random) if rate else None
        batch = self.batches[self.done_updates]
        means = [part.mean() for part in self._losses(batch, noise, self.own, encoded, drop)]
        losses = SketchLosses(*average(torch.stack(means)))
        # Gradient of max(L_KL, KL_min) as in the paper: 0 below the floor. L_KL is that of the whole batch.
        loss = means[0] + self.kl_weight() * means[1] * float(losses.l_kl > KL_FLOOR)
        self.descend(loss, *losses)
        return losses

    def _losses(
        self,
        batch: SketchBatch,
        noise: Tensor,
        own: slice,
        encoded: Tensor,
        drop: Dropout | None = None,
        *,
        exact: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """L_R [b] of the drawings in the slice `own` of a batch, and L_KL [n] of those of them that `encoded` indexes.

        In training, L_p is summed up to the end of the longest drawing of the batch instead of N_max; the omitted
        rows are padding after the end. `exact` computes in float32 and stops at each drawing's own end, so that the
        result does not depend on the other drawings of the batch.
        """
        drawing = torch.from_numpy(batch.drawing[own]).to(self.device)
        lengths = torch.from_numpy(batch.lengths[own]).to(self.device)
        labels = torch.from_numpy(batch.labels[own])
        category = F.one_hot(labels, self.network.categories).to(self.device, torch.float32)
        half = (self.settings.bfloat16 or self.device.type == "cuda") and not exact
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
            chance = noise[own].to(self.device)
            raw, mu, log_variance = self.network(drawing, lengths, category, chance, encoded.to(self.device), drop)
        ended = drawing.new_tensor([0.0, 0.0, 0.0, 0.0, 1.0]).expand(len(drawing), 1, 5)
        target = torch.cat([drawing, ended], dim=1)
        offsets, pen = reconstruction(raw, target, longest=self.settings.longest, after_end=not exact)
        return offsets + pen, kl(mu.float(), log_variance.float())

    @torch.no_grad()
    def validate(
        self, batches: Sequence[SketchBatch], *, alone: bool = False
    ) -> tuple[SketchLosses, dict[str, SketchLosses]]:
        """Mean L_R and L_KL of held-out drawings, over all and per category, with the same noise every time.

        `alone` measures the decoder with z = 0; L_KL is then 0.
        """
        random = torch.Generator().manual_seed(0)
        sums = torch.zeros(self.network.categories, 3, dtype=torch.float64)  # L_R, L_KL, drawings
        for batch in batches:
            noise = torch.randn(len(batch.labels), self.settings.latent, generator=random)
            encoded = torch.arange(0 if alone else len(noise))
            l_r, l_kl = self._losses(batch, noise, slice(None), encoded, exact=True)
            l_kl = l_r.new_zeros(len(l_r)) if alone else l_kl
            rows = torch.stack([l_r.cpu(), l_kl.cpu(), torch.ones(len(l_r))], dim=1).double()
            sums.index_add_(0, torch.from_numpy(batch.labels), rows)
        if not float(sums[:, 2].sum()):
            return SketchLosses(math.inf, math.inf), {}
        each = {
            name: SketchLosses(*(row[:2] / row[2]).tolist())
            for name, row in zip(self.drawings.categories, sums, strict=True)
            if row[2]
        }
        return SketchLosses(*(sums[:, :2].sum(dim=0) / sums[:, 2].sum()).tolist()), each

    def fingerprint(self) -> str:
        """Identifies the drawings in one line."""
        found = self.drawings
        counts = f"{len(found)} drawings, {len(found.points)} points, scale {found.scale()}"
        return f"{counts}, of {', '.join(found.categories)}"

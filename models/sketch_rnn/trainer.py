"""One training of the draughtsman: updates, validation, and a checkpoint that resumes to the same losses."""

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
from models.sketch_rnn.network import SketchNetwork, prepare
from models.sketch_rnn.recurrent import Dropout
from models.sketch_rnn.weights import read, take_over
from models.training.processes import average
from models.training.settings import TrainingSettings
from models.training.trainer import BaseTrainer

ANNEALING_SPAN = 10.0  # how many times the KL weight's distance from 1 falls by e in one training


class SketchLosses(NamedTuple):
    """The paper's L_R and L_KL, of one batch or a mean of many."""

    reconstruction: float
    kl: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SketchSettings(TrainingSettings):
    """What decides the result of a training: `batch` counts drawings, the rest names the paper's quantities."""

    kl_weight: float = 1.0  # the paper's w_KL
    annealing: float = 0.0  # the paper's R, 0..1; 0 chooses it so that w_KL is in force after a third of the steps
    longest: int = 200  # points of a drawing, the paper's N_max
    encoder: int = 256
    decoder: int = 512
    latent: int = 128  # 0: no encoder
    mixtures: int = 20
    recurrent_dropout: float = 0.1  # share of what is new in a cell, 0..1, that is forgotten while training
    alone: float = 0.0  # share of the drawings, 0..1, that the decoder draws without the encoder, z being 0
    bfloat16: bool = False  # the LSTMs' arithmetic; weights and losses stay float32


class SketchTrainer(BaseTrainer[SketchSettings, SketchLosses]):
    """Network, optimiser and position in the data; `update` until `done`."""

    network: SketchNetwork

    def __init__(self, settings: SketchSettings, drawings: Drawings, *, device: torch.device | str = "cpu") -> None:
        super().__init__(settings, device=device)
        self.drawings = drawings
        parameters, facts, card = read(settings.begin) if settings.begin else ({}, None, None)
        # Weights go on in the units they were learned in.
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
            take_over(self.network, drawings.categories, parameters, facts.categories)
        self.network.to(self.device)
        fused = self.device.type in ("cpu", "cuda")
        self.optimiser = torch.optim.Adam(self.network.parameters(), betas=(0.9, 0.99), fused=fused)

    def kl_weight(self) -> float:
        """What L_KL counts now: w_KL, annealed; in full from the first where the encoder has learned already."""
        if self.settings.begin:
            return self.settings.kl_weight
        if self.settings.annealing:
            return self.settings.kl_weight * annealed(self.done_updates, self.settings.annealing)
        return self.settings.kl_weight * annealed(1, math.exp(-ANNEALING_SPAN * self.part))

    def update(self) -> SketchLosses:
        """One batch, one step of the optimiser: the losses of the whole batch.

        Raises ValueError, with no weight changed, when they are not finite.
        """
        random = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + self.done_updates)
        noise = torch.randn(self.settings.batch, self.settings.latent, generator=random)
        order = torch.randperm(self.own.stop - self.own.start, generator=random)
        seen = order[: math.ceil(len(order) * (1 - self.settings.alone))].sort().values
        rate = self.settings.recurrent_dropout
        drop = Dropout(rate, random) if rate else None
        batch = self.batches[self.done_updates]
        means = [part.mean() for part in self._losses(batch, noise, self.own, seen, drop)]
        lost, said = average(torch.stack(means))
        # Below its floor L_KL pulls no more, as max(L_KL, floor) in the paper; the floor is the whole batch's.
        loss = means[0] + self.kl_weight() * means[1] * float(said > KL_FLOOR)
        self.descend(loss, (lost, said))
        return SketchLosses(lost, said)

    def _losses(
        self,
        batch: SketchBatch,
        noise: Tensor,
        own: slice,
        seen: Tensor,
        drop: Dropout | None = None,
        *,
        exact: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """L_R of each drawing of a batch that is `own`, [b], and L_KL of those of them that are `seen`, [n].

        While training the pen's loss is summed to the end of the batch's longest drawing rather than to N_max:
        what that leaves out says only that a finished drawing stays finished. `exact` computes in float32 and
        stops at each drawing's own end, whatever lies beside it.
        """
        drawing = torch.from_numpy(batch.drawing[own]).to(self.device)
        lengths = torch.from_numpy(batch.lengths[own]).to(self.device)
        labels = torch.from_numpy(batch.labels[own])
        category = F.one_hot(labels, self.network.categories).to(self.device, torch.float32)
        half = (self.settings.bfloat16 or self.device.type == "cuda") and not exact
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
            chance = noise[own].to(self.device)
            raw, mu, log_variance = self.network(drawing, lengths, category, chance, seen.to(self.device), drop)
        ended = drawing.new_tensor([0.0, 0.0, 0.0, 0.0, 1.0]).expand(len(drawing), 1, 5)
        target = torch.cat([drawing, ended], dim=1)
        offsets, pen = reconstruction(raw, target, longest=self.settings.longest, after_end=not exact)
        return offsets + pen, kl(mu.float(), log_variance.float())

    @torch.no_grad()
    def validate(
        self, batches: Sequence[SketchBatch], *, alone: bool = False
    ) -> tuple[SketchLosses, dict[str, SketchLosses]]:
        """Mean L_R and L_KL of drawings held back, over all and per category; the same noise every time.

        `alone` asks what the decoder makes of them without z; L_KL is 0 then.
        """
        random = torch.Generator().manual_seed(0)
        sums = torch.zeros(self.network.categories, 3, dtype=torch.float64)  # L_R, L_KL, drawings
        for batch in batches:
            noise = torch.randn(len(batch.labels), self.settings.latent, generator=random)
            seen = torch.arange(0 if alone else len(noise))
            lost, said = self._losses(batch, noise, slice(None), seen, exact=True)
            said = lost.new_zeros(len(lost)) if alone else said
            rows = torch.stack([lost.cpu(), said.cpu(), torch.ones(len(lost))], dim=1).double()
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
        """The drawings in one line."""
        found = self.drawings
        counts = f"{len(found)} drawings, {len(found.points)} points, scale {found.scale()}"
        return f"{counts}, of {', '.join(found.categories)}"

"""One training of the draughtsman: updates, validation, and a checkpoint that resumes to the same losses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from models.sketch_rnn.dataset import Batch, Batches, Drawings
from models.sketch_rnn.losses import KL_FLOOR, annealed, kl, reconstruction
from models.sketch_rnn.network import Network, prepare
from models.sketch_rnn.recurrent import Dropout
from models.sketch_rnn.weights import read, take_over
from models.training.checkpoint import ResumeError, read_checkpoint, write_checkpoint

WARM_UP = 0.02  # share of the training in which the learning rate rises
CLIP = 1.0  # largest norm of the gradient
ANNEALING_SPAN = 10.0  # how many times the KL weight's distance from 1 falls by e in one training


class Losses(NamedTuple):
    """Of one batch or many: the paper's L_R and L_KL."""

    reconstruction: float
    kl: float


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides the result of a training."""

    steps: int = 20_000  # updates
    minutes: float = 0.0  # train for so long instead; the learning rate then follows the clock
    batch: int = 100  # drawings at once
    learning_rate: float = 1e-3  # at its highest
    kl_weight: float = 1.0  # the paper's w_KL
    annealing: float = 0.0  # the paper's R, 0..1; 0 chooses it so that w_KL is in force after a third of the steps
    longest: int = 200  # points of a drawing, the paper's N_max
    seed: int = 1
    encoder: int = 256
    decoder: int = 512
    latent: int = 128  # 0: no encoder
    mixtures: int = 20
    recurrent_dropout: float = 0.1  # share of what is new in a cell, 0..1, that is forgotten while training
    alone: float = 0.0  # share of the drawings, 0..1, that the decoder draws without the encoder, z being 0
    begin: str = ""  # the weights that the training began with
    bfloat16: bool = False  # the LSTMs' arithmetic; weights and losses stay float32


class Trainer:
    """Network, optimiser and position in the data; `update` until `done`.

    With several processes (torch.distributed initialised) each trains its share of every batch.
    Raises ValueError when the batch cannot be shared out evenly.
    """

    def __init__(self, settings: Settings, drawings: Drawings, *, device: torch.device | str = "cpu") -> None:
        self.settings, self.drawings, self.device = settings, drawings, torch.device(device)
        self.world = distributed.get_world_size() if distributed.is_initialized() else 1
        self.rank = distributed.get_rank() if distributed.is_initialized() else 0
        if settings.batch % self.world:
            raise ValueError(f"a batch of {settings.batch} cannot be shared by {self.world} processes")
        own = settings.batch // self.world
        self.own = slice(self.rank * own, (self.rank + 1) * own)
        parameters, facts, card = read(settings.begin) if settings.begin else ({}, None, None)
        # Weights go on in the units they were learned in.
        self.scale = card.scale_factor if card else drawings.scale()
        self.batches = Batches(drawings, batch=settings.batch, seed=settings.seed, scale=self.scale)
        torch.manual_seed(settings.seed)
        self.network = Network(
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
        self.model: nn.Module = self.network if self.world == 1 else DistributedDataParallel(self.network)
        fused = self.device.type in ("cpu", "cuda")
        self.optimiser = torch.optim.Adam(self.network.parameters(), betas=(0.9, 0.99), fused=fused)
        self.done_updates = 0
        self.spent_s = 0.0  # how long was trained, all sessions together; whoever trains keeps it up to date
        self.best = math.inf  # validation, L_R + w_KL * L_KL

    @property
    def part(self) -> float:
        """How much of the training is done, 0..1."""
        if self.settings.minutes:
            return min(1.0, self.spent_s / 60 / self.settings.minutes)
        return min(1.0, self.done_updates / self.settings.steps)

    @property
    def done(self) -> bool:
        return self.part >= 1.0

    def learning_rate(self) -> float:
        """A short rise, then half a cosine down to nothing."""
        part = self.part + (0 if self.settings.minutes else 0.5 / self.settings.steps)
        rise = min(1.0, (part + 1e-3) / WARM_UP)
        return self.settings.learning_rate * rise * 0.5 * (1 + math.cos(math.pi * min(part, 1.0)))

    def kl_weight(self) -> float:
        """What L_KL counts now: w_KL, annealed; in full from the first where the encoder has learned already."""
        if self.settings.begin:
            return self.settings.kl_weight
        if self.settings.annealing:
            return self.settings.kl_weight * annealed(self.done_updates, self.settings.annealing)
        return self.settings.kl_weight * annealed(1, math.exp(-ANNEALING_SPAN * self.part))

    def update(self) -> Losses:
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
        lost, said = self._mean(torch.stack(means).detach())
        # Below its floor L_KL pulls no more, as max(L_KL, floor) in the paper; the floor is the whole batch's.
        loss = means[0] + self.kl_weight() * means[1] * float(said > KL_FLOOR)
        if not (math.isfinite(lost) and math.isfinite(said)):
            raise ValueError("the loss is not finite any more; begin anew with a lower learning rate")
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimiser.step()
        self.done_updates += 1
        return Losses(lost, said)

    def _mean(self, own: Tensor) -> list[float]:
        """The mean of each number over all processes."""
        if self.world > 1:
            distributed.all_reduce(own)
        return [number / self.world for number in own.tolist()]

    def _losses(
        self, batch: Batch, noise: Tensor, own: slice, seen: Tensor, drop: Dropout | None = None, *, exact: bool = False
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
            model = self.network if exact else self.model
            chance = noise[own].to(self.device)
            raw, mu, log_variance = model(drawing, lengths, category, chance, seen.to(self.device), drop)
        ended = drawing.new_tensor([0.0, 0.0, 0.0, 0.0, 1.0]).expand(len(drawing), 1, 5)
        target = torch.cat([drawing, ended], dim=1)
        offsets, pen = reconstruction(raw, target, longest=self.settings.longest, after_end=not exact)
        return offsets + pen, kl(mu.float(), log_variance.float())

    @torch.no_grad()
    def validate(self, batches: Sequence[Batch], *, alone: bool = False) -> tuple[Losses, dict[str, Losses]]:
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
            return Losses(math.inf, math.inf), {}
        each = {
            name: Losses(*(row[:2] / row[2]).tolist())
            for name, row in zip(self.drawings.categories, sums, strict=True)
            if row[2]
        }
        return Losses(*(sums[:, :2].sum(dim=0) / sums[:, 2].sum()).tolist()), each

    def save(self, path: Path) -> None:
        """Write all that a resumed training needs, whole or not at all; of several processes the first one writes."""
        if self.rank:
            return
        held = {
            "settings": asdict(self.settings),
            "data": fingerprint(self.drawings),
            "updates": self.done_updates,
            "spent_s": self.spent_s,
            "best": self.best,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        write_checkpoint(path, held)

    def resume(self, path: Path) -> None:
        """Go on where `save` left off; only how long to train may differ from then.

        Raises ResumeError for a file that is broken or belongs to other settings or other data.
        """
        held, then = read_checkpoint(path, ("data", "updates", "spent_s", "best", "network", "optimiser"), Settings)
        if replace(then, steps=self.settings.steps, minutes=self.settings.minutes) != self.settings:
            raise ResumeError(f"{path}: was made with {then}, and {self.settings} was asked")
        if held["data"] != fingerprint(self.drawings):
            raise ResumeError(f"{path}: was made with other drawings than what was given now")
        self.network.load_state_dict(held["network"])
        self.optimiser.load_state_dict(held["optimiser"])
        self.done_updates, self.spent_s, self.best = held["updates"], held["spent_s"], held["best"]


def fingerprint(drawings: Drawings) -> str:
    """The drawings in one line: what a checkpoint compares."""
    told = f"{len(drawings)} drawings, {len(drawings.points)} points, scale {drawings.scale()}"
    return f"{told}, of {', '.join(drawings.categories)}"

"""A training of Performance-RNN: updates, averaged weights, validation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel

from models.compute.precision import bfloat16_products_are_faster
from models.files import store
from models.performance_rnn import recurrent
from models.performance_rnn.dataset import IGNORE, Excerpt, Excerpts, Lanes
from models.performance_rnn.log_loss import event_losses
from models.performance_rnn.network import Network, State
from models.performance_rnn.optimiser import Optimiser
from models.training.arguments import count, share
from models.training.processes import gathered
from models.training.settings import TrainingSettings, setting
from models.training.trainer import BaseTrainer

KIND = "performance_rnn"
WARM_UP = 100  # updates in which the learning rate rises
AVERAGE_EVERY = 8  # updates between two averagings, since one reads all weights
MEMORY = 0.1  # window of the weight average as a share of the updates so far


class PianoLosses(NamedTuple):
    """The mean loss of a segment, in nats per event."""

    nats: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PianoSettings(TrainingSettings):
    """The settings that determine the result of a training."""

    events: int = setting(
        15_000_000,
        "length of the training in events (notes on, notes off, time shifts, velocities), such as 15M; an hour of "
        "playing has about 140k, and is repeated as often as needed",
        count,
        may_change=True,
        metavar="N",
    )
    batch: int = setting(128, "excerpts in parallel, over all processes", count)
    segment: int = setting(64, "events of an excerpt between two updates, for truncated backpropagation", count)
    learning_rate: float = setting(0.02, "peak learning rate of Muon; Adam's is a fixed share of it")
    decay: float = setting(
        0.2,
        "share of the training, at its end, in which the learning rate falls to 0. A pause before it can be continued "
        "with more --events",
        share,
        may_change=True,
        metavar="SHARE",
    )
    hidden: int = setting(512, "width of a layer", count)
    layers: int = setting(3, "number of layers", count)

    @property
    def updates(self) -> int:
        return max(1, math.ceil(self.events / (self.batch * self.segment)))


class PianoTrainer(BaseTrainer):
    """Network, optimiser and position in the music; call `update` until `done`."""

    settings: PianoSettings
    network: Network
    kind, unit = KIND, "events"
    clip = 3.0

    def __init__(self, settings: PianoSettings, excerpts: Excerpts, *, device: torch.device | str = "cpu") -> None:
        super().__init__(settings, device=device)
        own = self.own.stop - self.own.start
        self.lanes = Lanes(excerpts, lanes=settings.batch, segment=settings.segment, first=self.own.start, own=own)
        torch.manual_seed(settings.seed)
        self.network = Network(hidden=settings.hidden, layers=settings.layers)
        prepare(self.network)
        self.network.to(self.device)
        if settings.begin:
            begin(self.network, settings.begin)
        self.average = AveragedModel(self.network, avg_fn=_averaged)
        self.optimiser = Optimiser(self.network)
        self.half = self.device.type == "cpu" and bfloat16_products_are_faster(self.device)
        self.pointwise = recurrent.EAGER
        shape = (settings.layers, own, settings.hidden)
        self.state = torch.zeros(shape, device=self.device), torch.zeros(shape, device=self.device)

    @property
    def per_update(self) -> int:
        return self.settings.batch * self.settings.segment

    def learning_rate(self) -> float:
        """Linear warm-up, then constant, then a linear decay to 0."""
        fall = (1.0 - self.middle) / self.settings.decay if self.settings.decay else 1.0
        return self.settings.learning_rate * min(1.0, (self.done_updates + 1) / WARM_UP, fall)

    def update(self) -> PianoLosses:
        """One segment of every lane and one optimiser step.

        Raises ValueError, with only the position in the music changed, if the loss is not finite.
        """
        batch = self.lanes.next()
        events, targets, control = (
            torch.from_numpy(part).to(self.device) for part in (batch.events, batch.targets, batch.control)
        )
        continues = torch.from_numpy(~batch.fresh).to(self.device, torch.float32)[None, :, None]
        h, c = self.state
        logits, (h, c) = self.forward(events, control, (h * continues, c * continues))
        # Time-major, the memory layout of `recurrent.forward`.
        logits, targets = logits.transpose(0, 1).float().flatten(0, 1), targets.t().flatten()
        loss = F.cross_entropy(logits, targets, ignore_index=IGNORE, reduction="sum")
        loss = loss / (targets != IGNORE).sum().clamp(min=1)
        losses = PianoLosses(float(loss.detach()))
        self.descend(loss, *losses)
        self.state = h.detach().float(), c.detach().float()
        if (self.done_updates - 1) % AVERAGE_EVERY == 0:
            self.average.update_parameters(self.network)
        return losses

    def forward(self, events: Tensor, control: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits and final state, in the fastest precision on this device; shapes as in `Network.forward`."""
        if self.half:
            return recurrent.forward(self.network, events, control, state, self.pointwise)
        with torch.autocast("cuda", torch.bfloat16, enabled=self.device.type == "cuda"):
            logits, state = self.network(events, control, state)
        return logits, state

    def step_optimiser(self, learning_rate: float) -> None:
        self.optimiser.step(learning_rate)

    def fingerprint(self) -> str:
        """The music in one line."""
        performances = self.lanes.excerpts.performances
        notes = sum(len(performance.pitch) for performance in performances)
        seconds = sum(float(performance.end_s[-1]) for performance in performances)
        return f"{len(performances)} performances, {notes} notes, {seconds:.3f} s"

    def state_to_save(self) -> Mapping[str, Any]:
        h, c = (gathered(part, 1, self.device) for part in self.state)
        position = gathered(torch.from_numpy(self.lanes.position.copy()), 0, self.device)
        return {"average": self.average.module.state_dict(), "position": position, "h": h, "c": c}

    def resume(self, path: Path) -> Mapping[str, Any]:
        held = super().resume(path)
        self.average.module.load_state_dict(held["average"])
        self.average.n_averaged.fill_(-(-self.done_updates // AVERAGE_EVERY))
        self.lanes.position[:] = held["position"][self.own].numpy()
        self.state = (held["h"][:, self.own].to(self.device), held["c"][:, self.own].to(self.device))
        return held

    def validate(self, excerpts: Sequence[Excerpt]) -> float:
        """Mean loss of the averaged weights over all events of `excerpts`, in nats per event."""
        losses = event_losses(self.average.module, excerpts)
        return float(np.concatenate(losses).mean()) if losses else math.inf


def _averaged(average: Tensor, newest: Tensor, number: Tensor | int) -> Tensor:
    """Averaging number `number`, from 0: the window grows with the training."""
    return average.lerp(newest, 1.0 / (1.0 + MEMORY * float(number)))


def begin(network: Network, name_or_path: str) -> None:
    """Starts from existing weights. Raises WeightsError if they cannot be used."""
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    network.load_state_dict(store.load(name_or_path, KIND, shapes)[0])


def prepare(network: Network) -> None:
    """Initialises the weights so that the loss leaves the plateau of unigram statistics early.

    Input columns of one-hot events have standard deviation 1, like an embedding; later layers get small inputs
    and twice the usual gain; recurrent matrices start orthogonal; forget gates have bias 1 (Jozefowicz et al.
    2015). With torch's defaults three layers stay on the plateau much longer.
    """
    lstm = network.lstm
    hidden = lstm.hidden_size
    for layer in range(lstm.num_layers):
        ih, hh, bias, rest = (
            getattr(lstm, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        nn.init.normal_(ih, std=2.0 / math.sqrt(hidden) if layer else 1.0)
        with torch.no_grad():
            for gate in hh.split(hidden):
                nn.init.orthogonal_(gate)
            bias[hidden : 2 * hidden] = 1.0
            rest.zero_()

"""A training of Performance-RNN: updates, averaged weights, validation."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.compute.precision import bfloat16_products_are_faster
from models.files import store
from models.performance_rnn import recurrent
from models.performance_rnn.dataset import IGNORE, Excerpt, Excerpts, Lanes
from models.performance_rnn.events import ONE_SECOND
from models.performance_rnn.network import Network, State
from models.performance_rnn.optimiser import Optimiser
from models.training.processes import gathered
from models.training.settings import TrainingSettings
from models.training.trainer import BaseTrainer

KIND = "performance_rnn"
WARM_UP = 100  # updates in which the learning rate rises
AVERAGE_EVERY = 8  # updates between two averagings, since one reads all weights
MEMORY = 0.1  # window of the weight average as a share of the updates so far


@dataclass(frozen=True, slots=True, kw_only=True)
class PianoSettings(TrainingSettings):
    """The settings that determine the result of a training."""

    events: int = 15_000_000  # length of the training, all processes together
    batch: int = 128  # excerpts in parallel
    segment: int = 64  # events per update (truncated backpropagation)
    learning_rate: float = 0.02  # peak rate of Muon; Adam's is a fixed share of it
    decay: float = 0.2  # share of the training, at its end, in which the learning rate falls to 0
    hidden: int = 512
    layers: int = 3

    @property
    def updates(self) -> int:
        return max(1, math.ceil(self.events / (self.batch * self.segment)))


class PianoTrainer(BaseTrainer[PianoSettings, float]):
    """Network, optimiser and position in the music; call `update` until `done`."""

    network: Network
    clip = 3.0
    may_differ = "events", "decay"

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
        self.average = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.optimiser = Optimiser(self.network)
        self.half = self.device.type == "cpu" and bfloat16_products_are_faster(self.device)
        self.pointwise = recurrent.EAGER
        self.state = self._silence(own)

    @property
    def part(self) -> float:
        return min(1.0, self.done_updates / self.settings.updates)

    @property
    def position(self) -> str:
        return f"{self.seen:,} events"

    @property
    def seen(self) -> int:
        """Events trained on so far, all processes together."""
        return self.done_updates * self.settings.batch * self.settings.segment

    def learning_rate(self) -> float:
        """Linear warm-up, then constant, then a linear decay to 0."""
        left = (self.settings.updates - self.done_updates - 0.5) / self.settings.updates
        fall = left / self.settings.decay if self.settings.decay else 1.0
        return self.settings.learning_rate * min(1.0, (self.done_updates + 1) / WARM_UP, fall)

    def _silence(self, lanes: int) -> State:
        shape = (self.settings.layers, lanes, self.settings.hidden)
        return torch.zeros(shape, device=self.device), torch.zeros(shape, device=self.device)

    def update(self) -> float:
        """One segment of every lane and one optimiser step; returns the loss in nats per event.

        Raises ValueError, with only the position in the music changed, if the loss is not finite.
        """
        batch = self.lanes.next()
        events, targets, control = (
            torch.from_numpy(part).to(self.device) for part in (batch.events, batch.targets, batch.control)
        )
        continues = torch.from_numpy(~batch.fresh).to(self.device, torch.float32)[None, :, None]
        h, c = self.state
        logits, (h, c) = self.forward(events, control, (h * continues, c * continues))
        counted = (targets != IGNORE).sum().clamp(min=1)
        loss = surprise(logits, targets) / counted
        lost = float(loss.detach())
        self.descend(loss, (lost,))
        self.state = h.detach().float(), c.detach().float()
        made = self.done_updates - 1
        if made % AVERAGE_EVERY == 0:
            newest = 1.0 / (1.0 + MEMORY * made / AVERAGE_EVERY)
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, newest)
        return lost

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
        return {"average": self.average, "position": position, "h": h, "c": c}

    def restore(self, held: Mapping[str, Any]) -> None:
        self.average = {name: value.to(self.device) for name, value in held["average"].items()}
        self.lanes.position[:] = held["position"][self.own].numpy()
        self.state = (held["h"][:, self.own].to(self.device), held["c"][:, self.own].to(self.device))

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """A context in which the network has the averaged weights."""
        own = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        try:
            yield
        finally:
            self.network.load_state_dict(own)

    @torch.no_grad()
    def validate(self, excerpts: Sequence[Excerpt], *, at_once: int = 64, span: int = 256) -> float:
        """Mean loss over all events of `excerpts` with teacher forcing, in nats per event."""
        total, count = 0.0, 0
        ordered = sorted(excerpts, key=lambda excerpt: len(excerpt.events))
        for first in range(0, len(ordered), at_once):
            group = ordered[first : first + at_once]
            state: State | None = None
            for begin in range(0, len(group[-1].events), span):
                events, control, targets = _padded(group, begin, span)
                logits, state = self.network(events.to(self.device), control.to(self.device), state)
                total += float(surprise(logits, targets.to(self.device)))
                count += int((targets != IGNORE).sum())
        return total / count if count else math.inf


def surprise(logits: Tensor, targets: Tensor) -> Tensor:
    """Summed cross-entropy in nats of logits [B, T, 388] against targets [B, T], without IGNORE."""
    flat = logits.transpose(0, 1).float().flatten(0, 1)  # time-major, the memory layout of `recurrent.forward`
    return F.cross_entropy(flat, targets.t().flatten(), ignore_index=IGNORE, reduction="sum")


def _padded(group: Sequence[Excerpt], begin: int, span: int) -> tuple[Tensor, Tensor, Tensor]:
    """Events [B, T], controls [B, T, 21] and targets [B, T] of several excerpts from `begin` on, padded."""
    width = min(span, max(len(excerpt.events) for excerpt in group) - begin)
    events = torch.full((len(group), width), ONE_SECOND)
    targets = torch.full((len(group), width), IGNORE)
    control = torch.zeros(len(group), width, group[0].control.shape[1])
    for row, excerpt in enumerate(group):
        whole = torch.from_numpy(excerpt.events.astype("int64"))
        before = torch.cat([torch.tensor([ONE_SECOND]), whole[:-1]])[begin : begin + width]
        events[row, : len(before)] = before
        targets[row, : len(before)] = whole[begin : begin + width]
        control[row, : len(before)] = torch.from_numpy(excerpt.control[begin : begin + width])
    return events, control, targets


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

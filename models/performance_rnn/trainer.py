"""One training of the pianist: updates, validation, and a checkpoint that resumes to the same losses."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional as F

from models.compute.precision import half_pays
from models.files import store
from models.performance_rnn import recurrent
from models.performance_rnn.dataset import IGNORE, Excerpt, Excerpts, Lanes
from models.performance_rnn.events import ONE_SECOND
from models.performance_rnn.network import Network, State
from models.performance_rnn.optimiser import Optimiser
from models.training.checkpoint import ResumeError, read_checkpoint, write_checkpoint

KIND = "performance_rnn"
WARM_UP = 100  # updates in which the learning rate rises
CLIP = 3.0  # largest norm of the gradient
AVERAGE_EVERY = 8  # updates; the average is a pass over all weights
MEMORY = 0.1  # the averaged weights are those of about this share of the updates so far


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides the result of a training."""

    events: int = 15_000_000  # to be trained on, all processes together
    batch: int = 128  # excerpts at once
    segment: int = 64  # events between two updates, through which gradients flow
    learning_rate: float = 0.05  # of Muon, at its highest; Adam has a fixed share of it
    decay: float = 0.2  # share of the training, at its end, in which the learning rate falls to nothing
    seed: int = 1
    hidden: int = 512
    layers: int = 3
    begin: str = ""  # weights to begin with, by name or file

    @property
    def updates(self) -> int:
        return max(1, math.ceil(self.events / (self.batch * self.segment)))


class Trainer:
    """Network, optimiser and position in the data; `update` until `done`.

    With several processes (torch.distributed initialised) each trains its share of the lanes.
    Raises ValueError when the batch cannot be shared out evenly.
    """

    def __init__(self, settings: Settings, excerpts: Excerpts, *, device: torch.device | str = "cpu") -> None:
        self.settings, self.device = settings, torch.device(device)
        self.world = distributed.get_world_size() if distributed.is_initialized() else 1
        self.rank = distributed.get_rank() if distributed.is_initialized() else 0
        if settings.batch % self.world:
            raise ValueError(f"a batch of {settings.batch} cannot be shared by {self.world} processes")
        own = settings.batch // self.world
        self.own = slice(self.rank * own, (self.rank + 1) * own)
        self.lanes = Lanes(excerpts, lanes=settings.batch, segment=settings.segment, first=self.own.start, own=own)
        torch.manual_seed(settings.seed)
        self.network = Network(hidden=settings.hidden, layers=settings.layers)
        prepare(self.network)
        self.network.to(self.device)
        if settings.begin:
            begin(self.network, settings.begin)
        self.average = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.optimiser = Optimiser(self.network)
        self.half = self.device.type == "cpu" and half_pays(self.device)
        self.pointwise = recurrent.EAGER
        self.state = self._silence(own)
        self.done_updates = 0
        self.best = math.inf  # validation, nats per event

    @property
    def done(self) -> bool:
        return self.done_updates >= self.settings.updates

    @property
    def seen(self) -> int:
        """Events trained on so far, all processes together."""
        return self.done_updates * self.settings.batch * self.settings.segment

    def learning_rate(self) -> float:
        """A short rise, then constant, and at the end a straight fall to nothing."""
        left = (self.settings.updates - self.done_updates - 0.5) / self.settings.updates
        fall = left / self.settings.decay if self.settings.decay else 1.0
        return self.settings.learning_rate * min(1.0, (self.done_updates + 1) / WARM_UP, fall)

    def _silence(self, lanes: int) -> State:
        shape = (self.settings.layers, lanes, self.settings.hidden)
        return torch.zeros(shape, device=self.device), torch.zeros(shape, device=self.device)

    def update(self) -> float:
        """One segment of every lane, one step of the optimiser: the loss in nats per event.

        Raises ValueError, with nothing changed but the place in the music, when the loss is not finite.
        """
        batch = self.lanes.next()
        events, targets, control = (
            torch.from_numpy(part).to(self.device) for part in (batch.events, batch.targets, batch.control)
        )
        goes_on = torch.from_numpy(~batch.fresh).to(self.device, torch.float32)[None, :, None]
        h, c = self.state
        logits, (h, c) = self.forward(events, control, (h * goes_on, c * goes_on))
        counted = (targets != IGNORE).sum().clamp(min=1)
        loss = surprise(logits, targets) / counted
        if not bool(torch.isfinite(loss)):
            raise ValueError("the loss is not finite any more; begin anew with a lower learning rate")
        self.network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._share_gradients()
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimiser.step(self.learning_rate())
        self.state = h.detach().float(), c.detach().float()
        if self.done_updates % AVERAGE_EVERY == 0:
            newest = 1.0 / (1.0 + MEMORY * self.done_updates / AVERAGE_EVERY)
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, newest)
        self.done_updates += 1
        return float(loss.detach())

    def forward(self, events: Tensor, control: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits and the state after, by the fastest arithmetic of this device; shapes as `Network`'s."""
        if self.half:
            return recurrent.forward(self.network, events, control, state, self.pointwise)
        with torch.autocast("cuda", torch.bfloat16, enabled=self.device.type == "cuda"):
            logits, state = self.network(events, control, state)
        return logits, state

    def _share_gradients(self) -> None:
        """The mean of all processes' gradients, in one exchange."""
        if self.world == 1:
            return
        gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.world
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def save(self, path: Path) -> None:
        """Write all that a resumed training needs; every process must call, the first one writes."""
        position = self._gathered(torch.from_numpy(self.lanes.position.copy()), 0)
        h, c = (self._gathered(part, 1) for part in self.state)
        if self.rank:
            return
        held = {
            "settings": asdict(self.settings),
            "data": fingerprint(self.lanes.excerpts),
            "updates": self.done_updates,
            "best": self.best,
            "network": self.network.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "position": position,
            "h": h,
            "c": c,
        }
        write_checkpoint(path, held)

    def resume(self, path: Path) -> None:
        """Go on where `save` left off; only the number of events and the decay may differ from then.

        Raises ResumeError for a file that is broken or belongs to other settings or other data.
        """
        held, then = read_checkpoint(
            path, ("data", "updates", "best", "network", "average", "optimiser", "position", "h", "c"), Settings
        )
        if replace(then, events=self.settings.events, decay=self.settings.decay) != self.settings:
            raise ResumeError(f"{path}: was made with {then}, and {self.settings} was asked")
        if held["data"] != fingerprint(self.lanes.excerpts):
            raise ResumeError(f"{path}: was made with other music than what was given now")
        self.network.load_state_dict(held["network"])
        self.average = {name: value.to(self.device) for name, value in held["average"].items()}
        self.optimiser.load_state_dict(held["optimiser"])
        self.lanes.position[:] = held["position"][self.own].numpy()
        self.state = (held["h"][:, self.own].to(self.device), held["c"][:, self.own].to(self.device))
        self.done_updates, self.best = held["updates"], held["best"]

    def _gathered(self, own: Tensor, dim: int) -> Tensor:
        if self.world == 1:
            return own.cpu()
        own = own.to(self.device).contiguous()
        parts = [torch.empty_like(own) for _ in range(self.world)]
        distributed.all_gather(parts, own)
        return torch.cat(parts, dim).cpu()

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Inside, the network has the averaged weights."""
        own = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        try:
            yield
        finally:
            self.network.load_state_dict(own)

    @torch.no_grad()
    def validate(self, excerpts: Sequence[Excerpt], *, at_once: int = 64, span: int = 256) -> float:
        """Mean loss over all events of `excerpts`, each told the true past: nats per event."""
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
    """Summed loss in nats, a scalar, of [B, T, 388] against [B, T] where there is something to predict."""
    flat = logits.transpose(0, 1).float().flatten(0, 1)  # time-major, as `recurrent.forward` leaves them in memory
    return F.cross_entropy(flat, targets.t().flatten(), ignore_index=IGNORE, reduction="sum")


def _padded(group: Sequence[Excerpt], begin: int, span: int) -> tuple[Tensor, Tensor, Tensor]:
    """A stretch of several excerpts side by side: events before, wishes, and targets, [B, T]."""
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
    """Takes over weights. Raises models.store.WeightsError where they cannot be used."""
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    network.load_state_dict(store.load(name_or_path, KIND, shapes)[0])


def prepare(network: Network) -> None:
    """Weights to start from, chosen so that the loss leaves the plateau of plain event counts early.

    What comes in is a one-hot event, so its columns are wide (as an embedding's are), later layers hear small
    values and get twice the usual gain, memories start orthogonal, and forget gates half open (bias 1,
    Jozefowicz et al. 2015). With torch's own narrow start three layers stay on the plateau for far longer.
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


def fingerprint(excerpts: Excerpts) -> str:
    """The music in one line: what a checkpoint compares."""
    notes = sum(len(p.pitch) for p in excerpts.performances)
    seconds = sum(float(p.end_s[-1]) for p in excerpts.performances)
    return f"{len(excerpts.performances)} performances, {notes} notes, {seconds:.3f} s"

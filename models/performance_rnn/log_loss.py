"""The log-loss of a network on excerpts of performances."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from models.performance_rnn.dataset import Excerpt
from models.performance_rnn.events import ONE_SECOND
from models.performance_rnn.network import State

AT_ONCE = 64  # excerpts predicted together
SPAN = 256  # events predicted together


@torch.no_grad()
def event_losses(
    network: nn.Module, excerpts: Sequence[Excerpt], *, at_once: int = AT_ONCE, span: int = SPAN
) -> list[NDArray[np.float32]]:
    """The loss of a `Network` at each event of each excerpt in nats, with teacher forcing, float32 [N]."""
    device = next(network.parameters()).device
    found: list[NDArray[np.float32]] = [np.zeros(len(excerpt.events), np.float32) for excerpt in excerpts]
    ordered = sorted(range(len(excerpts)), key=lambda number: len(excerpts[number].events))
    for first in range(0, len(ordered), at_once):
        numbers = ordered[first : first + at_once]
        group = [excerpts[number] for number in numbers]
        state: State | None = None
        for begin in range(0, len(group[-1].events), span):
            events, control, targets = (part.to(device) for part in _padded(group, begin, span))
            logits, state = network(events, control, state)
            losses = F.cross_entropy(logits.transpose(1, 2).float(), targets, reduction="none").cpu().numpy()
            for number, row in zip(numbers, losses, strict=True):
                own = found[number][begin : begin + span]
                own[:] = row[: len(own)]
    return found


def _padded(group: Sequence[Excerpt], begin: int, span: int) -> tuple[Tensor, Tensor, Tensor]:
    """Events [B, T], controls [B, T, 21] and targets [B, T] of several excerpts from `begin` on, padded."""
    width = min(span, max(len(excerpt.events) for excerpt in group) - begin)
    events = torch.full((len(group), width), ONE_SECOND)
    targets = torch.zeros(len(group), width, dtype=torch.long)
    control = torch.zeros(len(group), width, group[0].control.shape[1])
    for row, excerpt in enumerate(group):
        whole = torch.from_numpy(excerpt.events.astype("int64"))
        before = torch.cat([torch.tensor([ONE_SECOND]), whole[:-1]])[begin : begin + width]
        events[row, : len(before)] = before
        targets[row, : len(before)] = whole[begin : begin + width]
        control[row, : len(before)] = torch.from_numpy(excerpt.control[begin : begin + width])
    return events, control, targets

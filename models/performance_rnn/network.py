"""Performance-RNN in its training form: events and controls to logits of the next event."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.performance_rnn.controls import CONTROLS
from models.performance_rnn.events import VOCABULARY

State = tuple[Tensor, Tensor]  # h and c, each [layers, B, hidden]


class Network(nn.Module):
    """Three LSTM layers of 512 over [21 controls | 388 one-hot event], and a linear layer to 388 logits.

    Performance-RNN (Oore et al. 2018) at its published size; tests use smaller ones. `step.py` runs the same
    parameters one event at a time.
    """

    def __init__(self, *, hidden: int = 512, layers: int = 3) -> None:
        super().__init__()
        self.lstm = nn.LSTM(CONTROLS + VOCABULARY, hidden, num_layers=layers, batch_first=True)
        self.head = nn.Linear(hidden, VOCABULARY)

    def forward(self, events: Tensor, control: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits of the next event after each of T events, and the state after the last.

        `events` [B, T] are integers 0..387, `control` [B, T, 21] describes the *next* event; `state` None is
        all zeros. Returns logits [B, T, 388], unnormalised log-probabilities.
        """
        one_hot = F.one_hot(events.long(), VOCABULARY).to(control.dtype)
        out, state = self.lstm(torch.cat([control, one_hot], dim=-1), state)  # [B, T, hidden]
        logits: Tensor = self.head(out)  # [B, T, 388]
        return logits, state

"""The draughtsman's network: a drawing to a latent vector, and a latent vector to a drawing."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from models.sketch_rnn.recurrent import Dropout, run

KIND = "sketch_rnn"
STROKE = 5  # dx, dy, pen down, pen up, end
PEN = 3  # logits: down, up, end

State = tuple[Tensor, Tensor]  # h and c, each [1, B, decoder]


class SketchNetwork(nn.Module):
    """Sketch-RNN (Ha & Eck 2017) told what to draw: every step sees the weights of `categories` words.

    The encoder reads a drawing in both directions and gives mean and log variance of `latent` numbers z; the
    decoder, started from z, tells for each point a mixture of `mixtures` normal distributions of the next one.
    Category weights are one-hot in training and may be any blend on stage. `latent` 0 is the decoder alone
    (the paper's unconditional generation): no encoder, no z. Sizes default to the paper's.
    """

    def __init__(
        self, *, categories: int, encoder: int = 256, decoder: int = 512, latent: int = 128, mixtures: int = 20
    ) -> None:
        super().__init__()
        self.categories, self.latent, self.mixtures = categories, latent, mixtures
        if latent:
            self.encoder = nn.LSTM(STROKE + categories, encoder, bidirectional=True, batch_first=True)
            self.mu = nn.Linear(2 * encoder, latent)
            self.log_variance = nn.Linear(2 * encoder, latent)
        self.start = nn.Linear(latent + categories, 2 * decoder)
        self.decoder = nn.LSTM(STROKE + latent + categories, decoder, batch_first=True)
        self.head = nn.Linear(decoder, PEN + 6 * mixtures)

    def encode(
        self, strokes: Tensor, lengths: Tensor, category: Tensor, drop: Dropout | None = None
    ) -> tuple[Tensor, Tensor]:
        """Mean and log variance, each [B, latent], of drawings padded to [B, T, 5].

        `lengths` [B] counts the points that are real, 1..T, and `category` is [B, C]. What lies behind a
        drawing's length is not read. For networks with a latent vector only.
        """
        told = torch.cat([strokes, category[:, None].expand(-1, strokes.shape[1], -1)], dim=-1)  # [B, T, 5 + C]
        last = (lengths - 1)[:, None, None].expand(-1, 1, self.encoder.hidden_size)
        place = torch.arange(strokes.shape[1], device=strokes.device)[None]
        turned = torch.where(place < lengths[:, None], lengths[:, None] - 1 - place, place)
        backwards = told.gather(1, turned[:, :, None].expand_as(told))
        # The two directions run separately, each from its own first point, because packed sequences (the usual
        # way to leave out the padding) keep PyTorch from its fast kernels on a CPU.
        ends = [
            self._one_way(told, "", drop).gather(1, last),
            self._one_way(backwards, "_reverse", drop).gather(1, last),
        ]
        both = torch.cat(ends, dim=-1)[:, 0].float()  # [B, 2 * encoder]
        return self.mu(both), self.log_variance(both)

    def _one_way(self, told: Tensor, direction: str, drop: Dropout | None) -> Tensor:
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        weights = [getattr(self.encoder, name + direction) for name in names]
        nothing = told.new_zeros(1, len(told), self.encoder.hidden_size)
        if drop is not None:
            return run(self.encoder, direction, told, (nothing[0], nothing[0]), drop)
        out: Tensor = torch.lstm(told, (nothing, nothing), weights, True, 1, 0.0, False, False, True)[0]
        return out  # [B, T, encoder]

    def begin(self, z: Tensor, category: Tensor) -> State:
        """The decoder's first state, for z [B, latent] and category weights [B, C]."""
        h, c = torch.tanh(self.start(torch.cat([z, category], dim=-1))).chunk(2, dim=-1)
        return h[None].contiguous(), c[None].contiguous()

    def decode(self, strokes: Tensor, z: Tensor, category: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """What comes after each of T points: raw mixtures [B, T, 3 + 6 M], and the state after the last one.

        `strokes` [B, T, 5] are points already drawn, beginning with [0, 0, 1, 0, 0]; `state` None begins anew.
        The columns are pen logits (down, up, end), then M each of: logits of the mixture, mean x, mean y, log of
        the deviations x and y, and the correlation before its tanh. Unit: the data's scale factor.
        """
        out, state = self.decoder(_all_told(strokes, z, category), state or self.begin(z, category))
        raw: Tensor = self.head(out.float())
        return raw, state

    def forward(
        self,
        drawing: Tensor,
        lengths: Tensor,
        category: Tensor,
        noise: Tensor,
        seen: Tensor | None = None,
        drop: Dropout | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Read a drawing and draw it again: raw mixtures [B, T + 1, 3 + 6 M], and z's mean and log variance.

        `drawing` [B, T, 5] has no first [0, 0, 1, 0, 0], `noise` [B, latent] is standard normal. `seen` [n] are the
        places of the drawings that the encoder reads (None: all), so that mean and log variance are [n, latent];
        the others the decoder draws alone: their z is 0. `drop` is the recurrent dropout of both, while training.
        """
        first = drawing.new_tensor([0.0, 0.0, 1.0, 0.0, 0.0]).expand(len(drawing), 1, STROKE)
        if self.latent:
            if seen is None:
                seen = torch.arange(len(drawing), device=drawing.device)
            if len(seen):
                mu, log_variance = self.encode(drawing[seen], lengths[seen], category[seen], drop)
            else:
                mu = log_variance = noise[:0]
            z = torch.zeros_like(noise).index_copy(0, seen, mu + noise[seen] * torch.exp(0.5 * log_variance))
        else:
            z = mu = log_variance = noise[:, :0]
        strokes = torch.cat([first, drawing], dim=1)
        if drop is None:
            return self.decode(strokes, z, category)[0], mu, log_variance
        h, c = self.begin(z, category)
        out = run(self.decoder, "", _all_told(strokes, z, category), (h[0], c[0]), drop)
        return self.head(out.float()), mu, log_variance


def _all_told(strokes: Tensor, z: Tensor, category: Tensor) -> Tensor:
    """What the decoder reads, [B, T, 5 + latent + C]."""
    what = torch.cat([z, category], dim=-1)[:, None].expand(-1, strokes.shape[1], -1)
    return torch.cat([strokes, what], dim=-1)


def prepare(network: SketchNetwork) -> None:
    """Weights to start from: orthogonal memories, forget gates half open, inputs scaled so that each part is heard.

    Offsets have unit deviation and a category is one number of C, so their columns are wide; z has many columns
    of unit deviation, which together weigh as much as one such.
    """
    lstms = [(network.decoder, "", network.latent)]
    if network.latent:
        lstms += [(network.encoder, "", 0), (network.encoder, "_reverse", 0)]
    with torch.no_grad():
        for lstm, direction, latent in lstms:
            ih, hh, bias, rest = (
                getattr(lstm, f"{name}_l0{direction}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            nn.init.normal_(ih, std=0.5)
            if latent:
                ih[:, STROKE : STROKE + latent] *= 1.0 / math.sqrt(latent)
            for gate in hh.split(lstm.hidden_size):
                nn.init.orthogonal_(gate)
            bias.zero_()
            bias[lstm.hidden_size : 2 * lstm.hidden_size] = 1.0
            rest.zero_()
        nn.init.normal_(network.head.weight, std=0.5 / math.sqrt(network.decoder.hidden_size))
        network.head.bias.zero_()
        if network.latent:
            network.log_variance.weight *= 0.1

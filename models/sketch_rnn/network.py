"""The network of Sketch-RNN (Ha & Eck 2017): an encoder from drawing to latent vector z, and a decoder back."""

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
    """Sketch-RNN (Ha & Eck 2017), conditioned on category weights at each step in addition to z.

    The bidirectional encoder gives mean and log variance of z, N_z = `latent` (eq. 1 and 2). The decoder, whose initial
    state is computed from z, predicts the next point as a mixture of M = `mixtures` Gaussians (eq. 3 to 7). Category
    weights are one-hot in training; any blend is possible in use. `latent` 0 is the paper's unconditional
    generation: decoder only, no z. Sizes default to the paper's.
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

        `lengths` [B] are the numbers of points without padding, 1..T; `category` is [B, C]. Padding is not read. Only
        for networks with `latent` > 0 (eq. 1 and 2).
        """
        inputs = torch.cat([strokes, category[:, None].expand(-1, strokes.shape[1], -1)], dim=-1)  # [B, T, 5 + C]
        last = (lengths - 1)[:, None, None].expand(-1, 1, self.encoder.hidden_size)
        place = torch.arange(strokes.shape[1], device=strokes.device)[None]
        reversed_place = torch.where(place < lengths[:, None], lengths[:, None] - 1 - place, place)
        backwards = inputs.gather(1, reversed_place[:, :, None].expand_as(inputs))
        # The two directions run separately, each from its own first point: with packed sequences, which would also
        # leave out the padding, PyTorch does not use its fast CPU kernels.
        ends = [
            self._one_way(inputs, "", drop).gather(1, last),
            self._one_way(backwards, "_reverse", drop).gather(1, last),
        ]
        both = torch.cat(ends, dim=-1)[:, 0].float()  # [B, 2 * encoder]
        return self.mu(both), self.log_variance(both)

    def _one_way(self, inputs: Tensor, direction: str, drop: Dropout | None) -> Tensor:
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        weights = [getattr(self.encoder, name + direction) for name in names]
        zeros = inputs.new_zeros(1, len(inputs), self.encoder.hidden_size)
        if drop is not None:
            return run(self.encoder, direction, inputs, (zeros[0], zeros[0]), drop)
        out: Tensor = torch.lstm(inputs, (zeros, zeros), weights, True, 1, 0.0, False, False, True)[0]
        return out  # [B, T, encoder]

    def begin(self, z: Tensor, category: Tensor) -> State:
        """The decoder's initial state [h0; c0] = tanh(W_z z + b_z), for z [B, latent] and category weights [B, C]."""
        h, c = torch.tanh(self.start(torch.cat([z, category], dim=-1))).chunk(2, dim=-1)
        return h[None].contiguous(), c[None].contiguous()

    def decode(self, strokes: Tensor, z: Tensor, category: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Predicts the point after each of T points: raw output y [B, T, 3 + 6 M] and the last state (eq. 4).

        `strokes` [B, T, 5] are the points so far, from S_0 = [0, 0, 1, 0, 0]; with `state` None the initial state is
        computed from z and category. The columns of y are 3 pen logits q̂ (down, up, end), then M each of Π̂, μx, μy,
        σ̂x, σ̂y (log deviations) and ρ̂ (ρ = tanh ρ̂). Unit: the data's scale factor.
        """
        out, state = self.decoder(_decoder_inputs(strokes, z, category), state or self.begin(z, category))
        raw: Tensor = self.head(out.float())
        return raw, state

    def forward(
        self,
        drawing: Tensor,
        lengths: Tensor,
        category: Tensor,
        noise: Tensor,
        encoded: Tensor | None = None,
        drop: Dropout | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstructs drawings: raw output [B, T + 1, 3 + 6 M], and mean and log variance of z.

        `drawing` [B, T, 5] is without S_0 = [0, 0, 1, 0, 0]; `noise` [B, latent] is standard normal. `encoded` [n] are
        the indices of the drawings that the encoder reads (None: all); mean and log variance are [n, latent]. The
        other drawings get z = 0. `drop` is the recurrent dropout of encoder and decoder in training.
        """
        first = drawing.new_tensor([0.0, 0.0, 1.0, 0.0, 0.0]).expand(len(drawing), 1, STROKE)
        if self.latent:
            if encoded is None:
                encoded = torch.arange(len(drawing), device=drawing.device)
            if len(encoded):
                mu, log_variance = self.encode(drawing[encoded], lengths[encoded], category[encoded], drop)
            else:
                mu = log_variance = noise[:0]
            z = torch.zeros_like(noise).index_copy(0, encoded, mu + noise[encoded] * torch.exp(0.5 * log_variance))
        else:
            z = mu = log_variance = noise[:, :0]
        strokes = torch.cat([first, drawing], dim=1)
        if drop is None:
            return self.decode(strokes, z, category)[0], mu, log_variance
        h, c = self.begin(z, category)
        out = run(self.decoder, "", _decoder_inputs(strokes, z, category), (h[0], c[0]), drop)
        return self.head(out.float()), mu, log_variance


def _decoder_inputs(strokes: Tensor, z: Tensor, category: Tensor) -> Tensor:
    """The decoder's inputs x = [S; z; category], [B, T, 5 + latent + C]."""
    condition = torch.cat([z, category], dim=-1)[:, None].expand(-1, strokes.shape[1], -1)
    return torch.cat([strokes, condition], dim=-1)


def prepare(network: SketchNetwork) -> None:
    """Initialises the weights: orthogonal recurrent weights, forget-gate bias 1, and input weights scaled by input.

    Offsets have unit deviation and a category is one-hot, so their columns have deviation 0.5. The columns of z are
    divided by sqrt(latent), so that all of z together has the influence of one such column.
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

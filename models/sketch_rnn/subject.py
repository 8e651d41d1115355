"""Chooses the condition of the next drawing, z and category weights, from the knobs and earlier drawings."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from torch import Tensor

from models.compute.chance import normals, stream, uniform
from models.sketch_rnn import sampling
from models.sketch_rnn.latent import DrawingCondition, Encoder, Floats, between, varied
from models.sketch_rnn.performer import Line, extent, to_points
from models.sketch_rnn.step import BEGIN, SketchStep
from models.sketch_rnn.weights import SketchFacts

log = logging.getLogger(__name__)

ANY = "any"
IMAGINED = 0.3  # temperature of a drawing that is only sampled to get its z
LONGEST = 200  # most points of such a drawing
_Z, _CATEGORY = 1, 2  # further random streams of a drawing


@dataclass(frozen=True, slots=True)
class DrawingRequest:
    """The knobs that determine the condition of a new drawing."""

    mode: str
    draw: str
    category: tuple[float, ...]
    mix: str
    variation: float
    morph: float
    spread: float
    way: str
    steady: bool
    pens: int


class DrawingChooser:
    """Chooses the conditions of drawings; `latent` is N_z, 0 for a decoder without z."""

    def __init__(self, parameters: Mapping[str, Tensor], facts: SketchFacts, latent: int, network: SketchStep) -> None:
        self.facts, self.latent, self.network = facts, latent, network
        self._encoder = Encoder(parameters) if "encoder.weight_ih_l0" in parameters else None
        self._mean_of = lru_cache(maxsize=64)(self._mean)
        self._imagined_of = lru_cache(maxsize=64)(self._imagined)
        self._logged: set[str] = set()

    def new(self, wanted: DrawingRequest, chance: int) -> DrawingCondition:
        """A random condition of the chosen categories, from the random stream `chance`.

        z is 0 if the decoder was trained with z = 0: such drawings are better than those from a random z.
        """
        z = np.zeros(self.latent, np.float32) if self.facts.alone else self._noise(chance)
        return DrawingCondition(z, self._weights(wanted, chance))

    def next(
        self, wanted: DrawingRequest, drawn: tuple[Line, ...],
        ends: tuple[DrawingCondition | None, DrawingCondition | None], *, pen: int, seed: int, chance: int,
    ) -> DrawingCondition:  # fmt: skip
        """The condition of a pen's next drawing; `drawn` is the performer's last drawing, `ends` are A and B."""
        new = self.new(wanted, chance)
        if wanted.mode == "vary":
            known = self._seen(drawn, new.weights) if drawn else ends[0]
            return varied(known, self._noise(chance), wanted.variation) if known is not None else new
        if wanted.mode == "morph":
            if not len(new.vector):
                self._say("these weights have neither z nor categories, so morph has no effect")
            a, b = (self.imagined(wanted, stream(seed, -1 - n)) if end is None else end for n, end in enumerate(ends))
            part = wanted.morph
            if wanted.pens > 1:
                part += wanted.spread * (pen / (wanted.pens - 1) - 0.5)
            return between(a, b, min(max(part, 0.0), 1.0), spherical=wanted.way == "arc")
        return new

    def heard(self, drawing: tuple[Line, ...], wanted: DrawingRequest, seed: int) -> DrawingCondition | None:
        """The condition of the performer's drawing, None for weights without an encoder."""
        return self._seen(drawing, self._weights(wanted, stream(seed, -3)))

    def recalled(self, trail: Sequence[Floats], condition: DrawingCondition) -> DrawingCondition:
        """The condition of a drawing of the model itself, with z encoded from its points if it had z = 0."""
        if self._encoder is None or condition.z.any():
            return condition
        return DrawingCondition(self._encoder.mean(np.stack(trail), condition.weights), condition.weights)

    def imagined(self, wanted: DrawingRequest, chance: int) -> DrawingCondition:
        """The condition of a sampled drawing that is not shown; z is that of the largest category weight."""
        weights = self._weights(wanted, chance)
        if self._encoder is None or not self.facts.alone:
            return DrawingCondition(self._noise(chance), weights)
        return DrawingCondition(self._imagined_of(chance, int(weights.argmax()) if len(weights) else 0), weights)

    def _imagined(self, chance: int, category: int) -> Floats:
        assert self._encoder is not None
        weights = np.zeros(len(self.facts.categories), np.float32)
        weights[category:][:1] = 1.0
        projection = self.network.project(np.concatenate([np.zeros(self.latent, np.float32), weights]))
        memory, stroke, points = projection.first, BEGIN, []
        for count in range(LONGEST):
            outputs, (memory,) = self.network.step(stroke[None], [projection], [memory])
            (stroke,), (pen,) = sampling.draw(outputs, IMAGINED, sampling.chances([chance], [count]))
            if pen == sampling.END:
                break
            points.append(stroke)
        return self._encoder.mean(np.stack(points), weights) if points else np.zeros(self.latent, np.float32)

    def _noise(self, chance: int) -> Floats:
        return normals(stream(chance, _Z), self.latent)

    def _weights(self, wanted: DrawingRequest, chance: int) -> Floats:
        """The category weights of one drawing, of sum 1."""
        names = self.facts.categories
        if not names:
            return np.zeros(0, np.float32)
        usual = self.facts.usual
        asked = wanted.category if len(wanted.category) == len(names) and any(wanted.category) else usual
        equal = max(asked) <= min(asked) or asked == usual
        if equal and wanted.draw in names:  # a patch that sets `draw` but not `category`
            asked = tuple(float(wanted.draw == name) for name in names)
        shares = np.array(asked, np.float64) / sum(asked)
        if equal or wanted.mix == "turns":
            index = int((shares.cumsum() <= uniform(stream(chance, _CATEGORY), 0)).sum())
            shares = np.eye(len(names))[min(index, len(names) - 1)]
        return shares.astype(np.float32)

    def _seen(self, drawing: tuple[Line, ...], weights: Floats) -> DrawingCondition | None:
        if self._encoder is None:
            self._say(
                "these weights have no encoder: drawings of the performer can be completed, but not varied or stored"
            )
            return None
        return DrawingCondition(self._mean_of(drawing, weights.tobytes()), weights)

    def _mean(self, drawing: tuple[Line, ...], weights: bytes) -> Floats:
        assert self._encoder is not None
        unit = max(extent(drawing)[1], 1e-6) / self.facts.extent
        points = to_points(drawing, unit, self.facts.coarse * unit)
        return self._encoder.mean(points, np.frombuffer(weights, np.float32))

    def _say(self, sentence: str) -> None:
        """Logs a sentence once."""
        if sentence not in self._logged:
            self._logged.add(sentence)
            log.warning("%s", sentence)

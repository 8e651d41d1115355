"""The shipped weights: at least eight paintings, each different, and a card with their sources."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from models.base import Frame
from models.files import store
from models.style_transfer import StyleTransfer
from models.style_transfer.network import KIND


@pytest.fixture(scope="module")
def painter() -> StyleTransfer:
    return StyleTransfer.load("paintings", "cpu")


def test_every_painting_changes_a_picture_in_its_own_way(painter: StyleTransfer) -> None:
    y, x = np.mgrid[:96, :128]
    seen = np.stack([2 * x, 2 * y, 255 - x - y], axis=-1).astype(np.uint8)
    seen[(y - 48) ** 2 + (x - 64) ** 2 < 600] = 230
    count = len(painter.labels)
    made = []
    for paint in np.eye(count):
        (frame,), _ = painter.step(painter.start(1), (Frame(seen, 1),), paint=tuple(paint.tolist()))
        assert isinstance(frame, Frame)
        made.append(frame.pixels.astype(float))
    for pixels in made:
        assert pixels.std() > 10
        assert np.abs(pixels - seen).mean() > 15
    for one, other in itertools.combinations(made, 2):
        assert np.abs(one - other).mean() > 8


def test_the_card_names_paintings_in_the_public_domain_and_what_was_used(painter: StyleTransfer) -> None:
    card = store.read_card("paintings", KIND)
    assert card.labels == painter.labels
    assert len(card.labels) >= 8
    assert {"great_wave", "starry_night", "scream"} <= set(card.labels)
    for word in ("public domain", "VGG-16", "non-commercial", "CC BY"):
        assert word in card.licence
    assert all({f"weight_{label}", f"flat_{label}", f"edges_{label}"} <= set(card.figures) for label in card.labels)
    assert card.command.startswith("arabesque train style great_wave=great_wave_hokusai_1831.jpg@")

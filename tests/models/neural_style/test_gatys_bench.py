"""The bench's bound at a small size: a loss as low as with torch's L-BFGS after as many steps."""

from __future__ import annotations

import pytest
from feature_extractors import small_painter

from models.neural_style import bench
from models.style_transfer.backbone import StyleBackbone
from models.vision.untrained import Untrained


@pytest.mark.parametrize(("extractor", "start"), [("untrained", "noise"), ("painter", "content")])
def test_our_loss_is_as_low_as_torchs(extractor: str, start: str) -> None:
    network = Untrained() if extractor == "untrained" else StyleBackbone(small_painter())
    case = bench.StyleProblem(network, bench.pattern(1), bench.pattern(2), size=32, start=start, beta=10.0)
    ours, theirs = case.ours(20), case.theirs(20)
    assert ours[0] <= theirs[0]
    assert theirs[1] == 20
    assert ours[1] <= 28  # no more than a few evaluations to search for the length of a step

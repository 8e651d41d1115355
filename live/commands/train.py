"""`arabesque train MODEL …`: runs the training command of a model."""

from __future__ import annotations

from live.commands import per_model

TRAINERS = {
    "piano": "models.performance_rnn.train",
    "sketch": "models.sketch_rnn.train",
    "style": "models.style_transfer.train",
}


def main(argv: list[str]) -> int:
    """Passes the arguments to the model's training command; returns its exit status."""
    return per_model.run("train", TRAINERS, argv)

"""`arabesque judge piano …`, `arabesque judge pictures …`: measures the weights of a model."""

from __future__ import annotations

from live.commands import per_model

JUDGES = {"piano": "models.performance_rnn.judge", "pictures": "models.style_transfer.judge"}


def main(argv: list[str]) -> int:
    """Passes the arguments to the model's measuring command; returns its exit status."""
    return per_model.run("judge", JUDGES, argv)

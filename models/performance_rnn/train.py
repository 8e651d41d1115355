"""`arabesque train piano`: trains Performance-RNN on MIDI recordings.

Ctrl-C pauses; the same command resumes, and on one machine gives the same weights as an uninterrupted run. It runs
under torchrun on several graphics cards. Where other programs use the processor, OMP_WAIT_POLICY=PASSIVE keeps threads
from busy waiting.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from models.compute.device import device
from models.performance_rnn import midi_files
from models.performance_rnn.dataset import Excerpts, fixed, split
from models.performance_rnn.midi_files import Performance
from models.performance_rnn.model import PerformanceRNN
from models.performance_rnn.recurrent import compiled
from models.performance_rnn.responses import measure_density
from models.performance_rnn.trainer import PianoSettings, PianoTrainer
from models.training.command import add_common, run_training, training
from models.training.journal import Journal
from models.training.processes import first_process_first
from models.training.settings import add_settings, settings_from

log = logging.getLogger(__name__)

VALIDATE_EVERY = 2_000_000  # events
COMPILED_FROM = 300_000  # events from which compiling, up to a minute, saves time


def main(argv: list[str] | None = None) -> int:
    """Runs the command; returns its exit status (see `run_training`)."""
    return run_training(parser(), run, argv)


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(
        prog="arabesque train piano",
        description="Train the pianist on MIDI recordings of piano playing. Ctrl-C pauses; the same command resumes. "
        "The weights are DIR/best.safetensors during the training, DIR/final.safetensors at the end, each with a card.",
    )
    add = made.add_argument
    add("data", nargs="+", type=Path, metavar="DATA", help="MIDI files, zips of them, or folders of either")
    add(
        "--validation",
        nargs="+",
        type=Path,
        default=[],
        metavar="DATA",
        help="recordings to test on (those in folders named validation, else a twentieth of DATA)",
    )
    add_settings(made, PianoSettings)
    add_common(made)
    return made


def run(options: argparse.Namespace) -> PianoTrainer:
    """Reads, trains, tests and exports."""
    settings = settings_from(PianoSettings, options)
    learn, held = music(options)
    trainer = PianoTrainer(settings, Excerpts(learn, seed=settings.seed), device=device(options.device))
    if trainer.half and settings.events >= COMPILED_FROM:
        trainer.pointwise = compiled()
    journal = Journal(trainer, options, command="arabesque train piano", inputs="data")

    def export(name: str, **figures: float) -> None:
        weights, data = trainer.average.module.state_dict(), ", ".join(path.name for path in options.data)
        journal.write_weights(name, weights, {"events_trained": trainer.seen, **figures}, data=data)

    quick = fixed(held, excerpts=64, longest=512)
    every = max(1, VALIDATE_EVERY // trainer.per_update)  # updates
    for _ in training(trainer, journal, f"{len(learn):,} performances to train on, {len(held):,} to test on"):
        if trainer.rank == 0 and (trainer.done_updates % every == 0 or trainer.done):
            tested = trainer.validate(quick)
            journal.tested({"nats": tested})
            if tested < trainer.best:
                trainer.best = tested
                export("best", nats_per_event=tested)
    if trainer.done and trainer.rank == 0:
        asked = trainer.validate(fixed(held, excerpts=512, longest=1024))
        free = trainer.validate(fixed(held, excerpts=512, longest=1024, asked=False))
        curve = {}
        if settings.events >= COMPILED_FROM:
            curve = measure_density(PerformanceRNN(trainer.average.module.state_dict(), device="cpu")).figures()
        export("final", nats_per_event=asked, nats_per_event_when_nothing_is_asked=free, **curve)
        log.info("done: %.4f nats per event on validation data, %.4f without controls", asked, free)
    return trainer


def music(options: argparse.Namespace) -> tuple[list[Performance], list[Performance]]:
    """The performances to train on and to test on. The first process parses the files, the others read its cache."""
    with first_process_first():
        learn = midi_files.read(options.data, cache=options.out)
        held = midi_files.read(options.validation, cache=options.out) if options.validation else []
    return (learn, held) if held else split(learn)


if __name__ == "__main__":
    sys.exit(main())

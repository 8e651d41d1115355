"""`arabesque train piano`: teach the pianist from MIDI recordings.

A training can be stopped (Ctrl-C) and started again with the same command: it goes on where it was, and
gives the same weights as one that was never stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import distributed

from models import store
from models.performance_rnn import midi_files
from models.performance_rnn.dataset import Excerpts, fixed, split
from models.performance_rnn.trainer import ResumeError, Settings, Trainer

log = logging.getLogger(__name__)

KIND = "performance_rnn"
CHECKPOINT = "checkpoint.pt"
CHECKPOINT_EVERY_S = 180.0
LINE_EVERY_S = 30.0
VALIDATE_EVERY = 1_000_000  # events
QUICK = {"excerpts": 64, "longest": 512}  # validation while training
THOROUGH = {"excerpts": 512, "longest": 1024}  # and at the end


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit status. Errors are told in one sentence on standard error."""
    options = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        with processes():
            return run(options)
    except (ResumeError, store.WeightsError, ValueError, OSError) as error:
        sys.stderr.write(f"arabesque train piano: {error}\n")
        return 2


def parser() -> argparse.ArgumentParser:
    """The command's arguments, explained for a musician."""
    made = argparse.ArgumentParser(
        prog="arabesque train piano",
        description="Teach the pianist from MIDI recordings of piano playing. Stop with Ctrl-C; the same command "
        "goes on where it was.",
    )
    add = made.add_argument
    add("data", nargs="+", type=Path, metavar="DATA", help="MIDI files, zips of them, or folders of either")
    add("--out", required=True, type=Path, metavar="DIR", help="folder for the weights and for what a pause needs")
    add("--events", type=count, default=15_000_000, metavar="N",
        help="how long to train: key presses, releases, pauses to learn from, e.g. 15M (an hour of playing has "
        "about 140k; default 15M)")
    add("--batch", type=int, default=32, help="how many half-minute excerpts to hear at once (default 32)")
    add("--segment", type=int, default=64, help="how many events to listen to between corrections (default 64)")
    add("--learning-rate", type=float, default=2e-3, help="how large the corrections are at most (default 0.002)")
    add("--hidden", type=int, default=512, help="width of each layer (default 512, what the stage plays)")
    add("--layers", type=int, default=3, help="number of layers (default 3, what the stage plays)")
    add("--seed", type=int, default=1, help="the same seed and data give the same weights (default 1)")
    add("--device", default="auto", help="cpu, cuda, or auto: the graphics card if there is one (default)")
    add("--threads", type=int, default=0, help="processor threads to use (default: all)")
    add("--validation", nargs="*", type=Path, default=[], metavar="DATA",
        help="recordings to test on (default: what lies in folders named validation, else a twentieth)")
    add("--licence", default="that of the data", help="of the recordings, for the card of the weights")
    add("--name", default="", help="a line about these weights, for their card")
    add("--restart", action="store_true", help="begin anew even if there is a pause to resume from")
    return made


def count(text: str) -> int:
    """A number with an optional k or M: 15M, 500k, 2000000."""
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    number = int(float(text[:-1] if factor > 1 else text) * factor)
    if number < 1:
        raise ValueError(text)
    return number


@contextlib.contextmanager
def processes() -> Iterator[None]:
    """Join the others when torchrun started several of us: NCCL between graphics cards, gloo otherwise."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield
        return
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


class Stop:
    """Set by Ctrl-C or a polite kill: finish the update, save, leave."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Stop:
        self._before = {kind: signal.signal(kind, self._ask) for kind in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for kind, handler in self._before.items():
            signal.signal(kind, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def run(options: argparse.Namespace) -> int:
    """Read, train, export."""
    torch.set_flush_denormal(True)
    if options.threads:
        torch.set_num_threads(options.threads)
    chief = int(os.environ.get("RANK", "0")) == 0
    if not chief:
        logging.disable(logging.INFO)
    options.out.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        options.events, options.batch, options.segment, options.learning_rate, options.seed, options.hidden,
        options.layers,
    )
    cores = os.cpu_count() or 1
    music = midi_files.read(options.data, cache=options.out if chief else None, processes=cores)
    if options.validation:
        training, held = music, midi_files.read(options.validation, cache=options.out if chief else None)
    else:
        training, held = split(music)
    trainer = Trainer(settings, Excerpts(training, seed=settings.seed), device=device(options.device))
    log.info("%s performances to learn from, %s to test on; %s weights on %s", f"{len(training):,}",
             f"{len(held):,}", f"{sum(p.numel() for p in trainer.network.parameters()):,}", trainer.device)
    checkpoint = options.out / CHECKPOINT
    if checkpoint.exists() and not options.restart:
        trainer.resume(checkpoint)
        log.info("resuming after %s events", f"{trainer.seen:,}")

    journal = Journal(options, trainer, training_names=options.data)
    with Stop() as stop:
        loop(trainer, journal, fixed(held, **QUICK), stop)
    trainer.save(checkpoint)
    if not trainer.done:
        log.info("stopped after %s events; the same command goes on from here", f"{trainer.seen:,}")
        return 130
    if trainer.rank == 0:
        told = trainer.validate(fixed(held, **THOROUGH))
        untold = trainer.validate(fixed(held, asked=False, **THOROUGH))
        figures = {"validation_nats_per_event": round(told, 4), "validation_nats_per_event_uncontrolled": round(untold, 4)}
        journal.export("final", figures)
        log.info("done: %.4f nats per event with controls, %.4f without", told, untold)
    return 0


def device(name: str) -> torch.device:
    """`auto` is this process's graphics card, or the CPU."""
    if name != "auto":
        return torch.device(name)
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if torch.cuda.is_available() else torch.device("cpu")


def loop(trainer: Trainer, journal: Journal, quick: Sequence, stop: Stop) -> None:
    """Update until done or stopped; validate every so many events, save every few minutes."""
    per_update = trainer.settings.batch * trainer.settings.segment
    every = max(1, VALIDATE_EVERY // per_update)
    saved = time.monotonic()
    with journal:
        while not trainer.done:
            journal.told(trainer.update())
            if trainer.rank == 0 and (trainer.done_updates % every == 0 or trainer.done):
                loss = trainer.validate(quick)
                journal.validated(loss)
                if loss < trainer.best:
                    trainer.best = loss
                    journal.export("best", {"validation_nats_per_event": round(loss, 4)})
            leave, save = agreed(trainer, stop.asked, time.monotonic() - saved > CHECKPOINT_EVERY_S)
            if save and not leave:
                trainer.save(journal.out / CHECKPOINT)
                saved = time.monotonic()
            if leave:
                return


def agreed(trainer: Trainer, *wishes: bool) -> list[bool]:
    """What any of the processes wishes, all do."""
    if trainer.world == 1:
        return list(wishes)
    flags = torch.tensor([float(wish) for wish in wishes], device=trainer.device)
    distributed.all_reduce(flags, op=distributed.ReduceOp.MAX)
    return [bool(flag) for flag in flags.tolist()]


class Journal:
    """Progress on the screen or in the log, a line of JSON per report, and the exported weights."""

    def __init__(self, options: argparse.Namespace, trainer: Trainer, *, training_names: Sequence[Path]) -> None:
        self.options, self.trainer, self.out = options, trainer, options.out
        self.data = ", ".join(path.name for path in training_names)
        self.recent: list[float] = []
        self.since, self.from_ = time.monotonic(), trainer.seen
        self.bar: Progress | None = None

    def __enter__(self) -> Journal:
        console = Console()
        if self.trainer.rank == 0 and console.is_terminal:
            self.bar = Progress(
                BarColumn(), MofNCompleteColumn(), TextColumn("events  {task.description}"), TimeRemainingColumn(),
                console=console,
            )
            self.task = self.bar.add_task("", total=self.trainer.settings.events, completed=self.trainer.seen)
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()

    def told(self, loss: float) -> None:
        """One update's training loss."""
        self.recent.append(loss)
        passed = time.monotonic() - self.since
        if self.bar:
            speed = (self.trainer.seen - self.from_) / passed
            self.bar.update(self.task, completed=self.trainer.seen, description=f"{loss:.3f} nats  {speed:,.0f}/s")
        if passed < LINE_EVERY_S and not self.trainer.done:
            return
        speed = (self.trainer.seen - self.from_) / passed
        mean = sum(self.recent) / len(self.recent)
        left = (self.trainer.settings.events - self.trainer.seen) / speed / 60
        if self.trainer.rank == 0 and not self.bar:
            log.info("%s events  %.4f nats  %s/s  %.0f minutes left", f"{self.trainer.seen:,}", mean, f"{speed:,.0f}", left)
        self._write({"events": self.trainer.seen, "loss": round(mean, 4), "events_per_s": round(speed)})
        self.recent, self.since, self.from_ = [], time.monotonic(), self.trainer.seen

    def validated(self, loss: float) -> None:
        """The loss on the fixed slice of validation."""
        if self.bar:
            self.bar.console.print(f"validation {loss:.4f} nats per event")
        else:
            log.info("validation %.4f nats per event after %s events", loss, f"{self.trainer.seen:,}")
        self._write({"events": self.trainer.seen, "validation": round(loss, 4)})

    def _write(self, row: dict[str, float]) -> None:
        if self.trainer.rank == 0:
            with (self.out / "losses.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")

    def export(self, name: str, figures: dict[str, float]) -> None:
        """Half-precision weights and their card, ready for the stage."""
        settings = self.trainer.settings
        command = (
            f"arabesque train piano {' '.join(path.name for path in self.options.data)} --out {self.out.name} "
            f"--events {settings.events} --batch {settings.batch} --segment {settings.segment} "
            f"--learning-rate {settings.learning_rate} --hidden {settings.hidden} --layers {settings.layers} "
            f"--seed {settings.seed}"
        )
        card = store.Card(
            kind=KIND, data=self.data, licence=self.options.licence, command=command, seed=settings.seed,
            date=datetime.now(UTC).date().isoformat(), about=self.options.name,
            figures={"events_trained": self.trainer.seen, **figures},
        )
        store.save(self.out / f"{name}.safetensors", self.trainer.network.state_dict(), card)


if __name__ == "__main__":
    sys.exit(main())

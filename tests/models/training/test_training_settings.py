"""One declaration of a setting gives its default, its option, and the command on a card."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.training.arguments import names, share
from models.training.journal import command_line
from models.training.settings import StepSettings, add_settings, setting, settings_from


@dataclass(frozen=True, slots=True, kw_only=True)
class ToySettings(StepSettings):
    batch: int = 12
    wide: float = setting(0.5, "width of the toy", share)
    half_size: bool = setting(False, "makes the toy small")
    shape: str = setting("round", "its shape (round)")
    fixed: tuple[int, ...] = (1, 2)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    made.add_argument("data", nargs="+", type=Path)
    made.add_argument("--colours", type=names, default=())
    made.add_argument("--often", nargs=2, action="append", default=[])
    made.add_argument("--extra", nargs="+", type=Path, default=[])
    made.add_argument("--licence", default="CC0")
    add_settings(made, ToySettings)
    return made


def test_options_have_the_defaults_and_the_types_of_the_settings() -> None:
    assert settings_from(ToySettings, parser().parse_args(["a"])) == ToySettings()
    words = ["a", "--wide", "0.25", "--half-size", "--steps", "2k", "--learning-rate", "1e-4", "--shape", "flat"]
    expected = ToySettings(wide=0.25, half_size=True, steps=2000, learning_rate=1e-4, shape="flat")
    assert settings_from(ToySettings, parser().parse_args(words)) == expected
    for wrong in (["--wide", "2"], ["--steps", "0"], ["--fixed", "3"], ["--batch", "9"]):
        with pytest.raises(SystemExit):
            parser().parse_args(["a", *wrong])


def test_the_help_ends_with_the_default_unless_the_meaning_says_it() -> None:
    text = " ".join(parser().format_help().split())
    assert "width of the toy (0.5)" in text
    assert text.endswith("its shape (round)")
    assert "(False)" not in text


def test_the_command_on_a_card_has_every_setting_and_no_folder() -> None:
    words = "/home/me/a.mid b.mid --extra /home/me/c --often /home/me/d 2 --often e 3 --colours red,blue --half-size"
    options = parser().parse_args([*words.split(), "--learning-rate", "0", "--licence", "mine"])
    assert " ".join(command_line(options, "data")) == (
        "a.mid b.mid --colours red,blue --often d 2 --often e 3 --extra c --minutes 0.0 --learning-rate 0.0 --seed 1 "
        "--steps 20000 --wide 0.5 --half-size --shape round"
    )

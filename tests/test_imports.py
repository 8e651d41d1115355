"""Imports go one way: models know nothing of the engine, the engine knows models.base only."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODELS_MAY = {"torch", "numpy", "models", "cv2", "safetensors", "mido", "rich", "tomlkit"}
MODELS_MAY |= {"svgelements", "tinycss2", "cssselect2"}
"""What the networks may import beyond the standard library: cv2 for the pixels of pictures, the next four for training
and weights, the last three to read SVG drawings."""


def imported(path: Path) -> set[str]:
    """All modules that a file imports anywhere in it, by their full names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return names


def files(room: str) -> list[Path]:
    found = sorted((ROOT / room).rglob("*.py"))
    assert found
    return found


@pytest.mark.parametrize("path", files("models"), ids=lambda path: str(path.relative_to(ROOT)))
def test_models_import_no_engine(path: Path) -> None:
    tops = {name.partition(".")[0] for name in imported(path)} - sys.stdlib_module_names
    assert tops <= MODELS_MAY


@pytest.mark.parametrize("path", files("live"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_engine_imports_models_base_only(path: Path) -> None:
    names = imported(path)
    assert {name for name in names if name.partition(".")[0] == "models"} <= {"models.base"}
    # What measures the engine loads the machine with a network, as a patch would.
    forbidden = {"patches"} if "bench" in path.parts else {"patches", "torch"}
    assert not {name.partition(".")[0] for name in names} & forbidden


@pytest.mark.parametrize("path", files("live"), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_clock_reads_time(path: Path) -> None:
    timeless = path.relative_to(ROOT).as_posix() == "live/transport/clock.py" or "bench" in path.parts
    assert timeless or "time" not in imported(path)

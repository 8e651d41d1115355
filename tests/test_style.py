"""Code style checks: ruff, strict types, file lengths, top-level files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST = 340
"""Lines of a file of ours."""


@pytest.mark.parametrize("command", ["ruff check", "mypy"])
def test_checker_finds_nothing(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command.split()], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("room", ["live", "models", "patches", "tests"])
def test_no_file_is_too_long(room: str) -> None:
    long = {str(p): n for p in (ROOT / room).rglob("*.py") if (n := len(p.read_text("utf-8").splitlines())) > LONGEST}
    assert not long


def test_nothing_else_at_the_top() -> None:
    known = {"pyproject.toml", "live", "models", "patches", "tests", "README.md", "LICENSE", "CHANGELOG.md"}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    tops = {line.partition("/")[0] for line in listed.stdout.splitlines()}
    assert not {top for top in tops if not top.startswith(".")} - known

"""Imports go one way: models import no engine, the engine no network, and no imports form a cycle."""

from __future__ import annotations

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODELS_MAY = {"torch", "numpy", "models", "cv2", "PIL", "safetensors", "rich", "tomlkit"}
MODELS_MAY |= {"svgelements", "tinycss2", "cssselect2", "platformdirs"}
"""What the networks may import beyond the standard library: cv2 and PIL for pictures, the next three for training
and weights, three to read SVG drawings, the last for the cache folder."""
LIVE_MAY = {"models.base", "models.compute.bench_row", "models.files.midi_file", "models.files.picture_file"}
"""What the engine may import of models: the base, the row of a benchmark's table, and the readers of MIDI and picture
files, which training uses too. None of these is a network."""


def imported(path: Path) -> set[str]:
    """All modules that a file imports anywhere in it, by their full names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(origin(path, node))
    return names


def origin(path: Path, node: ast.ImportFrom) -> str:
    """The full name of the module after `from`, of a relative import, too."""
    package = path.relative_to(ROOT).with_suffix("").parts[: -node.level] if node.level else ()
    return ".".join([*package, *([node.module] if node.module else [])])


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def dependencies(path: Path, known: set[str]) -> set[str]:
    """The files of the tree that a file imports: by a statement, or by a module's name in a string, as "a.b:name"."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = origin(path, node)
            full = [f"{module}.{alias.name}" for alias in node.names]
            found.update(name if name in known else module for name in full)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            found.add(node.value.partition(":")[0])
    return found & known - {module_name(path)}


def files(room: str) -> list[Path]:
    found = sorted((ROOT / room).rglob("*.py"))
    assert found
    return found


@pytest.mark.parametrize("path", files("models"), ids=lambda path: str(path.relative_to(ROOT)))
def test_models_import_no_engine(path: Path) -> None:
    tops = {name.partition(".")[0] for name in imported(path)} - sys.stdlib_module_names
    assert tops <= MODELS_MAY


@pytest.mark.parametrize("path", files("live"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_engine_imports_no_network(path: Path) -> None:
    if "commands" in path.parts:
        return  # the commands train models and paint with them
    names = imported(path)
    assert {name for name in names if name.partition(".")[0] == "models"} <= LIVE_MAY
    # What measures the engine loads the machine with a network, as a patch would.
    forbidden = {"patches"} if "bench" in path.parts else {"patches", "torch"}
    assert not {name.partition(".")[0] for name in names} & forbidden


def test_the_reader_of_midi_files_needs_no_network() -> None:
    names = imported(ROOT / "models" / "files" / "midi_file.py")
    assert {name.partition(".")[0] for name in names} - sys.stdlib_module_names == {"numpy"}


@pytest.mark.parametrize("path", files("live"), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_clock_reads_time(path: Path) -> None:
    timeless = path.relative_to(ROOT).as_posix() == "live/transport/clock.py" or "bench" in path.parts
    assert timeless or "time" not in imported(path)


def test_no_packages_of_the_models_import_each_other_in_a_cycle() -> None:
    rooms: dict[str, set[str]] = {}
    for path in files("models"):
        room = path.relative_to(ROOT / "models").parts[0]
        others = {name.split(".")[1] for name in imported(path) if name.startswith("models.")}
        rooms[room] = rooms.get(room, set()) | others
    graph = {room: (others - {room}) & rooms.keys() for room, others in rooms.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"circle of rooms: {' <- '.join(error.args[1])}")


def test_no_files_import_each_other_in_a_cycle() -> None:
    paths = {module_name(path): path for room in ("live", "models", "patches") for path in files(room)}
    graph = {name: dependencies(path, set(paths)) for name, path in paths.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"circle of files: {' <- '.join(error.args[1])}")


def test_relative_imports_and_names_in_strings_are_followed() -> None:
    path = ROOT / "live" / "osc" / "server.py"
    relative = ast.parse("from ..net import allow").body[0]
    assert isinstance(relative, ast.ImportFrom)
    assert origin(path, relative) == "live.net"
    main = ROOT / "live" / "commands" / "main.py"
    assert "live.commands.play" in dependencies(main, {"live.commands.play"})

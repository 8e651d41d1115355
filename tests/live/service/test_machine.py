"""The figures of the machine, read for real."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from live.service.machine import read_machine, temperature_c

UNIX_S = psutil.boot_time() + 1000.0


def test_the_engine_and_its_helper_processes_are_told_apart(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "timeit", "-n1", "-r1", "-s", "print('here', flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as helper:
        assert helper.stdout is not None
        helper.stdout.readline()
        figures = read_machine([tmp_path], UNIX_S)
        helper.communicate(b"\n")
    found = {one.pid: one for one in figures.processes}
    assert (found[os.getpid()].name, found[helper.pid].name) == ("engine", "timeit")
    assert found[os.getpid()].resident > 10_000_000
    assert found[os.getpid()].files >= 3
    assert found[helper.pid].threads == 1
    assert figures.machine_up_s == 1000.0
    assert figures.memory_free > 0


def test_the_fullest_of_the_disks_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = psutil.disk_usage(str(tmp_path))
    free = {"/large": 10**11, "/small": 10**7}
    monkeypatch.setattr(psutil, "disk_usage", lambda folder: usage._replace(free=free[folder], total=10**12))
    figures = read_machine([Path("/large"), Path("/small")], UNIX_S)
    assert figures.disk_free == 10**7


def test_a_folder_that_is_gone_has_no_figures(tmp_path: Path) -> None:
    assert read_machine([tmp_path / "gone"], UNIX_S).disk_free is None


def test_the_hottest_sensor_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def sensors(*currents: float) -> dict[str, list[object]]:
        return {"chip": [type("Sensor", (), {"current": current}) for current in currents]}

    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: sensors(40.0, 61.5, 0.0), raising=False)
    assert temperature_c() == 61.5
    monkeypatch.setattr(psutil, "sensors_temperatures", dict, raising=False)
    assert temperature_c() is None
    monkeypatch.delattr(psutil, "sensors_temperatures")
    assert temperature_c() is None

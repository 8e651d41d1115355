"""`arabesque schedule`: a year of hours before anybody travels home."""

from __future__ import annotations

from pathlib import Path

import pytest

from live.commands.schedule import main

GOOD = """
[hours]
time_zone = "Europe/Berlin"
daily = "10:00-18:00"
monday = "closed"
[exceptions]
12-25 = "closed"
[at.bell]
time = "12:00"
[visitors]
"""


@pytest.fixture
def patch(tmp_path: Path) -> Path:
    (tmp_path / "piece.py").write_text("")
    (tmp_path / "piece.cues.toml").write_text("[bell]\nactions = []\n")
    return tmp_path / "piece.py"


def test_it_rehearses_a_year(patch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (patch.parent / "piece.schedule.toml").write_text(GOOD)
    assert main([str(patch), "--from", "2027-01-01"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert lines[:3] == ["time zone Europe/Berlin", "monday     closed", "tuesday    10:00-18:00"]
    assert lines[8:] == [
        "2027-01-01 and 365 days: 624 changes, open on 312 days for 2,496.0 hours",
        "longest closed: 1.7 days from 2027-01-03 18:00",
        "days that differ from the week: 1, the next is 2027-12-25",
        "clocks go forward on 2027-03-28: 10:00-18:00",
        "clocks go back on 2027-10-31: 10:00-18:00",
        "Fri 2027-01-01 10:00 opens",
        "Fri 2027-01-01 18:00 closes",
        "Sat 2027-01-02 10:00 opens",
        "Sat 2027-01-02 18:00 closes",
        "Sun 2027-01-03 10:00 opens",
        "Sun 2027-01-03 18:00 closes",
        "cue bell: [at.bell], 312 times",
        "visitors: auto; away for 30 s, then 10 s countdown",
    ]


def test_mistakes_fail_with_file_and_line(patch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = patch.parent / "piece.schedule.toml"
    file.write_text('[hours]\nmonday = "late"\nopening_cue = "dawn"\n[at.bell]\ntime = "12:00"\n')
    assert main([str(patch)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"{file}, line 2: [hours]: monday: expected hours such as 10:00-18:00, several with commas, open or closed; "
        "got 'late'",
        f"{file}, line 3: [hours]: piece.cues.toml has no cue 'dawn'",
    ]


def test_without_a_file_or_a_patch_it_says_so(patch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(patch)]) == 1
    assert main(["no such patch"]) == 1
    err = capsys.readouterr().err.splitlines()
    assert err[0] == f"arabesque: there is no {patch.parent / 'piece.schedule.toml'}"
    assert "no such patch" in err[1]

"""The schedule opens and closes an installation, through a year, clocks that jump, and a restart at night."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from live.gallery.hours import moment_of
from models.base import KnobError

HOURS = """
[hours]
time_zone = "Europe/Berlin"
daily = "10:00-18:00"
monday = "closed"
thursday = "10:00-20:00"
opening_cue = "day"
closing_cue = "night"

[exceptions]
2026-12-24 = "10:00-14:00"
12-25 = "closed"
"2026-08-01 to 2026-08-14" = "closed"
2026-03-29 = "1:30-18:00"

[closed]
fade = 0

[at.noon]
time = "12:00"
cue = "bell"
"""
OPEN, CLOSED = ("open", 0.0, False, False), ("closed", 1.0, True, True)


def test_a_year_of_hours_on_the_virtual_clock(installation: Any) -> None:
    schedule = installation.open(HOURS, "2026-01-01 00:00", cue_list=False)
    assert installation.state() == CLOSED
    installation.run_to("2026-12-31 23:59")
    zone, hours = schedule.tables.zone, schedule.tables.hours
    assert hours is not None
    expected = []
    for number in range(365):
        day = date(2026, 1, 1) + timedelta(days=number)
        for first, last in hours.of(day):
            expected += [(day, "open", moment_of(day, first, zone)), (day, "closed", moment_of(day, last, zone))]
    states = [(at, event) for at, event in installation.seen if event.startswith("state")]
    assert states[0] == ("2026-01-01 00:00", "state closed")
    assert states[1:] == [(f"{at.astimezone(zone):%Y-%m-%d %H:%M}", f"state {what}") for _, what, at in expected]
    open_days = sum(bool(hours.of(date(2026, 1, 1) + timedelta(days=number))) for number in range(365))
    assert open_days == 365 - 52 - 1 - 12  # Mondays, 25 December, holidays without their two Mondays
    bells = [at for at, event in installation.seen if event == "began bell"]
    assert len(bells) == open_days  # none on a closed day
    assert {at[-5:] for at in bells} == {"12:00"}
    assert sum(event == "began day" for _, event in installation.seen) == open_days
    assert sum(event == "began night" for _, event in installation.seen) == open_days
    assert ("2026-03-29 01:30", "state open") in installation.seen
    assert installation.failed == []


def test_closing_blacks_out_pauses_and_releases_the_camera_and_opening_restores(installation: Any) -> None:
    schedule = installation.open(HOURS, "2026-06-02 09:59", cue_list=False)
    installation.tree.set("/piano/density", 11.0)
    assert installation.state() == CLOSED
    assert installation.tree.get("/schedule/next") == "2026-06-02 10:00 open"
    assert installation.tree.get("/schedule/today") == "10:00-18:00"
    assert schedule.closing.held == {"/engine/blackout": 0.0, "/piano/pause": False, "/camera/released": False}
    installation.run_to("2026-06-02 10:00")
    assert installation.state() == OPEN
    assert schedule.closing.held == {}
    installation.run_to("2026-06-02 18:00")
    assert installation.state() == CLOSED
    installation.tree.set("/engine/blackout", 0.0)  # for cleaning
    installation.tree.set("/piano/pause", False)
    installation.run_to("2026-06-02 23:00")
    assert installation.state() == ("closed", 0.0, False, True)
    installation.run_to("2026-06-03 10:00")
    assert installation.state() == OPEN


def test_a_restart_in_the_middle_of_closed_hours_is_closed_and_opens_in_the_morning(installation: Any) -> None:
    installation.open(HOURS, "2026-06-02 03:00", cue_list=False)
    assert installation.state() == CLOSED
    assert installation.seen == [("2026-06-02 03:00", "state closed")]  # no closing cue: it was closed already
    installation.run_to("2026-06-02 10:00")
    assert installation.state() == OPEN
    assert installation.seen[1:] == [
        ("2026-06-02 10:00", "cue opening"),
        ("2026-06-02 10:00", "began day"),
        ("2026-06-02 10:00", "state open"),
    ]


@pytest.mark.parametrize("resumed", [False, True])
def test_a_start_in_open_hours_runs_the_opening_cue_unless_a_state_was_restored(
    installation: Any, resumed: bool
) -> None:
    installation.open(HOURS, "2026-06-02 15:00", resumed)
    installation.run(1.0)
    assert installation.state() == OPEN
    assert ("2026-06-02 15:00", "began day") in installation.seen or resumed
    assert installation.tree.get("/cue/current") == ("" if resumed else "day")


def test_a_clock_that_jumps_forward_and_back_gives_the_state_of_its_new_time(installation: Any) -> None:
    installation.open(HOURS, "2026-06-02 11:59:30")
    installation.set_clock("2026-06-02 12:00:20")  # a time server corrects it: the bell is 20 s late and rings
    installation.run(5.0)
    assert ("2026-06-02 12:00", "began bell") in installation.seen
    installation.set_clock("2026-06-02 11:59:50")  # and back: it does not ring twice
    installation.run(60.0)
    assert [event for _, event in installation.seen].count("began bell") == 1
    installation.set_clock("2026-06-02 19:00")
    installation.control_thread.wake()
    installation.run(1.0)
    assert installation.state() == CLOSED
    installation.set_clock("2026-06-02 17:00")
    installation.control_thread.wake()
    installation.run(1.0)
    assert installation.state() == OPEN
    installation.set_clock("1970-01-01 12:00")  # an empty clock battery
    installation.control_thread.wake()
    installation.run(1.0)
    assert installation.state() == OPEN  # a Thursday
    installation.set_clock("2026-06-03 11:59")  # and the time server again
    installation.control_thread.wake()
    installation.run(90.0)
    assert [event for _, event in installation.seen].count("began bell") == 2
    assert installation.failed == []


def test_it_is_restarted_each_night_while_it_is_closed(installation: Any) -> None:
    hours = HOURS.replace("fade = 0", 'fade = 0\nrestart = "3:30"')
    installation.open(hours, "2026-06-02 12:00", cue_list=False)
    installation.run_to("2026-06-03 22:00")
    installation.tree.set("/schedule/mode", "open")  # a private view through the night
    installation.run_to("2026-06-05 12:00")
    restarts = [at for at, event in installation.seen if event == "restart"]
    assert restarts == ["2026-06-03 03:30", "2026-06-05 03:30"]
    installation.open(hours, "2026-06-06 03:30", cue_list=False)  # the start that follows
    installation.run(10.0)
    assert [at for at, event in installation.seen if event == "restart"] == restarts


def test_a_clock_that_is_set_is_logged_and_a_late_turn_is_not(
    installation: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "live.gallery.schedule")
    schedule = installation.open(HOURS, "2026-06-02 11:00")
    began_s = installation.clock.now()
    installation.clock.advance(began_s + 3.0)  # another service needed three seconds before the schedule's turn came
    schedule.advance(began_s + 0.1)
    schedule.advance(installation.clock.now())
    assert "the clock was set" not in caplog.text
    installation.set_clock("2026-06-02 11:01:03")
    schedule.advance(installation.clock.now())
    installation.set_clock("2026-06-02 11:00:03")
    schedule.advance(installation.clock.now())
    said = [record.message for record in caplog.records if "the clock was set" in record.message]
    assert said == ["schedule: the clock was set forward by 60 s", "schedule: the clock was set back by 60 s"]


def test_a_cue_in_the_hour_that_comes_twice_starts_once_and_in_the_one_that_is_skipped_once(installation: Any) -> None:
    text = '[hours]\ntime_zone = "Europe/Berlin"\n[at.bell]\ntime = "2:30"\n'
    installation.open(text, "2026-03-28 12:00", cue_list=False)
    installation.run_to("2026-03-30 12:00")
    installation.set_clock("2026-10-24 12:00")
    installation.control_thread.wake()
    installation.run_to("2026-10-26 12:00")
    times = [at for at, event in installation.seen if event == "began bell"]
    assert times == ["2026-03-29 03:00", "2026-03-30 02:30", "2026-10-25 02:30", "2026-10-26 02:30"]


def test_a_mode_set_manually_holds_until_the_hours_change(installation: Any) -> None:
    installation.open(HOURS, "2026-06-02 19:00", cue_list=False)
    installation.tree.set("/schedule/mode", "open")  # a private view
    installation.run(1.0)
    assert installation.state() == OPEN
    installation.run_to("2026-06-03 10:00")
    assert installation.tree.get("/schedule/mode") == "hours"
    assert installation.state() == OPEN
    installation.tree.set("/schedule/mode", "closed")
    installation.run(1.0)
    assert installation.state() == CLOSED
    installation.run_to("2026-06-03 18:00")
    assert (installation.tree.get("/schedule/mode"), installation.state()) == ("hours", CLOSED)


def test_hours_are_set_over_osc_and_kept_in_the_file_with_its_comments(installation: Any) -> None:
    installation.open("# our hours\n" + HOURS, "2026-06-02 17:00")
    installation.tree.write("/schedule/set", ["tuesday", "10:00-16:00"])
    installation.run(1.0)
    assert installation.state() == CLOSED
    installation.tree.write("/schedule/set", ["2026-06-02", "open"])
    installation.run(1.0)
    assert installation.state() == OPEN
    installation.tree.write("/schedule/delete", ["2026-06-02"])
    installation.run(1.0)
    assert installation.state() == CLOSED
    text = installation.file.read_text()
    assert text.startswith("# our hours")
    assert 'tuesday = "10:00-16:00"' in text
    installation.tree.write("/schedule/closed", ["fade", 2.5])
    installation.tree.write("/schedule/closed", ["camera", "keep"])
    installation.tree.write("/schedule/closed", ["blackout", 0])
    installation.run(1.0)
    assert {"fade = 2.5", "blackout = false"} < set(installation.file.read_text().splitlines())
    with pytest.raises(KnobError, match="/schedule/closed: camera: expected release or keep, got 'off'"):
        installation.tree.write("/schedule/closed", ["camera", "off"])
    with pytest.raises(KnobError, match="/schedule/closed: no key 'lights'"):
        installation.tree.write("/schedule/closed", ["lights", "off"])
    assert '2026-12-24 = "10:00-14:00"' in text
    for given, sentence in (
        (["someday", "open"], "expected monday, .* or a date, got 'someday'"),
        (["monday", "noon"], "/schedule/set: expected hours such as 10:00-18:00"),
        (["time_zone", "Berlin"], "expected a time zone such as Europe/Berlin, got 'Berlin'"),
    ):
        with pytest.raises(KnobError, match=sentence):
            installation.tree.write("/schedule/set", given)
    with pytest.raises(KnobError, match="the file has no line friday"):
        installation.tree.write("/schedule/delete", ["friday"])


def test_cues_at_times_and_on_conditions_are_added_and_deleted_over_osc(installation: Any) -> None:
    installation.open('[hours]\ntime_zone = "Europe/Berlin"\n', "2026-06-02 11:59")
    installation.tree.write("/schedule/at", ["noon", "12:00, 15:00", "bell"])
    installation.tree.write("/schedule/if", ["crowd", "/camera/motion > 0.02", "crowd", 60])
    installation.run(1.0)
    installation.tree.publish("/camera/motion", 0.5)
    installation.run(61.0)
    assert [event for _, event in installation.seen[1:]] == ["cue crowd", "began crowd", "cue noon", "began bell"]
    text = installation.file.read_text()
    assert 'time = ["12:00", "15:00"]' in text
    assert 'when = "/camera/motion > 0.02"' in text
    installation.tree.write("/schedule/delete", ["at.noon"])
    installation.run_to("2026-06-02 15:01")
    assert [event for _, event in installation.seen].count("began bell") == 1
    assert "noon" not in installation.file.read_text()
    for address, given, sentence in (
        ("/schedule/at", ["noon", "noon"], "/schedule/at: expected a time such as 12:30, got 'noon'"),
        ("/schedule/if", ["crowd", "/camera/motion >"], "/schedule/if: expected an address"),
        ("/schedule/delete", ["at.noon"], "/schedule/delete: the file has no line at.noon"),
    ):
        with pytest.raises(KnobError, match=sentence):
            installation.tree.write(address, given)
    assert installation.failed == []


def test_each_mistake_is_reported_with_file_and_line_and_the_rest_is_used(installation: Any) -> None:
    text = """[hours]
time_zone = "Mars/Olympus"
daily = "10-18"
mondy = "closed"
tuesday = "ten to six"
[exceptions]
"christmas" = "closed"
[closed]
camera = "off"
[at.noon]
time = "noon"
[at.bell]
cue = "bell"
[if.crowd]
when = "/camera/motoin > 0.02"
[if.odd]
when = "/camera/motion >"
[houres]
"""
    installation.open(text, "2026-06-02 15:00")
    installation.tree.set("/schedule/mode", "hours")
    lines = [sentence.removeprefix(f"{installation.file}, ") for sentence in installation.failed]
    assert lines[0].startswith("line 18: [houres]: no table [houres]; similar: hours")
    assert [line.partition("; ")[0] for line in lines[1:]] == [
        "line 4: [hours]: no key 'mondy'",
        "line 2: [hours]: time_zone: expected a time zone such as Europe/Berlin, got 'Mars/Olympus'",
        "line 5: [hours]: tuesday: expected hours such as 10:00-18:00, several with commas, open or closed",
        "line 7: [exceptions]: expected 2026-12-24, 12-25 (every year) or 2026-08-01 to 2026-08-14",
        "line 11: [at.noon]: time: expected a time such as 12:30, got 'noon'",
        'line 12: [at.bell]: expected a time, such as time = "12:00"',
        "line 17: [if.odd]: when: expected an address, a number, a word, not or (, got the end",
        "line 9: [closed]: camera: expected release or keep, got 'off'",
        "line 15: [if.crowd]: no address /camera/motoin",
    ]
    assert installation.tree.get("/schedule/today") == "10:00-18:00"


def test_a_condition_starts_a_cue_each_time_that_it_begins_to_hold(installation: Any) -> None:
    rule = '[if.crowd]\nwhen = "/camera/motion > 0.02 for 60 s"\nrest = 300\n'
    installation.open(rule, "2026-06-02 15:00")
    motion = lambda value: installation.tree.publish("/camera/motion", value)  # noqa: E731
    motion(0.5)
    installation.run(59.0)
    assert installation.seen[1:] == []
    installation.run(2.0)
    assert [event for _, event in installation.seen[1:]] == ["cue crowd", "began crowd"]
    installation.run(600.0)  # it still holds, and does not begin again
    assert len(installation.seen) == 3
    motion(0.0)
    installation.run(1.0)
    motion(0.5)
    installation.run(61.0)
    assert [event for _, event in installation.seen].count("began crowd") == 2
    motion(0.0)
    installation.run(1.0)
    motion(0.5)
    installation.run(120.0)  # the rest of 300 s is not over
    assert [event for _, event in installation.seen].count("began crowd") == 2
    installation.run(200.0)
    assert [event for _, event in installation.seen].count("began crowd") == 3
    assert installation.failed == []


def test_without_a_file_it_is_always_open(installation: Any) -> None:
    installation.open("", "2026-06-02 03:00", cue_list=False)
    installation.run_to("2026-06-12 03:00")
    assert installation.state() == OPEN
    assert installation.tree.get("/schedule/next") == ""
    assert installation.failed == []

"""Opening hours as a function of the moment: weekdays, exceptions, both nights of daylight saving, 29 February."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from live.gallery.hours import ALL_DAY, OpeningHours, moment_of, read_days, read_spans, read_time, spans_text

BERLIN = ZoneInfo("Europe/Berlin")
TEN_TO_SIX = read_spans("10:00-18:00")
MUSEUM = OpeningHours(
    BERLIN,
    ((), *(TEN_TO_SIX,) * 2, read_spans("10-20"), TEN_TO_SIX, read_spans("11-13, 14-23:30"), read_spans("20-02")),
    {date(2026, 3, 29): read_spans("1:30-4:00"), date(2026, 10, 25): read_spans("1:00-2:30")},
    ((date(2026, 8, 1), date(2026, 8, 14), ()),),
    {(12, 25): (), (2, 29): read_spans("12-13")},
)


def local(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "opened", "until"),
    [
        ("2026-06-01 12:00", False, "2026-06-02 10:00"),  # Monday
        ("2026-06-02 09:59:59", False, "2026-06-02 10:00"),
        ("2026-06-02 10:00", True, "2026-06-02 18:00"),
        ("2026-06-02 18:00", False, "2026-06-03 10:00"),
        ("2026-06-04 19:59", True, "2026-06-04 20:00"),
        ("2026-06-06 13:30", False, "2026-06-06 14:00"),
        ("2026-06-07 23:30", True, "2026-06-08 02:00"),  # past midnight, into Monday
        ("2026-06-08 01:59", True, "2026-06-08 02:00"),
        ("2026-06-08 02:00", False, "2026-06-09 10:00"),
        ("2026-07-31 18:30", False, "2026-08-15 11:00"),  # the holidays
        ("2026-12-24 20:30", False, "2026-12-26 11:00"),
        ("2027-12-25 15:00", False, "2027-12-26 20:00"),  # each year
        ("2028-02-28 15:00", False, "2028-02-29 12:00"),
        ("2028-02-29 12:30", True, "2028-02-29 13:00"),
        ("2028-02-29 13:30", False, "2028-03-01 10:00"),
        ("2027-02-28 20:30", True, "2027-03-01 02:00"),
    ],
)
def test_the_state_and_its_next_change(at: str, opened: bool, until: str) -> None:
    assert MUSEUM.at(local(at)) == (opened, local(until))


def test_the_night_in_which_clocks_go_forward() -> None:
    assert MUSEUM.at(local("2026-03-29 01:30")) == (True, local("2026-03-29 04:00"))
    assert local("2026-03-29 04:00") - local("2026-03-29 01:30") == timedelta(hours=1, minutes=30)
    # 02:30 does not exist: it is the moment at which 02:00 becomes 03:00.
    assert moment_of(date(2026, 3, 29), 150, BERLIN) == local("2026-03-29 03:00")
    swallowed = OpeningHours(BERLIN, (read_spans("2:10-2:50"),) * 7)
    assert swallowed.at(local("2026-03-29 00:00")) == (False, local("2026-03-30 02:10"))


def test_the_night_in_which_clocks_go_back() -> None:
    first, second = local("2026-10-25 02:30"), local("2026-10-25 02:30", fold=1)
    assert second - first == timedelta(hours=1)
    assert MUSEUM.at(local("2026-10-25 01:30")) == (True, first)
    assert MUSEUM.at(first) == (False, local("2026-10-27 10:00"))
    assert MUSEUM.at(second) == (False, local("2026-10-27 10:00"))


def test_adjacent_hours_are_merged_and_always_or_never_has_no_next_change() -> None:
    always, never = OpeningHours(BERLIN), OpeningHours(BERLIN, ((),) * 7)
    assert always.at(local("2026-06-01 12:00")) == (True, None)
    assert never.at(local("2026-06-01 12:00")) == (False, None)
    christmas = OpeningHours(BERLIN, dates={date(2026, 12, 24): read_spans("0:00-14:00")})
    assert christmas.at(local("2026-06-01 12:00")) == (True, local("2026-12-24 14:00"))
    assert christmas.at(local("2026-12-24 14:00")) == (False, local("2026-12-25 00:00"))


def test_every_answer_of_a_year_agrees_with_its_neighbours() -> None:
    """Walks from change to change through 2026 and asks again in each hour: the same state, the same next change."""
    moment, end, hours = local("2026-01-01 00:00"), local("2027-01-01 00:00"), 0.0
    while moment < end:
        opened, until = MUSEUM.at(moment)
        assert until is not None
        assert MUSEUM.at(until).open is not opened
        between = moment
        while between < until:
            assert MUSEUM.at(between) == (opened, until)
            between += timedelta(hours=1)
        hours += (until - moment).total_seconds() / 3600.0 * opened
        moment = until
    weeks = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    planned = sum((last - first) / 60.0 for day in weeks for first, last in MUSEUM.of(day))
    assert hours == pytest.approx(planned - 1.0)  # 29 March 01:30 to 04:00 is an hour shorter than it reads


@pytest.mark.parametrize("text", ["10:00-18:00", "11:00-13:00, 14:00-23:30", "20:00-02:00", "00:00-12:00", "closed"])
def test_hours_are_written_as_they_are_read(text: str) -> None:
    assert spans_text(read_spans(text)) == text
    assert spans_text(ALL_DAY) == "open"


@pytest.mark.parametrize("text", ["", "10", "10:00", "25-26", "10:70-11:00", "10:00-24:30", "ten", 10, None])
def test_an_invalid_time_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_spans(text)


def test_times_and_days() -> None:
    assert read_time("23:59") == 1439
    assert read_days("weekends, monday") == {0, 5, 6}
    for read, wrong in ((read_time, "24:00"), (read_time, 12), (read_days, "someday"), (read_days, 3)):
        with pytest.raises(ValueError, match="expected"):
            read(wrong)

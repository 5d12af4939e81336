"""Dates and times in columns of text, as people export them."""

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autonet.core.errors import InvalidData
from autonet.data.reading.convert import DATE_PARTS
from autonet.data.reading.date_formats import normalize_zone, to_local_time
from autonet.data.reading.schema import Schema
from tests.data.reading.written import DAYS, MOMENTS, fit, read

pd = pytest.importorskip("pandas")


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d.%m.%Y",
        "%d-%m-%Y",
        "%m/%d/%y",
        "%d %B %Y",
        "%d-%b-%Y",
        "%d-%b-%y",
        "%B %d, %Y",
        "%b %d %Y",
        "%A, %d %B %Y",
        "%Y年%m月%d日",
        "%Y-%b-%d",
    ],
)
@pytest.mark.parametrize(
    "clock", ["", " %H:%M", " %H:%M:%S", " %I:%M:%S %p", ", %H:%M:%S.%f", " at %I:%M %p", "T%H:%M:%S"]
)
def test_dates_are_read_however_they_are_written(form: str, clock: str) -> None:
    column, numbers = fit([moment.strftime(form + clock) for moment in MOMENTS])
    assert (column.kind, column.is_doubtful) == ("datetime", False)
    assert column.note.startswith("dates written as text")
    expected = [datetime.datetime.strptime(m.strftime("%Y-%m-%d" + clock), "%Y-%m-%d" + clock) for m in MOMENTS]
    np.testing.assert_array_equal(numbers, fit(expected)[1])


@pytest.mark.parametrize("form", ["%b %Y", "%B %Y", "%Y-%m"])
def test_months_are_their_first_days(form: str) -> None:
    column, numbers = fit([day.strftime(form) for day in DAYS])
    assert column.kind == "datetime"
    np.testing.assert_array_equal(numbers, fit([day.replace(day=1) for day in DAYS])[1])


@pytest.mark.parametrize("zone", ["Z", "+00:00", "+02:00", "-0530", " UTC"])
def test_dates_in_one_time_zone_show_its_clock(zone: str) -> None:
    column, numbers = fit([moment.isoformat() + zone for moment in MOMENTS])
    assert column.kind == "datetime"
    np.testing.assert_array_equal(numbers, fit(MOMENTS)[1])
    utc = MOMENTS[3].replace(tzinfo=datetime.UTC)
    offset = datetime.datetime.fromisoformat(f"2000-01-01T00:00{zone.replace(' UTC', 'Z')}").tzinfo
    now = pd.DataFrame(
        {"c": [MOMENTS[3].isoformat() + zone, MOMENTS[3].replace(tzinfo=offset).astimezone(utc.tzinfo).isoformat()]}
    )
    then = pd.DataFrame({"c": [moment.isoformat() + zone for moment in MOMENTS]})
    first, second = Schema.detect(then).read(now).numbers
    np.testing.assert_array_equal(first, second)  # one moment in two zones


@pytest.mark.parametrize(
    "values",
    [
        [f"{1 + i % 12:02}/{1 + i % 11:02}/{1 + i % 9:02}" for i in range(60)],
        [day.strftime("%d/%m/%Y") for day in DAYS if day.day <= 12],
        [day.strftime(form) for day in DAYS for form in ("%d/%m/%Y", "%m/%d/%Y")],
        [day.strftime("%d.%m.%y") for day in DAYS],
    ],
    ids=["01/02/03", "no day after the 12th", "both orders", "years like days"],
)
def test_ambiguous_dates_remain_categories_with_a_doubtful_note(values: list[str]) -> None:
    column, _ = fit(values)
    assert column.kind == "categorical"
    assert column.note.startswith("ambiguous dates, for example")
    assert column.is_doubtful


def test_few_dates_are_dates() -> None:
    assert fit(["2015-01-31", "2015-02-28"] * 10)[0].kind == "datetime"


@pytest.mark.parametrize(
    ("form", "unit"), [("%H:%M", 60), ("%H:%M:%S", 1), ("%I:%M %p", 60), ("%I:%M:%S%p", 1), ("%H:%M:%S.%f", 1)]
)
def test_times_of_day_are_durations_since_midnight(form: str, unit: int) -> None:
    column, numbers = fit([moment.strftime(form) for moment in MOMENTS])
    assert (column.kind, column.note) == ("duration", "times written as text")
    seconds = np.array([m.hour * 3600 + m.minute * 60 + m.second for m in MOMENTS])
    np.testing.assert_array_equal(numbers[:, 0], seconds // unit * unit)


def test_durations_are_read() -> None:
    durations = [datetime.timedelta(seconds=9770 * i) for i in range(-20, 40)]
    for written in (str, lambda duration: str(pd.Timedelta(duration))):
        _, numbers = fit(list(map(written, durations)))
        np.testing.assert_array_equal(numbers[:, 0], [duration.total_seconds() for duration in durations])
    assert fit([f"-1 days 0{i % 6}:{i:02}:00" for i in range(40)])[1][1, 0] == -(25 * 3600 + 60)
    assert fit([f"{30 + i}:15:00" for i in range(40)])[1][0, 0] == 30.25 * 3600


@pytest.mark.parametrize("ends", [["0001-01-01", "9999-12-31"], ["0001-01-01T00:00+05:00", "9999-12-31T23:59-05:00"]])
def test_the_ends_of_the_calendar_are_dates(ends: list[str]) -> None:
    zone = "+00:00" if "T" in ends[0] else ""
    column, numbers = fit([*(day.isoformat() + zone for day in DAYS), *ends])
    assert column.kind == "datetime"
    assert not np.isnan(numbers).any()


@pytest.mark.parametrize("now", ["01/31/2015", "5.25", 5.25, "2015-01-31T00:00:00Z"])
def test_dates_that_are_written_in_another_way_are_refused(now: Any) -> None:
    with pytest.raises(InvalidData, match="Column 'c' had dates written as text, day first"):
        read([day.strftime("%d/%m/%Y") for day in DAYS], [now])


def test_the_order_of_dates_is_that_of_fit() -> None:
    then = [day.strftime("%m/%d/%Y") for day in DAYS]
    assert read(then, ["02/03/2015"])[0] == (datetime.date(2015, 2, 3) - datetime.date(2000, 1, 1)).days
    frame = pd.DataFrame({"c": ["02/03/2015"]})
    assert Schema.detect(pd.DataFrame({"c": then})).read(frame).numbers[0, DATE_PARTS.index("month")] == 2


@given(
    st.lists(st.datetimes(datetime.datetime(1950, 1, 1), datetime.datetime(2037, 1, 1)), min_size=1, max_size=20),
    st.sampled_from(
        ["UTC", "Asia/Tokyo", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "+05:30", "UTC-09:30"]
    ),
)
def test_local_time_is_that_of_the_zone(instants: list[datetime.datetime], zone: str) -> None:
    offsets = {"+05:30": (5, 30), "UTC-09:30": (-9, -30)}
    if zone in offsets:
        hours, minutes = offsets[zone]
        tz: datetime.tzinfo = datetime.timezone(datetime.timedelta(hours=hours, minutes=minutes))
    else:
        tz = ZoneInfo(zone)
    expected = [v.replace(tzinfo=datetime.UTC).astimezone(tz).replace(tzinfo=None) for v in instants]
    found = to_local_time(np.array([*instants, None], "datetime64[us]"), zone)
    assert found[:-1].tolist() == expected
    assert np.isnat(found[-1])


def test_zones_have_names_that_every_machine_knows() -> None:
    assert normalize_zone(ZoneInfo("Europe/Berlin")) == "Europe/Berlin"
    assert normalize_zone(datetime.timezone(datetime.timedelta(hours=-3))) == "UTC-03:00"
    assert normalize_zone("tzfile('/etc/localtime')") == "UTC"

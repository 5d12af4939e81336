import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autonet.data.reading.iso_formats import parse_iso_datetime, parse_iso_duration

pd = pytest.importorskip("pandas")

DURATIONS = st.timedeltas(datetime.timedelta(-9999), datetime.timedelta(9999))
HOUR = datetime.timezone(datetime.timedelta(hours=1))


@given(moment=st.datetimes(timezones=st.sampled_from([None, datetime.UTC, HOUR])))
def test_datetimes_are_read_as_python_writes_them(moment: datetime.datetime) -> None:
    assert parse_iso_datetime(moment.isoformat()) == moment
    assert parse_iso_datetime(f" {moment} ") == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-29", datetime.datetime(2024, 2, 29)),
        ("2024-02-29T13:30", datetime.datetime(2024, 2, 29, 13, 30)),
        ("2024-02-29T13:30:15.123456789", datetime.datetime(2024, 2, 29, 13, 30, 15, 123_456)),
        ("2024-02-29T13:30:15.500Z", datetime.datetime(2024, 2, 29, 13, 30, 15, 500_000, datetime.UTC)),
        ("2024-02-29 13:30:15+0100", datetime.datetime(2024, 2, 29, 13, 30, 15, tzinfo=HOUR)),
        ("29/02/2024", None),
        ("2023-02-29", None),
        ("13:30", None),
        ("soon", None),
        ("", None),
    ],
)
def test_other_texts_are_no_datetimes(text: str, moment: datetime.datetime | None) -> None:
    assert parse_iso_datetime(text) == moment


@given(duration=DURATIONS)
def test_durations_are_read_as_python_and_pandas_write_them(duration: datetime.timedelta) -> None:
    seconds = pytest.approx(duration.total_seconds(), abs=1e-6)
    for text in (str(duration), str(pd.Timedelta(duration)), pd.Timedelta(duration).isoformat()):
        assert parse_iso_duration(text) == seconds, text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("P1DT2H3M4.5S", 93_784.5),
        ("PT90M", 5400),
        ("PT0,5S", 0.5),
        ("-PT36H", -129_600),
        ("P-1DT23H59M59S", -1),
        ("P2W", 1_209_600),
        ("36:00:00", 129_600),
        ("P1Y", None),
        ("P1M", None),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("P99999999999D", None),
        ("90", None),
        ("an hour", None),
    ],
)
def test_other_texts_are_no_durations(text: str, seconds: float | None) -> None:
    assert parse_iso_duration(text) == seconds

import datetime
import io
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autonet.core.errors import InvalidData
from autonet.data.reading.convert import DATE_PARTS, write_date_parts
from autonet.data.reading.schema import Schema

pd = pytest.importorskip("pandas")


def parts(values: list[datetime.datetime | None], dtype: str = "float64") -> dict[str, np.ndarray]:
    out = {name: np.empty(len(values), dtype) for name in DATE_PARTS}
    write_date_parts(np.array(values, "datetime64[us]"), list(out.values()))
    return out


@given(moment=st.datetimes())
def test_parts_are_those_of_the_calendar(moment: datetime.datetime) -> None:
    got = {name: values[0] for name, values in parts([moment]).items()}
    midnight = datetime.datetime.combine(moment.date(), datetime.time())
    second = (moment - midnight).total_seconds()
    expected = {
        "day number": (midnight - datetime.datetime(2000, 1, 1)).days,
        "second of day": second,
        "year": moment.year,
        "month": moment.month,
        "day of month": moment.day,
        "weekday": moment.weekday(),
        "hour": moment.hour,
        "minute": moment.minute,
    }
    turns = {"year": (moment.timetuple().tm_yday - 1) / 365.25, "week": moment.weekday() / 7, "day": second / 86_400}
    for cycle, turn in turns.items():
        expected[f"sine of {cycle}"] = math.sin(2 * math.pi * turn)
        expected[f"cosine of {cycle}"] = math.cos(2 * math.pi * turn)
    assert got.keys() == expected.keys()
    for name, value in expected.items():
        assert math.isclose(got[name], value, rel_tol=0, abs_tol=1e-9), name


@given(moment=st.datetimes())
def test_float32_tells_every_moment_to_the_hundredth_of_a_second(moment: datetime.datetime) -> None:
    got = parts([moment], "float32")
    start = datetime.datetime(2000, 1, 1)
    days, seconds = int(got["day number"][0]), float(got["second of day"][0])
    assert abs(seconds - (moment - start - datetime.timedelta(days)).total_seconds()) < 0.01


def test_missing_datetimes_are_missing_in_every_part() -> None:
    got = np.array(list(parts([None, datetime.datetime(2020, 2, 29)]).values()))
    assert np.isnan(got[:, 0]).all()
    assert np.isfinite(got[:, 1]).all()


def test_many_rows_are_as_few() -> None:
    moments = np.datetime64("2000-01-01", "us") + np.arange(65_536 + 5) * np.timedelta64(7, "h")
    out = [np.empty(len(moments)) for _ in DATE_PARTS]
    write_date_parts(moments, out)
    last = [np.empty(5) for _ in DATE_PARTS]
    write_date_parts(moments[-5:], last)
    np.testing.assert_array_equal([values[-5:] for values in out], last)


MOMENTS = ["2024-01-31 10:00:00", "2024-03-31 01:30:00", None, "2024-07-01 12:00:00.123456", "1999-12-31 23:59:59"]


def write_and_read(frame: Any) -> list[Any]:
    """The rows of a frame as JSON of Python and of pandas, and as CSV."""
    text = frame.to_csv(index=False, na_rep="NA")
    return [
        json.loads(json.dumps([{"a": None if pd.isna(v) else v.isoformat()} for v in frame["a"]])),
        json.loads(json.dumps([{"a": None if pd.isna(v) else str(v)} for v in frame["a"]])),
        json.loads(frame.to_json(orient="records", date_format="iso", date_unit="us")),
        pd.read_csv(io.StringIO(text)),
        pd.read_csv(io.StringIO(text), dtype="category"),
    ]


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Zurich"])
def test_datetimes_of_fit_may_have_become_text(zone: str | None) -> None:
    frame = pd.DataFrame({"a": pd.to_datetime(MOMENTS, format="ISO8601").tz_localize(zone)})
    schema = Schema.detect(frame)
    expected = schema.read(frame).numbers
    for again in write_and_read(frame):
        np.testing.assert_array_equal(schema.read(again).numbers, expected)


def test_days_may_have_become_text() -> None:
    days = [datetime.date(2024, 2, 29), None, datetime.date(2023, 1, 1)]
    schema = Schema.detect([{"a": day} for day in days])
    texts = [{"a": str(day or "")} for day in days]
    np.testing.assert_array_equal(schema.read(texts).numbers, schema.read([{"a": day} for day in days]).numbers)


def test_text_has_a_time_zone_where_datetimes_of_fit_had_one() -> None:
    local = pd.DataFrame({"a": pd.to_datetime(["2024-01-31 10:00", "2024-07-01 12:00"])})
    zoned = local.assign(a=local["a"].dt.tz_localize("Europe/Zurich"))
    with pytest.raises(InvalidData) as raised:
        Schema.detect(local).read([{"a": "2024-01-31T10:00:00Z"}])
    assert str(raised.value) == (
        "Column 'a' had datetimes without time zone in fit, but now has datetimes in time zone UTC; convert them as in "
        "fit."
    )
    with pytest.raises(
        InvalidData, match="had datetimes in time zone Europe/Zurich in fit, but now has datetimes with"
    ):
        Schema.detect(zoned).read([{"a": "2024-01-31T10:00:00"}])
    same = Schema.detect(zoned).read([{"a": "2024-07-01T06:00:00-04:00"}]).numbers
    np.testing.assert_array_equal(same, Schema.detect(zoned).read(zoned[1:]).numbers)


def test_durations_of_fit_may_have_become_text() -> None:
    frame = pd.DataFrame({"a": pd.to_timedelta([1.5, None, -1, 93_784, 0], unit="s")})
    schema = Schema.detect(frame)
    expected = schema.read(frame).numbers
    for again in write_and_read(frame):
        np.testing.assert_array_equal(schema.read(again).numbers, expected)

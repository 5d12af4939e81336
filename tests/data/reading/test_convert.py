import datetime
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autonet.data.reading.convert import DATE_PARTS, write_date_parts


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

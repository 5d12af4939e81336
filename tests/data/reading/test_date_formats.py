import datetime
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autonet.data.reading.date_formats import normalize_zone, to_local_time


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

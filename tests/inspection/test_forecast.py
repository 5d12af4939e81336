"""The forecast of a fit: rungs, and how many trials fit."""

import pytest

from autonet.core.resulttable import ResultTable
from autonet.inspection.forecast import Forecast
from autonet.search.rungs import Rungs

RUNGS = Rungs.geometric(1, 9, 3, "time")


def reaching(table: ResultTable) -> list[int | None]:
    return [row["trials"] for row in table if row["section"] == "rungs"]


def test_trials_and_their_promotions_fit_into_the_time_of_the_search() -> None:
    forecast = Forecast(RUNGS, 2, {"search": 70.0}, unit_seconds=1.0)
    assert forecast.trials == pytest.approx(140 / (1 + 2 / 3 + 6 / 9))
    table = forecast.table()
    assert reaching(table) == [60, 20, 6]
    spent = 60 * 1 + 20 * 2 + 6 * 6
    assert 0.95 * 140 < spent <= 140
    assert [row["note"] for row in table if row["section"] == "rungs"] == ["lowest rung", "", "top rung"]


def test_trees_take_their_share() -> None:
    table = Forecast(RUNGS, 1, {"search": 100.0}, unit_seconds=1.0, network_share=0.88).table()
    assert reaching(table)[0] == int(88 / (1 + 2 / 3 + 6 / 9))
    assert "get 12% of the search, more if they are good" in repr(table)


def test_the_number_of_trials_is_a_limit_too() -> None:
    assert reaching(Forecast(RUNGS, 1, {"search": 1000.0}, max_trials=12, unit_seconds=1.0).table()) == [12, 4, 1]
    assert reaching(Forecast(RUNGS, 1, max_trials=9).table()) == [9, 3, 1]


def test_without_the_duration_of_an_epoch_it_is_not_known_what_fits() -> None:
    table = Forecast(Rungs.geometric(1, 9, 3, "epochs"), 1, {"search": 10.0}).table()
    assert reaching(table) == [None, None, None]
    assert repr(table).startswith("what is planned; pass X and y to time an epoch")


def test_too_little_time_is_said() -> None:
    table = Forecast(RUNGS, 1, {"search": 0.5}, unit_seconds=1.0).table()
    assert reaching(table) == [0, 0, 0]
    assert "too little time for one trial" in repr(table)

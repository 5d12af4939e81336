"""Trials as arrays."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace

from autonet.search import RunningTrial, Study
from autonet.search.history import History
from autonet.search.rungs import Rungs
from autonet.search.spaces.encoding import Encoding
from autonet.search.table import BUDGET, COST, LOSS, PAID, TRIAL
from tests.search.samplers.histories import add, cube, mixed, quadratic


def test_a_trial_encodes_what_is_new_and_not_the_history_again(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counter[str]()
    original = Encoding.encode

    def row(self: Encoding, config: Mapping[str, Any], **options: Any) -> Any:
        counted["rows"] += 1
        return original(self, config, **options)

    study = Study(random_state=0, sampler="random")

    def objective(trial: RunningTrial) -> float:
        if trial.suggest_categorical("a", [0, 1]) or trial.suggest_categorical("b", [0, 1]):
            trial.suggest_float("c", 0, 1)
        return sum(trial.suggest_float(f"x{i}", -1, 1) ** 2 for i in range(5))

    study.optimize(objective, max_trials=300)
    monkeypatch.setattr(Encoding, "encode", row)
    study.optimize(objective, max_trials=350)
    assert counted["rows"] < 50 * 5 + 4 * 350  # a few for each trial, and the whole history where conditions change


def test_the_arrays_of_a_history_are_not_written_into() -> None:
    table = quadratic(cube(2), 5).table(cube(2))
    for array in (table.rows, table.reports):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1.0


def test_a_row_is_known_by_its_active_entries() -> None:
    space = mixed()
    history = History(Rungs.without_budget())
    table = history.table(space)
    plain = {"kind": "a", "x": 0.5, "version": 3, "flag": True}
    add(history, space, plain, 0.5)
    known, new = table.encoding.encode(plain), table.encoding.encode({**plain, "x": 0.25})
    assert table.has(known)
    assert not table.has(new)
    assert table.n_distinct == 1
    np.testing.assert_array_equal(table.first_new([known, new]), new)
    assert table.first_new([known]) is None
    add(history, space, plain, 0.25)
    assert (len(table.rows), table.n_distinct) == (2, 1)


def test_reports_are_rows_in_their_order_and_failures_are_infinite_at_their_targets() -> None:
    space, history = cube(1), History(Rungs.geometric(1, 9))
    add(history, space, {"x0": 0.1}, 0.5, cost=2.0)
    add(history, space, {"x0": 0.2}, np.inf)
    add(history, space, {"x0": 0.3}, None)
    reports = history.table(space).reports
    np.testing.assert_array_equal(reports[:, [TRIAL, BUDGET, LOSS]], [[0, 1, 0.5], [1, 1, np.inf]])
    np.testing.assert_array_equal(reports[:, [COST, PAID]], [[2, 1], [1, 1]])


def test_drawing_ends_when_all_was_tried() -> None:
    space, history = ConfigurationSpace({"n": (1, 3)}), History(Rungs.without_budget())
    table, rng, drawn = history.table(space), np.random.default_rng(0), []
    while (row := table.sample_new(rng)) is not None:
        config = table.encoding.decode(row)
        drawn.append(config["n"])
        add(history, space, config, 0.5)
    assert sorted(drawn) == [1, 2, 3]

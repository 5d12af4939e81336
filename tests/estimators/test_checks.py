"""Checks of single options."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autonet.core.errors import InvalidOption
from autonet.estimators.params import Params


@pytest.mark.parametrize(
    ("name", "valid", "invalid"),
    [
        ("max_runtime", [None, 1, 0.5, np.float32(3), float("inf")], [0, -1, True, "1", float("nan"), [1]]),
        ("max_budget", [None, 1, 0.5], [0, float("inf"), "1"]),
        ("max_trials", [None, 1, 3.0, np.int64(7)], [0, 0.5, float("inf"), float("nan"), True]),
        ("ensemble_only_consider_n_best", [None, 0, 3], [-1, 0.5, True, "3"]),
        ("eta", [1.5, 3], [None, 1, float("inf")]),
        ("validation_split", [None, 0, 0.1], [-0.1, 1, float("nan"), "0.1"]),
        ("baseline", [True, np.False_], [None, 1, "auto"]),
        ("refit_on_all_rows", [None, True, "auto"], [1, "yes", [True]]),
        ("n_jobs", [None, 1, 2.0, -1, "auto"], [0, 1000, -2, "all", 1.5]),
        ("memory_limit_mb", [None, 0.5, 2000], [0, -1, True, "1 GB", float("inf")]),
        ("run_dir", [None, "run", Path("run")], [3, b"run", ["run"]]),
        ("networks", [None, ["tabm"], ("tabm",), np.array(["tabm"])], ["tabm", [], 3]),
        ("additional_metrics", [None, [], ["accuracy"]], ["accuracy", 3]),
    ],
)
def test_values_are_checked_one_by_one(name: str, valid: list[Any], invalid: list[Any]) -> None:
    for value in valid:
        Params(**{name: value}).check_each()
    for value in invalid:
        with pytest.raises(InvalidOption, match=f"^{name} must be .*; got "):
            Params(**{name: value}).check_each()

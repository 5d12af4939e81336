from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autonet import AutoNetClassification, AutoNetMultilabel
from autonet.core.errors import RunMismatch

EPOCHS: dict[str, Any] = {
    "budget_type": "epochs",
    "min_budget": 2,
    "max_budget": 2,
    "random_state": 0,
    "max_trials": 1,
    "baseline": False,
}


def frame(n: int = 80) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "number": rng.normal(size=n),
            "city": rng.choice(["Rome", "Oslo", "Bern"], n),
            "day": pd.date_range("2020-01-01", periods=n),
        }
    )
    return X, np.where(rng.random(n) < 0.5, "no", "yes")


class Splitter:
    """Two folds; no `repr` of its own, so that the default one shows an address."""

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Any:
        rows = np.arange(len(X))
        return [(rows[::2], rows[1::2]), (rows[1::2], rows[::2])]


def accuracy(y_true: Any, y_pred: Any) -> float:
    return float(np.mean(y_true == y_pred))


@pytest.mark.parametrize(
    "make",
    [
        lambda: {"cross_validator": Splitter()},
        lambda: {"optimize_metric": accuracy, "additional_metrics": ["roc_auc", accuracy]},
        lambda: {"class_weight": {"no": 2.0}, "categorical_features": ["city"]},
        lambda: {"pos_label": "yes", "optimize_metric": "f1"},
    ],
)
def test_equal_data_and_options_are_the_same_fit(tmp_path: Path, make: Any) -> None:
    first = AutoNetClassification("tiny_cs", run_dir=tmp_path, **make(), **EPOCHS).fit(*frame())
    again = AutoNetClassification("tiny_cs", run_dir=tmp_path, **make(), **EPOCHS).fit(*frame())
    assert [r.seconds for _, r in again.history_.reports] == [r.seconds for _, r in first.history_.reports]


@pytest.mark.parametrize(
    "change",
    [
        lambda X: X.assign(number=X["number"].round(3)),
        lambda X: X.assign(city=X["city"].str.upper()),
        lambda X: X.assign(day=X["day"] + pd.Timedelta("1h")),
        lambda X: X.rename(columns={"city": "town"}),
        lambda X: X.iloc[::-1],
    ],
    ids=["numbers", "levels", "dates", "names", "order"],
)
def test_every_change_of_the_data_is_noticed(tmp_path: Path, change: Any) -> None:
    X, y = frame()
    AutoNetClassification("tiny_cs", run_dir=tmp_path, **EPOCHS).fit(X, np.roll(y, 0))
    with pytest.raises(RunMismatch) as caught:
        AutoNetClassification("tiny_cs", run_dir=tmp_path, **EPOCHS).fit(change(X), np.array(y))
    assert [line.partition(" was")[0] for line in caught.value.differences] == ["X"]


@pytest.mark.parametrize("name", ["groups", "X_valid"])
def test_other_arguments_of_fit_are_compared(tmp_path: Path, name: str) -> None:
    X, y = frame()
    given: dict[str, Any] = (
        {"groups": np.arange(80) // 8} if name == "groups" else {"X_valid": X[:40], "y_valid": y[:40]}
    )
    AutoNetClassification("tiny_cs", run_dir=tmp_path, **EPOCHS).fit(X, y, **given)
    AutoNetClassification("tiny_cs", run_dir=tmp_path, **EPOCHS).fit(X, y, **given)
    with pytest.raises(RunMismatch, match=rf"- {name} was '\w+', now 'none'"):
        AutoNetClassification("tiny_cs", run_dir=tmp_path, **EPOCHS).fit(X, y)


def test_several_labels(tmp_path: Path) -> None:
    X, _ = frame()
    y = (np.random.default_rng(0).random((80, 3)) < 0.5).astype(int)
    first = AutoNetMultilabel("tiny_cs", run_dir=tmp_path, **EPOCHS).fit(X, y)
    again = AutoNetMultilabel("tiny_cs", run_dir=tmp_path, **EPOCHS).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), first.predict_proba(X))

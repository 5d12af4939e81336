import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold, PredefinedSplit

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


def cost(y_true: Any, y_pred: Any, matrix: Any) -> float:
    return -float(np.mean(matrix[(y_true == "yes").astype(int), (y_pred == "yes").astype(int)]))


class Cost:
    """A metric with a matrix, which its `repr` does not show."""

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        return cost(y_true, y_pred, self.matrix)

    def score(self, y_true: Any, y_pred: Any) -> float:
        return self(y_true, y_pred)


@pytest.fixture(scope="module")
def many() -> tuple[pd.DataFrame, np.ndarray]:
    """More rows than NumPy prints."""
    return frame(1200)


def two_folds(n: int, shift: int = 0) -> list[tuple[Any, Any]]:
    rows = np.roll(np.arange(n), shift)
    return [(rows[: n // 2], rows[n // 2 :]), (rows[n // 2 :], rows[: n // 2])]


@pytest.mark.parametrize(
    "make",
    [
        lambda other: {"cross_validator": PredefinedSplit(np.roll(np.repeat([0, 1, 1], 400), 400 * other))},
        lambda other: {"cross_validator": two_folds(1200, 300 * other)},
        lambda other: {"cross_validator": [tuple(map(list, fold)) for fold in two_folds(1200, 300 * other)]},
        lambda other: {"cross_validator": KFold(2, shuffle=True, random_state=int(other))},
        lambda other: {"optimize_metric": Cost(np.array([[0.0, 1 + other], [1, 0]]))},
        lambda other: {"optimize_metric": Cost(np.array([[0.0, 1 + other], [1, 0]])).score},
        lambda other: {"optimize_metric": functools.partial(cost, matrix=np.array([[0.0, 1 + other], [1, 0]]))},
    ],
    ids=["splitter", "folds", "lists", "seed", "metric", "method", "partial"],
)
def test_options_that_print_alike_are_compared_by_their_values(
    tmp_path: Path, many: tuple[pd.DataFrame, np.ndarray], make: Callable[[bool], dict[str, Any]]
) -> None:
    AutoNetClassification("tiny_cs", run_dir=tmp_path, **make(False), **EPOCHS).fit(*many)
    AutoNetClassification("tiny_cs", run_dir=tmp_path, **make(False), **EPOCHS).fit(*many)
    [name] = make(True)
    with pytest.raises(RunMismatch, match=f"- {name} was .*, now ") as caught:
        AutoNetClassification("tiny_cs", run_dir=tmp_path, **make(True), **EPOCHS).fit(*many)
    assert len(caught.value.differences) == 1
    assert len(str(caught.value)) < 800


def test_equal_values_of_other_types_are_the_same_fit(tmp_path: Path) -> None:
    X, y = frame()
    rows = list(range(80))
    folds = [(rows[::2], rows[1::2]), (rows[1::2], rows[::2])]
    given: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (
            {"cross_validator": folds, "class_weight": {"no": 2, "yes": 1}, "categorical_features": [1]},
            {"sample_weight": [1, 2] * 40, "groups": None},
        ),
        (
            {
                "cross_validator": tuple(tuple(map(np.array, fold)) for fold in folds),
                "class_weight": {"yes": 1.0, "no": np.float64(2)},
                "categorical_features": np.array([1]),
            },
            {"sample_weight": pd.Series([1.0, 2.0] * 40, dtype="float32"), "groups": None},
        ),
    ]
    seconds = []
    for options, arguments in given:
        auto = AutoNetClassification("tiny_cs", run_dir=tmp_path, **options, **EPOCHS).fit(X, y, **arguments)
        seconds.append([report.seconds for _, report in auto.history_.reports])
    assert seconds[0] == seconds[1]


@pytest.mark.parametrize("names", [np.arange(10), np.array(list("abcdefghij"))], ids=["numbers", "texts"])
def test_equal_groups_of_other_types_are_the_same_fit(tmp_path: Path, names: np.ndarray) -> None:
    groups = names[np.arange(80) // 8]
    other = [groups.astype(np.int16), groups.astype(float)] if groups.dtype.kind == "i" else [groups.astype("U9")]
    same = [groups.tolist(), pd.Series(groups), pd.Series(groups, dtype="category"), groups.astype(object), *other]
    first = AutoNetClassification("tiny_cs", run_dir=tmp_path, **EPOCHS).fit(*frame(), groups=groups)
    for given in same:
        again = AutoNetClassification("tiny_cs", run_dir=tmp_path, **EPOCHS).fit(*frame(), groups=given)
        assert [r.seconds for _, r in again.history_.reports] == [r.seconds for _, r in first.history_.reports]


def test_paths_of_options_are_the_same_as_text(tmp_path: Path) -> None:
    updates = tmp_path / "updates.txt"
    updates.write_text("CreateDataLoader batch_size [16,32]")
    seconds = []
    for path in (updates, str(updates)):
        auto = AutoNetClassification("tiny_cs", run_dir=tmp_path / "run", **EPOCHS)
        auto.fit(*frame(), hyperparameter_search_space_updates=path)
        seconds.append([report.seconds for _, report in auto.history_.reports])
    assert seconds[0] == seconds[1]


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

"""Messages for invalid options, data and targets, all raised before any training."""

import re
from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.model_selection import GroupKFold, KFold, LeaveOneOut

from autonet import AutoNetClassification, AutoNetRegression, HyperparameterSearchSpaceUpdates
from autonet.core.errors import AutonetError
from autonet.search import Study

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

BOTH = (AutoNetClassification, AutoNetRegression)

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
LABELS = np.arange(60) % 3
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
STRINGS = np.array(["red", "green", "blue"])[LABELS]
GROUPS = np.repeat(np.arange(6), 10)


class Color(Enum):
    RED, BLUE = "red", "blue"


def targets(cls: type) -> np.ndarray:
    return LABELS if cls is AutoNetClassification else X[:, 0]


def refused(call: Callable[[], Any], message: str, error: type[Exception] = ValueError) -> None:
    """Check that a call is answered before any search, and with a sentence."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Study, "optimize", lambda *_, **__: pytest.fail("a search was begun"))
        with pytest.raises(error, match=re.escape(message)) as caught:
            call()
    if isinstance(caught.value, AutonetError):
        assert str(caught.value).endswith((".", "?", "'", "\n")), str(caught.value)  # scikit-learn ends with a list
        assert len(str(caught.value)) < 2000  # all names that there are, at most


# ---- options --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_runtme": 10}, "Unknown option 'max_runtme'. Did you mean 'max_runtime'"),
        ({"max_budget": 100, "max_runtime": 50}, "got max_budget=100 and max_runtime=50 seconds"),
        ({"min_budget": 100, "max_runtime": 50}, "got min_budget=100 and max_runtime=50 seconds"),
        ({"min_budget": 20, "max_budget": 10}, "got min_budget=20 and max_budget=10"),
        ({"min_budget": -1}, "min_budget must be a finite number greater than 0, or None; got -1"),
        ({"max_budget": float("inf")}, "max_budget must be a finite number greater than 0, or None; got inf"),
        ({"max_runtime": 0}, "max_runtime must be a number greater than 0, or None; got 0"),
        ({"max_runtime": "long"}, "max_runtime must be a number greater than 0, or None; got 'long'"),
        ({"max_runtime": True}, "max_runtime must be a number greater than 0, or None; got True"),
        ({"max_runtime": 10**400}, "max_runtime must be a number greater than 0, or None; got 1000000"),
        ({"max_trials": float("nan")}, "max_trials must be a whole number of at least 1, or None; got nan"),
        ({"max_trials": 0.5}, "max_trials must be a whole number of at least 1, or None; got 0.5"),
        ({"max_trials": float("inf")}, "max_trials must be a whole number of at least 1, or None; got inf"),
        ({"num_iterations": 0}, "num_iterations must be a number greater than 0, or None; got 0"),
        ({"eta": 1}, "eta must be a finite number greater than 1; got 1"),
        ({"eta": None}, "eta must be a finite number greater than 1; got None"),
        ({"budget_type": "epoch"}, "Unknown budget_type 'epoch'. Did you mean 'epochs'"),
        ({"budget_type": "epochs", "min_budget": 1.5}, "min_budget must be a whole number of epochs; got 1.5"),
        ({"validation_split": 1.0}, "validation_split must be a number between 0 and 1, or None; got 1.0"),
        ({"validation_split": "a third"}, "validation_split must be a number between 0 and 1, or None; got 'a third'"),
        ({"shuffle": "no"}, "shuffle must be True or False; got 'no'"),
        ({"progress_bar": 1}, "progress_bar must be True, False or 'auto'; got 1"),
        ({"preset": "tiny"}, "Unknown preset 'tiny'. Did you mean 'tiny_cs'"),
        ({"preset": "/nowhere/mine.toml"}, "Preset '/nowhere/mine.toml' cannot be read"),
        ({"preset": None}, "preset must be a name or a path; got None"),
        ({"networks": ["shaperesnet"]}, "Did you mean 'shapedresnet'"),
        ({"networks": "shapedresnet"}, "networks must be a list of at least one name, or None; got 'shapedresnet'"),
        ({"networks": []}, "networks must be a list of at least one name, or None; got []"),
        ({"optimizer": 3}, "optimizer must be a list of at least one name, or None; got 3"),
        ({"optimizer": ["sdg"]}, "Unknown component of OptimizerSelector for classification 'sdg'"),
        ({"loss_modules": ["l1_loss"]}, "Unknown component of LossModuleSelector for classification 'l1_loss'"),
        ({"target_transforms": ["log"]}, "target_transforms has no components for classification"),
        ({"optimize_metric": "acuracy"}, "Unknown classification metric 'acuracy'. Did you mean 'accuracy'"),
        ({"optimize_metric": ""}, "Unknown classification metric ''. Choose from 'accuracy'"),
        ({"optimize_metric": 3}, "A metric must be a name or a callable; got 3"),
        ({"optimize_metric": "r2"}, "'r2' is a regression metric, but the task is classification"),
        ({"optimize_metric": "f1"}, "The metric 'f1' cannot score 3 classes"),
        ({"additional_metrics": "accuracy"}, "additional_metrics must be a list of metrics, or None; got 'accuracy'"),
        ({"additional_metrics": 3}, "additional_metrics must be a list of metrics, or None; got 3"),
        ({"additional_metrics": ["acuracy"]}, "Unknown classification metric 'acuracy'"),
        ({"cross_validator": "kfold"}, "Unknown cross_validator 'kfold'. Did you mean 'k_fold'"),
        ({"cross_validator": "k_fold", "cross_validator_args": {"n_split": 3}}, "unexpected keyword argument"),
        ({"cross_validator": "k_fold", "cross_validator_args": 3}, "must be a dictionary such as {'n_splits': 3}"),
        ({"cross_validator_args": {"n_splits": 3}}, "cross_validator_args has no effect with cross_validator='auto'"),
        (
            {"cross_validator": "none", "cross_validator_args": {"n_splits": 3}},
            "cross_validator_args has no effect with cross_validator='none'",
        ),
        (
            {"cross_validator": KFold(3), "cross_validator_args": {"n_splits": 3}},
            "to be a name or a number; got a splitter",
        ),
        ({"cross_validator": 2.5}, "cross_validator must be a name, a number of folds, a splitter"),
        ({"cross_validator": LeaveOneOut}, "cross_validator is the class LeaveOneOut; pass an instance"),
        ({"cross_validator": 1}, "with {'n_splits': 1}: k-fold cross-validation requires at least one"),
        ({"cross_validator": 61}, "Cannot have number of splits n_splits=61 greater than the number of samples"),
        ({"cross_validator": "group_k_fold"}, "requires groups; pass groups to fit"),
        ({"cross_validator": GroupKFold(3)}, "The 'groups' parameter should not be None"),
        ({"cross_validator": [(np.arange(30), np.arange(29, 60))]}, "1 rows both train and validate (row 29)"),
        ({"cross_validator": "shuffle_split", "shuffle": False}, "shuffles the rows; use 'k_fold' or 'time_series"),
        ({"categorical_features": [9]}, "categorical_features names column 9, but X has columns 0 to 2"),
        ({"categorical_features": ["a"]}, "names column 'a', but the columns of X have no names; pass indices"),
        ({"categorical_features": [True]}, "categorical_features is a mask of 1 columns, but X has 3"),
        ({"categorical_features": 0.5}, "categorical_features must be names, indices or a mask; got 0.5"),
        ({"class_weight": "Balanced"}, "class_weight must be 'balanced', a dictionary or None; got 'Balanced'"),
        ({"class_weight": [1, 2, 3]}, "class_weight must be 'balanced', a dictionary or None; got [1, 2, 3]"),
        ({"class_weight": np.ones(3)}, "class_weight must be 'balanced', a dictionary or None; got array("),
        ({"class_weight": {"0": 2}}, "class_weight has weights for ['0'], which are not in y; its labels: 0, 1, 2"),
        ({"class_weight": {0: -1}}, "class_weight must hold finite numbers of at least 0; 0 has -1"),
        ({"class_weight": {0: float("nan")}}, "class_weight must hold finite numbers of at least 0; 0 has nan"),
        ({"class_weight": {0: 0, 1: 0, 2: 0}}, "All training rows of a fold have weight 0"),
        (
            {"hyperparameter_search_space_updates": 3},
            "must be HyperparameterSearchSpaceUpdates, the path of a file, or None; got 3",
        ),
        ({"hyperparameter_search_space_updates": "/nowhere.txt"}, "cannot be read: [Errno 2]"),
        ({"device": "gpu0"}, "device must be 'auto', 'cpu' or 'cuda'; got 'gpu0'"),
        ({"device": "mps"}, "device='mps' cannot be used here ("),
        ({"optimize_metric": lambda y, p: np.inf}, "is infinite on a toy classification task; expected a finite score"),
        ({"random_state": "seed"}, "random_state must be a whole number from 0 to 2**32 - 1"),
        ({"random_state": -1.5}, "random_state must be a whole number from 0 to 2**32 - 1"),
        ({"log_level": "loud"}, "Unknown log_level 'loud'"),
    ],
)
def test_options(options: dict[str, Any], message: str) -> None:
    refused(lambda: AutoNetClassification(**options).fit(X, LABELS), message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimize_metric": "accuracy"}, "'accuracy' is a classification metric, but the task is regression"),
        ({"optimize_metric": "neg_mean_squared_log_error"}, "cannot score these targets: Mean Squared Logarithmic"),
        ({"optimize_metric": lambda y, p: float(np.abs(y - p).mean())}, "but greater must be better; use"),
        ({"additional_metrics": ["roc_auc"]}, "'roc_auc' is a classification metric"),
        ({"class_weight": "balanced"}, "class_weight='balanced' requires one label per row; use sample_weight instead"),
        ({"loss_modules": ["cross_entropy"]}, "Unknown component of LossModuleSelector for regression"),
    ],
)
def test_options_of_a_regression(options: dict[str, Any], message: str) -> None:
    refused(lambda: AutoNetRegression(**options).fit(X, X[:, 0]), message)


def test_unknown_options_of_fit() -> None:
    message = "Unknown option 'validation_splt'. Did you mean 'validation_split'"
    refused(lambda: AutoNetClassification().fit(X, LABELS, validation_splt=0.1), message)


@pytest.mark.parametrize(
    ("update", "message"),
    [
        (("OptimizerSelector", "sgd:learnin_rate", [0.1, 0.2]), "Did you mean 'sgd:learning_rate'"),
        (("OptimiserSelector", "sgd:learning_rate", [0.1, 0.2]), "Did you mean 'OptimizerSelector'"),
        (("NetworkSelector", "shapedresnet:activation", ["reluu"]), "'reluu' is not among its choices"),
        (("NetworkSelector", "shapedresnet:max_dropout", [0.1, 2.0]), "outside the allowed range"),
    ],
)
def test_updates_of_the_space(update: tuple[Any, ...], message: str) -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append(*update)
    auto = AutoNetClassification("tiny_cs", hyperparameter_search_space_updates=updates)
    refused(lambda: auto.fit(X, LABELS), message)


# ---- the table ------------------------------------------------------------------------------------------------------


def infinite(value: float) -> np.ndarray:
    table = X.copy()
    table[3, 1] = value
    return table


TABLES: list[tuple[Any, str]] = [
    (infinite(np.inf), "X contains infinity or a value too large for float32, in column 1 (1 of 60 rows"),
    (infinite(-1e39), "in column 1 (1 of 60 rows, such as -1e+39). Clip such values"),
    (infinite(np.inf).tolist(), "infinity or a value too large for float32, in column 1"),
    (sparse.csc_array(infinite(-np.inf)), "infinity or a value too large for float32, in column 1"),
    (FRAME.assign(b=np.inf, c=-np.inf), "in columns 'b' (60 of 60 rows, such as inf), 'c' (60 of 60 rows"),
    (FRAME.assign(b=10**400), "infinity or a value too large for float32, in column 'b'"),
    (X[:0], "Found array with 0 sample(s)"),
    (FRAME[:0], "Found array with 0 sample(s)"),
    (X[:, :0], "Found array with 0 feature(s)"),
    (FRAME[[]], "Found array with 0 feature(s)"),
    (X[:, 0], "Expected 2D array, got 1D array instead"),
    (FRAME["a"], "Expected a 2-dimensional container"),
    ([1.0, 2.0], "Expected 2D array, got 1D array instead"),
    (X[:, :, None], "Found array with dim 3"),
    (3, "X is a int: 3; pass an array, a list of rows or a data frame"),
    ("table.csv", "X is a str: 'table.csv'; pass an array, a list of rows or a data frame"),
    (map(list, X), "X is a map: <map object"),
    (None, "X is None; pass an array, a list of rows or a data frame"),
    ({"a": [1, 2], "b": 3}, "X is a dictionary with a column under 'a' and a single value under 'b'. Pass columns"),
    ({"a": [1, 2], "b": [3]}, "The columns of X have different lengths: 2 under 'a', 1 under 'b'"),
    ({"a": 1, 2: 3}, "Keys of X are of different types: 2 (int), 'a' (str). Make all of them strings"),
    ({}, "Found array with 0 feature(s)"),
    ([{"a": 1}, {"a": 1, "b": 2}], "Row 1 of X also has 'b', unlike row 0; use the same keys in every row"),
    ([{"a": 1, "b": 2}, {"a": 1, "c": 2}], "Row 1 of X lacks 'b' and also has 'c', unlike row 0"),
    ([{"a": 1}, [1]], "Row 1 of X is a list, but row 0 is a dictionary; pass rows of one type"),
    (np.zeros((3, 2), [("a", float)]), "X is a structured array of shape (3, 2); expected one entry per row"),
    (np.zeros(3, [("a", float, 2)]), "Field 'a' of X has arrays of shape (2,); use one field per value"),
    ([], "Expected 2D array, got 1D array instead"),
    ([[1, 2], [3]], "The rows of X have different lengths: 1, 2"),
    (pd.concat([FRAME, FRAME[["a"]]], axis=1), "Columns of X have the same name: 'a'; rename or drop them"),
    (FRAME.rename(columns={"a": 1}), "Names of columns are of different types: 1 (int), 'c' (str)"),
    (X + 1j, "Complex data not supported: X has complex numbers"),
    (FRAME.assign(a=1j), "Complex data not supported: column 'a'"),
    (FRAME.assign(a=[1, "x"] * 30), "Column 'a' mixes numbers (30 of 60 rows, for example 1) and strings (30 of 60"),
    (np.array([[1, "x"], ["y", 2]] * 30, object), "Column 0 mixes numbers (30 of 60 rows, for example 1) and strings"),
    (FRAME.assign(a=[1, "x" * 10_000] * 30), "Convert its values to one type, the others to NaN"),
]


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize(("table", "message"), TABLES)
def test_tables(table: Any, message: str, cls: Any) -> None:
    refused(lambda: cls().fit(table, targets(cls)), message)


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize(
    ("cell", "what"), [([1, 2], "list"), ({1: 2}, "dict"), (pd.Period("2026-01"), "Period"), (object(), "object")]
)
def test_cells_that_are_no_values_are_refused_with_the_error_of_scikit_learn(cell: Any, what: str, cls: Any) -> None:
    table = FRAME.assign(a=pd.Series([cell] * 60, dtype=object))
    message = f"Column 'a': argument must be a string or a real number, not '{what}'. Convert its values to"
    refused(lambda: cls().fit(table, targets(cls)), message, TypeError)


def test_lazy_frames_are_refused() -> None:
    polars = pytest.importorskip("polars")
    lazy = polars.from_pandas(FRAME).lazy()
    refused(lambda: AutoNetClassification().fit(lazy, LABELS), "collect it into a data frame first", TypeError)


# ---- targets, weights, groups ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize(
    "y",
    [
        np.where(LABELS == 1, np.nan, LABELS),
        np.where(LABELS == 1, np.inf, LABELS),
        np.where(LABELS == 1, None, LABELS),
        pd.Series(LABELS, dtype="Int64").mask(LABELS == 1),
        pd.Series(pd.to_datetime("2026-01-01")).repeat(60).where(LABELS != 1),
        [None if label == 1 else "x" for label in LABELS],
        [float("nan") if label == 1 else "x" for label in LABELS],
    ],
)
def test_missing_targets(y: Any, cls: Any) -> None:
    message = "y contains NaN, infinity or missing values in 20 of 60 rows (rows 1, 4, 7, 10, 13, ...); drop these"
    refused(lambda: cls().fit(X, y), message)


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": LABELS[1:]}, "inconsistent numbers of samples: [60, 59]"),
        ({"y": None}, "requires y to be passed, but the target y is None"),
        ({"y": 3}, "y must have one entry per row; got 3"),
        ({"y": {"target": LABELS}}, "y must have one entry per row; got {'target': array("),
        ({"y": np.zeros(60, [("target", int)])}, "y must have one entry per row; got array("),
        ({"y": np.zeros((60, 0))}, "y has shape (60, 0); expected"),
        ({"y": np.zeros((60, 2, 2))}, "y has shape (60, 2, 2); expected"),
        ({"y": LABELS * 1j}, "Complex data not supported: y has complex numbers"),
        ({"sample_weight": np.ones(59)}, "sample_weight has 59 entries and X has 60 rows; pass one per row"),
        ({"sample_weight": np.ones((60, 1))}, "sample_weight has shape (60, 1)"),
        (
            {"sample_weight": np.zeros(60)},
            "All entries of sample_weight are zero; pass a positive weight",
        ),
        ({"sample_weight": -np.ones(60)}, "row 0 has -1.0; pass finite weights of at least 0"),
        ({"sample_weight": np.full(60, np.nan)}, "row 0 has nan; pass finite weights of at least 0"),
        ({"sample_weight": np.full(60, np.inf)}, "row 0 has inf; pass finite weights of at least 0"),
        ({"sample_weight": ["much"] * 60}, "sample_weight must hold numbers (could not convert string to float"),
        ({"sample_weight": np.ones(60, "m8[s]")}, "sample_weight must hold real numbers; got durations"),
        ({"sample_weight": np.ones(60) * 1j}, "sample_weight must hold real numbers; got complex numbers"),
        ({"groups": np.ones(59)}, "groups has shape (59,) and X has 60 rows; pass one group per row"),
        ({"groups": np.ones(60)}, "All rows are in one group, so none can be held out; pass at least two groups"),
        ({"groups": GROUPS, "cross_validator": "k_fold"}, "ignores groups; use 'group_k_fold'"),
        ({"X_valid": X}, "X_valid and y_valid belong together; got only one of them"),
        ({"y_valid": LABELS}, "X_valid and y_valid belong together; got only one of them"),
        ({"X_valid": X, "y_valid": LABELS[1:]}, "X_valid has 60 rows and y_valid 59 entries; pass one entry per row"),
        ({"X_valid": X[:, 1:], "y_valid": LABELS}, "X has 2 features, but AutoNet"),
        ({"X_valid": X[:0], "y_valid": LABELS[:0]}, "Found array with 0 sample(s)"),
        ({"X_valid": X, "y_valid": LABELS * np.nan}, "y_valid contains NaN, infinity or missing values in 60 of 60"),
        ({"X_valid": X, "y_valid": LABELS, "cross_validator": 3}, "cross_validator has no effect with X_valid"),
        ({"X_valid": X, "y_valid": LABELS, "groups": LABELS}, "groups has no effect with X_valid"),
    ],
)
def test_targets_weights_and_groups(arguments: dict[str, Any], message: str, cls: Any) -> None:
    arguments = {"X": X, "y": LABELS, **arguments}
    refused(lambda: cls().fit(**arguments), message)


@pytest.mark.parametrize(
    ("cls", "y", "message"),
    [
        (AutoNetClassification, X[:, 0], "Unknown label type: continuous"),
        (AutoNetClassification, ["x", 1, 2] * 20, "Unknown label type: y mixes labels of the types int, str"),
        (
            AutoNetClassification,
            [{1, 2}] * 60,
            "Unknown label type: y has several labels in a row, such as {1, 2}; expected",
        ),
        (AutoNetClassification, np.column_stack([LABELS, LABELS]), "and other values than 0 and 1; expected one label"),
        (AutoNetClassification, [Color.RED, Color.BLUE] * 30, "labels of the type Color, which cannot be sorted; use"),
        (AutoNetRegression, ["1.5", "nan"] * 30, "y contains NaN, infinity or missing values in 30 of 60 rows (rows 1"),
        (AutoNetRegression, STRINGS, "y must hold numbers for a regression; got <U5 (could not convert string"),
        (AutoNetRegression, [10**400] * 60, "y must hold numbers for a regression; got object (int too large"),
        (AutoNetRegression, LABELS.astype("M8[D]"), "y must hold numbers for a regression; got datetime64[D]"),
        (AutoNetRegression, X[:, 0] * 1e302, "expected at most 1e+300; use a larger unit"),
    ],
)
def test_targets_of_the_wrong_type(cls: Any, y: Any, message: str) -> None:
    refused(lambda: cls().fit(X, y), message)


@pytest.mark.parametrize("unit", [1e200, 1e-200])
def test_metrics_that_overflow_or_underflow_for_these_targets(unit: float) -> None:
    message = "for which the metric 'neg_mean_squared_error' overflows or underflows; optimize 'r2', or rescale y"
    refused(lambda: AutoNetRegression(optimize_metric="neg_mean_squared_error").fit(X, X[:, 0] * unit), message)


def test_labels_to_validate_on_that_do_not_train() -> None:
    message = "y_valid has labels that y does not have: 3"
    refused(lambda: AutoNetClassification().fit(X, LABELS, X_valid=X, y_valid=LABELS + 1), message)


def test_folds_of_which_one_has_no_weight() -> None:
    weights = (np.arange(60) < 20).astype(float)
    message = "All training rows of a fold have weight 0; pass a positive weight for some of them"
    refused(lambda: AutoNetRegression(cross_validator=KFold(3)).fit(X, X[:, 0], weights), message)


# ---- other rows at predict ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=BOTH)
def fitted(request: Any) -> Any:
    """An estimator that knows numbers, categories and dates by name."""
    table = FRAME.assign(color=STRINGS, day=pd.Timestamp("2026-01-01"))
    options = {"budget_type": "epochs", "min_budget": 1, "max_budget": 1, "max_trials": 1, "random_state": 0}
    return request.param("tiny_cs", **options).fit(table, targets(request.param)), table


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table[["b", "a", "c", "color", "day"]], "Feature names must be in the same order"),
        (lambda table: table.drop(columns="b"), "Feature names seen at fit time, yet now missing:\n- b"),
        (lambda table: table.assign(d=1), "Feature names unseen at fit time:\n- d"),
        (
            lambda table: table.rename(columns={"c": "z"}),
            "unseen at fit time:\n- z\nFeature names seen at fit time, yet",
        ),
        (lambda table: pd.concat([table, table[["a"]]], axis=1), "Columns of X have the same name: 'a'"),
        (lambda table: table.rename(columns={"a": 1}), "Names of columns are of different types: 1 (int), 'day' (str)"),
        (lambda table: table[:0], "Found array with 0 sample(s)"),
        (lambda table: table["a"], "Expected a 2-dimensional container"),
        (lambda table: table.iloc[0].tolist(), "Expected 2D array, got 1D array instead"),
        (lambda table: None, "X is None"),
        (lambda table: table.assign(a=np.inf), "infinity or a value too large for float32, in column 'a' (60 of 60"),
        (lambda table: table.assign(a="x"), "Column 'a' had numbers in fit, but now has strings, such as 'x'"),
        (lambda table: table.assign(a="x" * 9999), "convert it to numbers, with NaN for unknown values"),
        (lambda table: table.assign(day=1), "Column 'day' had datetimes in fit, but now has numbers, such as 1"),
    ],
)
def test_rows_to_predict(change: Any, message: str, fitted: Any) -> None:
    auto, table = fitted
    refused(lambda: auto.predict(change(table)), message)


def test_fewer_columns_without_names(iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **quick).fit(*iris)
    for rows in (iris[0][:, :3], iris[0][:, :3].tolist(), sparse.csr_array(iris[0][:, :3])):
        refused(lambda rows=rows: auto.predict(rows), "X has 3 features, but AutoNetClassification is expecting 4")

"""Validation rows on which a metric has a value."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import fbeta_score, make_scorer
from sklearn.model_selection import LeaveOneOut, TimeSeriesSplit

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import InvalidOption
from autonet.data.targets.targets import RegressionTargets
from autonet.estimators.context import build_context
from autonet.estimators.inputs import FitInputs
from autonet.estimators.options import Options
from autonet.estimators.params import Params
from autonet.pipeline.tabular import TABLES

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

OF_A_CLASS = ["roc_auc", "average_precision", "f1", "jaccard", "matthews_corrcoef", "d2_log_loss_score"]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4))
EARLY = (np.arange(120) < 12).astype(int)  # all positives come first


def rare(n_positive: int) -> np.ndarray:
    y = np.zeros(120, int)
    y[np.argsort(X[:, 0])[-n_positive:]] = 1
    return y


def automatic(quick: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {**quick, "max_trials": 1, "cross_validator": "auto", **options}


@pytest.mark.parametrize(
    ("preset", "options", "n_rows", "n_folds"),
    [
        ("medium_cs", {}, 150, 5),
        ("best_cs", {}, 150, 16),
        ("best_cs", {"max_runtime": 600, "n_jobs": 1}, 4600, 16),  # 25 rows per second of a core, for five folds
        ("best_cs", {"max_runtime": 600, "n_jobs": 1}, 4800, 8),
        ("best_cs", {"max_runtime": 600, "n_jobs": 1}, 9400, 5),
        ("best_cs", {"max_runtime": 600, "n_jobs": 1}, 15_000, 1),
        ("best_cs", {"cross_validator": "none"}, 150, 1),
        ("best_cs", {"cross_validator_args": {"n_splits": 3}}, 150, 3),
        ("medium_cs", {"cross_validator_args": {"n_splits": 4, "n_repeats": 3}}, 150, 12),
        ("medium_cs", {"cross_validator": "k_fold", "cross_validator_args": {"n_splits": 4}}, 150, 4),
    ],
)
def test_automatic_folds_follow_from_rows_and_time(
    preset: str, options: dict[str, Any], n_rows: int, n_folds: int
) -> None:
    chosen = Options.resolve({**vars(Params()), "preset": preset, "random_state": 0, **options})
    x = np.arange(float(n_rows)).reshape(-1, 1)
    schema, table = TABLES.read(x)
    inputs = FitInputs(TABLES, x, table, schema.n_features, RegressionTargets.fit(x), x, None, None, None, None)
    context = build_context(inputs, ["r2"], chosen, chosen.plan_time())
    assert len(context.folds) == n_folds


@pytest.mark.parametrize(
    ("metric", "n_positive"), [*((m, 2) for m in OF_A_CLASS), ("f1", 4), (make_scorer(fbeta_score, beta=2), 4)]
)
def test_automatic_folds_hold_every_class_or_give_way_to_a_holdout(
    quick: dict[str, Any], metric: Any, n_positive: int
) -> None:
    auto = AutoNetClassification("tiny_cs", **automatic(quick, optimize_metric=metric)).fit(X, rare(n_positive))
    assert len(auto.model_.best) == 1
    assert np.isfinite(auto.fit_result["loss"])
    assert {str(r.status) for t in auto.history_ for r in t.reports} == {"finished"}


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy"])
def test_five_positives_are_enough_for_five_folds(quick: dict[str, Any], metric: str) -> None:
    auto = AutoNetClassification("tiny_cs", **automatic(quick, optimize_metric=metric)).fit(X, rare(5))
    assert len(auto.model_.best) == 5


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "neg_log_loss", "roc_auc_ovr", "f1_macro"])
def test_metrics_that_need_no_class_keep_their_folds(quick: dict[str, Any], metric: str) -> None:
    y = np.repeat([0, 1, 2], [58, 58, 4])
    auto = AutoNetClassification("tiny_cs", **automatic(quick, optimize_metric=metric)).fit(X, y)
    assert len(auto.model_.best) == 5


@pytest.mark.parametrize("metric", OF_A_CLASS)
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"cross_validator": "time_series_split"}, r"Fold 1 of 3 has no validation rows of class 'late'"),
        ({"cross_validator": TimeSeriesSplit(4)}, r"Fold 1 of 4 has no validation rows of class 'late'"),
        ({"cross_validator": [(range(60, 120), range(60)), (range(60), range(60, 120))]}, "Fold 2 of 2 has no"),
        ({"cross_validator": "k_fold", "shuffle": False}, "Fold 2 of 3 has no validation rows"),
        ({"cross_validator": 20}, "Fold 1 of 20 has no validation rows"),
        ({"shuffle": False}, "The held-out part has no validation rows of class 'late'"),
        ({"shuffle": False, "cross_validator": "auto"}, "The held-out part has no validation rows of class 'late'"),
    ],
)
def test_a_split_without_a_score_is_refused_before_training(
    quick: dict[str, Any], metric: str, options: dict[str, Any], sentence: str
) -> None:
    y = np.where(EARLY, "late", "early")
    sentence += rf".*, without which the metric '{metric}' is undefined; pass"
    with pytest.raises(InvalidOption, match=sentence):
        AutoNetClassification("tiny_cs", **{**quick, **options}, optimize_metric=metric, pos_label="late").fit(X, y)


def test_given_rows_and_a_single_positive(quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **automatic(quick, optimize_metric="roc_auc"))
    with pytest.raises(InvalidOption, match="X_valid has no validation rows of class 1, without which"):
        auto.fit(X, rare(9), X_valid=X[:5], y_valid=np.zeros(5, int))
    with pytest.raises(InvalidOption, match="The held-out part has no validation rows of class 1"):
        auto.fit(X, rare(1))


def test_rows_of_no_weight_do_not_count(quick: dict[str, Any]) -> None:
    folds = [(range(60), range(60, 120)), (range(60, 120), range(60))]
    weights = np.where((np.arange(120) >= 60) & (np.arange(120) % 2 == 1), 0.0, 1.0)
    auto = AutoNetClassification("tiny_cs", **{**quick, "cross_validator": folds}, optimize_metric="roc_auc")
    with pytest.raises(InvalidOption, match="Fold 1 of 2 has no validation rows of class 1"):
        auto.fit(X, np.arange(120) % 2, sample_weight=weights)


@pytest.mark.parametrize("metric", ["roc_auc", "roc_auc_ovr", "roc_auc_ovo", "average_precision", "f1_macro"])
def test_a_label_that_is_constant_is_left_out(quick: dict[str, Any], metric: str) -> None:
    y = np.column_stack([X[:, 0] > 0, X[:, 1] > 9]).astype(int)
    auto = AutoNetClassification("tiny_cs", **automatic(quick, optimize_metric=metric)).fit(X, y)
    assert 0 <= auto.fit_result["info"][f"val_{metric}"] <= 1
    assert {str(r.status) for t in auto.history_ for r in t.reports} == {"finished"}


def test_a_metric_of_labels_without_any_value_is_refused(quick: dict[str, Any]) -> None:
    def strict(y_true: Any, y_pred: Any) -> float:
        return float("nan") if (np.ptp(y_true, axis=0) == 0).any() else float(np.mean(y_true == y_pred))

    y = np.column_stack([X[:, 0] > 0, X[:, 1] > 9]).astype(int)
    with pytest.raises(InvalidOption, match=r"no rows with and without label 1, without which .*'strict'"):
        AutoNetClassification("tiny_cs", **quick, optimize_metric=strict).fit(X, y)


@pytest.mark.parametrize("metric", ["r2", "explained_variance"])
def test_folds_of_one_row_have_no_r2(quick: dict[str, Any], metric: str) -> None:
    options = {**quick, "cross_validator": LeaveOneOut()}
    with pytest.raises(InvalidOption, match=f"Fold 1 of 12 has no second validation row, without which .*'{metric}'"):
        AutoNetRegression("tiny_cs", **options, optimize_metric=metric).fit(X[:12], X[:12, 0])
    auto = AutoNetRegression("tiny_cs", **{**options, "max_trials": 1}, optimize_metric="neg_mean_squared_error")
    assert np.isfinite(auto.fit(X[:12], X[:12, 0]).fit_result["loss"])


def test_a_fold_without_a_score_is_left_out_of_what_is_only_recorded(quick: dict[str, Any]) -> None:
    folds = [(range(60, 120), range(60)), (range(60), range(60, 120))]
    options = {**quick, "cross_validator": folds, "additional_metrics": ["roc_auc"]}
    auto = AutoNetClassification("tiny_cs", **options).fit(X, EARLY)
    assert 0 <= auto.fit_result["info"]["val_roc_auc"] <= 1


def test_a_metric_that_is_nan_at_times_loses(quick: dict[str, Any], iris: Any) -> None:
    calls = []

    def moody(y_true: Any, y_pred: Any) -> float:
        calls.append(len(y_true))
        return float("nan") if len(calls) % 3 == 0 and len(calls) > 20 else float(np.mean(y_true == y_pred))

    auto = AutoNetClassification("tiny_cs", **quick, optimize_metric=moody).fit(*iris)
    assert np.isfinite(auto.fit_result["loss"])


def test_splitters_are_given_the_table_and_the_labels(quick: dict[str, Any]) -> None:
    class ByColumn:
        def split(self, X: Any, y: Any, groups: Any = None) -> Any:
            assert set(y) == {"no", "yes"}
            return [(np.flatnonzero(X["time"] < 80), np.flatnonzero(X["time"] >= 80))]

    frame = pd.DataFrame(X, columns=list("abcd")).assign(time=np.arange(120)[::-1])
    auto = AutoNetClassification("tiny_cs", **{**quick, "cross_validator": ByColumn()})
    auto.fit(frame, np.where(X[:, 0] > 0, "yes", "no"), sample_weight=np.where(frame["time"] < 80, 1.0, 0.5))
    assert auto.fit_result["info"]["val_accuracy"] > 0.5


def test_a_splitter_that_fails_is_named_before_any_training(quick: dict[str, Any]) -> None:
    class ByName:
        def split(self, X: Any, y: Any, groups: Any = None) -> Any:
            return [X["time"]]

    with pytest.raises(InvalidOption, match=r"cross_validator=<tests.*: IndexError: only integers") as caught:
        AutoNetClassification("tiny_cs", **{**quick, "cross_validator": ByName()}).fit(X, EARLY)
    assert isinstance(caught.value.__cause__, IndexError)


def test_metrics_may_overwrite_what_they_are_given(quick: dict[str, Any]) -> None:
    def error(y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
        return -float(np.average((y_true - y_pred) ** 2, weights=sample_weight))

    def careless(y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
        score = error(y_true, y_pred, sample_weight)
        for array in (y_true, y_pred, sample_weight):
            if array is not None:
                array[:] = 0
        return score

    weights = np.arange(120) % 3 + 1.0
    first, second = (
        AutoNetRegression("tiny_cs", **quick, optimize_metric=metric).fit(X, X[:, 0], weights).predict(X)
        for metric in (error, careless)
    )
    np.testing.assert_array_equal(first, second)

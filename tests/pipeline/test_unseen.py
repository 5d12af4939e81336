"""Test rows are scored along the way, and change nothing."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, r2_score
from torch import nn

from autonet import AutoNetClassification, AutoNetRegression, register_network
from autonet.core.alarms import TimedOut
from autonet.core.clock import TimeLimit
from autonet.core.errors import ScoreSkipped
from autonet.metrics.metric import get_metric
from autonet.pipeline import unseen
from tests.estimators.refusals import FRAME, LABELS, STRINGS, X, refused

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


def halves(data: Any) -> tuple[Any, Any]:
    return (data[0][::2], data[1][::2]), (data[0][1::2], data[1][1::2])


def without_test(metrics: Any) -> dict[str, Any]:
    return {name: value for name, value in metrics.items() if not name.startswith("test_")}


@pytest.mark.parametrize(
    ("preset", "changes"),
    [
        ("tiny_cs", {}),
        ("medium_cs", {"ensemble_size": 5, "cross_validator": 3, "refit_on_all_rows": True}),
        ("tiny_cs", {"tree_ensembles": True, "ensemble_size": 5}),
    ],
)
def test_results_are_the_same_with_and_without(
    iris: Any, quick: dict[str, Any], preset: str, changes: dict[str, Any]
) -> None:
    train, test = halves(iris)
    auto = AutoNetClassification(preset, **{**quick, **changes, "additional_metrics": ["neg_log_loss"]})
    plain = auto.fit(*train).predict_proba(iris[0])
    result, history = auto.fit_result, [dict(t.reports[-1].metrics) for t in auto.history_]
    auto.fit(*train, X_test=test[0], y_test=test[1])
    np.testing.assert_array_equal(auto.predict_proba(iris[0]), plain)
    info = auto.fit_result["info"]
    assert without_test(info) == result["info"]
    assert info["test_accuracy"] == auto.score(*test)
    assert {"test_accuracy", "test_neg_log_loss"} <= set(info)
    assert [without_test(t.reports[-1].metrics) for t in auto.history_] == history
    for trial in auto.history_:
        assert 0 < trial.last.metrics["test_accuracy"] <= 1


def test_worker_processes_score_them(iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **{**quick, "n_jobs": 2}).fit(*iris, X_test=iris[0], y_test=iris[1])
    assert all(0 < trial.last.metrics["test_accuracy"] <= 1 for trial in auto.history_)


def test_a_trial_has_the_scores_of_its_networks(diabetes: Any, quick: dict[str, Any]) -> None:
    train, test = halves(diabetes)
    auto = AutoNetRegression("tiny_cs", **{**quick, "cross_validator": 3, "baseline": False})
    auto.fit(*train, X_test=test[0], y_test=test[1])
    best = auto.history_.trials[int(auto.fit_result["best_network"]["name"])]
    expected = r2_score(test[1], auto.predict(test[0]))
    assert best.last.metrics["test_r2"] == pytest.approx(expected, abs=1e-6)
    assert auto.fit_result["info"]["test_r2"] == pytest.approx(expected)
    assert "test_r2 " in repr(auto)


def test_decisions_have_the_threshold_of_the_validation_rows(quick: dict[str, Any]) -> None:
    frame, labels = FRAME, np.where(LABELS == 0, "yes", "no")
    auto = AutoNetClassification("tiny_cs", **quick, optimize_metric="f1")
    auto.fit(frame, labels, X_test=frame[::-1], Y_test=labels[::-1])
    score = f1_score(labels, auto.predict(frame), pos_label="yes")
    assert auto.fit_result["info"]["test_f1"] == pytest.approx(score)


def test_several_labels_and_a_refit(quick: dict[str, Any]) -> None:
    y = np.column_stack([LABELS == 0, X[:, 0] > 0]).astype(int)
    auto = AutoNetClassification("tiny_cs", **quick).refit(X, y, X_test=X[:7], y_test=y[:7])
    assert 0 < auto.fit_result["info"]["test_multilabel_accuracy"] <= 1


def test_an_undefined_score_is_nan(quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **quick, optimize_metric="roc_auc")
    auto.fit(X, LABELS == 1, X_test=X[:1], y_test=LABELS[:1] == 1)
    assert math.isnan(auto.fit_result["info"]["test_roc_auc"])


def test_trials_are_scored_on_some_of_many_rows(
    iris: Any, quick: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unseen, "MAX_TRIAL_ROWS", 50)
    sizes: list[int] = []

    def hits(y_true: Any, y_pred: Any) -> float:
        sizes.append(len(y_true))
        return float((y_true == y_pred).mean())

    train, test = halves(iris)
    AutoNetClassification("tiny_cs", **quick, optimize_metric=hits).fit(*train, X_test=test[0], y_test=test[1])
    assert sizes.count(38) >= 3  # every second one, in each of the trials
    assert sizes[-1] == 75  # all, of the final model


class NotAlways(nn.Module):
    """A network that fails for more rows than are validated."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(n_in, n_out)

    def forward(self, x: torch.Tensor) -> Any:
        if not self.training and len(x) > 100:
            raise ValueError("too many")
        return self.linear(x)


@pytest.mark.usefixtures("custom_components")
def test_a_failure_is_none_of_the_trial(iris: Any, quick: dict[str, Any]) -> None:
    register_network("not_always", NotAlways)
    train, _ = halves(iris)
    auto = AutoNetClassification("tiny_cs", **quick, networks=["not_always"])
    plain = auto.fit(*train).predict_proba(iris[0][:9])
    with pytest.warns(ScoreSkipped, match=r"X_test cannot be scored \(ValueError: too many\)."):
        auto.fit(*train, X_test=iris[0], y_test=iris[1])
    assert all(without_test(trial.last.metrics) == trial.last.metrics for trial in auto.history_)
    np.testing.assert_array_equal(auto.predict_proba(iris[0][:9]), plain)


def test_without_time_there_is_no_score(iris: Any, quick: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    auto = AutoNetClassification("tiny_cs", **quick).fit(*iris)
    rows = unseen.UnseenRows.from_metrics(
        auto.model_.read(iris[0]), iris[1], [get_metric("accuracy", "classification")]
    )
    late = TimeLimit.after(-1)
    assert rows.score_ensemble(auto.model_.ensemble, None, late) == {"test_accuracy": auto.score(*iris)}  # it is short
    monkeypatch.setattr(unseen, "MIN_SECONDS", -1.0)
    monkeypatch.setattr(unseen, "rows_at_once", lambda data: 1)
    with pytest.warns(ScoreSkipped, match="There was no time to score X_test; give a larger max_runtime"):
        assert rows.score_ensemble(auto.model_.ensemble, None, late) == {}
    assert rows.score_trial([], None, torch.device("cpu"), late) == {}


def test_a_trial_whose_time_ends_with_them_counts(
    iris: Any, quick: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_long(*_: Any) -> None:
        raise TimedOut

    monkeypatch.setattr(unseen, "predict", too_long)
    auto = AutoNetClassification("tiny_cs", **quick).fit(*iris, X_test=iris[0], y_test=iris[1])
    assert [str(trial.status) for trial in auto.history_] == ["finished"] * 3
    assert auto.fit_result["info"]["test_accuracy"] == auto.score(*iris)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X_test": X}, "X_test and y_test belong together; got only one of them."),
        ({"y_test": STRINGS}, "X_test and y_test belong together; got only one of them."),
        ({"X_test": X[:5], "y_test": STRINGS[:4]}, "X_test has 5 rows and y_test 4 entries; pass one entry per row."),
        ({"X_test": X[:1], "y_test": ["pink"]}, "y_test has labels that y does not have: 'pink'."),
        ({"X_test": X[:, :2], "y_test": STRINGS}, "X_test has 2 features, but AutoNetClassification is expecting 3"),
    ],
)
def test_bad_rows_are_refused(arguments: dict[str, Any], message: str) -> None:
    refused(lambda: AutoNetClassification("tiny_cs").fit(X, STRINGS, **arguments), message)

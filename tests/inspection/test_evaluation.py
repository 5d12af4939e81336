"""Scores on given rows: every metric of the task, with bootstrap intervals."""

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score, mean_absolute_error, roc_auc_score

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import InvalidData, InvalidOption, UnknownName
from autonet.metrics.metric import metric_names


def test_every_metric_is_what_scikit_learn_computes(classifier: AutoNetClassification, iris: Any) -> None:
    X, y = iris[0][::2], iris[1][::2]
    table = classifier.evaluate(X, y)
    scores = dict(zip(table.column("metric"), table.column("score"), strict=True))
    assert next(iter(scores)) == "accuracy"
    assert scores["accuracy"] == pytest.approx(classifier.score(X, y))
    assert scores["f1_macro"] == pytest.approx(f1_score(y, classifier.predict(X), average="macro"))
    assert scores["roc_auc_ovr"] == pytest.approx(roc_auc_score(y, classifier.predict_proba(X), multi_class="ovr"))
    assert set(scores) <= set(metric_names("classification"))
    assert len(scores) > 20


def test_intervals_hold_the_score_and_narrow_with_the_rows(regressor: AutoNetRegression, diabetes: Any) -> None:
    X, y = diabetes
    table, few = regressor.evaluate(X, y), regressor.evaluate(X[:30], y[:30])
    for row in (*table, *few):
        assert row["low"] <= row["score"] <= row["high"]
    widths = [row["high"] - row["low"] for row in (table[0], few[0])]
    assert widths[0] < widths[1] / 2
    assert table[0]["metric"] == "rmse"
    assert repr(table).startswith("442 rows; 95% intervals of 200 bootstrap resamples")


def test_the_interval_is_that_of_resampled_rows(regressor: AutoNetRegression, diabetes: Any) -> None:
    X, y = diabetes[0][:60], diabetes[1][:60]
    row = regressor.evaluate(X, y, metrics=["neg_mean_absolute_error"], n_bootstrap=400, coverage=0.8)[0]
    rng, prediction = np.random.default_rng(1), regressor.predict(X)
    draws = rng.integers(0, 60, (4000, 60))
    scores = [-mean_absolute_error(y[draw], prediction[draw]) for draw in draws]
    low, high = np.quantile(scores, [0.1, 0.9])
    assert [row["low"], row["high"]] == pytest.approx([low, high], rel=0.03)


def test_weights_count_as_repeated_rows(regressor: AutoNetRegression, diabetes: Any) -> None:
    X, y, weights = diabetes[0][:20], diabetes[1][:20], np.arange(20) % 3
    repeated = np.repeat(np.arange(20), weights)
    weighted = regressor.evaluate(X, y, weights, n_bootstrap=0)
    assert weighted.column("score") == pytest.approx(regressor.evaluate(X[repeated], y[repeated]).column("score"))
    assert set(weighted.column("low")) == {None}


def miss(y: Any, prediction: Any) -> float:
    return -float(np.mean(y != prediction))


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_metrics_of_the_users_own_are_scored_too(iris: Any) -> None:
    options = {"budget_type": "epochs", "max_budget": 2, "max_trials": 1, "random_state": 0}
    X, y = iris[0], np.array(["no", "yes", "yes"])[iris[1]]
    auto = AutoNetClassification("tiny_cs", optimize_metric=miss, additional_metrics=["f1"], pos_label="no", **options)
    auto.fit(X, y)
    table = auto.evaluate(X, y, metrics=["miss", "f1"])
    assert table[0]["score"] == pytest.approx(auto.score(X, y) - 1)
    assert table[0]["low"] <= table[0]["score"] <= table[0]["high"]
    assert table[1]["score"] == pytest.approx(f1_score(y, auto.predict(X), pos_label="no"))
    assert auto.evaluate(X, y).column("metric")[:2] == ["miss", "f1"]
    auto.optimize_metric = None
    assert "miss" not in auto.evaluate(X, y).column("metric")
    with pytest.raises(InvalidOption, match=r"The fit optimized 'miss', a custom metric.*set_params"):
        auto.leaderboard(X, y)


def test_a_metric_of_a_single_class_is_undefined(classifier: AutoNetClassification, iris: Any) -> None:
    rows = classifier.evaluate(iris[0][:10], iris[1][:10], metrics=["roc_auc", "accuracy"])
    assert (rows[0]["score"], rows[0]["low"]) == (None, None)
    assert rows[1]["score"] is not None


def test_rows_and_options_that_do_not_fit_are_refused(classifier: AutoNetClassification, iris: Any) -> None:
    X, y = iris
    loaded = pickle.loads(pickle.dumps(classifier))
    with pytest.raises(InvalidData, match="X has 150 rows and y 149 entries; pass one entry per row"):
        loaded.evaluate(X, y[:-1])
    with pytest.raises(InvalidData, match="y has labels that the y of fit does not have: 3"):
        loaded.evaluate(X, y + 1)
    with pytest.raises(InvalidData, match=r"row 0 has inf; pass finite weights of at least 0"):
        loaded.evaluate(X, y, np.full(150, np.inf))
    with pytest.raises(InvalidData, match="sample_weight must hold numbers"):
        loaded.feature_importance(X, y, ["much"] * 150)
    for metrics in ("accuracy", [], 5):
        with pytest.raises(
            InvalidOption, match=r"metrics must list names, such as \['accuracy'\], or be None for all; got"
        ):
            loaded.evaluate(X, y, metrics=metrics)
    with pytest.raises(InvalidOption, match="coverage must be a number between 0 and 1; got 95"):
        loaded.evaluate(X, y, coverage=95)
    with pytest.raises(InvalidOption, match="n_bootstrap must be a whole number of at least 0, or None; got -1"):
        loaded.evaluate(X, y, n_bootstrap=-1)
    with pytest.raises(UnknownName, match="'acuracy'"):
        loaded.evaluate(X, y, metrics=["acuracy"])
    with pytest.raises(InvalidOption, match="'r2' is a regression metric"):
        loaded.evaluate(X, y, metrics=["r2"])

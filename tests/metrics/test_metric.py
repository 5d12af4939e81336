import pickle
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from autonet.core.errors import InvalidData, InvalidOption, UnknownName
from autonet.metrics.measures import own_measures
from autonet.metrics.metric import get_metric, metric_names
from tests.metrics.predictions import REGRESSION, Classifier, Regressor, classes, labels, scikit_learn, targets, weights


@pytest.mark.parametrize(("kind", "n_outputs"), [("classification", 2), ("classification", 4), ("multilabel", 3)])
def test_every_other_scorer_of_classes_is_scikit_learns_or_refused(kind: Any, n_outputs: int) -> None:
    y, p = classes(n_outputs, 4) if kind == "classification" else labels(n_outputs, 4)
    estimator = Classifier(np.arange(n_outputs) if kind == "classification" else [np.arange(2)] * n_outputs)
    of_classes = [name for name in metric_names(kind) if name in sk.get_scorer_names()]
    served = 0
    for name in set(of_classes) - set(own_measures(kind, n_outputs)):
        w = weights(len(y), 4)
        expected = scikit_learn(name, estimator, p, y, w)
        if expected is None or name == "top_k_accuracy":  # whose two most probable classes of two are always right
            with pytest.raises(InvalidOption, match=f"{name}' cannot score {n_outputs} .*; use '"):
                get_metric(name, kind, np.arange(n_outputs), n_outputs)
        else:
            served += 1
            metric = get_metric(name, kind, np.arange(n_outputs), n_outputs)
            assert metric.score(y, p, w) == pytest.approx(expected, nan_ok=True), name
    assert bool(served) == (kind == "multilabel")


@pytest.mark.parametrize("n_targets", [1, 3])
def test_every_other_scorer_of_values_is_scikit_learns_or_refused(n_targets: int) -> None:
    y, p = targets(n_targets, 7)
    w = weights(len(y), 7)
    one = y[:, 0] if n_targets == 1 else y
    for name in set(metric_names("regression")) - set(REGRESSION):
        weight = None if name == "neg_max_error" else w  # it takes none
        expected = scikit_learn(name, Regressor(), p, one, weight)
        if expected is None:
            with pytest.raises(InvalidOption, match=f"'{name}' cannot score 3 targets"):
                get_metric(name, "regression", n_outputs=n_targets)
        else:
            metric = get_metric(name, "regression", n_outputs=n_targets)
            assert metric.score(y, p, w) == pytest.approx(expected), name


def test_every_scorer_of_scikit_learn_is_served_or_refused_with_a_sentence() -> None:
    for name in sk.get_scorer_names():
        served = 0
        for kind, outputs in (("classification", 2), ("classification", 3), ("multilabel", 3), ("regression", 1)):
            try:
                metric = get_metric(name, kind, np.arange(outputs), outputs)  # type: ignore[arg-type]
            except InvalidOption as error:
                assert name in str(error)  # noqa: PT017
                assert "; use " in str(error)  # noqa: PT017
            else:
                served += 1
                assert metric.optimum == (0.0 if name.startswith(("neg_", "positive_")) else 1.0)
        is_clustering = name.endswith(("rand_score", "info_score", "measure_score", "mallows_score")) or name in (
            "completeness_score",
            "homogeneity_score",
        )
        assert bool(served) != is_clustering, name


def test_errors_of_logarithms_take_predictions_below_zero_but_no_such_targets() -> None:
    metric = get_metric("neg_mean_squared_log_error", "regression")
    assert metric.score(np.zeros((3, 1)), np.full((3, 1), -5.0)) == 0.0
    with pytest.raises(InvalidData, match="'neg_mean_squared_log_error' cannot score these targets: "):
        metric.score(np.full((3, 1), -3.0), np.ones((3, 1)))


def test_unknown_metrics_are_answered_with_the_nearest_of_the_same_task() -> None:
    with pytest.raises(UnknownName, match=r"Unknown classification metric 'acuracy'\. Did you mean 'accuracy'"):
        get_metric("acuracy", "classification")


@pytest.mark.parametrize(
    ("name", "kind", "n_classes", "sentence"),
    [
        ("accuracy", "regression", 0, "'accuracy' is a classification metric, but the task is regression; use '"),
        ("rmse", "classification", 2, "'rmse' is a regression metric, but the task is classification; use '"),
        (
            "rand_score",
            "classification",
            2,
            "'rand_score' is a clustering metric, but the task is classification; use",
        ),
        (
            "f1",
            "classification",
            3,
            r"'f1' cannot score 3 classes \(.*\); use 'f1_macro', 'f1_micro' or 'f1_weighted'\.",
        ),
        ("precision", "multilabel", 3, r"'precision' cannot score 3 labels \(.*\); use 'precision_macro', 'preci"),
        (
            "multilabel_accuracy",
            "classification",
            2,
            "'multilabel_accuracy' is a multilabel metric, but the task is class",
        ),
        ("pac_metric", "regression", 0, "'pac_metric' is a classification metric, but the task is regression"),
        (3, "classification", 2, "A metric must be a name or a callable; got 3"),
    ],
)
def test_names_for_other_tasks_are_refused(name: str, kind: Any, n_classes: int, sentence: str) -> None:
    with pytest.raises(InvalidOption, match=sentence):
        get_metric(name, kind, np.arange(n_classes) if kind == "classification" else None)


@pytest.mark.parametrize("name", ["f1", "roc_auc", "neg_brier_score", "average_precision", "positive_likelihood_ratio"])
def test_metrics_travel_to_other_processes(name: str) -> None:
    y, p = classes(2, 9)
    metric = get_metric(name, "classification")
    assert pickle.loads(pickle.dumps(metric)).score(y, p) == metric.score(y, p)


def test_a_function_called_accuracy_is_none() -> None:
    def accuracy(y_true: Any, y_pred: Any) -> float:
        return float(np.mean(y_true == y_pred)) ** 2

    named = get_metric(accuracy, "classification", np.arange(2))
    assert (named.name, named.is_accuracy) == ("accuracy", False)
    assert pickle.loads(pickle.dumps(get_metric("accuracy", "classification"))).is_accuracy


def test_the_metrics_of_quantiles_are_pinball_losses() -> None:
    rng, levels = np.random.default_rng(0), (0.9, 0.1)
    y, p, weights = rng.normal(size=(40, 1)), rng.normal(size=(40, 2)), rng.uniform(size=40)
    of_levels = [sk.mean_pinball_loss(y, p[:, k], alpha=level, sample_weight=weights) for k, level in enumerate(levels)]
    assert metric_names("regression", levels) == ["pinball", "pinball_0.9", "pinball_0.1"]
    for name, expected in zip(metric_names("regression", levels), [np.mean(of_levels), *of_levels], strict=True):
        metric = get_metric(name, "regression", n_outputs=2, quantiles=levels)
        assert metric.score(y, p, weights) == pytest.approx(expected)
        assert metric.loss(0.25) == 0.25  # smaller is better
    assert "neg_mean_absolute_error" in metric_names("regression", (0.5,))

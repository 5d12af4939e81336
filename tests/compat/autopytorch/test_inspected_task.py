"""Models, incumbents and the ensemble of a task."""

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from torch import nn

from autonet.compat.autopytorch import TabularClassificationTask
from autonet.models.ensemble import NetworkMember


def test_models_with_their_weights(searched: Any, quadrants: Any) -> None:
    _, X_test, _, _ = quadrants
    models = searched.get_models_with_weights()
    weights = [weight for weight, _ in models]
    assert sum(weights) == pytest.approx(1)
    assert weights == sorted(weights, reverse=True)
    mean = sum(weight * model.predict_proba(X_test) for weight, model in models)
    if searched.estimator_.model_.ensemble.temperature == 1:
        assert np.allclose(mean, searched.predict_proba(X_test), atol=1e-5)
    for _, model in models:
        assert isinstance(model.network, nn.Module)
        assert set(model.predict(X_test)) <= {"bad", "good"}
    networks = [m for _, m in models if isinstance(m.ensemble.members[0], NetworkMember)]
    assert all(model.network is model.ensemble.members[0].network for model in networks)


def test_models_as_markdown(searched: Any) -> None:
    lines = searched.show_models().splitlines()
    assert lines[0] == "|  | Preprocessing | Estimator | Weight |"
    assert len(lines) == 2 + len(searched.get_models_with_weights())
    assert lines[2].startswith("| 0 | ")


def test_the_incumbent(searched: Any) -> None:
    config, info = searched.get_incumbent_results()
    results = searched.get_search_results()
    scores = [s for s, traditional in zip(results.opt_scores, results.is_traditionals, strict=True) if not traditional]
    assert 1 - info["opt_loss"]["accuracy"] == pytest.approx(np.nanmax(scores))
    assert config["NetworkSelector:network"] in ("mlpnet", "shapedmlpnet")
    _, best = searched.get_incumbent_results(include_traditional=True)
    assert best["opt_loss"]["accuracy"] <= info["opt_loss"]["accuracy"]


def test_the_ensemble(searched: Any) -> None:
    [entry] = searched.ensemble_performance_history
    info = searched.estimator_.fit_result["info"]
    assert (entry["train_accuracy"], entry["test_accuracy"]) == (info["val_accuracy"], info["test_accuracy"])
    assert entry["Timestamp"].year >= 2024


def test_nothing_is_there_before_a_search() -> None:
    for name in ("show_models", "sprint_statistics", "get_search_results", "get_incumbent_results"):
        with pytest.raises(NotFittedError, match="TabularClassificationTask instance is not fitted yet"):
            getattr(TabularClassificationTask(), name)()

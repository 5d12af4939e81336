"""Pipeline, ensemble, search and estimators take any modality; the second one here is `tests.pipeline.sequences`."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autonet.core.errors import InvalidData
from tests.pipeline.sequences import CONVOLUTIONS, SequenceClassification

LINES = 120


@pytest.fixture(scope="module")
def sequences() -> tuple[np.ndarray, np.ndarray]:
    """Noise with a bump, up or down, at a random place: a linear model sees nothing of it."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 0.3, (400, 32)), rng.integers(0, 2, 400)
    for row, place, label in zip(x, rng.integers(0, 28, 400), y, strict=True):
        row[place : place + 4] += 2.0 if label else -2.0
    return x, y


def test_a_second_modality_is_small() -> None:
    source = (Path(__file__).parents[1] / "pipeline" / "sequences.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= LINES


def test_sequences_are_classified_by_convolutions(sequences: Any, quick: dict[str, Any]) -> None:
    x, y = sequences
    options = {**quick, "max_budget": 27, "ensemble_size": 3}
    auto = SequenceClassification("tiny_cs", **options).fit(x[:300], y[:300])
    assert auto.score(x[300:], y[300:]) > 0.9
    assert auto.best_config_["NetworkSelector:network"] == "conv"
    assert not any(name.startswith("PreprocessorSelector") for name in auto.search_space_)
    assert auto.model_.transform(x[:5]).shape == (5, 1, 32)
    again = pickle.loads(pickle.dumps(auto))
    np.testing.assert_array_equal(again.predict_proba(x), auto.predict_proba(x))
    with pytest.raises(InvalidData, match=r"fitted to sequences of length 32; got \(5, 8\)"):
        auto.predict(x[:5, :8])


def test_folds_refit_and_worker_processes_take_sequences(sequences: Any, quick: dict[str, Any]) -> None:
    x, y = sequences
    options = {
        **quick,
        "max_budget": 27,
        "n_jobs": 2,
        "cross_validator": 3,
        "refit_on_all_rows": True,
        "ensemble_size": 2,
    }
    auto = SequenceClassification("tiny_cs", **options).fit(x[:300], y[:300])
    assert auto.score(x[300:], y[300:]) > 0.9
    assert len(auto.model_.ensemble.members) > 3


def test_trees_do_not_take_sequences(sequences: Any, quick: dict[str, Any]) -> None:
    auto = SequenceClassification("tiny_cs", **{**quick, "ensemble_size": 5, "tree_ensembles": True}).fit(*sequences)
    assert all(name.isdigit() or name == "linear" for name in auto.fit_result["models"])


def test_networks_to_choose_from_are_those_of_the_modality(sequences: Any, quick: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="'resnet'"):
        SequenceClassification("tiny_cs", **quick, networks=["resnet"]).fit(*sequences)
    assert list(CONVOLUTIONS.components) == ["conv"]

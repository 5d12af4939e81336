from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autonet import AutoNetRegression, load
from autonet.core.errors import InvalidOption

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

LONG = {"max_trials": 1, "min_budget": 27, "max_budget": 27}  # epochs


def test_it_learns_in_the_units_of_the_target(diabetes: Any, quick: dict[str, Any]) -> None:
    X, y = diabetes
    auto = AutoNetRegression("tiny_cs", **{**quick, **LONG}).fit(X, y)
    assert auto.score(X, y) > 0.4
    assert auto.predict(X).shape == y.shape
    assert auto.fit_result["info"]["val_r2"] > 0.3


def test_the_scale_of_the_target_does_not_matter(diabetes: Any, quick: dict[str, Any]) -> None:
    X, y = diabetes
    plain = AutoNetRegression("tiny_cs", **quick).fit(X, y).predict(X)
    for scale in (1e-9, 1e9):
        scaled = AutoNetRegression("tiny_cs", **quick).fit(X, y * scale).predict(X)
        np.testing.assert_allclose(scaled / scale, plain, rtol=2e-2, atol=1)


def test_several_targets(diabetes: Any, quick: dict[str, Any]) -> None:
    X, y = diabetes
    Y = np.column_stack([y, -2 * y + 5])
    auto = AutoNetRegression("tiny_cs", **{**quick, **LONG}).fit(X, Y)
    assert auto.predict(X).shape == Y.shape
    assert auto.score(X, Y) > 0.3


@pytest.mark.parametrize("transform", ["none", "log", "yeo_johnson"])
@pytest.mark.parametrize("preset", ["tiny_cs", "medium_cs"])
def test_a_constant_target_is_predicted_exactly(preset: str, transform: str, quick: dict[str, Any]) -> None:
    X = np.random.default_rng(0).normal(size=(40, 2))
    options = {**quick, "max_trials": 2, "cross_validator": 3, "ensemble_size": 4, "target_transforms": [transform]}
    with np.errstate(all="raise", under="ignore"):
        auto = AutoNetRegression(preset, **options).fit(X, np.full(40, 3.3e-6))
        beside = AutoNetRegression(preset, **options).fit(X, np.column_stack([X[:, 0], np.full(40, 3.3e-6)]))
    assert (auto.predict(X) == 3.3e-6).all()
    assert auto.fit_result["info"]["val_r2"] == 1.0
    assert (beside.predict(X)[:, 1] == 3.3e-6).all()
    assert np.ptp(beside.predict(X)[:, 0]) > 0


@pytest.mark.parametrize("transform", ["none", "log", "yeo_johnson"])
def test_targets_of_any_size_are_learned(transform: str, quick: dict[str, Any]) -> None:
    X = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    ulps = np.round(4 * X[:, 0]) * np.finfo(float).eps
    Y = np.column_stack([X[:, 0] * 1e300, X[:, 0] * 1e-300, 1 + ulps, 1e9 + 1e-3 * X[:, 0]])
    auto = AutoNetRegression("tiny_cs", **{**quick, **LONG}, target_transforms=[transform]).fit(X, Y)
    assert 0.3 < auto.fit_result["info"]["val_r2"] <= 1
    low, high = Y.min(axis=0), Y.max(axis=0)
    margin = (high - low) / 2
    assert ((auto.predict(X) >= low - margin) & (auto.predict(X) <= high + margin)).all()


@pytest.mark.parametrize("preset", ["tiny_cs", "medium_cs", "full_cs"])
@pytest.mark.parametrize("loss", [None, "l1_loss", "huber_loss"])
def test_every_preset_fits(preset: str, loss: str | None, diabetes: Any, quick: dict[str, Any]) -> None:
    options = {**quick, "max_trials": 1, "min_budget": 9, "loss_modules": [loss] if loss else None}
    auto = AutoNetRegression(preset, **options).fit(*diabetes)
    assert auto.score(*diabetes) > 0


def test_the_example_of_auto_pytorch(diabetes: Any) -> None:
    X, y = diabetes
    auto = AutoNetRegression(
        "tiny_cs", budget_type="epochs", min_budget=1, max_budget=9, num_iterations=1, log_level="info"
    )
    auto.fit(X_train=X[:300], Y_train=y[:300], X_valid=X[300:], Y_valid=y[300:])
    assert len(auto.history_) == 9
    assert [sum(t.budget >= b for t in auto.history_) for b in (1, 3, 9)] >= [9, 3, 1]


def test_a_validation_target_of_another_shape_is_refused(diabetes: Any, quick: dict[str, Any]) -> None:
    X, y = diabetes
    with pytest.raises(ValueError, match=r"y_valid has shape \(442, 2\); expected \(n_samples,\) as y has"):
        AutoNetRegression("tiny_cs", **quick).fit(X, y, X_valid=X, y_valid=np.column_stack([y, y]))


@pytest.mark.parametrize("transform", ["none", "log", "yeo_johnson"])
@pytest.mark.parametrize("n_targets", [1, 2])
def test_outputs_of_the_network_are_brought_to_the_unit_of_y(
    diabetes: Any, quick: dict[str, Any], transform: str, n_targets: int
) -> None:
    X, y = diabetes
    y = 1e5 * y if n_targets == 1 else np.column_stack([y, -(y**2)])
    auto = AutoNetRegression("full_cs", **{**quick, "max_trials": 1, "baseline": False}, target_transforms=[transform])
    auto.fit(X, y)
    with torch.inference_mode():
        outputs = auto.get_pytorch_model()(torch.from_numpy(auto.transform(X))).numpy()
    decoded = auto.target_scale_.decode(outputs)
    assert decoded.shape == (len(X), n_targets)
    np.testing.assert_allclose(decoded.reshape(y.shape), auto.predict(X))
    assert auto.target_scale_.scale.shape == (n_targets,)
    if transform == "none":
        np.testing.assert_allclose(outputs * auto.target_scale_.scale + auto.target_scale_.center, decoded)


def test_without_a_model_there_is_no_scale() -> None:
    assert not hasattr(AutoNetRegression(), "target_scale_")


@pytest.mark.parametrize("n_targets", [0, 1, 2])
def test_intervals_come_in_the_unit_and_shape_of_y(
    tmp_path: Path, diabetes: Any, quick: dict[str, Any], n_targets: int
) -> None:
    X, y = diabetes[0], 1e6 * diabetes[1]
    y = np.column_stack([y, -y][:n_targets]) if n_targets else y
    auto = AutoNetRegression("tiny_cs", **{**quick, "ensemble_size": 3}).fit(X[:300], y[:300])
    ends = auto.predict_interval(X, 0.8)
    assert ends.shape == (len(X), *((n_targets,) if n_targets else ()), 2)
    held = (ends[..., 0] <= y) & (y <= ends[..., 1])
    assert 0.6 < held[300:].mean() < 0.95
    np.testing.assert_allclose(ends.mean(axis=-1), auto.predict(X))
    assert (auto.predict_interval(X, 0.5)[..., 0] >= ends[..., 0]).all()
    auto.save(tmp_path / "model.autonet")
    loaded = load(tmp_path / "model.autonet")
    assert isinstance(loaded, AutoNetRegression)
    np.testing.assert_array_equal(loaded.predict_interval(X, 0.8), ends)


def test_intervals_need_validation_rows(diabetes: Any, quick: dict[str, Any]) -> None:
    X, y = diabetes
    auto = AutoNetRegression("tiny_cs", **quick).fit(X[:40], y[:40])
    with pytest.raises(InvalidOption, match=r"coverage=0.99 needs more validation rows than the 12 of this model; ask"):
        auto.predict_interval(X, 0.99)
    with pytest.raises(InvalidOption, match="predict_set is for a classification with one label per row; this model"):
        auto.model_.predict_set(X)

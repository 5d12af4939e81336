from typing import Any

import numpy as np
import pytest

from autonet import AutoNetRegression

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


def test_it_learns_in_the_units_of_the_target(diabetes: Any, quick: dict[str, Any]) -> None:
    X, y = diabetes
    auto = AutoNetRegression("tiny_cs", **{**quick, "max_budget": 27}).fit(X, y)
    assert auto.score(X, y) > 0.4
    assert auto.predict(X).shape == y.shape
    assert auto.fit_result["info"]["val_r2"] > 0.3


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_the_scale_of_the_target_does_not_matter(scale: float, diabetes: Any, quick: dict[str, Any]) -> None:
    X, y = diabetes
    plain = AutoNetRegression("tiny_cs", **quick).fit(X, y).predict(X)
    scaled = AutoNetRegression("tiny_cs", **quick).fit(X, y * scale).predict(X)
    np.testing.assert_allclose(scaled / scale, plain, rtol=2e-2, atol=1)


def test_several_targets(diabetes: Any, quick: dict[str, Any]) -> None:
    X, y = diabetes
    Y = np.column_stack([y, -2 * y + 5])
    auto = AutoNetRegression("tiny_cs", **{**quick, "max_budget": 27}).fit(X, Y)
    assert auto.predict(X).shape == Y.shape
    assert auto.score(X, Y) > 0.3


def test_a_constant_target_is_predicted(quick: dict[str, Any]) -> None:
    X = np.random.default_rng(0).normal(size=(30, 2))
    with np.errstate(all="raise"):
        auto = AutoNetRegression("tiny_cs", **quick, optimize_metric="rmse").fit(X, np.full(30, 7.0))
    np.testing.assert_allclose(auto.predict(X), 7.0, atol=2.0)


@pytest.mark.parametrize("preset", ["tiny_cs", "medium_cs", "full_cs"])
@pytest.mark.parametrize("loss", [None, "l1_loss", "huber_loss"])
def test_every_preset_fits(preset: str, loss: str | None, diabetes: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetRegression(preset, **quick, loss_modules=[loss] if loss else None).fit(*diabetes)
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

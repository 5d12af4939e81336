"""Displays of a regression."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score

from autonet import AutoNetRegression
from autonet.inspection import PredictionsDisplay, ResidualsDisplay


def dots(display: Any) -> np.ndarray:
    return np.asarray(display.ax_.collections[0].get_offsets())


def test_true_values_are_drawn_over_predicted_ones(regressor: AutoNetRegression, diabetes: Any) -> None:
    X, y = diabetes
    display = PredictionsDisplay.from_estimator(regressor, X, y)
    assert dots(display) == pytest.approx(np.column_stack([regressor.predict(X), y]))
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("predicted", "true")


def test_residuals_are_drawn_over_predicted_values(regressor: AutoNetRegression, diabetes: Any) -> None:
    X, y = diabetes
    predicted = regressor.predict(X)
    display = ResidualsDisplay.from_estimator(regressor, X, y)
    assert dots(display) == pytest.approx(np.column_stack([predicted, y - predicted]))
    title = f"R² {r2_score(y, predicted):.3f}, mean absolute error {mean_absolute_error(y, predicted):.4g}"
    assert display.ax_.get_title(loc="left") == title


def test_of_many_rows_some_are_drawn_and_all_are_scored() -> None:
    truth = np.random.default_rng(0).normal(size=20_000)
    display = PredictionsDisplay(truth, truth + 1).plot()
    assert len(dots(display)) == 5000
    assert "mean absolute error 1" in display.ax_.get_title(loc="left")
    assert "R²" not in PredictionsDisplay(truth[:1], truth[:1]).plot().ax_.get_title(loc="left")

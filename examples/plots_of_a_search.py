"""
Plots of a search
=================

What a search did, which hyperparameters matter, what the final model is made of, and where it errs.
"""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes, load_digits
from sklearn.model_selection import train_test_split

from autonet import AutoNetClassification, AutoNetRegression
from autonet.inspection import (
    CalibrationCurvesDisplay,
    ConfusionMatrixDisplay,
    ContourDisplay,
    EnsembleWeightsDisplay,
    HyperparameterImportanceDisplay,
    LearningCurvesDisplay,
    ParallelCoordinatesDisplay,
    PrecisionRecallCurvesDisplay,
    PredictionsDisplay,
    ResidualsDisplay,
    RocCurvesDisplay,
    SliceDisplay,
    TrajectoryDisplay,
)


def main(max_trials: int = 60, max_budget: int = 27) -> None:
    options = {"budget_type": "epochs", "min_budget": 1, "max_budget": max_budget, "random_state": 0}
    draw_classification(max_trials, options)
    draw_regression(min(max_trials, 20), options)


def draw_classification(max_trials: int, options: dict[str, Any]) -> None:
    """Recognize noisy digits."""
    X, y = load_digits(return_X_y=True)
    X = X + np.random.default_rng(0).normal(0, 5, X.shape)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    auto = AutoNetClassification(
        "medium_cs", max_trials=max_trials, cross_validator="none", refit_on_all_rows=False, **options
    )
    auto.fit(X_train, y_train)

    # What was tried.
    TrajectoryDisplay.from_estimator(auto)
    LearningCurvesDisplay.from_estimator(auto)

    # What matters.
    HyperparameterImportanceDisplay.from_estimator(auto)
    SliceDisplay.from_estimator(auto)
    ParallelCoordinatesDisplay.from_estimator(auto)
    ContourDisplay.from_estimator(auto)

    # What came out.
    EnsembleWeightsDisplay.from_estimator(auto)
    ConfusionMatrixDisplay.from_estimator(auto, X_test, y_test)
    RocCurvesDisplay.from_estimator(auto, X_test, y_test)
    PrecisionRecallCurvesDisplay.from_estimator(auto, X_test, y_test)
    CalibrationCurvesDisplay.from_estimator(auto, X_test, y_test)


def draw_regression(max_trials: int, options: dict[str, Any]) -> None:
    """Predict how diabetes progresses."""
    X_train, X_test, y_train, y_test = train_test_split(*load_diabetes(return_X_y=True), random_state=0)
    auto = AutoNetRegression("tiny_cs", max_trials=max_trials, **options).fit(X_train, y_train)
    PredictionsDisplay.from_estimator(auto, X_test, y_test)
    ResidualsDisplay.from_estimator(auto, X_test, y_test)


if __name__ == "__main__":
    main()
    plt.show()

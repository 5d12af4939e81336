"""
Decision regions of the final model
===================================

Fit two half-moons with a linear baseline and with the ensemble of networks that the search ends with, and look at the
probabilities of both.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import make_moons
from sklearn.linear_model import LogisticRegression

from autonet import AutoNetClassification


def draw(models: dict[str, object], X: np.ndarray, y: np.ndarray) -> Figure:
    """Draw the probability of the second class on a grid, and the rows over it."""
    grid = np.meshgrid(np.linspace(-1.8, 2.8, 120), np.linspace(-1.3, 1.8, 120))
    rows = np.column_stack([axis.ravel() for axis in grid])
    figure, axes = plt.subplots(1, len(models), figsize=(9, 3.6), layout="constrained", sharey=True)
    for panel, (name, model) in zip(axes, models.items(), strict=True):
        probability = model.predict_proba(rows)[:, 1].reshape(grid[0].shape)
        filled = panel.contourf(*grid, probability, levels=np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.7)
        panel.scatter(*X.T, c=y, cmap="RdBu_r", edgecolors="white", linewidths=0.5, s=18)
        panel.set_title(f"{name}: accuracy {model.score(X, y):.2f}")
    figure.colorbar(filled, ax=axes, label="probability of the second class")
    return figure


def main(max_trials: int = 4, max_budget: int = 27) -> Figure:
    X, y = make_moons(300, noise=0.2, random_state=0)
    auto = AutoNetClassification(
        "tiny_cs",
        budget_type="epochs",
        max_budget=max_budget,
        max_trials=max_trials,
        ensemble_size=5,
        random_state=0,
    )
    return draw({"logistic regression": LogisticRegression().fit(X, y), "autonet": auto.fit(X, y)}, X, y)


if __name__ == "__main__":
    main()
    plt.show()

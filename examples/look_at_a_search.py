"""
Look at a search
================

What did a search try, and what did it find by when? Every trial is in the history of a study.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from autonet.search import RunningTrial, Study, minimize

SPACE = {"x": (-5.0, 10.0), "y": (0.0, 15.0)}


def branin(trial: RunningTrial) -> float:
    """Return a function with three minima, of .398 each."""
    return float(surface(trial["x"], trial["y"]))


def surface(x: np.ndarray | float, y: np.ndarray | float) -> np.ndarray | float:
    return (y - 5.1 * (x / (2 * np.pi)) ** 2 + 5 * x / np.pi - 6) ** 2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10


def draw_trials(study: Study) -> Figure:
    """Draw the trials over the function, coloured by their order."""
    figure, axes = plt.subplots(figsize=(6, 4.5), layout="constrained")
    grid = np.meshgrid(np.linspace(-5, 10, 100), np.linspace(0, 15, 100))
    axes.contour(*grid, np.log(surface(*grid)), levels=12, colors="0.75", linewidths=0.8)
    x, y = zip(*((trial.config["x"], trial.config["y"]) for trial in study.trials), strict=True)
    points = axes.scatter(x, y, c=range(len(x)), cmap="viridis", s=28, zorder=2)
    figure.colorbar(points, label="number of the trial")
    axes.plot(study.best.config["x"], study.best.config["y"], "r*", markersize=14, label="best")
    axes.set(xlabel="x", ylabel="y", title="Trials of a search")
    axes.legend(loc="upper right")
    return figure


def draw_progress(searches: dict[str, list[Study]]) -> Figure:
    """Draw the best value so far, the median over the seeds."""
    figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
    for name, studies in searches.items():
        best = [np.minimum.accumulate([trial.value for trial in study.trials]) for study in studies]
        axes.step(range(1, len(best[0]) + 1), np.median(best, axis=0) - 0.397887, where="post", label=name)
    axes.set(xlabel="trials", ylabel="distance to the optimum", yscale="log", title="Best value so far")
    axes.legend()
    return figure


def main(max_trials: int = 40, seeds: range = range(5)) -> dict[str, list[Study]]:
    searches = {
        sampler: [minimize(branin, SPACE, sampler=sampler, max_trials=max_trials, random_state=s) for s in seeds]
        for sampler in ("bohb", "random")
    }
    study = searches["bohb"][0]
    print(study.best)
    draw_trials(study)
    draw_progress(searches)
    return searches


if __name__ == "__main__":
    main()
    plt.show()

"""Searches with a known ground truth, to compute importance from and to plot."""

from typing import Any

import numpy as np

from autonet.search import RunningTrial, Study

# `decoy` says nothing, wherever it is; `wide` and `narrow` are conditional, and only `width` matters.
CONDITIONAL: dict[str, Any] = {
    "network": {
        "wide": {"width": (0.0, 1.0), "decoy": (0.0, 1.0), "choice": ["p", "q", "r"]},
        "narrow": {"decoy": (1, 20)},
        "linear": {},
    },
    "rate": (0.0, 1.0),
    "decoy": (0.0, 1.0),
    "choice": list("abcdefgh"),
}
DECOYS = ("network:wide:decoy", "network:wide:choice", "network:narrow:decoy", "decoy", "choice")


def conditional_loss(config: Any) -> float:
    """Return a loss that depends on the network, on the width of a wide one, and on the rate."""
    loss = {"wide": 0.0, "narrow": 1.0, "linear": 0.6}[config["network"]] + 0.7 * (config["rate"] - 0.3) ** 2
    return float(loss + (config["network:wide:width"] if config["network"] == "wide" else 0.0))


def search_conditional(n: int = 60, *, seed: int = 0, sampler: str = "random", noise: float = 0.1) -> Study:
    """Search the conditional space without budgets."""
    rng = np.random.default_rng(seed)
    study = Study(CONDITIONAL, sampler=sampler, random_state=seed)
    return study.optimize(lambda trial: conditional_loss(trial) + noise * rng.normal(), max_trials=n)


def search_budgets(n: int = 40, *, seed: int = 0, **options: Any) -> Study:
    """Search the conditional space with rungs of 1, 3, 9 and 27 epochs: the loss falls with the budget."""
    study = Study(CONDITIONAL, min_budget=1, max_budget=27, random_state=seed, **options)
    return study.optimize(lambda trial: conditional_loss(trial) + 1 / trial.budget, max_trials=n)


def search_failing(n: int = 40) -> Study:
    """Search where trials with a large rate crash, and the others span orders of magnitude."""

    def objective(trial: RunningTrial) -> float:
        if trial["rate"] > 0.75:
            raise RuntimeError("out of memory")
        return float(10 ** (4 * trial["size"] - 3))

    space = {"rate": (0.0, 1.0), "size": (0.0, 1.0)}
    return Study(space, sampler="random", random_state=0).optimize(objective, max_trials=n)


def search_one() -> Study:
    """Search with a single trial."""
    return Study({"x": (0.0, 1.0), "y": (0.0, 1.0)}, random_state=0).optimize(lambda trial: trial["x"], max_trials=1)

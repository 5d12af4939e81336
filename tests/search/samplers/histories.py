"""Histories to learn from."""

import numpy as np
from ConfigSpace import (
    Categorical,
    CategoricalHyperparameter,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
    ForbiddenEqualsClause,
    Integer,
)

from autonet.search.history import History
from autonet.search.records import Event, Report, Status
from autonet.search.rungs import Rungs
from autonet.search.samplers.gaussian_process import GaussianProcessSampler

ALWAYS_MODEL = GaussianProcessSampler(random_share=0.0)


def cube(n: int = 6) -> ConfigurationSpace:
    space = ConfigurationSpace()
    space.add(*(Float(f"x{i}", (0.0, 1.0)) for i in range(n)))
    return space


def mixed() -> ConfigurationSpace:
    space = ConfigurationSpace()
    kind = CategoricalHyperparameter("kind", ["a", "b", "c"])
    parts = [Float("depth", (0.0, 1.0)), Integer("units", (1, 1000), log=True)]
    space.add(kind, *parts, Float("x", (0.0, 1.0)), Constant("version", 3), Categorical("flag", [True, False]))
    space.add(*(EqualsCondition(part, kind, "b") for part in parts), ForbiddenEqualsClause(space["kind"], "c"))
    return space


def add(
    history: History,
    space: ConfigurationSpace,
    config: dict,
    loss: float | None,
    cost: float = 1.0,
    origin: str = "sampler",
) -> None:
    """Add a trial that ended with `loss`, crashed if that is infinite, is running if it is None."""
    number = len(history)
    if origin == "enqueued":
        history.apply(Event("enqueue", number, {"config": config}))
    history.apply(Event("propose", number, {"config": config, "seed": 0, "origin": origin}))
    history.apply(Event("start", number, {"start": 0, "target": 1}))
    if loss is not None:
        status = Status.FINISHED if np.isfinite(loss) else Status.CRASHED
        history.add(history.trials[number], Report(0, 1, 1, loss, status, 1.0, cost))


def quadratic(space: ConfigurationSpace, n: int) -> History:
    """A history of `n` random trials at the lowest of three rungs; the optimum is in the middle."""
    history = History(Rungs.geometric(1, 9, 3, "epochs"))
    encoding = history.table(space).encoding
    for row in encoding.sample_legal(n, np.random.default_rng(0)):
        x = encoding.features(row)[0, ~encoding.categorical]
        add(history, space, encoding.decode(row), float(((x - 0.5) ** 2).sum()))
    return history

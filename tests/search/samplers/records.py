"""Histories with results at several budgets."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, Integer, OrdinalHyperparameter

from autonet.search.history import History
from autonet.search.records import Event
from autonet.search.rungs import Rungs
from autonet.search.spaces.encoding import Encoding


def mixed() -> ConfigurationSpace:
    space = ConfigurationSpace()
    kind, size = Categorical("kind", ["a", "b", "c"]), OrdinalHyperparameter("size", ["s", "m", "l", "xl"])
    rate, n, letter = Float("rate", (1e-5, 1.0), log=True), Integer("n", (1, 50)), Categorical("letter", list("uvwxyz"))
    space.add(kind, size, rate, n, letter)
    space.add(*(EqualsCondition(c, kind, v) for c, v in ((rate, "a"), (n, "b"), (letter, "c"))))
    return space


def history(space: ConfigurationSpace, losses: Mapping[float, Sequence[float]], *, failed: int = 0) -> History:
    """By budget, the losses of as many first trials as there are; the last `failed` ones have crashed."""
    encoding, result = Encoding(space), History(Rungs((1, 3, 9), 3))
    n = len(next(iter(losses.values()))) + failed
    for number, row in enumerate(encoding.sample_legal(n, np.random.default_rng(0))):
        body = {"config": encoding.decode(row), "seed": 0, "origin": "sampler"}
        result.apply(Event("propose", number, body))
    for budget, values in losses.items():
        for number, value in enumerate(values):
            end(result, number, budget, value)
    for number in range(n - failed, n):
        end(result, number, 1, math.inf)
    return result


def end(record: History, number: int, budget: float, loss: float) -> None:
    status = "finished" if math.isfinite(loss) else "crashed"
    record.apply(Event("start", number, {"start": 0.0, "target": budget}))
    report = {"start": 0.0, "target": budget, "budget": budget, "loss": loss, "status": status, "seconds": 1, "cost": 1}
    record.apply(Event("end", number, {"report": report, "attributes": {}}))

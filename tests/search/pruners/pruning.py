"""A study whose trials report given values."""

from typing import Any

from autonet.core.errors import TrialPruned
from autonet.search import RunningTrial, Status, Study


def steps_of(pruner: Any, curves: list[list[float]], **options: Any) -> list[int]:
    """Return how many values each trial reports until it is pruned."""

    def objective(trial: RunningTrial) -> float:
        curve = curves[trial.number]
        for step, value in enumerate(curve):
            trial.report(value, step)
            if trial.should_prune():
                raise TrialPruned
        return curve[-1]

    study = Study({"x": (0.0, 1.0)}, pruner=pruner, sampler="random", random_state=0, **options)
    study.optimize(objective, max_trials=len(curves), on_error="raise")
    assert all(
        (t.status is Status.PRUNED) == (len(t.curve) < len(c)) for t, c in zip(study.trials, curves, strict=True)
    )
    return [len(trial.curve) for trial in study.trials]


LINES = [[float(i)] * 4 for i in (2, 0, 1, 3, 2)]

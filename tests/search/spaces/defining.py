"""Objectives that define their space as they go."""

from collections.abc import Callable
from pathlib import Path

from autonet.search import RunningTrial, Study

Objective = Callable[[RunningTrial], float]


def reopen(run_dir: Path, objective: Objective, n_trials: int) -> Study:
    """Run more trials in a run directory."""
    with Study(run_dir=run_dir, random_state=0) as study:
        return study.optimize(objective, max_trials=n_trials)


def different(study: Study) -> int:
    """Count different configurations."""
    return len({repr(sorted(t.config.items())) for t in study.trials})


def two_parents(trial: RunningTrial) -> float:
    a, b = trial.suggest_categorical("z", ["on", "off"]), trial.suggest_int("y", 1, 4)
    return trial.suggest_float("x", 0, 1) if a == "on" and b > 2 else 0.5 + b / 10


def nested(trial: RunningTrial) -> float:
    if trial.suggest_categorical("z", ["net", "tree"]) == "tree":
        return 1.0
    if trial.suggest_categorical("y", [(8, 8), (16,), None]) is None:
        return 0.5
    return trial.suggest_float("x", 0, 1)


def either(trial: RunningTrial) -> float:
    a, b = trial.suggest_categorical("a", [0, 1]), trial.suggest_categorical("b", [0, 1])
    return trial.suggest_int("c", 1, 3) if a or b else 0.0


def layers(trial: RunningTrial) -> float:
    n = trial.suggest_categorical("num_layers", [2, 3])
    return -sum(trial.suggest_categorical(f"num_hidden_layer_{i}_neurons", [7, 11]) for i in range(n))

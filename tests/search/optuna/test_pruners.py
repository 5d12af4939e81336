"""Pruners under Optuna's names prune what Optuna's prune."""

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import autonet.search.optuna as ours
from autonet.core.errors import InvalidOption
from autonet.search import RunningTrial

CURVES = np.random.default_rng(0).random((25, 12)) * 2


def run(library: Any, pruner: Any, curves: Any) -> list[tuple[str, int]]:
    """Return state and last step of each trial."""

    def objective(trial: Any) -> float:
        curve = curves[trial.number].tolist()
        trial.suggest_float("x", 0, 1)
        for step, value in enumerate(curve):
            trial.report(value, step)
            if trial.should_prune():
                raise library.TrialPruned
        return float(curve[-1])

    study = library.create_study(pruner=pruner, sampler=library.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=len(curves))
    return [(trial.state.name, trial.last_step) for trial in study.trials]


@pytest.mark.parametrize(
    ("name", "settings", "falling"),
    [
        ("MedianPruner", {"n_startup_trials": 3, "n_warmup_steps": 2, "interval_steps": 3}, True),
        ("PercentilePruner", {"percentile": 25.0, "n_startup_trials": 4, "n_min_trials": 6}, True),
        ("ThresholdPruner", {"lower": 0.02, "upper": 1.9, "n_warmup_steps": 3, "interval_steps": 2}, False),
        ("PatientPruner", {"wrapped_pruner": None, "patience": 3, "min_delta": 0.1}, False),
        ("SuccessiveHalvingPruner", {"min_resource": 1, "reduction_factor": 2, "min_early_stopping_rate": 1}, False),
        ("SuccessiveHalvingPruner", {"min_resource": 2, "reduction_factor": 3, "bootstrap_count": 3}, False),
        ("NopPruner", {}, False),
    ],
)
def test_pruners_agree_with_those_of_optuna(name: str, settings: dict[str, Any], falling: bool) -> None:
    optuna = pytest.importorskip("optuna", reason="needs the extra optuna")
    curves = np.minimum.accumulate(CURVES, axis=1) if falling else CURVES
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with pytest.warns() if name == "PatientPruner" else nullcontext():  # experimental there
        expected = run(optuna, getattr(optuna.pruners, name)(**settings), curves)
    optuna.logging.set_verbosity(before)
    assert run(ours, getattr(ours.pruners, name)(**settings), curves) == expected
    assert ("PRUNED" in {state for state, _ in expected}) == (name != "NopPruner")


def test_pruners_of_ones_own() -> None:
    class Never:
        def should_prune(self, trial: RunningTrial) -> bool:
            return False

    class OfOptuna:
        def prune(self, study: object, trial: object) -> bool:
            return True

    assert isinstance(ours.create_study(pruner=Never()).pruner, Never)
    assert ours.pruners.check_pruner(None) == ours.pruners.MedianPruner()
    with pytest.raises(InvalidOption, match="OfOptuna is written for studies of Optuna; pass one of"):
        ours.pruners.check_pruner(OfOptuna())
    for pruner in (ours.pruners.MedianPruner, "median"):
        with pytest.raises(InvalidOption, match=r"pruner must be one of autonet\.search\.pruners"):
            ours.pruners.check_pruner(pruner)


def test_other_pruners_are_refused() -> None:
    with pytest.raises(AttributeError, match=r"Unknown name in optuna\.pruners 'WilcoxonPruner'"):
        _ = ours.pruners.WilcoxonPruner

"""Pruners under Optuna's names: those of `autonet.search.pruners`."""

from typing import Any

from autonet.core.errors import InvalidOption
from autonet.search.optuna.exceptions import make_refusal
from autonet.search.pruners.base import NopPruner
from autonet.search.pruners.base import Pruner as BasePruner
from autonet.search.pruners.base import check_pruner as check
from autonet.search.pruners.halving import HyperbandPruner, SuccessiveHalvingPruner
from autonet.search.pruners.values import MedianPruner, PatientPruner, PercentilePruner, ThresholdPruner

__all__ = [
    "BasePruner",
    "HyperbandPruner",
    "MedianPruner",
    "NopPruner",
    "PatientPruner",
    "PercentilePruner",
    "SuccessiveHalvingPruner",
    "ThresholdPruner",
    "check_pruner",
]


def check_pruner(pruner: Any) -> BasePruner:
    """Return a pruner unchanged, the default for None; refuse those that are written for Optuna's studies."""
    if pruner is None:
        return MedianPruner()
    if hasattr(pruner, "prune"):
        raise InvalidOption(
            f"{type(pruner).__name__} is written for studies of Optuna; pass one of autonet.search.optuna.pruners, or "
            "an object with bounds(history, number) and should_prune(running_trial)."
        )
    chosen: BasePruner = check(pruner)
    return chosen


__getattr__ = make_refusal("optuna.pruners", __all__)

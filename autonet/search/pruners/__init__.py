"""Pruners: rules by which trials without budgets stop early; ``Study(pruner=...)`` takes one."""

from autonet.search.pruners.base import NopPruner as NopPruner
from autonet.search.pruners.base import Pruner as Pruner
from autonet.search.pruners.halving import HyperbandPruner as HyperbandPruner
from autonet.search.pruners.halving import SuccessiveHalvingPruner as SuccessiveHalvingPruner
from autonet.search.pruners.values import MedianPruner as MedianPruner
from autonet.search.pruners.values import PatientPruner as PatientPruner
from autonet.search.pruners.values import PercentilePruner as PercentilePruner
from autonet.search.pruners.values import ThresholdPruner as ThresholdPruner

__all__ = [
    "HyperbandPruner",
    "MedianPruner",
    "NopPruner",
    "PatientPruner",
    "PercentilePruner",
    "Pruner",
    "SuccessiveHalvingPruner",
    "ThresholdPruner",
]

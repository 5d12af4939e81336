"""Inspection: what people look at after a search: numbers, plots and drawings of networks.

>>> from autonet.inspection import TrajectoryDisplay
>>> from autonet.search import minimize
>>> display = TrajectoryDisplay.from_study(minimize(lambda trial: trial["x"] ** 2, {"x": (-1.0, 1.0)}, max_trials=9))
"""

from typing import TYPE_CHECKING

from autonet.core.lazy import make_lazy_attributes

if TYPE_CHECKING:
    from autonet.inspection.hyperparameters import HyperparameterImportance as HyperparameterImportance
    from autonet.inspection.hyperparameters import hyperparameter_importance as hyperparameter_importance
    from autonet.inspection.plots.classification import CalibrationCurvesDisplay as CalibrationCurvesDisplay
    from autonet.inspection.plots.classification import ConfusionMatrixDisplay as ConfusionMatrixDisplay
    from autonet.inspection.plots.classification import PrecisionRecallCurvesDisplay as PrecisionRecallCurvesDisplay
    from autonet.inspection.plots.classification import RocCurvesDisplay as RocCurvesDisplay
    from autonet.inspection.plots.contour import ContourDisplay as ContourDisplay
    from autonet.inspection.plots.curves import LearningCurvesDisplay as LearningCurvesDisplay
    from autonet.inspection.plots.images import AugmentationsDisplay as AugmentationsDisplay
    from autonet.inspection.plots.images import MistakesDisplay as MistakesDisplay
    from autonet.inspection.plots.images import PatchImportanceDisplay as PatchImportanceDisplay
    from autonet.inspection.plots.importance import HyperparameterImportanceDisplay as HyperparameterImportanceDisplay
    from autonet.inspection.plots.parallel import ParallelCoordinatesDisplay as ParallelCoordinatesDisplay
    from autonet.inspection.plots.regression import PredictionsDisplay as PredictionsDisplay
    from autonet.inspection.plots.regression import ResidualsDisplay as ResidualsDisplay
    from autonet.inspection.plots.slices import SliceDisplay as SliceDisplay
    from autonet.inspection.plots.trajectory import TrajectoryDisplay as TrajectoryDisplay
    from autonet.inspection.plots.weights import EnsembleWeightsDisplay as EnsembleWeightsDisplay

_PLOTS = "autonet.inspection.plots"

# Imported lazily: drawing needs the extra `plot`.
__getattr__, __dir__ = make_lazy_attributes(
    __name__,
    {
        "AugmentationsDisplay": f"{_PLOTS}.images",
        "CalibrationCurvesDisplay": f"{_PLOTS}.classification",
        "ConfusionMatrixDisplay": f"{_PLOTS}.classification",
        "ContourDisplay": f"{_PLOTS}.contour",
        "EnsembleWeightsDisplay": f"{_PLOTS}.weights",
        "HyperparameterImportance": "autonet.inspection.hyperparameters",
        "HyperparameterImportanceDisplay": f"{_PLOTS}.importance",
        "LearningCurvesDisplay": f"{_PLOTS}.curves",
        "MistakesDisplay": f"{_PLOTS}.images",
        "ParallelCoordinatesDisplay": f"{_PLOTS}.parallel",
        "PatchImportanceDisplay": f"{_PLOTS}.images",
        "PrecisionRecallCurvesDisplay": f"{_PLOTS}.classification",
        "PredictionsDisplay": f"{_PLOTS}.regression",
        "ResidualsDisplay": f"{_PLOTS}.regression",
        "RocCurvesDisplay": f"{_PLOTS}.classification",
        "SliceDisplay": f"{_PLOTS}.slices",
        "TrajectoryDisplay": f"{_PLOTS}.trajectory",
        "hyperparameter_importance": "autonet.inspection.hyperparameters",
    },
)

__all__ = [
    "AugmentationsDisplay",
    "CalibrationCurvesDisplay",
    "ConfusionMatrixDisplay",
    "ContourDisplay",
    "EnsembleWeightsDisplay",
    "HyperparameterImportance",
    "HyperparameterImportanceDisplay",
    "LearningCurvesDisplay",
    "MistakesDisplay",
    "ParallelCoordinatesDisplay",
    "PatchImportanceDisplay",
    "PrecisionRecallCurvesDisplay",
    "PredictionsDisplay",
    "ResidualsDisplay",
    "RocCurvesDisplay",
    "SliceDisplay",
    "TrajectoryDisplay",
    "hyperparameter_importance",
]

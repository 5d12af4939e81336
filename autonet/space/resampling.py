"""Options about resampling as updates of the search space."""

import logging
from collections.abc import Collection, Sequence
from importlib.util import find_spec

from ConfigSpace import ConfigurationSpace

from autonet.core.errors import InvalidOption, MissingPackage
from autonet.core.task import Task
from autonet.pipeline.resampling import RESAMPLING
from autonet.space.updates import HyperparameterSearchSpaceUpdate

__all__ = ["check_resampling", "update_resampling"]

# By whether there is over-sampling and under-sampling: a number of rows per class that changes something.
DEFAULT_STRATEGIES = {(True, False): "upsample", (False, True): "downsample", (True, True): "average"}


def update_resampling(
    over_sampling_methods: Sequence[str] | None,
    under_sampling_methods: Sequence[str] | None,
    target_size_strategies: Sequence[str] | None,
    task: Task,
    nodes: Collection[str],
) -> list[HyperparameterSearchSpaceUpdate]:
    """Return the updates that options of the estimator ask for.

    Parameters
    ----------
    over_sampling_methods, under_sampling_methods, target_size_strategies : list of str, optional
    task : Task
    nodes : collection of str
        Names of the nodes of the search space.

    Raises
    ------
    InvalidOption
        If something is to be resampled, and the task is not a classification of tables.
    """
    over_sampling_methods = _leave_out_smote(over_sampling_methods)
    values = {
        "over_sampling_methods": over_sampling_methods,
        "under_sampling_methods": under_sampling_methods,
        "target_size_strategies": target_size_strategies,
    }
    for option, names in values.items():
        if _has_method(names) and (task.kind != "classification" or RESAMPLING.name not in nodes):
            raise InvalidOption(
                f"{option} is for tables with one label per row; got {list(names or ())} for {task.title}. Remove it."
            )
    if RESAMPLING.name not in nodes:
        return []
    default = DEFAULT_STRATEGIES.get((_has_method(over_sampling_methods), _has_method(under_sampling_methods)))
    if target_size_strategies is None and default:
        values["target_size_strategies"] = [default]
    hyperparameters = (RESAMPLING.selector, "under_sampling_method", "target_size_strategy")
    return [
        HyperparameterSearchSpaceUpdate(RESAMPLING.name, name, tuple(map(str, names)))
        for name, names in zip(hyperparameters, values.values(), strict=True)
        if names is not None
    ]


def _leave_out_smote(methods: Sequence[str] | None) -> Sequence[str] | None:
    """Leave SMOTE out of methods if its package is missing and random over-sampling is among them, with a note."""
    if methods is None or not {"smote", "random"} <= set(methods) or find_spec("imblearn") is not None:
        return methods
    logging.getLogger("autonet").warning(
        "over_sampling_methods: smote is left out, as it needs imbalanced-learn; install it with: "
        'pip install "autonet-torch[imbalanced]"'
    )
    return [name for name in methods if name != "smote"]


def check_resampling(space: ConfigurationSpace, target_size_strategies: Sequence[str] | None) -> None:
    """Raise if a search space has SMOTE without its package; log that target sizes have no effect.

    Raises
    ------
    MissingPackage
    """
    if RESAMPLING.key not in space and _has_method(target_size_strategies):
        logging.getLogger("autonet").info(
            "target_size_strategies has no effect without over_sampling_methods or under_sampling_methods"
        )
    elif RESAMPLING.key in space and space[RESAMPLING.key].legal_value("smote") and find_spec("imblearn") is None:
        raise MissingPackage("SMOTE", "imbalanced-learn", "imbalanced")


def _has_method(names: Sequence[str] | None) -> bool:
    return any(name != "none" for name in names or ())

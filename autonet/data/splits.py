"""Which rows train and which validate."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold, StratifiedShuffleSplit

from autonet.core.errors import InvalidOption, ValidationReused
from autonet.core.names import known
from autonet.core.task import TaskKind

__all__ = ["CROSS_VALIDATORS", "Fold", "cross_validation", "holdout"]

Rows = NDArray[np.intp]

CROSS_VALIDATORS = ("none", "k_fold", "stratified_k_fold")


@dataclass(frozen=True)
class Fold:
    """Indices of the rows that train and of the rows that validate."""

    train: Rows
    valid: Rows


def holdout(y: NDArray[Any], kind: TaskKind, share: float, seed: int) -> Fold:
    """Hold a share of the rows out; stratified for classes wherever every class has two rows.

    With too few rows to hold any out, all rows do both; a warning says so.
    """
    n = len(y)
    n_valid = min(max(round(share * n), 1), n - 2)
    if n < 4:
        warnings.warn(f"{n} rows are too few to hold any out: validating on the training rows.", ValidationReused, 2)
        return Fold(np.arange(n), np.arange(n))
    counts = np.unique(y, return_counts=True)[1] if kind == "classification" else np.array([0])
    stratify = kind == "classification" and counts.min() > 1 and min(n_valid, n - n_valid) >= len(counts)
    splitter = (StratifiedShuffleSplit if stratify else ShuffleSplit)(1, test_size=n_valid, random_state=seed)
    train, valid = next(splitter.split(np.zeros(n), y if stratify else None))
    return Fold(np.sort(train), np.sort(valid))


def cross_validation(name: str, arguments: Mapping[str, Any], y: NDArray[Any], kind: TaskKind, seed: int) -> list[Fold]:
    """Split into folds: ``k_fold`` or ``stratified_k_fold`` (classes only), shuffled and seeded.

    Parameters
    ----------
    name : str
    arguments : mapping
        Keywords of scikit-learn's splitter; ``n_splits`` is 3 if not given.
    """
    known("cross_validator", name, CROSS_VALIDATORS)
    if name == "stratified_k_fold" and kind == "regression":
        raise InvalidOption("cross_validator='stratified_k_fold' needs classes; use 'k_fold' for a regression.")
    splitter_class = StratifiedKFold if name == "stratified_k_fold" else KFold
    settings = {"n_splits": 3, "shuffle": True, **arguments}
    if settings["shuffle"]:
        settings.setdefault("random_state", seed)
    try:
        splits = list(splitter_class(**settings).split(np.zeros(len(y)), y))
    except (TypeError, ValueError) as error:
        raise InvalidOption(f"cross_validator={name!r} with {dict(arguments)}: {error}") from error
    return [Fold(train, valid) for train, valid in splits]

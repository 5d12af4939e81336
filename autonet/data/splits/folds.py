"""Folds: training and validation rows, from a holdout or from cross-validation."""

import numbers
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from sklearn import model_selection

from autonet.core.errors import InvalidData, InvalidOption, ValidationReused
from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.core.validation import check_choice
from autonet.data.splits.holdout import factorize, group_holdout, make_strata, merge_singletons, stratified_holdout

__all__ = ["CROSS_VALIDATORS", "Fold", "Splitter", "split"]

Rows = NDArray[np.intp]
SPLITTERS: dict[str, Any] = {
    "k_fold": model_selection.KFold,
    "stratified_k_fold": model_selection.StratifiedKFold,
    "group_k_fold": model_selection.GroupKFold,
    "stratified_group_k_fold": model_selection.StratifiedGroupKFold,
    "time_series_split": model_selection.TimeSeriesSplit,
    "shuffle_split": model_selection.ShuffleSplit,
    "stratified_shuffle_split": model_selection.StratifiedShuffleSplit,
    "group_shuffle_split": model_selection.GroupShuffleSplit,
    "repeated_k_fold": model_selection.RepeatedKFold,
    "repeated_stratified_k_fold": model_selection.RepeatedStratifiedKFold,
    "leave_one_group_out": model_selection.LeaveOneGroupOut,
}
CROSS_VALIDATORS = ("none", *SPLITTERS)


@runtime_checkable
class Splitter(Protocol):
    """Splitter with the interface of scikit-learn."""

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterable[tuple[Any, Any]]:
        """Yield the indices of training and of validation rows."""


@dataclass(frozen=True)
class Fold:
    """Sorted indices of training rows (n_train,) and validation rows (n_valid,)."""

    train: Rows
    valid: Rows


def split(
    y: Array,
    kind: TaskKind,
    n: int,
    *,
    validation_split: float = 0.3,
    cross_validator: str | int | Splitter | Iterable[tuple[Any, Any]] = "none",
    arguments: Mapping[str, Any] | None = None,
    groups: Array | None = None,
    shuffle: bool = True,
    seed: int = 0,
    original: tuple[Any, Any] | None = None,
) -> list[Fold]:
    """Split `n` rows into one fold (a holdout) or several (cross-validation).

    Parameters
    ----------
    y : ndarray
        Class codes (n,), label indicators (n, n_labels) or targets (n, n_targets).
    kind : {"classification", "multilabel", "regression"}
    n : int
    validation_split : float
        Share of the rows to hold out; also ``test_size`` of shuffle splits by default.
    cross_validator : str, int, splitter or iterable of (train, test)
        A name of `CROSS_VALIDATORS`, of which ``"none"`` is a holdout; a number of folds, stratified for classes and
        labels, and grouped if there are groups; an object with ``split(X, y, groups)``; or the folds themselves.
    arguments : mapping, optional
        Arguments of the named splitter; by default ``n_splits=3`` and ``n_repeats=2``.
    groups : ndarray of shape (n,), optional
        Rows of a group stay in one fold.
    shuffle : bool
        False: rows are ordered by time; the last ones are held out, and folds are consecutive.
    seed : int
    original : tuple of table and array, optional
        `X` and `y` of the user, for a splitter object.

    Returns
    -------
    list of Fold

    Raises
    ------
    InvalidOption
        If the arguments are invalid, or no such split exists.

    Notes
    -----
    Strata are classes, combinations of labels (rare ones are replaced by their rarest label), or quantile bins of the
    first regression target.  In a holdout a class with a single row trains, and all others are in both parts if
    possible.
    """
    _check_arguments(cross_validator, arguments)
    if groups is not None and len(groups) != n:
        raise InvalidData(f"groups has {len(groups)} values for {n} rows; pass one per row.")
    if isinstance(cross_validator, str) and cross_validator == "none":
        return [_split_holdout(y, kind, n, validation_split, groups, shuffle, seed)]
    arguments = dict(arguments or {})
    if isinstance(cross_validator, numbers.Integral):
        arguments = {"n_splits": int(cross_validator), **arguments}
        plain = "k_fold" if kind == "regression" else "stratified_k_fold"
        cross_validator = plain if groups is None else GROUPED[plain]
    description = f"cross_validator={' '.join(repr(cross_validator).split()):.80}"
    description += f" with {arguments}" if arguments else ""
    try:
        if isinstance(cross_validator, str):
            pairs = _split_by_name(cross_validator, arguments, y, kind, n, validation_split, groups, shuffle, seed)
        elif isinstance(cross_validator, Splitter):
            X, y = (None, y) if original is None else original
            pairs = _split_with(cross_validator, n, y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y, groups, X)
        else:
            pairs = list(cross_validator)  # type: ignore[arg-type]
    except InvalidOption:
        raise
    except Exception as error:
        name = "" if isinstance(error, TypeError | ValueError) else f"{type(error).__name__}: "
        raise InvalidOption(f"{description}: {name}{str(error).rstrip('.')}.") from error
    if not pairs:
        raise InvalidOption(
            f"{description} makes no folds; give at least one pair of training and validation rows (a generator can be "
            "read only once: pass a list)."
        )
    return [_check_fold(pair, n, description) for pair in pairs]


def _check_arguments(cross_validator: Any, arguments: Any) -> None:
    """Check the types of the arguments."""
    if arguments is not None and not isinstance(arguments, Mapping):
        raise InvalidOption(f"cross_validator_args must be a dictionary such as {{'n_splits': 3}}; got {arguments!r}.")
    if isinstance(cross_validator, bool | np.bool_):
        raise InvalidOption(
            f"cross_validator={cross_validator} is not a number of folds; pass an integer of at least 2."
        )
    if isinstance(cross_validator, type):
        raise InvalidOption(f"cross_validator is the class {cross_validator.__name__}; pass an instance.")
    if not isinstance(cross_validator, str | numbers.Integral | Splitter | Iterable):
        raise InvalidOption(
            "cross_validator must be a name, a number of folds, a splitter of scikit-learn or a list of (train, test); "
            f"got {cross_validator!r:.60}."
        )
    if arguments and not isinstance(cross_validator, str | numbers.Integral):
        raise InvalidOption(
            "cross_validator_args requires cross_validator to be a name or a number; got a splitter or folds."
        )
    if arguments and isinstance(cross_validator, str) and cross_validator == "none":
        raise InvalidOption("cross_validator_args has no effect with cross_validator='none'; name a cross_validator.")


# ---- holdout --------------------------------------------------------------------------------------------------------


def _split_holdout(
    y: Array, kind: TaskKind, n: int, share: float, groups: Array | None, shuffle: bool, seed: int
) -> Fold:
    if n < 4:
        rows = "1 row is" if n == 1 else f"{n} rows are"
        warnings.warn(f"{rows} too few for a holdout; validating on the training rows.", ValidationReused, 3)
        return Fold(np.arange(n), np.arange(n))
    n_valid = min(max(round(share * n), 1), n - 2)
    strata = make_strata(y, kind, n_valid / n)
    held_out = np.zeros(n, dtype=bool)
    if groups is not None:
        held_out = group_holdout(groups, strata, n_valid, shuffle, seed)
    elif not shuffle:
        held_out[n - n_valid :] = True
    else:
        held_out[stratified_holdout(strata, kind == "classification", n_valid, seed)] = True
    return Fold(np.flatnonzero(~held_out), np.flatnonzero(held_out))


# ---- cross-validation -----------------------------------------------------------------------------------------------

GROUPED = {  # equivalents that respect groups
    "k_fold": "group_k_fold",
    "stratified_k_fold": "stratified_group_k_fold",
    "time_series_split": "group_k_fold",
    "shuffle_split": "group_shuffle_split",
    "stratified_shuffle_split": "group_shuffle_split",
    "repeated_k_fold": "group_k_fold",
    "repeated_stratified_k_fold": "stratified_group_k_fold",
}


def _split_by_name(
    name: str,
    arguments: Mapping[str, Any],
    y: Array,
    kind: TaskKind,
    n: int,
    validation_split: float,
    groups: Array | None,
    shuffle: bool,
    seed: int,
) -> list[tuple[Any, Any]]:
    """Split with a named splitter of scikit-learn."""
    check_choice("cross_validator", name, CROSS_VALIDATORS)
    if groups is None and "group" in name:
        raise InvalidOption(f"cross_validator={name!r} requires groups; pass groups to fit.")
    if groups is not None and name in GROUPED:
        raise InvalidOption(f"cross_validator={name!r} ignores groups; use {GROUPED[name]!r}.")
    draws = "shuffle" in name or "repeated" in name
    if draws and not shuffle:
        raise InvalidOption(f"cross_validator={name!r} shuffles the rows; use 'k_fold' or 'time_series_split'.")
    settings: dict[str, Any] = {} if name == "leave_one_group_out" else {"n_splits": 3}
    if "repeated" in name:
        settings["n_repeats"] = 2
    if "shuffle" in name and "train_size" not in arguments:
        settings["test_size"] = validation_split
    if name.endswith("k_fold") and not draws:
        settings["shuffle"] = shuffle
    settings |= arguments
    if draws or settings.get("shuffle"):
        settings.setdefault("random_state", seed)
    stratified = "stratified" in name
    share = 1 / max(int(settings["n_splits"]), 2) if name.endswith("k_fold") else validation_split
    strata = make_strata(y, kind, share) if stratified else np.zeros(n)
    if name == "stratified_shuffle_split":
        strata = merge_singletons(strata)
    return _split_with(SPLITTERS[name](**settings), n, strata, None if groups is None else factorize(groups))


def _split_with(splitter: Splitter, n: int, y: Array, groups: Array | None, X: Any = None) -> list[tuple[Any, Any]]:
    n_rows = len(X) if isinstance(X, list | tuple) else (getattr(X, "shape", None) or (0,))[0]
    X = X if n_rows == n else np.zeros((n, 1))  # such as a dictionary of columns, whose length is not n
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # classes with fewer rows than folds
        return list(splitter.split(X, y, groups))


def _check_fold(pair: Any, n: int, description: str) -> Fold:
    """Check a pair of training and validation rows, and sort them."""
    try:
        train, valid = (np.asarray(rows) for rows in pair)
    except (TypeError, ValueError) as error:
        raise InvalidOption(
            f"{description}: a fold must be a pair (train, test) of row numbers; got {pair!r:.60}."
        ) from error
    for rows, which in ((train, "training"), (valid, "validation")):
        if rows.ndim != 1 or not len(rows):
            raise InvalidOption(
                f"{description}: the {which} rows of a fold must be a list of at least one; got {rows!r:.60}."
            )
        if not np.issubdtype(rows.dtype, np.integer):
            raise InvalidOption(
                f"{description}: {which} rows must be whole numbers; got {rows.dtype} (use np.flatnonzero)."
            )
        if rows.min() < 0 or rows.max() >= n:
            raise InvalidOption(f"{description}: {which} rows must be 0 to {n - 1}; got {rows.min()} to {rows.max()}.")
    if len(shared := np.intersect1d(train, valid)):
        raise InvalidOption(
            f"{description}: {len(shared)} rows both train and validate (row {shared[0]}); keep them apart."
        )
    return Fold(np.sort(train).astype(np.intp), np.sort(valid).astype(np.intp))

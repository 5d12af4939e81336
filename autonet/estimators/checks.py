"""Checks of the values of single parameters, each of which says in one sentence what was expected and what came."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autonet.core.errors import InvalidOption
from autonet.core.files import check_path
from autonet.core.validation import check_choice, is_real
from autonet.data.splits.folds import CROSS_VALIDATORS
from autonet.pipeline.components import name_component

__all__ = [
    "ALGORITHM",
    "BUDGET_TYPE",
    "CONFIGS",
    "COUNT",
    "COUNT_OR_ZERO",
    "METRICS",
    "NOT_NEGATIVE",
    "N_JOBS",
    "PATH",
    "PRECISION",
    "PRESET",
    "QUANTILES",
    "SCORE_METRIC",
    "SHARE",
    "UPDATES",
    "Check",
    "accept",
    "check_component_map",
    "check_components",
    "check_cross_validator",
    "check_directory",
    "check_executor",
    "check_log_level",
    "check_logs",
    "check_search_space",
    "check_tensorboard",
    "flag",
    "is_share",
    "must_be",
    "number",
    "one_of",
    "parse_log_level",
]

Check = Callable[[str, Any], object]

MAX_JOBS = 999
LOGS = ("test_result",)


def must_be(expected: str, accepts: Callable[[Any], bool]) -> Check:
    """Return a check that raises one kind of sentence: what was expected, what came."""

    def check(name: str, value: Any) -> None:
        if not accepts(value):
            raise InvalidOption(f"{name} must be {expected}; got {value!r:.60}.")

    return check


def number(above: float = 0.0, below: float = math.inf, *, finite: bool = True, optional: bool = True) -> Check:
    """Check a number inside an open interval."""
    kind = "a finite number" if finite and math.isinf(below) else "a number"
    interval = f"greater than {above:g}" if math.isinf(below) else f"between {above:g} and {below:g}"

    def accepts(value: Any) -> bool:
        if value is None:
            return optional
        return is_real(value) and (above < value < below or (value == math.inf and not finite))

    return must_be(f"{kind} {interval}{', or None' if optional else ''}", accepts)


def one_of(*names: str, optional: bool = False) -> Check:
    """Check a name among others."""

    def check(name: str, value: Any) -> None:
        if value is not None or not optional:
            check_choice(name, str(value), names)

    return check


def is_share(value: Any) -> bool:
    """Return whether a value is a share of the rows, from 0 to below 1."""
    return is_real(value) and 0 <= value < 1


def flag(*others: Any) -> Check:
    """Check a truth value, or one of a few other values."""
    expected = "True, False or 'auto'" if "auto" in others else "True or False"
    return must_be(expected, lambda value: isinstance(value, bool | np.bool_) or (_is_plain(value) and value in others))


def accept(name: str, value: Any) -> None:
    """Accept any value: it is checked where the data are known."""


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_list(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


def _is_count(value: Any) -> bool:
    return is_real(value) and math.isfinite(value) and value >= 1 and value == int(value)


def _is_updates(value: Any) -> bool:
    from autonet.space.updates import HyperparameterSearchSpaceUpdates  # noqa: PLC0415 - imports ConfigSpace

    return isinstance(value, HyperparameterSearchSpaceUpdates)


def _is_n_jobs(value: Any) -> bool:
    return value is None or value == "auto" or value == -1 or (_is_count(value) and value <= MAX_JOBS)


def _is_level(value: Any) -> bool:
    return is_real(value) and 0 < value < 1


def _is_list_of_levels(value: Any) -> bool:
    is_list = isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes) and np.ndim(value) == 1
    return is_list and len(value) > 0 and all(map(_is_level, value)) and len(set(map(float, value))) == len(value)


ALGORITHM = one_of("bohb", "hyperband", "random")
BUDGET_TYPE = one_of("time", "training_time", "epochs", "subset")
PRECISION = one_of("auto", "float32", "bfloat16")
SCORE_METRIC = one_of("optimize_metric", optional=True)
COUNT = must_be("a whole number of at least 1, or None", lambda value: value is None or _is_count(value))
COUNT_OR_ZERO = must_be(
    "a whole number of at least 0, or None",
    lambda value: value is None or _is_count(value) or (is_real(value) and value == 0),
)
PRESET = must_be(
    "a name, a path, a dictionary of options or None", lambda value: value is None or isinstance(value, str | Path)
)
METRICS = must_be("a list of metrics, or None", lambda value: value is None or _is_list(value))
UPDATES = must_be(
    "HyperparameterSearchSpaceUpdates, the path of a file, or None",
    lambda value: value is None or isinstance(value, str | Path) or _is_updates(value),
)
SHARE = must_be("a number between 0 and 1, or None", lambda value: value is None or is_share(value))
NOT_NEGATIVE = must_be(
    "a number of at least 0, or None", lambda value: value is None or (is_real(value) and 0 <= value < math.inf)
)
CONFIGS = must_be(
    "a list of mappings from names to values, or None",
    lambda value: value is None or (_is_list(value) and all(isinstance(config, Mapping) for config in value)),
)
PATH = must_be("a path, or None", lambda value: value is None or isinstance(value, str | os.PathLike))
QUANTILES = must_be(
    "a number between 0 and 1, or a list of different ones, or None",
    lambda value: value is None or _is_level(value) or _is_list_of_levels(value),
)
N_JOBS = must_be(f"a whole number from 1 to {MAX_JOBS}, -1 for one per core, 'auto', or None", _is_n_jobs)


def parse_log_level(level: str | int | None) -> int | None:
    """Convert a level of `logging`, a name or a number, to its number.

    Raises
    ------
    UnknownName, InvalidOption
    """
    if level is None or (isinstance(level, int | np.integer) and not isinstance(level, bool) and level >= 0):
        return None if level is None else int(level)
    if not isinstance(level, str):
        raise InvalidOption(f"log_level must be a level of logging, by name or number, or None; got {level!r:.60}.")
    check_choice("log_level", level.lower(), [name.lower() for name in logging.getLevelNamesMapping()])
    return logging.getLevelNamesMapping()[level.upper()]


def check_directory(name: str, value: Any) -> None:
    """Check the path of a directory that may be made."""
    PATH(name, value)
    if value is not None:
        check_path(value, f"The path {name}")
        path = Path(value).absolute()
        existing = next(folder for folder in (path, *path.parents) if folder.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK):
            raise InvalidOption(f"{name} must be a directory that can be written; got {str(value)!r:.200}.")


def check_logs(name: str, value: Any) -> None:
    """Check the names of further scores to log."""
    if value is not None and not _is_list(value):
        raise InvalidOption(f"{name} must be a list of names, or None; got {value!r:.60}.")
    for log in value or ():
        check_choice(name, log, LOGS)


def check_tensorboard(name: str, value: Any) -> None:
    """Check a flag that needs TensorBoard to be installed."""
    flag()(name, value)
    if value:
        import autonet.search.export.tensorboard  # noqa: F401, PLC0415 - an extra


def check_components(name: str, value: Any) -> None:
    """Check a list of names, classes and functions."""
    if value is not None and not (_is_list(value) and len(value) > 0):
        raise InvalidOption(f"{name} must be a list of at least one name, or None; got {value!r:.60}.")
    for component in value or ():
        try:
            name_component(component)
        except InvalidOption as error:
            raise InvalidOption(f"In {name}: {error}") from error


def check_component_map(name: str, value: Any) -> None:
    """Check a mapping of nodes to components."""
    if value is not None and not (isinstance(value, Mapping) and all(isinstance(key, str) for key in value)):
        raise InvalidOption(
            f"{name} must be a mapping of options or nodes to lists of components, such as "
            f"{{'networks': ['resnet']}}, or None; got {value!r:.60}."
        )
    for key, components in (value or {}).items():
        check_components(f"{name}[{key!r}]", components)


def check_search_space(name: str, value: Any) -> None:
    """Check a mapping of names of hyperparameters to values."""
    if value is not None and not (isinstance(value, Mapping) and all(isinstance(key, str) for key in value)):
        raise InvalidOption(
            f"{name} must be a mapping of names to values, such as "
            f"{{'OptimizerSelector:sgd:learning_rate': (1e-3, 1e-1, 'log')}}, or None; got {value!r:.60}."
        )


def check_cross_validator(name: str, value: Any) -> None:
    """Check the name of a splitter, if it is one."""
    if isinstance(value, str):
        check_choice(name, value, ("auto", *CROSS_VALIDATORS))


def check_log_level(name: str, value: Any) -> None:
    """Check a level of `logging`."""
    parse_log_level(value)


def check_executor(name: str, value: Any) -> None:
    """Check the type of an executor."""
    if value is not None:
        from autonet.search.executors.adopt import check_executor_type  # noqa: PLC0415 - a loaded model needs none

        check_executor_type(value)

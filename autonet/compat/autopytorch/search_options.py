"""Options of the estimators for the arguments of Auto-PyTorch 0.2.1's tasks."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autonet.compat.autopytorch.names import choose_components, log_ignored
from autonet.core.component import SEPARATOR
from autonet.core.errors import InvalidData, InvalidOption
from autonet.core.task import Task, TaskKind
from autonet.core.validation import check_choice
from autonet.pipeline.tabular import NODES
from autonet.space.presets import load_preset
from autonet.space.updates import HyperparameterSearchSpaceUpdates

__all__ = [
    "PIPELINE_OPTIONS",
    "PRESET",
    "find_categorical",
    "find_max_trials",
    "note_constructor",
    "note_ignored",
    "note_pipeline_options",
    "note_search",
    "to_budget_type",
    "to_components",
    "to_precision",
    "to_training",
]

PRESET = "medium_cs"
PORTFOLIO = "greedy"
RUN_LIMIT = "runcount_limit"
# Defaults of Auto-PyTorch.
PIPELINE_OPTIONS: Mapping[str, Any] = {
    "device": "cpu",
    "budget_type": "epochs",
    "epochs": 50,
    "runtime": 3600,  # seconds
    "torch_num_threads": 1,
    "early_stopping": 20,
    "use_tensorboard_logger": False,
    "metrics_during_training": True,
}
USED_OPTIONS = ("device", "budget_type", "epochs", "runtime", "early_stopping")
BUDGET_TYPES = {"epochs": "epochs", "runtime": "time"}
MAX_MODELS = 50  # Auto-PyTorch's default of `ensemble_nbest` and `max_models_on_disc`: no limit here
PRECISIONS = {16: "bfloat16", 32: "float32"}  # by bits
TABLE = 2  # dimensions of the rows; others are refused later
FEATURE_TYPES = ("numerical", "categorical")


def to_budget_type(budget_type: str) -> str:
    """Return the unit of budgets.

    Raises
    ------
    UnknownName
    """
    return BUDGET_TYPES[check_choice("budget_type", budget_type, BUDGET_TYPES)]


def to_components(
    kind: TaskKind,
    include: Mapping[str, Any] | None,
    exclude: Mapping[str, Any] | None,
    updates: HyperparameterSearchSpaceUpdates | None,
) -> dict[str, Any]:
    """Return the options that choose components; those that updates name are added to the preset's.

    Raises
    ------
    UnknownName
    """
    if updates is not None and not isinstance(updates, HyperparameterSearchSpaceUpdates):
        raise InvalidOption(
            f"search_space_updates must be a HyperparameterSearchSpaceUpdates, or None; got {updates!r:.60}."
        )
    named = [(update.node_name, update.hyperparameter.partition(SEPARATOR)[0]) for update in updates or ()]
    known = [(node, name) for node, name in named if node in NODES and name in NODES[node].components]
    return choose_components(include, exclude, known, load_preset(PRESET, Task(kind)).components)


def to_training(ensemble_nbest: int, early_stopping: float) -> dict[str, Any]:
    """Return the options for values that differ from Auto-PyTorch's defaults."""
    options: dict[str, Any] = {}
    if ensemble_nbest != MAX_MODELS:
        options["ensemble_only_consider_n_best"] = ensemble_nbest
    if early_stopping != PIPELINE_OPTIONS["early_stopping"]:
        options["early_stopping_patience"] = early_stopping
    return options


def to_precision(bits: int) -> str:
    """Return the precision of training.

    Raises
    ------
    InvalidOption
    """
    if bits not in PRECISIONS:
        raise InvalidOption(f"precision must be 16 or 32 bits; got {bits!r:.60}.")
    return PRECISIONS[bits]


def find_categorical(feat_types: Sequence[str] | None, X: Any) -> list[int] | None:
    """Return the columns whose type is "categorical".

    Raises
    ------
    InvalidData
        If there is not one type per column of `X`.
    UnknownName
        For another type than "numerical" and "categorical".
    """
    if feat_types is None:
        return None
    types = [check_choice("type in feat_types", str(name).lower(), FEATURE_TYPES) for name in feat_types]
    shape = getattr(X, "shape", None) or np.shape(X)
    if len(shape) == TABLE and len(types) != shape[1]:
        raise InvalidData(
            f"feat_types has {len(types)} types, and X_train has {shape[1]} columns; pass one per column."
        )
    return np.flatnonzero([name == "categorical" for name in types]).tolist()


def find_max_trials(smac_scenario_args: Mapping[str, Any] | None) -> int | None:
    """Return the number of configurations that a scenario of SMAC allows, under its name ``runcount_limit``.

    Raises
    ------
    UnknownName
        For any other of its options.
    """
    given = dict(smac_scenario_args or {})
    for name in given:
        check_choice("option of smac_scenario_args", name.replace("-", "_"), (RUN_LIMIT,))
    found = list(given.values())
    return found[0] if found else None


def note_constructor(given: Mapping[str, Any]) -> None:
    """Log the arguments of the constructor that have no effect, and refuse those that cannot work.

    Raises
    ------
    InvalidOption
    """
    if given["backend"] is not None:
        raise InvalidOption("backend belongs to Auto-PyTorch's files; pass temporary_directory, or None.")
    _note_unused("constructor", given, {"n_threads": 1, "max_models_on_disc": MAX_MODELS})


def note_search(given: Mapping[str, Any]) -> None:
    """Log the arguments of `search` that have no effect, and refuse those that cannot work.

    Raises
    ------
    InvalidOption
    """
    if given["get_smac_object_callback"] is not None:
        raise InvalidOption("get_smac_object_callback belongs to SMAC, which autonet does not use; remove it.")
    if given["portfolio_selection"] not in (None, PORTFOLIO):
        raise InvalidOption(
            f"portfolio_selection must be {PORTFOLIO!r} or None; got {given['portfolio_selection']!r:.60}. Give "
            "configurations of your own to AutoNetClassification as a preset with a [[portfolio]]."
        )
    _note_unused("search", given, {"dataset_compression": False, "load_models": True})


def _note_unused(method: str, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Log the arguments that have no effect and another value than their default, which is None if it is not given."""
    note_ignored(method, {name: given[name] for name in IGNORED[method] if given[name] != defaults.get(name)})


# Arguments that have no effect, and why nothing is lost, by method.
IGNORED = {
    "constructor": {
        "n_threads": "each configuration trains with one thread",
        "max_models_on_disc": "models are kept in memory",
        "logging_config": "configure the logger 'autonet' with the module logging",
        "output_directory": "nothing is written; save writes the model to a file",
    },
    "search": {
        "portfolio_selection": "the portfolio of the preset is always tried first",
        "func_eval_time_limit_secs": "total_walltime_limit ends trainings in time",
        "disable_file_output": "no files are written",
        "load_models": "models are in memory",
        "dataset_compression": "the table is kept once, in single precision",
    },
    "refit": {
        "all_supported_metrics": "metrics are those of search",
        "budget": "each network is trained as long as in the search",
        "budget_type": "each network is trained as long as in the search",
        "disable_file_output": "no files are written",
        "eval_metric": "metrics are those of search",
        "memory_limit": "it is that of search",
        "pipeline_options": "use set_pipeline_options",
        "resampling_strategy_args": "all rows train",
        "run_time_limit_secs": "total_walltime_limit ends trainings in time",
    },
    "fit_pipeline": {
        "all_supported_metrics": "the result has eval_metric",
        "dataset_name": "nothing shows it",
        "disable_file_output": "no files are written",
        "memory_limit": "use memory_limit of search",
        "pipeline_options": "use set_pipeline_options",
        "resampling_strategy": "it is that of the constructor",
        "resampling_strategy_args": "it is that of the constructor",
    },
}


def note_ignored(method: str, given: Mapping[str, Any]) -> None:
    """Log the arguments of a method that have no effect.

    Raises
    ------
    UnknownName
        For an argument that Auto-PyTorch does not have.
    """
    for name, value in given.items():
        check_choice(f"argument of {method}", name, IGNORED[method])
        if value is not None:
            log_ignored(name, IGNORED[method][name])


def note_pipeline_options(given: Mapping[str, Any]) -> None:
    """Log the pipeline options that have no effect."""
    for name, value in given.items():
        if name not in USED_OPTIONS and value != PIPELINE_OPTIONS[name]:
            log_ignored(f"the pipeline option {name}", "trainings stop and are reported as in the estimators")

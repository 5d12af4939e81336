"""Descriptions of the parts of a run: data, options, folds and tree ensembles, in plain values and arrays."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, fields
from functools import partial
from importlib.metadata import version
from numbers import Integral, Real
from types import MethodType
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np

from autonet.core.modality import Data, Reader
from autonet.core.spec import from_spec, to_spec
from autonet.core.typing import Array
from autonet.data.splits.folds import Fold
from autonet.estimators.files import PACKAGES, describe_params, name_builder
from autonet.estimators.inputs import FitInputs
from autonet.estimators.options import Options
from autonet.models.ensemble import TreeMember
from autonet.nets.registry import NETWORKS
from autonet.pipeline.context import TrialContext
from autonet.pipeline.selection import Candidate

if TYPE_CHECKING:
    from autonet.estimators.base import AutoNet

__all__ = ["describe_conditions", "describe_fit", "describe_trees", "rebuild_folds", "rebuild_trees"]

# Options that a later fit of a run may change.
FREE_OPTIONS = frozenset(
    (
        "additional_logs",
        "callbacks",
        "ensemble_only_consider_n_best",
        "ensemble_size",
        "ensemble_sorted_initialization_n_best",
        "executor",
        "log_level",
        "max_runtime",
        "max_trials",
        "memory_limit_mb",
        "n_jobs",
        "num_iterations",
        "progress_bar",
        "random_state",  # None is any seed
        "refit_on_all_rows",
        "result_logger_dir",
        "root_folders",  # the images are compared
        "run_dir",
        "score_metric",
        "use_tensorboard_logger",
        "warm_start",
    )
)

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # of an object without a `repr` of its own
MAX_SHOWN = 20  # numbers in a list; of more, a hash is compared
MAX_TEXT = 100  # characters of an object whose attributes are compared
MAX_DEPTH = 10  # levels of objects in objects
EXACT = 2**53  # float64 represents every integer up to here


def describe_conditions(
    estimator: "AutoNet", inputs: FitInputs, reader: Reader, options: Options
) -> dict[str, str | int | None]:
    """Describe the data and options that must not change between the fits of a run, by name.

    Parameters
    ----------
    estimator : AutoNet
    inputs : FitInputs
    reader : Reader
    options : Options

    Raises
    ------
    InvalidData
        If a label or category is of a class that has no description.
    """
    names = [field.name for field in fields(options) if field.name not in FREE_OPTIONS]
    return {
        "estimator": type(estimator).__name__,
        "autonet": version("autonet-torch"),
        **{name: _show(getattr(options, name)) for name in names},
        **_hash_weights(options.read_initial_weights()),
        "random_state": int(options.random_state) if isinstance(options.random_state, Integral) else None,
        "X": joblib.hash([_hash_rows(inputs.data), to_spec(reader)]),
        "y": joblib.hash([inputs.y, to_spec(inputs.targets)]),
        "sample_weight": _hash(inputs.sample_weight),
        "groups": _hash(inputs.groups),
        "X_valid": _hash(inputs.valid and _hash_rows(inputs.valid[0])),
        "y_valid": _hash(inputs.valid and inputs.valid[1]),
    }


def describe_fit(
    estimator: "AutoNet", inputs: FitInputs, reader: Reader, context: TrialContext, options: Options
) -> dict[str, Any]:
    """Describe a fit so that the model of its trials can be built without the data.

    Parameters
    ----------
    estimator : AutoNet
    inputs : FitInputs
    reader : Reader
    context : TrialContext
    options : Options
    """
    custom = {
        node: {name: name_builder(component.build) for name, component in components.items()}
        for node, components in context.custom.items()
    }
    metrics = options.list_metrics(estimator.default_metrics, inputs.targets.kind)
    return {
        "versions": {name: version(name) for name in PACKAGES},
        "estimator": type(estimator).__name__,
        "params": describe_params(estimator.get_params(deep=False), estimator.modality)[0],
        "networks": custom.pop(NETWORKS.name, {}),
        "components": custom,
        "metrics": [metric if isinstance(metric, str) else {"own": name_builder(metric)} for metric in metrics],
        "seed": context.seed,
        "pos_label": to_spec(options.pos_label),
        "ensemble_limits": list(astuple(options.ensemble_limits)),
        "unit": context.unit,
        "task": to_spec(context.task),
        "reader": to_spec(reader),
        "targets": to_spec(inputs.targets),
        "y": context.y,
        "weights": context.weights,
        "folds": [{"train": fold.train, "valid": fold.valid} for fold in context.folds],
    }


def rebuild_folds(spec: Sequence[Mapping[str, Any]]) -> list[Fold]:
    """Rebuild the folds of a fit."""
    return [Fold(np.asarray(fold["train"], np.intp), np.asarray(fold["valid"], np.intp)) for fold in spec]


def describe_trees(trees: Sequence[Candidate[TreeMember]]) -> list[dict[str, Any]]:
    """Describe tree ensembles with their predictions for the validation rows."""
    return [
        {
            "name": candidate.name,
            "seconds": candidate.budget,
            "rank": list(candidate.rank),
            "predictions": candidate.predictions,
            "members": [
                {"encoder": to_spec(m.encoder), "targets": to_spec(m.targets), "trees": to_spec(m.trees)}
                for m in candidate.members()
            ],
        }
        for candidate in trees
    ]


def rebuild_trees(spec: Sequence[Mapping[str, Any]]) -> list[Candidate[TreeMember]]:
    """Rebuild tree ensembles."""
    found = list[Candidate[TreeMember]]()
    for part in spec:
        members = [
            TreeMember(*(from_spec(m[name]) for name in ("encoder", "targets", "trees"))) for m in part["members"]
        ]
        loss, tie_breaker = part["rank"]
        rank = (loss, tie_breaker)
        found.append(Candidate(part["name"], {}, part["seconds"], rank, part["predictions"], partial(list, members)))
    return found


def _hash_rows(data: Data) -> str:
    """Hash rows of data in their order."""
    return str(joblib.hash(data.hashes()))


def _hash(value: Any) -> str:
    """Hash the values of an optional argument of `fit`; "none" if it was not passed."""
    return "none" if value is None else str(joblib.hash(value if isinstance(value, str) else _to_plain(value)))


def _to_plain(values: Any) -> Array:
    """Return values of a list, an array or a series as an array that does not tell which of these they were."""
    array: Array = np.asarray(values)
    if array.dtype.kind in "OTU":
        items = array.ravel().tolist()
        alike = any(all(isinstance(item, kind) for item in items) for kind in (Real, str))
        array = np.array(items if alike else list(map(repr, items))).reshape(array.shape)
    if array.dtype.kind in "mM":
        array = array.astype(f"{array.dtype.kind}8[us]")
    if array.dtype.kind == "f":
        array = array.astype(np.float64)
        is_whole = bool((np.abs(array) < EXACT).all()) and bool((array == np.rint(array)).all())
        return array.astype(np.int64) if is_whole else array
    return array.astype(np.int64) if array.dtype.kind in "biumM" else array


def _hash_weights(weights: Mapping[str, Any] | None) -> dict[str, str]:
    """Hash initial weights, if there are any, in place of the path of their file."""
    if weights is None:
        return {}
    return {"initial_weights": str(joblib.hash({name: tensor.double().numpy() for name, tensor in weights.items()}))}


def _show(value: Any, path: tuple[int, ...] = ()) -> str:
    """Show the value of an option so that equal values, also of different processes, look the same, and others do not.

    Parameters
    ----------
    value : object
    path : tuple of int
        Identities of the objects around it, which it may refer to.
    """
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, Mapping):
        return f"{{{_show_pairs({_show(key): part for key, part in value.items()}, path, ': ')}}}"
    if isinstance(value, list | tuple | range):
        if len(value) > MAX_SHOWN and all(isinstance(item, Real) for item in value):
            return _show_array(value)
        return f"[{', '.join(_show(item, path) for item in value)}]"
    if hasattr(value, "__array__") and not isinstance(value, type):
        return _show_array(value)
    return _show_object(value, path)


def _show_pairs(values: Mapping[str, Any], path: tuple[int, ...], between: str) -> str:
    return ", ".join(f"{name}{between}{_show(value, path)}" for name, value in sorted(values.items()))


def _show_array(values: Iterable[Any]) -> str:
    array = _to_plain(values)
    if array.size > MAX_SHOWN:
        return f"{array.size} values of hash {joblib.hash(array)}"
    return _show(array.tolist())


def _show_object(value: Any, path: tuple[int, ...]) -> str:
    """Show an object that is neither a number nor a container, with a hash of its attributes if it has some."""
    if isinstance(value, MethodType):
        return f"{value.__qualname__} of {_show(value.__self__, path)}"
    if isinstance(value, partial):
        return f"partial({', '.join(_show(part, path) for part in (value.func, value.args, value.keywords))})"
    if callable(value) and hasattr(value, "__qualname__"):
        return str(value.__qualname__)
    text, attributes = ADDRESS.sub("", repr(value)), getattr(value, "__dict__", None)
    if id(value) in path or len(path) > MAX_DEPTH:
        return type(value).__qualname__
    if not attributes:
        return text
    shown = _show_pairs(attributes, (*path, id(value)), "=")
    return f"{' '.join(text.split()):.{MAX_TEXT}} of hash {joblib.hash(shown)}"

"""Model files: a fitted estimator without the search, as plain values and arrays."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from autonet.core.component import Component, CustomComponents, Node
from autonet.core.errors import DataWarning, InvalidData, InvalidModelFile, InvalidOption
from autonet.core.files import check_path, find_target, write_file
from autonet.core.modality import Modality
from autonet.core.spec import from_spec, to_spec
from autonet.core.specfile import read_spec, write_spec
from autonet.core.typing import Array
from autonet.core.validation import check_choice
from autonet.core.warn import warn
from autonet.estimators.autopytorch.keywords import RENAMED_OPTIONS
from autonet.inspection.record import FitRecord
from autonet.models.model import FittedModel
from autonet.models.network import find_custom
from autonet.nets.registry import NETWORKS
from autonet.pipeline.components import list_nodes, name_component, rebuild_component

if TYPE_CHECKING:
    from autonet.estimators.base import AutoNet

__all__ = ["PACKAGES", "describe_params", "dump", "find_class", "find_components", "load", "name_builder", "save"]

ESTIMATORS: Mapping[str, str] = {
    "AutoNetClassification": "autonet.estimators.classification",
    "AutoNetImageClassification": "autonet.estimators.images",
    "AutoNetImageRegression": "autonet.estimators.images",
    "AutoNetMultilabel": "autonet.estimators.classification",
    "AutoNetRegression": "autonet.estimators.regression",
}

PACKAGES = ("autonet-torch", "torch", "scikit-learn", "numpy")

WEIGHTS = ("float32", "float16")

# Random rows, on which networks of the user's are compared.
CHECKED_ROWS = 16

# A loaded model may predict so much differently: processors differ in rounding.
CHECK_TOLERANCE = 1e-3


def save(
    estimator: "AutoNet", path: str | os.PathLike[str], *, with_history: bool = False, dtype: str = "float32"
) -> None:
    """Write a fitted estimator to a file; see `AutoNet.save`."""
    check_choice("dtype", dtype, WEIGHTS)
    target = find_target(path)
    params, left_out = describe_params(estimator.get_params(deep=False), estimator.modality)
    if left_out:
        warn(
            f"The model file leaves out {', '.join(left_out)}: objects of no built-in type.  The loaded estimator "
            "predicts the same; to fit it again, set them.",
            DataWarning,
        )
    spec: dict[str, Any] = {
        "summary": _summarize(estimator),
        "estimator": type(estimator).__name__,
        "params": params,
        **_describe_fitted(estimator, dtype),
    }
    if with_history:
        spec["search"] = _describe_search(estimator)
    notes = {"format": "autonet model", "summary": spec["summary"], **spec["versions"]}
    write_file(target, write_spec(spec, notes))


def load(path: str | os.PathLike[str], *, components: Iterable[Any] = ()) -> "AutoNet":
    """Load a fitted estimator from a file that `AutoNet.save` wrote.

    Nothing in the file is executed, and neither ConfigSpace nor the search is imported.

    Parameters
    ----------
    path : path-like
    components : iterable of callable or class
        Builders of the custom components that the model has, as given to `register_network` and the like, or as
        options, and subclasses of the estimators.  Components that are registered need not be given.

    Returns
    -------
    AutoNetClassification or AutoNetRegression
        Fitted; predicts as the saved one; its history and search space are there if they were saved.

    Raises
    ------
    InvalidModelFile
        If the file is damaged, no model file, of a later version, or names a component that is not given.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import autonet
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> auto = autonet.AutoNetClassification("tiny_cs", max_trials=1, budget_type="epochs", max_budget=9).fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     auto.save(Path(folder, "iris.autonet"))
    ...     loaded = autonet.load(Path(folder, "iris.autonet"))
    >>> bool((loaded.predict(X) == auto.predict(X)).all())
    True
    """
    if not isinstance(components, Iterable):
        raise InvalidOption(f"components must be a list of builders; got {components!r:.60}. Put it into a list.")
    check_path(path, "The path of the model", InvalidModelFile)
    file, components = Path(path), list(components)
    if file.exists() and not file.is_file():
        raise InvalidModelFile(f"{path} cannot be loaded: it is not a file.")
    data = file.read_bytes()
    try:
        return _rebuild(read_spec(data), components)
    except InvalidModelFile as error:
        raise InvalidModelFile(f"{path} cannot be loaded: {error}.") from error.__cause__
    except Exception as error:
        raise InvalidModelFile(
            f"{path} cannot be loaded: its content is invalid ({type(error).__name__}: {error!s:.80})."
        ) from error


def dump(estimator: "AutoNet") -> bytes:
    """Return what `fit` has set as the content of a model file without parameters, for pickles.

    Raises
    ------
    InvalidData
        If a part has no description.
    """
    spec = _describe_fitted(estimator, "float32")
    if spec["networks"]:
        _check_custom_networks(estimator.model_, spec["model"], estimator._known_nodes())  # noqa: SLF001
    stored = vars(estimator).get("_stored_search")
    if stored is not None:
        spec["search"] = stored
    elif hasattr(estimator, "history_"):  # a loaded model may have none
        spec["search"] = _describe_search(estimator)
    return b"".join(write_spec(spec, {}))


def restore(estimator: "AutoNet", data: bytes) -> None:
    """Set what `dump` has described, of an estimator that has its parameters and networks.

    Raises
    ------
    InvalidModelFile
        If the data are damaged, or of a later format.
    """
    try:
        _restore(estimator, read_spec(data), estimator._known_nodes())  # noqa: SLF001
    except InvalidModelFile as error:
        raise InvalidModelFile(f"The pickled estimator cannot be loaded: {error}.") from error


def _describe_search(estimator: "AutoNet") -> dict[str, Any]:
    from autonet.estimators.search_spec import describe_search  # noqa: PLC0415 - predictions need no search

    return describe_search(estimator.history_, estimator.search_space_)


def _describe_fitted(estimator: "AutoNet", dtype: str) -> dict[str, Any]:
    """Return the spec of what `fit` has set."""
    model, spec = estimator.model_, estimator.model_.spec()
    custom = _custom_components(estimator)
    if dtype == "float16":
        for member in spec["members"]:
            member["weights"] = {name: _halve(array) for name, array in member.get("weights", {}).items()}
        model = FittedModel.from_spec(spec, estimator._known_nodes())  # noqa: SLF001
    return {
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "networks": custom.pop(NETWORKS.name, {}),
        "components": custom,
        "best_config": to_spec(dict(estimator.best_config_)),
        "fit_result": to_spec(estimator.fit_result_),
        "record": to_spec(estimator._record),  # noqa: SLF001
        "model": spec,
        "check": model.predict_missing(),
    }


def _rebuild(spec: Mapping[str, Any], components: Sequence[Any]) -> "AutoNet":
    """Construct the estimator of a spec, and check that it predicts as the saved one."""
    cls = find_class(spec["estimator"], components)
    names = cls._get_param_names()
    params = {RENAMED_OPTIONS.get(name, name): value for name, value in spec["params"].items()}  # of older versions
    estimator: AutoNet = cls(**{name: from_spec(value) for name, value in params.items() if name in names})
    named = {NETWORKS.name: spec["networks"], **spec.get("components", {})}  # of older versions, networks only
    custom = find_components(named, list_nodes(estimator.modality), components)
    if custom:
        estimator._custom_components = custom  # noqa: SLF001
    _restore(estimator, spec, estimator._known_nodes())  # noqa: SLF001
    return estimator


def _restore(estimator: "AutoNet", spec: Mapping[str, Any], nodes: Mapping[str, Node[Any]]) -> None:
    """Set what `fit` sets, and check that the model predicts as the saved one."""
    model = FittedModel.from_spec(spec["model"], nodes)
    expected, predicted = np.asarray(spec["check"]), model.predict_missing()
    if not np.allclose(predicted, expected, CHECK_TOLERANCE, CHECK_TOLERANCE, equal_nan=True):
        raise InvalidModelFile(f"it predicts {predicted!s:.60}, not {expected!s:.60} as when it was saved")
    estimator._set_model(model)  # noqa: SLF001
    estimator.best_config_, estimator.fit_result_ = from_spec(spec["best_config"]), from_spec(spec["fit_result"])
    if "record" in spec:  # of older versions it is not
        record = from_spec(spec["record"])
        if not isinstance(record, FitRecord):
            raise InvalidModelFile(f"its record is a {type(record).__name__:.60}")
        estimator._record = record  # noqa: SLF001
    if "search" in spec:
        estimator._stored_search = spec["search"]  # noqa: SLF001


def _check_custom_networks(model: FittedModel, spec: Mapping[str, Any], nodes: Mapping[str, Node[Any]]) -> None:
    """Check that networks of the user's are those that were fitted, by what they compute for random rows."""
    generator = torch.Generator().manual_seed(0)
    for member, rebuilt in zip(model.networks, FittedModel.from_spec(spec, nodes).networks, strict=True):
        if NETWORKS.name not in find_custom(member.config, nodes):
            continue
        layout = member.encoder.layout
        x = torch.randn(CHECKED_ROWS, *getattr(layout, "shape", (layout.n_in,)), generator=generator)
        if layout.vocabularies:
            x[:, -len(layout.vocabularies) :] = 0.0  # indices
        with torch.inference_mode():
            if not torch.equal(member.network(x), rebuilt.network(x)):
                raise InvalidData(f"The network {member.config[NETWORKS.key]!r} is not the one that was fitted.")


def describe_params(params: Mapping[str, Any], modality: Modality) -> tuple[dict[str, Any], list[str]]:
    """Return the specs of the parameters that have one, and the names of the others.

    Classes and functions among components become their names, paths and devices text.
    """
    specs, left_out = {}, []
    options = {node.option for node in list_nodes(modality).values() if node.selector}
    for name, value in params.items():
        named = value
        if name in options and value:
            named = [name_component(component) for component in value]
        elif name == "include" and value:
            named = {key: [name_component(component) for component in chosen] for key, chosen in value.items()}
        try:
            specs[name] = to_spec(_write_as_text(named))
        except InvalidData:
            left_out.append(name)
    return specs, left_out


def _write_as_text(value: Any) -> Any:
    """Return a parameter with its paths and devices as text, which means the same, also in lists and dictionaries."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, torch.device):
        return str(value)
    if type(value) in (list, tuple):
        return type(value)(map(_write_as_text, value))
    if type(value) is dict:
        return {key: _write_as_text(part) for key, part in value.items()}
    return value


def _summarize(estimator: "AutoNet") -> str:
    """Describe the model in a sentence."""
    model, task = estimator.model_, estimator.model_.best[0].task
    scores = ", ".join(f"{name} {value:.4g}" for name, value in estimator.fit_result_["info"].items())
    return (
        f"{type(estimator).__name__} of autonet {version('autonet-torch')}, {len(model.ensemble.members)} members, "
        f"fitted to {task.n_rows} rows of {task.n_features} features; {scores}; "
        f"saved on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    )


def _custom_components(estimator: "AutoNet") -> dict[str, dict[str, str]]:
    """Return the names of the user's components in a model, with the builder of each, by node."""
    nodes = estimator._known_nodes()  # noqa: SLF001
    found: dict[str, dict[str, str]] = {}
    for member in estimator.model_.networks:
        for node, name in find_custom(member.config, nodes).items():
            found.setdefault(node, {})[name] = name_builder(nodes[node].components[name].build)
    return {node: dict(sorted(names.items())) for node, names in found.items()}


def name_builder(builder: Any) -> str:
    """Return the name by which a builder of networks, or a metric, is given again when a model is loaded."""
    builder = getattr(builder, "builder", builder)  # that an adapter calls
    return str(getattr(builder, "__qualname__", type(builder).__name__))


def find_class(name: str, components: Sequence[Any]) -> Any:
    """Return the class of an estimator: one of autonet's, or one of those given."""
    if name in ESTIMATORS:
        return getattr(import_module(ESTIMATORS[name]), name)
    for component in components:
        if isinstance(component, type) and component.__name__ == name:
            return component
    raise InvalidModelFile(
        f"it holds an estimator of class {name!r:.60}; pass the class: autonet.load(path, components=[...])"
    )


def find_components(
    named: Mapping[str, Mapping[str, str]], nodes: Mapping[str, Node[Any]], components: Sequence[Any]
) -> CustomComponents:
    """Return the user's components that a model names: given by their builders, or registered.

    Parameters
    ----------
    named : mapping of str to mapping of str to str
        Name of the builder, by node and name of the component.
    nodes : mapping of str to Node
    components : sequence of callable
        Builders of these names, or called as the component, for what a lambda built.

    Raises
    ------
    InvalidModelFile
        If one is neither given nor registered.
    """
    builders = {name_builder(builder): builder for builder in components}
    called = {getattr(builder, "__name__", ""): builder for builder in components}
    found: dict[str, dict[str, Component[Any]]] = {}
    for node, names in named.items():
        for name, builder in names.items():
            registered = nodes[node].components.get(name) if node in nodes else None
            given = builders.get(builder, called.get(name))
            if given is not None:
                found.setdefault(node, {})[name] = rebuild_component(node, name, given)
            elif registered is not None:
                found.setdefault(node, {})[name] = registered
            else:
                what = "network" if node == NETWORKS.name else f"component of {node:.60}"
                raise InvalidModelFile(
                    f"it has the {what} {name!r:.60}, which {builder:.60} builds; register it, or pass the builder: "
                    "autonet.load(path, components=[...])"
                )
    return found


def _halve(array: Array) -> Array:
    """Return weights in half precision, unless one is beyond its range, or a whole number that it does not have.

    Such are indices of categories in rows that a network remembers.
    """
    if array.dtype != np.float32 or (np.abs(array) > np.finfo(np.float16).max).any():
        return array
    halved = array.astype(np.float16)
    return halved if (halved[array == np.rint(array)] == array[array == np.rint(array)]).all() else array

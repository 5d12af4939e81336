"""Pickles of estimators that load in processes without the script that made them, and in later versions.

A pickle is a call of `_unpickle` with the class and the attributes of the estimator, without those that `fit` set, and
with the bytes of a model file, which are those.
"""

import inspect
import io
import logging
import pickle
from collections.abc import Mapping
from copy import copy, deepcopy
from dataclasses import replace
from typing import Any, ClassVar, Self

import cloudpickle
from sklearn.base import BaseEstimator

from autonet.core.component import Component, CustomComponents, Node
from autonet.core.modality import Modality
from autonet.estimators.autopytorch.keywords import RENAMED_OPTIONS
from autonet.metrics.metric import METRICS
from autonet.models.network import find_custom
from autonet.nets.registry import NETWORKS
from autonet.pipeline.components import list_nodes, name_component

__all__ = ["PortableEstimator"]

# Attributes that a model file holds, or that follow from them.
FITTED = frozenset(
    (
        "best_config_",
        "classes_",
        "feature_names_in_",
        "fit_result_",
        "history_",
        "model_",
        "n_features_in_",
        "search_space_",
        "_record",
        "_stored_search",
    )
)


class PortableEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Estimator whose pickle contains user code: components, metrics and splitters.

    Functions and classes of ``__main__``, lambdas and local ones are pickled by value, whichever pickler is used.
    Registered components are included, so that the estimator can be refitted where they are not registered.
    What `fit` has set is included as a model file; parts that have no description there are pickled as objects.
    """

    modality: ClassVar[Modality]
    executor: Any
    additional_metrics: Any
    # Components of this estimator alone: of classes in options, of `pipeline`, of a pickle or a model file.
    _custom_components: CustomComponents

    def _known_nodes(self) -> dict[str, Node[Any]]:
        """Return the nodes with all components to choose from; those of the estimator before registered ones."""
        custom = vars(self).get("_custom_components", {})
        return {
            name: replace(node, components={**node.components, **custom.get(name, {})})
            for name, node in list_nodes(self.modality).items()
        }

    def _portable_components(self) -> dict[str, dict[str, Component[Any]]]:
        """Return the user's components that options may choose, and those of the model."""
        nodes, model = self._known_nodes(), vars(self).get("model_")
        used = (
            {pair for member in model.networks for pair in find_custom(member.config, nodes).items()} if model else ()
        )
        found = {}
        for name, node in nodes.items():
            chosen = node.custom if vars(self).get(node.option) is None else self._list_chosen(node)
            found[name] = {key: part for key, part in node.custom.items() if key in chosen or (name, key) in used}
        return {name: parts for name, parts in found.items() if parts}

    def _list_chosen(self, node: Node[Any]) -> list[str]:
        """Return the names of the components, or of the metrics, that options choose at a node."""
        values: Any = vars(self)[node.option]
        if node.name == METRICS.name:
            values = [value for value in (values, *(self.additional_metrics or ())) if isinstance(value, str)]
        return [name_component(value) for value in values]

    def _without_executor(self) -> dict[str, None]:
        """Return the attributes to replace in a copy for elsewhere: an executor is of this process."""
        return {} if isinstance(vars(self).get("executor"), str | None) else {"executor": None}

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by value what cannot be imported elsewhere, and what `fit` has set as a model file."""
        fitted = self._describe_fitted()
        left_out = {
            "_run",
            "_logged_rows",
            *(FITTED if fitted else ()),
        }  # a copy has no rows, and does not continue the search
        every: Any = self.__getstate__()
        state = {name: value for name, value in every.items() if name not in left_out}
        custom = self._portable_components()
        state = {**state, **self._without_executor()}
        state.pop("_custom_components", None)
        if custom:
            state["_custom_components"] = {
                node: {name: _take_apart(c) for name, c in parts.items()} for node, parts in custom.items()
            }
        kind, attributes = cloudpickle.dumps(type(self)), _dump_attributes(state, self)
        return _unpickle, (kind, b"".join(fitted), attributes)

    def _describe_fitted(self) -> list[bytes]:
        """Return the model file of a fitted estimator; none if it is not fitted, or cannot be described."""
        if "model_" not in vars(self):
            return []
        from autonet.estimators.files import dump  # noqa: PLC0415 - needed by fitted ones only

        try:
            return [dump(self)]
        except Exception:
            # The pickle is whole, but later versions may not open it.
            logging.getLogger("autonet").info("the fitted model is pickled as objects", exc_info=True)
            return []

    def _copy_for_fit(self) -> Self:
        """Return an estimator with the same attributes, which continues the search of a warm start."""
        other = object.__new__(type(self))
        other.__dict__.update(vars(self))
        return other

    def __copy__(self) -> Self:
        """Return an estimator with the same attributes, which begins a search of its own."""
        other = self._copy_for_fit()
        other.__dict__.pop("_run", None)
        return other

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return an estimator with copies of the attributes and the same executor; it begins a search of its own."""
        other = memo[id(self)] = object.__new__(type(self))  # attributes may refer to it
        other.__dict__.update(deepcopy({**vars(copy(self)), **self._without_executor()}, memo))
        copied: Self = _share_executor(self, other)
        return copied

    def __sklearn_clone__(self) -> Any:
        """Return an estimator with the same parameters, not fitted."""
        bare = copy(self)
        bare.__dict__.update(self._without_executor())
        other = _share_executor(self, super(PortableEstimator, bare).__sklearn_clone__())
        if "_custom_components" in vars(self):
            other._custom_components = self._custom_components  # noqa: SLF001 - a copy of itself
        return other


def _share_executor(estimator: Any, other: Any) -> Any:
    """Give the executor of an estimator to its copy, which is returned."""
    if "executor" in vars(estimator):
        other.executor = estimator.executor
    return other


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle is untyped
    """Pickle attributes of an estimator, which may refer to it: a callback, or what it requests of scikit-learn."""

    def __init__(self, file: io.BytesIO, estimator: Any) -> None:
        super().__init__(file)
        self._estimator = estimator

    def persistent_id(self, value: Any) -> str | None:
        """Return the name of the estimator, and of nothing else."""
        return "estimator" if value is self._estimator else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, estimator: Any) -> None:
        super().__init__(io.BytesIO(data))
        self._estimator = estimator

    def persistent_load(self, name: str) -> Any:
        """Return the estimator."""
        return self._estimator


def _dump_attributes(state: Mapping[str, Any], estimator: Any) -> bytes:
    _Pickler(file := io.BytesIO(), estimator).dump(state)
    return file.getvalue()


def _take_apart(component: Component[Any]) -> tuple[Any, ...]:
    return component.build, component.space, component.tasks, component.quantiles


def _put_together(custom: Mapping[str, Mapping[str, Any]]) -> CustomComponents:
    return {
        node: {name: p if isinstance(p, Component) else Component(name, *p) for name, p in parts.items()}
        for node, parts in custom.items()
    }


def _unpickle(data: bytes, fitted: bytes = b"", attributes: bytes = b"") -> Any:
    """Make an estimator of the pickles of its class and attributes, and of a model file.

    Pickles name this function: it must remain, and accept these arguments.
    """
    loaded = pickle.loads(data)  # noqa: S301 - part of a pickle that is being loaded
    kind, state = loaded if isinstance(loaded, tuple) else (loaded, {})  # a pair with format 1
    estimator = object.__new__(kind)
    if attributes:
        state = _Unpickler(attributes, estimator).load()
    estimator.__setstate__(_update_parameters(kind, state))
    networks = vars(estimator).pop("_pickled_networks", None)  # of earlier versions
    custom = vars(estimator).pop("_custom_components", {} if networks is None else {NETWORKS.name: networks})
    if custom:
        estimator._custom_components = _put_together(custom)
    if fitted:
        from autonet.estimators.files import restore  # noqa: PLC0415 - needed by fitted ones only

        restore(estimator, fitted)
    return estimator


def _update_parameters(kind: type, state: Mapping[str, Any]) -> dict[str, Any]:
    """Translate parameters of an earlier version; those that it did not have get their defaults."""
    parameters = inspect.signature(kind).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    return {**defaults, **{RENAMED_OPTIONS.get(name, name): value for name, value in state.items()}}

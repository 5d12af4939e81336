"""Pickles of estimators that load in processes without the script that made them."""

import pickle
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, ClassVar, Self

import cloudpickle
from sklearn.base import BaseEstimator
from torch import nn

from autonet.core.component import Component, Node
from autonet.core.modality import Modality
from autonet.nets.registry import NETWORKS, registered_networks

__all__ = ["PortableEstimator"]


class PortableEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Estimator whose pickle contains user code: networks, metrics and splitters.

    Functions and classes of ``__main__``, lambdas and local ones are pickled by value, whichever pickler is used.
    Networks of `register_network` are included, so that the estimator can be refitted where they are not registered.
    """

    modality: ClassVar[Modality]
    networks: Any
    _pickled_networks: Mapping[str, Component[nn.Module]]

    def _known_networks(self) -> Node[nn.Module]:
        """Return the networks to choose from: those of the pickle, else the registered ones."""
        node = self.modality.nodes[NETWORKS.name]
        return replace(node, components={**node.components, **vars(self).get("_pickled_networks", {})})

    def _portable_networks(self) -> dict[str, Component[nn.Module]]:
        """Return the user's networks that options may choose."""
        known = {**registered_networks(), **vars(self).get("_pickled_networks", {})}
        chosen = known if self.networks is None else self.networks
        return {name: component for name, component in known.items() if name in chosen}

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by value what cannot be imported elsewhere."""
        networks = self._portable_networks()
        state: Any = self.__getstate__()
        if networks:
            state = {**state, "_pickled_networks": networks}
        return _unpickle, (cloudpickle.dumps((type(self), state)),)

    def __copy__(self) -> Self:
        """Return an estimator with the same attributes."""
        other = object.__new__(type(self))
        other.__dict__.update(vars(self))
        return other

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return an estimator with copies of the attributes."""
        other = object.__new__(type(self))
        other.__dict__.update(deepcopy(vars(self), memo))
        return other

    def __sklearn_clone__(self) -> Any:
        """Return an estimator with the same parameters, not fitted."""
        other = super().__sklearn_clone__()
        if "_pickled_networks" in vars(self):
            other._pickled_networks = self._pickled_networks  # noqa: SLF001 - a copy of itself
        return other


def _unpickle(data: bytes) -> Any:
    kind, state = pickle.loads(data)  # noqa: S301 - part of a pickle that is being loaded
    estimator = object.__new__(kind)
    estimator.__setstate__(state)
    return estimator

"""Tree of the suggestions of a define-by-run objective, which predicts its next suggestion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autonet.search.spaces.distributions import Distribution

__all__ = ["SuggestionTree"]

Config = dict[str, Any]
Step = tuple[str, Distribution, Any]  # name, distribution and value of one suggestion

MAX_DRAWS = 20  # random draws of a value with untried configurations before all values are listed
MAX_LISTED = 10_000  # number of values of a distribution up to which they are listed
MAX_FAILURES = 2  # number of failures after which a configuration counts as tried: one failure may be due to chance


@dataclass(slots=True)
class _Node:
    """Suggestion with its latest distribution and a child per value; without a distribution, the end of a path.

    A path of a single trial is kept unexpanded in `steps`.
    """

    steps: Sequence[Step] = ()
    n_ended: int = 0  # trials that ended here or after `steps`: 1 for a failed one, MAX_FAILURES for a complete one
    name: str = ""
    distribution: Distribution | None = None
    children: dict[Any, "_Node"] = field(default_factory=dict)


class SuggestionTree:
    """Tree of suggestions: each node is a suggestion, each edge a value, each path a trial.

    The objective is assumed to be deterministic: the same values lead to the same next suggestion.  A complete path is
    a tried configuration, whatever values are proposed for hyperparameters that it lacks; when all paths are complete,
    the space is exhausted.
    """

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, config: Mapping[str, Any], distributions: Mapping[str, Distribution], *, complete: bool) -> None:
        """Add the path of a trial.

        Parameters
        ----------
        config : mapping
            Values by name, in the order of their suggestion.
        distributions : mapping of str to Distribution
        complete : bool
            Whether the trial ran to its end.
        """
        steps = [(name, distributions[name], value) for name, value in config.items() if name in distributions]
        node = self._root
        for i, (name, distribution, value) in enumerate(steps):
            self._expand(node)
            if node.name != name:  # a new node, or an edited objective
                node.name, node.children = name, {}
            node.distribution = distribution
            parent, key = node, _make_key(value)
            node = parent.children.get(key) or _Node(steps[i + 1 :])
            if key not in parent.children:
                parent.children[key] = node
                break
        node.n_ended += MAX_FAILURES if complete else 1

    def complete(self, config: Mapping[str, Any], rng: np.random.Generator) -> tuple[Config, bool]:
        """Predict the configuration that will run if `config` is proposed.

        Returns
        -------
        config : dict
            Legal values of the predicted suggestions, then the remaining proposed values.
        new : bool
            Whether it is untried.
        """
        result: Config = {}
        node: _Node | None = self._root
        while node is not None:
            self._expand(node)
            if node.distribution is None:
                return (result, False) if self._is_exhausted(node) else (_fill_from(result, config), True)
            name, distribution = node.name, node.distribution
            value = distribution.fit(config[name], rng) if name in config else distribution.sample(rng)
            result[name] = value
            node = node.children.get(_make_key(value))
        return _fill_from(result, config), True

    def sample(self, rng: np.random.Generator) -> Config | None:
        """Draw a partial configuration that no trial has; None if the space is exhausted."""
        result: Config = {}
        node: _Node | None = self._root
        while node is not None:
            self._expand(node)
            if node.distribution is None:
                return None if self._is_exhausted(node) else result
            value, found = self._sample_value(node, rng)
            if not found:
                return None
            result[node.name] = value
            node = node.children.get(_make_key(value))
        return result

    def _sample_value(self, node: _Node, rng: np.random.Generator) -> tuple[Any, bool]:
        """Draw a value whose subtree is not exhausted; return whether one was found."""
        assert node.distribution is not None  # noqa: S101 - for the type checker
        for _ in range(MAX_DRAWS):
            value = node.distribution.sample(rng)
            if not self._is_exhausted(node.children.get(_make_key(value))):
                return value, True
        if node.distribution.size > MAX_LISTED:
            return None, False
        left = [v for v in node.distribution.values() if not self._is_exhausted(node.children.get(_make_key(v)))]
        return (left[int(rng.integers(len(left)))], True) if left else (None, False)

    def _is_exhausted(self, node: _Node | None) -> bool:
        """Return whether all paths through a node are complete."""
        if node is None:
            return False
        if node.distribution is None:
            return node.n_ended >= MAX_FAILURES and all(distribution.size == 1 for _, distribution, _ in node.steps)
        if len(node.children) < node.distribution.size:
            return False
        return all(self._is_exhausted(node.children.get(_make_key(v))) for v in node.distribution.values())

    @staticmethod
    def _expand(node: _Node) -> None:
        """Expand the first step of a node."""
        if node.steps:
            (name, distribution, value), *rest = node.steps
            node.name, node.distribution = name, distribution
            node.children = {_make_key(value): _Node(rest, node.n_ended)}
            node.steps, node.n_ended = (), 0


def _fill_from(result: Config, config: Mapping[str, Any]) -> Config:
    return result | {name: value for name, value in config.items() if name not in result}


def _make_key(value: Any) -> Any:
    """Return a hashable key of a value; 1, 1.0 and True have different keys."""
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return type(value), value

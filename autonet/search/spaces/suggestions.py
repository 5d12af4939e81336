"""Tree of the suggestions of a define-by-run objective."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autonet.search.spaces.distributions import Distribution

__all__ = ["SuggestionTree"]

Config = dict[str, Any]
Step = tuple[str, Distribution, Any]  # name, distribution and value of one suggestion

# Draws of a value whose subtree is not exhausted, before all values are looked through.
MAX_DRAWS = 20
# Values of a distribution up to which they are looked through one by one.
MAX_LISTED = 10_000


# Trials that must fail after the same suggestions before these count as run: a single failure may be a matter of luck.
MAX_FAILURES = 2


@dataclass(slots=True)
class _Node:
    """A suggestion: its latest distribution, and what followed each value; without a name, the end of a path.

    Where a single trial went, the rest of its way is kept as it is, in `steps`, until another one comes along.
    """

    steps: Sequence[Step] = ()
    n_ended: int = 0  # what the trials that ended here, or after `steps`, count; a whole one counts MAX_FAILURES
    name: str = ""
    distribution: Distribution | None = None
    children: dict[Any, "_Node"] = field(default_factory=dict)


class SuggestionTree:
    """Predict what an objective will suggest, from what it suggested after the same values.

    An objective without randomness of its own asks the same question after the same answers.  So a path of the tree
    that a trial has gone to its end is a configuration that was run, whatever else a proposal says about
    hyperparameters that are not suggested there; and where every path was gone, no new configuration is left.
    """

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, config: Mapping[str, Any], distributions: Mapping[str, Distribution], *, complete: bool) -> None:
        """Add the path of a trial.

        Parameters
        ----------
        config : mapping
            Names in the order of their suggestion, and values.
        distributions : mapping of str to Distribution
        complete : bool
            Whether the trial ran to its end, so that nothing is suggested after the last.
        """
        steps = [(name, distributions[name], value) for name, value in config.items() if name in distributions]
        node = self._root
        for i, (name, distribution, value) in enumerate(steps):
            self._expand(node)
            if node.name != name:  # nothing was known, or the objective was edited
                node.name, node.children = name, {}
            node.distribution = distribution
            parent, key = node, _key(value)
            node = parent.children.get(key) or _Node(steps[i + 1 :])
            if key not in parent.children:
                parent.children[key] = node
                break
        node.n_ended += MAX_FAILURES if complete else 1

    def complete(self, config: Mapping[str, Any], rng: np.random.Generator) -> tuple[Config, bool]:
        """Predict what will run if `config` is proposed.

        Returns
        -------
        config : dict
            Legal values of what will be suggested, as far as that is known, then the rest of the proposal.
        new : bool
            Whether no trial has run it yet.
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
            node = node.children.get(_key(value))
        return _fill_from(result, config), True

    def sample(self, rng: np.random.Generator) -> Config | None:
        """Draw values up to the first that no trial has had after those before it; None if every path was gone."""
        result: Config = {}
        node: _Node | None = self._root
        while node is not None:
            self._expand(node)
            if node.distribution is None:
                return None if self._is_exhausted(node) else result
            value, found = self._open_value(node, rng)
            if not found:
                return None
            result[node.name] = value
            node = node.children.get(_key(value))
        return result

    def _open_value(self, node: _Node, rng: np.random.Generator) -> tuple[Any, bool]:
        """Draw a value of a node that leads to something new."""
        assert node.distribution is not None  # noqa: S101 - for the type checker
        for _ in range(MAX_DRAWS):
            value = node.distribution.sample(rng)
            if not self._is_exhausted(node.children.get(_key(value))):
                return value, True
        if node.distribution.size > MAX_LISTED:
            return None, False
        left = [v for v in node.distribution.values() if not self._is_exhausted(node.children.get(_key(v)))]
        return (left[int(rng.integers(len(left)))], True) if left else (None, False)

    def _is_exhausted(self, node: _Node | None) -> bool:
        """Whether every path through a node was gone."""
        if node is None:
            return False
        if node.distribution is None:
            return node.n_ended >= MAX_FAILURES and all(distribution.size == 1 for _, distribution, _ in node.steps)
        if len(node.children) < node.distribution.size:
            return False
        return all(self._is_exhausted(node.children.get(_key(v))) for v in node.distribution.values())

    @staticmethod
    def _expand(node: _Node) -> None:
        """Make the first of the steps kept in a node its own suggestion."""
        if node.steps:
            (name, distribution, value), *rest = node.steps
            node.name, node.distribution = name, distribution
            node.children = {_key(value): _Node(rest, node.n_ended)}
            node.steps, node.n_ended = (), 0


def _fill_from(result: Config, config: Mapping[str, Any]) -> Config:
    return result | {name: value for name, value in config.items() if name not in result}


def _key(value: Any) -> Any:
    """Return what tells values apart: 1, 1.0 and True are different."""
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return type(value), value

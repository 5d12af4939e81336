"""Define-by-run spaces, inferred from the suggestions of trials."""

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ConfigSpace import ConfigurationSpace

from autonet.core.errors import InvalidOption
from autonet.search.spaces.conditions import infer_conditions
from autonet.search.spaces.distributions import Distribution, merge
from autonet.search.spaces.encoding import Encoding
from autonet.search.spaces.space import Space
from autonet.search.spaces.suggestions import SuggestionTree

__all__ = ["DefinedSpace"]

GROWTH = 1.08  # growth of the number of trials after which conditions are inferred again to make them narrower


class DefinedSpace:
    """Search space inferred from the suggestions of trials.

    Attributes
    ----------
    distributions : dict of str to Distribution
        By name, in the order of their first suggestion; each covers those of all trials.
    tree : SuggestionTree
    space : ConfigurationSpace
        The distributions, with conditions inferred from the trials.
    """

    def __init__(self) -> None:
        self.distributions: dict[str, Distribution] = {}
        self.tree = SuggestionTree()
        self.space: ConfigurationSpace = ConfigurationSpace()
        self._encoding = Encoding(self.space)
        self._suggested: dict[int, Mapping[str, Distribution]] = {}  # by running trials
        self._configs: dict[int, Mapping[str, Any]] = {}
        self._complete: dict[int, Mapping[str, Any]] = {}
        self._grown = False  # whether distributions have grown since the last inference
        self._next = 0  # number of trials at which conditions may be narrowed

    def define(self, number: int, config: Mapping[str, Any], distributions: Mapping[str, Distribution]) -> None:
        """Add the distributions that a trial suggested from; those that cannot be merged are ignored."""
        for name in sorted(distributions, key=list(config).index if distributions.keys() <= config.keys() else None):
            old, new = self.distributions.get(name), distributions[name]
            if old is None or old != new:
                with suppress(InvalidOption):
                    self.distributions[name] = merge(name, old, new)
                    self._grown |= old is None or self.distributions[name] != old
        known = self.distributions
        self._suggested[number] = {n: known[n] if known[n] == d else d for n, d in distributions.items()}

    def observe(self, number: int, config: Mapping[str, Any], *, complete: bool) -> None:
        """Add the configuration of a trial that has ended.

        Parameters
        ----------
        number : int
        config : mapping
            Values by name, in the order of their suggestion.
        complete : bool
            Whether the trial ran to its end, so that absent hyperparameters are inactive.
        """
        if number not in self._suggested:
            return
        self.tree.add(config, self._suggested.pop(number), complete=complete)
        self._configs[number] = config
        if complete:
            self._complete[number] = config
        active = set() if self._grown else self._encoding.active_names(config)
        wrong = any(name not in active for name in config)
        wide = complete and any(name not in config for name in active) and len(self._configs) >= self._next
        if self._grown or wrong or wide:
            self._infer()

    def _infer(self) -> None:
        """Infer the space."""
        hyperparameters = {name: d.hyperparameter(name) for name, d in self.distributions.items()}
        configs, complete = list(self._configs.values()), list(self._complete.values())
        space = ConfigurationSpace()
        space.add(*hyperparameters.values(), *infer_conditions(hyperparameters, configs, complete))
        self.space = Space(space)
        self._encoding = Encoding(self.space)
        self._grown, self._next = False, math.floor(GROWTH * len(configs)) + 1

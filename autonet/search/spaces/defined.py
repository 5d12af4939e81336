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
from autonet.search.spaces.suggestions import SuggestionTree

__all__ = ["DefinedSpace"]

# Growth of the number of trials before conditions are inferred anew, if they merely are less narrow than they could be:
# keeps the time of a trial constant.
GROWTH = 1.08


class DefinedSpace:
    """Search space inferred from the suggestions of trials; a function of the trials in their order.

    Attributes
    ----------
    distributions : dict of str to Distribution
        By name, in the order of the first suggestions; each covers all values that trials suggested from.
    tree : SuggestionTree
    space : ConfigurationSpace
        The distributions, with conditions inferred from the trials.
    """

    def __init__(self) -> None:
        self.distributions: dict[str, Distribution] = {}
        self.tree = SuggestionTree()
        self.space = ConfigurationSpace()
        self._encoding = Encoding(self.space)
        self._suggested: dict[int, Mapping[str, Distribution]] = {}  # by trials that have not ended
        self._configs: dict[int, Mapping[str, Any]] = {}
        self._complete: dict[int, Mapping[str, Any]] = {}
        self._grown = False  # distributions have, since the space was made
        self._next = 0  # number of trials from which on conditions may be narrowed

    def define(self, number: int, config: Mapping[str, Any], distributions: Mapping[str, Distribution]) -> None:
        """Take up what a trial suggested; a distribution that cannot be merged leaves the one before as it is.

        Such a trial fails before anything of it is kept, but run directories of earlier versions may hold one.
        """
        for name in sorted(distributions, key=list(config).index if distributions.keys() <= config.keys() else None):
            old, new = self.distributions.get(name), distributions[name]
            if old is None or old != new:
                with suppress(InvalidOption):
                    self.distributions[name] = merge(name, old, new)
                    self._grown |= old is None or self.distributions[name] != old
        known = self.distributions
        self._suggested[number] = {n: known[n] if known[n] == d else d for n, d in distributions.items()}

    def observe(self, number: int, config: Mapping[str, Any], *, complete: bool) -> None:
        """Take up how a trial ended that suggested something.

        Parameters
        ----------
        number : int
        config : mapping
            Names in the order of their suggestion, and values.
        complete : bool
            Whether the trial ran to its end, so that nothing it lacks would have been suggested.
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
        """Make the space anew."""
        hyperparameters = {name: d.hyperparameter(name) for name, d in self.distributions.items()}
        configs, complete = list(self._configs.values()), list(self._complete.values())
        self.space = ConfigurationSpace()
        self.space.add(*hyperparameters.values(), *infer_conditions(hyperparameters, configs, complete))
        self._encoding = Encoding(self.space)
        self._grown, self._next = False, math.floor(GROWTH * len(configs)) + 1

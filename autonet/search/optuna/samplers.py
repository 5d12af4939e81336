"""Samplers under Optuna's names, each with the sampler of `autonet.search` that does its work."""

import itertools
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from autonet.core.errors import AutonetWarning, InvalidOption
from autonet.search.optuna.exceptions import make_refusal

__all__ = [
    "BaseSampler",
    "BruteForceSampler",
    "CmaEsSampler",
    "GPSampler",
    "GridSampler",
    "RandomSampler",
    "TPESampler",
]


class BaseSampler:
    """Sampler of a name.

    Parameters
    ----------
    seed : int, optional
        Seed of the study.
    **settings
        Those of Optuna's sampler, which have no meaning here: a warning names them.

    Attributes
    ----------
    search_name : str
        Name of the sampler in `autonet.search.Study`.
    """

    search_name: ClassVar[str] = "bohb"

    def __init__(self, seed: int | None = None, **settings: Any) -> None:
        self.seed = seed
        if settings:
            names = ", ".join(settings)
            warnings.warn(
                f"{type(self).__name__}: autonet's sampler {self.search_name!r} has no {names}; ignored.",
                AutonetWarning,
                stacklevel=2,
            )

    def __repr__(self) -> str:
        """Show the seed."""
        return f"{type(self).__name__}(seed={self.seed!r})"


class TPESampler(BaseSampler):
    """Tree-structured Parzen estimator: kernel densities of good and bad configurations, over all hyperparameters."""

    search_name = "kde"


class RandomSampler(BaseSampler):
    """Random search."""

    search_name = "random"


class GPSampler(BaseSampler):
    """Gaussian process."""

    search_name = "gp"


class BruteForceSampler(BaseSampler):
    """Every configuration of a finite space, in random order: no sampler of autonet repeats one."""

    search_name = "random"


class CmaEsSampler(BaseSampler):
    """Gaussian process in place of CMA-ES, with a warning."""

    search_name = "gp"

    def __init__(
        self, x0: Mapping[str, Any] | None = None, sigma0: float | None = None, *, seed: int | None = None, **_: Any
    ) -> None:
        del x0, sigma0
        super().__init__(seed)
        warnings.warn(
            "CmaEsSampler: autonet has no CMA-ES; its Gaussian process samples in its place.",
            AutonetWarning,
            stacklevel=2,
        )


class GridSampler(BaseSampler):
    """Every combination of values, the last hyperparameter varies fastest; then the study ends.

    Parameters
    ----------
    search_space : mapping of str to sequence
    seed : int, optional
        Of hyperparameters that are not in the grid.
    """

    search_name = "random"

    def __init__(self, search_space: Mapping[str, Sequence[Any]], seed: int | None = None) -> None:
        if not isinstance(search_space, Mapping) or not all(isinstance(v, Sequence) for v in search_space.values()):
            raise InvalidOption(f"GridSampler expects a mapping from names to lists of values; got {search_space!r}.")
        super().__init__(seed)
        self.search_space = dict(search_space)

    def configs(self) -> list[dict[str, Any]]:
        """Return all combinations."""
        return [
            dict(zip(self.search_space, values, strict=True))
            for values in itertools.product(*self.search_space.values())
        ]


__getattr__ = make_refusal("optuna.samplers", __all__)

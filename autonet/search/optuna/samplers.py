"""Samplers under Optuna's names, each with the sampler of `autonet.search` that does its work."""

import itertools
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from autonet.core.errors import AutonetWarning, InvalidOption
from autonet.search.optuna.exceptions import make_refusal
from autonet.search.registry import SAMPLERS, resolve
from autonet.search.sampler_adapter import adopt_sampler
from autonet.search.samplers import cmaes
from autonet.search.samplers.base import Sampler
from autonet.search.study import Study

__all__ = [
    "BaseSampler",
    "BruteForceSampler",
    "CmaEsSampler",
    "GPSampler",
    "GridSampler",
    "RandomSampler",
    "TPESampler",
    "enqueue_grid",
    "translate_sampler",
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

    def make(self) -> str | Sampler:
        """Return the sampler, as an argument of `autonet.search.Study`."""
        return self.search_name

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
    """CMA-ES on the numerical hyperparameters that are always active, with restarts; needs the extra ``cmaes``.

    Parameters
    ----------
    x0 : mapping of str to value, optional
        Initial mean; by default the middle of the ranges.
    sigma0 : float, optional
        Initial standard deviation, in units of a hyperparameter's range; by default 1 / 6.
    n_startup_trials : int
        Only 1 has its meaning here, otherwise a warning says that it is ignored.
    independent_sampler : BaseSampler or autonet.search.Sampler, optional
        Of the other hyperparameters; by default `TPESampler`.
    warn_independent_sampling : bool
        Not used: nothing is warned.
    seed : int, optional
        Seed of the study.
    popsize : int, optional
        Number of trials in a generation, at least 4.
    restart_strategy : {None, "ipop"}
        Both begin anew with a larger population after convergence: no configuration is tried twice.
    inc_popsize : int
        Factor by which the population grows; 2 if it is not positive.
    **settings
        Those that have no meaning here: a warning names them.
    """

    search_name = "cmaes"

    def __init__(
        self,
        x0: Mapping[str, Any] | None = None,
        sigma0: float | None = None,
        n_startup_trials: int = 1,
        independent_sampler: Any = None,
        warn_independent_sampling: bool = True,
        seed: int | None = None,
        *,
        popsize: int | None = None,
        restart_strategy: str | None = None,
        inc_popsize: int = -1,
        **settings: Any,
    ) -> None:
        del warn_independent_sampling
        if n_startup_trials != 1:
            settings["n_startup_trials"] = n_startup_trials
        if restart_strategy not in (None, "ipop"):
            settings["restart_strategy"] = restart_strategy
        super().__init__(seed, **settings)
        given = {"x0": x0, "sigma0": sigma0, "popsize": popsize}
        options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if inc_popsize > 0:
            options["inc_popsize"] = inc_popsize
        if independent_sampler is not None:
            made = independent_sampler.make() if isinstance(independent_sampler, BaseSampler) else independent_sampler
            options["independent_sampler"] = resolve("independent_sampler", made, SAMPLERS, "propose")
        self._sampler = cmaes.CmaEsSampler(**options) if options else None

    def make(self) -> str | Sampler:
        """Return the sampler, as an argument of `autonet.search.Study`."""
        return self.search_name if self._sampler is None else self._sampler


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


def enqueue_grid(study: Study, sampler: Any) -> None:
    """Enqueue what is new in the grid of a `GridSampler`; do nothing with other samplers."""
    if isinstance(sampler, GridSampler):
        known = [*study.history.queue, *(trial.config for trial in study.history)]
        for config in sampler.configs():
            if not any(config.items() <= other.items() for other in known):
                study.enqueue(config)


def translate_sampler(sampler: Any) -> dict[str, Any]:
    """Return the options of `autonet.search.Study` for a sampler."""
    if sampler is None:
        return {}
    if isinstance(sampler, BaseSampler) and not hasattr(sampler, "sample_relative"):
        return {"sampler": sampler.make(), **({} if sampler.seed is None else {"random_state": sampler.seed})}
    adopted = adopt_sampler(sampler)
    if isinstance(sampler, str) or callable(getattr(adopted, "propose", None)):
        return {"sampler": adopted}
    raise InvalidOption(
        "sampler must be one of autonet.search.optuna.samplers, a sampler of Optuna, the name of one of autonet, or an "
        f"object with propose(space, history, rng); got {sampler!r:.100}."
    )


__getattr__ = make_refusal("optuna.samplers", __all__[:7])

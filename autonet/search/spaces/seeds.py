"""Seeds: hyperparameters that are drawn for every configuration and never modelled."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from ConfigSpace.hyperparameters import UniformIntegerHyperparameter

if TYPE_CHECKING:
    from autonet.search.spaces.encoding import Encoding

__all__ = ["Seed", "draw_seeds", "drop_seeds", "is_seed", "list_seeds"]

SEED_BOUND = 2**31  # seeds are smaller: what every library takes


def Seed(name: str = "seed") -> UniformIntegerHyperparameter:  # noqa: N802 - as Float and Integer of ConfigSpace
    """Make a hyperparameter for a seed: an integer from 0 to 2**31 - 1, drawn uniformly for every configuration.

    Samplers leave it out of their models, and the importance of hyperparameters shows it as the noise floor.  It is an
    integer of ConfigSpace with ``meta={"seed": True}``.

    Parameters
    ----------
    name : str
        In a mapping, its key becomes the name.

    Returns
    -------
    ConfigSpace.UniformIntegerHyperparameter

    Examples
    --------
    >>> from autonet.search import Seed, minimize
    >>> study = minimize(lambda trial: trial["x"], {"x": (0.0, 1.0), "seed": Seed()}, max_trials=9, random_state=0)
    >>> len({trial.config["seed"] for trial in study.trials})
    9
    """
    return UniformIntegerHyperparameter(name, 0, SEED_BOUND - 1, meta={"seed": True})


def is_seed(hyperparameter: Any) -> bool:
    """Return whether a hyperparameter of ConfigSpace is a seed."""
    return isinstance(hyperparameter.meta, Mapping) and hyperparameter.meta.get("seed") is True


def list_seeds(space: ConfigurationSpace) -> list[str]:
    """Return the names of the seeds of a space."""
    return [hp.name for hp in space.values() if is_seed(hp)]


def drop_seeds(config: Mapping[str, Any], space: ConfigurationSpace, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration without its seeds, except those in `given`."""
    dropped = set(list_seeds(space)) - given.keys()
    return {name: value for name, value in config.items() if name not in dropped}


def draw_seeds(encoding: "Encoding", config: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Return a configuration with the active seeds that it lacks, drawn uniformly."""
    lacking = [name for name in list_seeds(encoding.space) if name not in config]
    if not lacking:
        return dict(config)
    active, drawn = encoding.active_names(config), encoding.decode(encoding.redraw(1, rng)[0])
    return {**config, **{name: drawn[name] for name in lacking if name in active}}

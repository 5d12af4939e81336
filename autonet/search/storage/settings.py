"""Settings of a study in its run directory: compared when it is resumed, loaded by `Study.open`."""

import copy
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
from ConfigSpace import ConfigurationSpace

from autonet.core.errors import InvalidOption, RunCorrupted, RunMismatch, RunUnavailable
from autonet.core.jsonvalues import normalize
from autonet.search.rungs import Rungs
from autonet.search.spaces.priors import DECODERS, ENCODERS
from autonet.search.spaces.space import Space, describe_space, sort_sets
from autonet.search.storage.replay import store_name
from autonet.search.storage.store import DATABASE, MemoryStore, RunDirectory, Store, list_differences

__all__ = ["load_space", "load_study_options", "open_existing_store", "open_store", "read_space", "reconcile_settings"]

logger = logging.getLogger("autonet.search")

BY_OBJECTIVE = {"defined by": "the objective"}


def open_store(run_dir: str | os.PathLike[str] | Store | None) -> Store:
    """Open the store of a study; without a run directory, a `MemoryStore`."""
    if run_dir is None:
        return MemoryStore()
    if isinstance(run_dir, str | os.PathLike):
        return RunDirectory(run_dir)
    if not all(callable(getattr(run_dir, name, None)) for name in ("settings", "keep", "append", "events")):
        raise InvalidOption(f"run_dir must be a path or a Store; got {type(run_dir).__name__}.")
    return run_dir


def open_existing_store(run_dir: str | os.PathLike[str] | Store) -> Store:
    """Open the store of an existing study; raise `RunUnavailable` if there is none."""
    if isinstance(run_dir, str | os.PathLike) and not os.path.lexists(Path(run_dir) / DATABASE):
        raise RunUnavailable(f"There is no study in {run_dir}; create one with Study(space, run_dir=...).")
    store = open_store(run_dir)
    if not store.settings():
        store.close()
        raise RunUnavailable(f"There is no study in {store_name(store)}; create one with Study(space, run_dir=...).")
    return store


def reconcile_settings(
    store: Store,
    space: ConfigurationSpace | None,
    rungs: Rungs,
    *,
    maximize: bool,
    seed: int | None,
    fresh_seed: int,
    data: Any,
    **others: Any,
) -> Mapping[str, Any]:
    """Compare the settings of a study with those in its store; save them if it is new.

    Parameters
    ----------
    store : Store
    space : ConfigSpace.ConfigurationSpace, optional
        None if the objective defines it.
    rungs : Rungs
    maximize : bool
    seed : int, optional
        Not compared if None; a new study then uses `fresh_seed`.
    fresh_seed : int
    data : object
        Not compared if None.
    **others : object
        Settings that may change: names of sampler and scheduler, `keep_best`.

    Returns
    -------
    mapping
        Settings of the study.

    Raises
    ------
    RunMismatch
        If the settings differ.
    RunCorrupted
        If the saved settings are invalid.
    """
    given: dict[str, Any] = {
        "space": BY_OBJECTIVE if space is None else sort_sets(describe_space(space)),
        "direction": "maximize" if maximize else "minimize",
        "budgets": str(rungs),
        "eta": rungs.eta,
        "data": None if data is None else _hash_data(data),
        "random_state": seed,
    }
    kept = store.settings()
    if not kept:
        timed = rungs.unit != "none"
        definition = None if space is None or isinstance(store, MemoryStore) else _serialize_space(space)
        kept = {
            **given,
            "random_state": fresh_seed if seed is None else seed,
            "definition": definition,
            "min_budget": rungs.bottom if timed else None,
            "max_budget": rungs.top if timed else None,
            "budget_type": rungs.unit if timed else "epochs",
            **others,
        }
        store.keep(kept)
    found = list_differences({**kept, "space": sort_sets(kept.get("space"))}, given)
    if found:
        raise RunMismatch(store_name(store), found)
    for name in ("random_state", "keep_best"):
        number = kept.get(name, 1)
        if not isinstance(number, int) or number < 0:
            raise _make_error(store_name(store), f"{name} is {number!r}")
    return kept


def load_space(store: Store) -> ConfigurationSpace | None:
    """Load the space of the study in a store; None if there is no study, or if the objective defines its space."""
    kept = store.settings()
    if not kept or kept.get("space") == BY_OBJECTIVE:
        return None
    return read_space(kept, store_name(store))


def read_space(settings: Mapping[str, Any], name: str) -> ConfigurationSpace:
    """Read the space in the settings of a study; `name` is that of its store.

    Raises
    ------
    RunCorrupted
    """
    try:
        space = Space(ConfigurationSpace.from_serialized_dict(copy.deepcopy(settings["definition"]), DECODERS))
        matches = sort_sets(describe_space(space)) == sort_sets(settings["space"])
    except Exception as error:
        raise _make_error(name, f"space: {type(error).__name__}: {error}") from error
    if not matches:
        raise _make_error(name, "the space and its description differ")
    return space


def load_study_options(store: Store, **given: Any) -> dict[str, Any]:
    """Load the options of the study in a store; those in `given` override them, unless None."""
    kept = store.settings()
    names = ("direction", "min_budget", "max_budget", "budget_type", "eta", "sampler", "scheduler", "keep_best")
    missing = [name for name in names if name not in kept]
    if missing:
        raise _make_error(store_name(store), f"the settings lack {', '.join(missing)}")
    options = {name: kept[name] for name in names} | {k: v for k, v in given.items() if v is not None}
    for name in ("sampler", "scheduler"):
        if options[name] is None:
            del options[name]
            logger.warning("the study was created with a custom %s; pass it to open() to continue with it", name)
    numbers = [options[name] for name in ("min_budget", "max_budget", "eta") if options[name] is not None]
    if not all(isinstance(value, int | float) for value in numbers):
        raise _make_error(store_name(store), "the budgets are not numbers")
    return options


def _serialize_space(space: ConfigurationSpace) -> Any:
    """Convert a space to plain values; raise if it would be read back differently."""
    try:
        definition = normalize(space.to_serialized_dict(ENCODERS), "the space")
        read = ConfigurationSpace.from_serialized_dict(copy.deepcopy(definition), DECODERS)  # it modifies its argument
        if sort_sets(describe_space(read)) == sort_sets(describe_space(space)):
            return definition
        why = "its choices would be read back as other types"
    except Exception as error:  # noqa: BLE001 - of ConfigSpace, for unknown parts
        why = str(error)
    raise InvalidOption(f"The space cannot be saved in a run directory: {why}.")


def _make_error(name: str, why: str) -> RunCorrupted:
    return RunCorrupted(
        f"The settings of {name} are invalid ({why}); restore them from a copy, or use another run_dir."
    )


def _hash_data(data: Any) -> Any:
    """Return a hash of data; raise if it cannot be pickled."""
    try:
        return joblib.hash(_to_arrays(data))
    except Exception as error:
        raise InvalidOption(f"data cannot be hashed ({error}); pass arrays or tables.") from error


def _to_arrays(data: Any) -> Any:
    """Convert tensors to arrays: hashes of equal tensors differ between processes."""
    if isinstance(data, Mapping):
        return {key: _to_arrays(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_to_arrays(value) for value in data]
    return data.detach().cpu().numpy() if hasattr(data, "detach") else data

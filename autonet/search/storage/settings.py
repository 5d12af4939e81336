"""The settings of a study in its run directory: what must not change, and what `Study.open` needs."""

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
from autonet.search.spaces.space import describe_space, sort_sets
from autonet.search.storage.replay import store_name
from autonet.search.storage.store import DATABASE, MemoryStore, RunDirectory, Store, list_differences

__all__ = ["load_space", "load_study_options", "open_existing_store", "open_store", "reconcile_settings"]

logger = logging.getLogger("autonet.search")

BY_OBJECTIVE = {"defined by": "the objective"}


def open_store(run_dir: str | os.PathLike[str] | Store | None) -> Store:
    """Return where the events go.

    Raises
    ------
    InvalidOption
        If `run_dir` is neither a path nor a store.
    """
    if run_dir is None:
        return MemoryStore()
    if isinstance(run_dir, str | os.PathLike):
        return RunDirectory(run_dir)
    if not all(callable(getattr(run_dir, name, None)) for name in ("settings", "keep", "append", "events")):
        raise InvalidOption(f"run_dir must be a path or a Store; got {type(run_dir).__name__}.")
    return run_dir


def open_existing_store(run_dir: str | os.PathLike[str] | Store) -> Store:
    """Open a store that holds a study; makes none.

    Raises
    ------
    RunUnavailable
        If there is no study.
    """
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
    """Compare the settings of a study with those that its store keeps, or keep them; return those that hold.

    Parameters
    ----------
    store : Store
    space : ConfigSpace.ConfigurationSpace, optional
        None if the objective defines it.
    rungs : Rungs
    maximize : bool
    seed : int, optional
        None is not compared; a new study then takes `fresh_seed`.
    fresh_seed : int
    data : object
        None is not compared.
    **others : object
        Settings that may change: names of sampler and scheduler, `keep_best`.

    Raises
    ------
    RunMismatch
        If they differ.
    RunCorrupted
        If the settings that are kept make no sense.
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
            raise _corrupted(store, f"{name} is {number!r}")
    return kept


def load_space(store: Store) -> ConfigurationSpace | None:
    """Return the space of the study that a store holds; None if there is no study, or if the objective defines it.

    Raises
    ------
    RunCorrupted
        If it is invalid.
    """
    kept = store.settings()
    if not kept or kept.get("space") == BY_OBJECTIVE:
        return None
    try:
        space = ConfigurationSpace.from_serialized_dict(kept["definition"])
        matches = sort_sets(describe_space(space)) == sort_sets(kept["space"])
    except Exception as error:
        raise _corrupted(store, f"space: {type(error).__name__}: {error}") from error
    if not matches:
        raise _corrupted(store, "the space and its description differ")
    return space


def load_study_options(store: Store, **given: Any) -> dict[str, Any]:
    """Return the options with which the study in a store was made.

    Parameters
    ----------
    store : Store
    **given : object
        Options instead of those; None is none.

    Raises
    ------
    RunCorrupted
        If they is invalid.
    """
    kept = store.settings()
    names = ("direction", "min_budget", "max_budget", "budget_type", "eta", "sampler", "scheduler", "keep_best")
    missing = [name for name in names if name not in kept]
    if missing:
        raise _corrupted(store, f"the settings lack {', '.join(missing)}")
    options = {name: kept[name] for name in names} | {k: v for k, v in given.items() if v is not None}
    for name in ("sampler", "scheduler"):
        if options[name] is None:
            del options[name]
            logger.warning("the study was created with a custom %s; pass it to open() to continue with it", name)
    numbers = [options[name] for name in ("min_budget", "max_budget", "eta") if options[name] is not None]
    if not all(isinstance(value, int | float) for value in numbers):
        raise _corrupted(store, "the budgets are not numbers")
    return options


def _serialize_space(space: ConfigurationSpace) -> Any:
    """Return the space as plain values.

    Raises
    ------
    InvalidOption
        If it would not come back as it is.
    """
    try:
        definition = normalize(space.to_serialized_dict(), "the space")
        read = ConfigurationSpace.from_serialized_dict(copy.deepcopy(definition))  # which takes its argument apart
        if sort_sets(describe_space(read)) == sort_sets(describe_space(space)):
            return definition
        why = "its choices would be read back as other types"
    except Exception as error:  # noqa: BLE001 - ConfigSpace's own, of parts that it does not know
        why = str(error)
    raise InvalidOption(f"The space cannot be saved in a run directory: {why}.")


def _corrupted(store: Store, why: str) -> RunCorrupted:
    return RunCorrupted(
        f"The settings of {store_name(store)} is invalid ({why}); restore it from a copy, or give another run_dir."
    )


def _hash_data(data: Any) -> Any:
    """Return what tells data from other data.

    Raises
    ------
    InvalidOption
        If they cannot be pickled.
    """
    try:
        return joblib.hash(_to_arrays(data))
    except Exception as error:
        raise InvalidOption(f"data cannot be hashed ({error}); pass arrays or tables.") from error


def _to_arrays(data: Any) -> Any:
    """Turn tensors into arrays: the hash of equal tensors differs from process to process."""
    if isinstance(data, Mapping):
        return {key: _to_arrays(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_to_arrays(value) for value in data]
    return data.detach().cpu().numpy() if hasattr(data, "detach") else data

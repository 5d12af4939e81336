"""Create, load and delete studies, under Optuna's names."""

import uuid
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from autonet.core.errors import InvalidOption
from autonet.core.validation import check_choice
from autonet.search import study as search
from autonet.search.objectives import list_options
from autonet.search.optuna.exceptions import MULTI_OBJECTIVE, DuplicatedStudyError, make_refusal
from autonet.search.optuna.pruners import BasePruner, check_pruner
from autonet.search.optuna.samplers import enqueue_grid, translate_sampler
from autonet.search.optuna.storages.base import delete_directory, find_root, find_study, list_studies, read_attributes
from autonet.search.optuna.trial import FrozenTrial, TrialState, freeze
from autonet.search.optuna.wrapper import OPEN_STUDIES, Study, StudyDirection
from autonet.search.registry import SAMPLERS, resolve
from autonet.search.storage.replay import read_history
from autonet.search.storage.store import DATABASE

__all__ = [
    "MaxTrialsCallback",
    "Study",
    "StudyDirection",
    "StudySummary",
    "create_study",
    "delete_study",
    "get_all_study_names",
    "get_all_study_summaries",
    "load_study",
]

__getattr__ = make_refusal("optuna.study", __all__)


class MaxTrialsCallback:
    """Callback that stops the study when it has a number of trials in certain states.

    Parameters
    ----------
    n_trials : int
    states : container of TrialState, optional
        Default: complete ones; None counts all.
    """

    def __init__(self, n_trials: int, states: Container[TrialState] | None = (TrialState.COMPLETE,)) -> None:
        self.n_trials, self.states = n_trials, states

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Stop the study if there are enough trials."""
        if len(study.get_trials(states=self.states)) >= self.n_trials:
            study.stop()


def create_study(
    *,
    storage: Any = None,
    sampler: Any = None,
    pruner: BasePruner | None = None,
    study_name: str | None = None,
    direction: str | StudyDirection | None = None,
    load_if_exists: bool = False,
    directions: Sequence[str | StudyDirection] | None = None,
    **options: Any,
) -> Study:
    """Create a study.

    Parameters
    ----------
    storage : str, Path or storage, optional
        ``sqlite:///path``, or a path: a directory, in which the study has a run directory of its name.
    sampler : BaseSampler, autonet.search.Sampler or str, optional
        Default: that of `autonet.search.Study`.
    pruner : BasePruner, optional
        Default: `MedianPruner`.
    study_name : str, optional
    direction : {"minimize", "maximize"}, optional
    load_if_exists : bool
        Whether to continue with a study of this name, with its own direction.
    directions : sequence of one direction, optional
    **options
        Further ones of `autonet.search.Study`: ``space``, ``min_budget``, ``max_budget``, ``scheduler``, ...

    Raises
    ------
    DuplicatedStudyError
        If the storage has a study of this name.
    InvalidOption
        If there are several directions, or the storage is a database.
    """
    if directions is not None and direction is not None:
        raise InvalidOption("Pass direction or directions, not both.")
    if directions is not None and len(directions) != 1:
        raise InvalidOption(f"directions={list(directions)!r} are {len(directions)}; {MULTI_OBJECTIVE}.")
    pruner = check_pruner(pruner)
    for option in options:
        check_choice("option", option, sorted({"space", *list_options(search.Study.__init__)} - {"run_dir", "pruner"}))
    wanted: Any = directions[0] if directions is not None else direction or "minimize"
    root = find_root(storage)
    name = study_name or f"no-name-{uuid.uuid4()}"
    directory = None if root is None else find_study(root, name)
    if directory is not None and (directory / DATABASE).exists():
        if not load_if_exists:
            raise DuplicatedStudyError(
                f"{root} has a study {name!r} already; pass load_if_exists=True to continue with it, or delete_study()."
            )
        return load_study(study_name=name, storage=root, sampler=sampler, pruner=pruner)
    options |= translate_sampler(sampler)
    options["direction"] = wanted.name.lower() if isinstance(wanted, StudyDirection) else wanted
    wrapped = search.Study(run_dir=directory, pruner=pruner, **options)
    if directory is not None:
        OPEN_STUDIES[directory.resolve()] = wrapped
    return _wrap(wrapped, name, sampler, pruner, directory)


def load_study(
    *, study_name: str | None = None, storage: Any, sampler: Any = None, pruner: BasePruner | None = None
) -> Study:
    """Load a study, to inspect or continue it.

    Parameters
    ----------
    study_name : str, optional
        Default: the only study of the storage.
    storage : str, Path or storage
    sampler, pruner : optional
        Default: the sampler that it was created with, and `MedianPruner`.

    Raises
    ------
    KeyError
        If there is no such study.
    InvalidOption
        If the storage is in memory, or has several studies and no `study_name` is given.
    """
    root = find_root(storage)
    if root is None:
        raise InvalidOption(
            f"storage={storage!r} is in memory, which keeps no studies to load; pass that of the study."
        )
    names = list_studies(root)
    if study_name is None and len(names) != 1:
        raise InvalidOption(f"{root} has {len(names)} studies; pass the study_name of one.")
    name = names[0] if study_name is None else study_name
    if name not in names:
        raise KeyError(f"There is no study {name!r} in {root}; it has {', '.join(map(repr, names)) or 'none'}.")
    directory = find_study(root, name)
    chosen = translate_sampler(sampler).get("sampler")
    wrapped = OPEN_STUDIES.get(directory.resolve())
    if wrapped is None:
        wrapped = OPEN_STUDIES[directory.resolve()] = search.Study.open(directory, sampler=chosen)
    elif chosen is not None:
        wrapped.sampler = resolve("sampler", chosen, SAMPLERS, "propose")
    return _wrap(wrapped, name, sampler, pruner, directory)


def delete_study(*, study_name: str, storage: Any) -> None:
    """Delete a study with its run directory.

    Raises
    ------
    KeyError
        If there is no such study.
    RunLocked
        If another process uses it.
    """
    root = find_root(storage)
    if root is None or study_name not in list_studies(root):
        raise KeyError(f"There is no study {study_name!r} in {root}.")
    directory = find_study(root, study_name)
    wrapped = OPEN_STUDIES.pop(directory.resolve(), None)
    if wrapped is not None:
        wrapped.close()
    delete_directory(directory)


@dataclass(frozen=True)
class StudySummary:
    """What a storage knows of a study.

    Attributes
    ----------
    study_name : str
    direction : StudyDirection
    best_trial : FrozenTrial or None
    user_attrs : dict
    n_trials : int
    datetime_start : datetime or None
        Start of the first trial, in local time.
    """

    study_name: str
    direction: StudyDirection
    best_trial: FrozenTrial | None
    user_attrs: dict[str, Any]
    n_trials: int
    datetime_start: datetime | None


def get_all_study_summaries(storage: Any) -> list[StudySummary]:
    """Return a summary of each study in a storage, sorted by name, also of those that a process is running."""
    root = find_root(storage)
    return [] if root is None else [_summarize(name, find_study(root, name)) for name in list_studies(root)]


def _summarize(name: str, directory: Path) -> StudySummary:
    history = read_history(directory)
    trials = [freeze(trial, history) for trial in history]
    return StudySummary(
        name,
        StudyDirection.MAXIMIZE if history.maximize else StudyDirection.MINIMIZE,
        trials[history.best.number] if history.best else None,
        read_attributes(directory),
        len(trials),
        min((trial.datetime_start for trial in trials if trial.datetime_start), default=None),
    )


def get_all_study_names(storage: Any) -> list[str]:
    """Return the names of the studies in a storage, sorted."""
    return list_studies(find_root(storage))


def _wrap(wrapped: search.Study, name: str, sampler: Any, pruner: Any, directory: Path | None) -> Study:
    """Return a study of Optuna's form, with a grid in its queue."""
    enqueue_grid(wrapped, sampler)
    wrapped.pruner = check_pruner(pruner)
    return Study(wrapped, name, wrapped.sampler if sampler is None else sampler, directory)

"""Run of a fit: what a later fit needs to continue with its search, in memory or in a run directory.

A run directory holds the study (`autonet.search`), with a checkpoint file per trial, and beside it:

- ``fit.safetensors``: the data as understood, the folds, the options and versions, written before any training;
- ``trees.safetensors``: the tree ensembles;
- ``progress.json``: the seconds of search so far, and the stage;
- ``model.autonet``: the final model.
"""

import json
import logging
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from autonet.core.errors import AutonetWarning, InvalidData, RunCorrupted, RunMismatch, RunUnavailable
from autonet.core.files import publish
from autonet.core.modality import Reader
from autonet.core.specfile import read_spec, write_spec
from autonet.data.splits.folds import Fold
from autonet.estimators.inputs import FitInputs
from autonet.estimators.options import Options
from autonet.estimators.run_spec import describe_conditions, describe_trees, rebuild_folds, rebuild_trees
from autonet.models.ensemble import TreeMember
from autonet.pipeline.selection import Candidate
from autonet.search.rungs import Rungs
from autonet.search.storage.files import check_plain, create
from autonet.search.storage.store import RunDirectory, list_differences
from autonet.search.study import Study

if TYPE_CHECKING:
    from autonet.estimators.base import AutoNet

__all__ = [
    "FIT",
    "MODEL",
    "PROGRESS",
    "DirectoryRun",
    "Run",
    "Stage",
    "open_run_of_fit",
    "read_fit",
    "read_progress",
    "read_trees",
]

FIT, TREES, PROGRESS, MODEL = "fit.safetensors", "trees.safetensors", "progress.json", "model.autonet"

Stage = Literal["search", "selection", "ended"]
Trees = Sequence[Candidate[TreeMember]]
Conditions = Mapping[str, str | int | None]


@dataclass
class Run:
    """Run of a fit in memory, which ``warm_start`` continues.

    Attributes
    ----------
    seed : int
    searched : float
        Seconds of search in earlier fits.
    folds : list of Fold or None
        Those of the first fit.
    rungs : Rungs or None
        Those of the first fit.
    study : Study or None
    trees : sequence of Candidate
        Tree ensembles that were fitted.
    store : RunDirectory or None
        For the study.
    warm : bool
        Whether the estimator keeps the run for its next fit.
    name : str
        For error messages.
    """

    seed: int
    searched: float = 0.0
    folds: list[Fold] | None = None
    rungs: Rungs | None = None
    study: Study | None = None
    trees: Trees = ()
    store: RunDirectory | None = None
    warm: bool = False
    name: str = "The earlier fit, which warm_start=True continues,"
    _conditions: Conditions | None = field(default=None, repr=False)
    _began: float | None = field(default=None, repr=False)

    def compare(self, conditions: Conditions) -> None:
        """Compare data, options and versions with those of the first fit, or keep them if this is the first.

        Parameters
        ----------
        conditions : mapping
            As `describe_conditions` returns it; None is not compared.

        Raises
        ------
        RunMismatch
            If they differ.
        """
        if self._conditions is None:
            self._conditions = {**conditions, "random_state": self.seed}
        found = list_differences(self._conditions, conditions)
        if found:
            raise RunMismatch(self.name, found)

    def begin(self, fit: Mapping[str, Any], folds: list[Fold]) -> None:
        """Keep the description of the first fit.

        Parameters
        ----------
        fit : mapping
            As `describe_fit` returns it.
        folds : list of Fold
        """
        self.folds = folds

    def begin_search(self, study: Study) -> None:
        """Keep the study, and begin to count the seconds of the search."""
        self.study, self.rungs, self._began = study, study.rungs, time.monotonic()

    def record(self, stage: Stage) -> None:
        """Add the seconds since the last call to those of the search, and save them."""
        if self._began is not None:
            now = time.monotonic()
            self.searched, self._began = self.searched + now - self._began, now if stage == "search" else None

    def keep_trees(self, trees: Trees) -> None:
        """Keep the tree ensembles that were fitted so far."""
        self.trees = tuple(trees)

    def end(self, estimator: "AutoNet") -> None:
        """Keep the run for the next fit of a fitted estimator, if that is to continue it."""
        if self.warm:
            estimator._run = self  # noqa: SLF001
        elif not estimator.warm_start:  # others keep theirs during a refit
            estimator.__dict__.pop("_run", None)

    def close(self) -> None:
        """Release the run directory, if there is one."""

    def __enter__(self) -> Self:
        """Return the run."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the run directory, if there is one."""
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle an empty run: copies of an estimator do not continue its search."""
        return Run, (self.seed,)


class DirectoryRun(Run):
    """Run of a fit in a directory."""

    def __init__(self, path: str | Path, seed: int) -> None:
        store = RunDirectory(path)
        try:
            fit, settings = read_fit(store.path), store.settings()
            super().__init__(seed, store=store, name=str(store.path))
            self._fit = fit
            if fit is not None:
                self.seed, self.folds, self._conditions = fit["seed"], rebuild_folds(fit["folds"]), fit["conditions"]
                self.searched = read_progress(store.path)["searched"]
                self.trees = read_trees(store.path)
            if settings:
                low, high = settings["min_budget"], settings["max_budget"]
                self.rungs = Rungs.geometric(low, high, settings["eta"], settings["budget_type"])
        except BaseException:
            store.close()
            raise
        self.path, self._store = store.path, store

    def begin(self, fit: Mapping[str, Any], folds: list[Fold]) -> None:
        """Save the description of the first fit; see `Run`."""
        super().begin(fit, folds)
        if self._fit is None:
            self._write(FIT, {**fit, "conditions": self._conditions})
            return
        changed = list_differences(self._fit["versions"], fit["versions"])
        if changed:
            logging.getLogger("autonet").warning("the run began with other versions: %s", "; ".join(changed))

    def record(self, stage: Stage) -> None:
        """Save the seconds of the search and the stage; see `Run`."""
        super().record(stage)
        part = self.path / f"{PROGRESS}.part"
        text = json.dumps({"searched": self.searched, "stage": stage}).encode()
        try:
            create(part, [text])
            part.replace(self.path / PROGRESS)
        except OSError as error:
            raise RunUnavailable(f"{self.path / PROGRESS} cannot be written: {error}.") from error

    def keep_trees(self, trees: Trees) -> None:
        """Save the tree ensembles; see `Run`."""
        super().keep_trees(trees)
        self._write(TREES, describe_trees(trees))

    def end(self, estimator: "AutoNet") -> None:
        """Save the final model; see `Run`."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", AutonetWarning)  # of parameters that are left out
                estimator.save(self.path / MODEL)
        except InvalidData as error:
            logging.getLogger("autonet").warning("the run directory gets no model file: %s", error)
        self.record("ended")

    def close(self) -> None:
        """Release the directory."""
        self._store.close()

    def _store_path(self, name: str) -> Path:
        assert self.store is not None  # noqa: S101 - for the type checker
        return self.store.path / name

    def _write(self, name: str, spec: Any) -> None:
        """Write a file of the directory: it is there whole or not at all."""
        path = self._store_path(name)
        part = path.with_suffix(".part")
        try:
            create(part, write_spec(spec, {}))
            publish(part, path)
        except OSError as error:
            raise RunUnavailable(f"{path} cannot be written: {error}.") from error


def open_run_of_fit(estimator: "AutoNet", options: Options, inputs: FitInputs, reader: Reader) -> Run:
    """Open the run of a fit: that of the run directory, that of the last fit, or a new one.

    Raises
    ------
    RunMismatch
        If its data, options or versions differ.
    RunLocked, RunCorrupted, RunUnavailable
    """
    run = _find_run(estimator, options)
    try:
        if options.continues:
            run.compare(describe_conditions(estimator, inputs, reader, options))
    except BaseException:
        run.close()
        raise
    return run


def _find_run(estimator: "AutoNet", options: Options) -> Run:
    if options.run_dir is not None:
        return DirectoryRun(options.run_dir, options.draw_seed())
    earlier = vars(estimator).get("_run")
    if options.warm_start and isinstance(earlier, Run) and earlier.study is not None:
        return earlier
    return Run(options.draw_seed(), warm=bool(options.warm_start))


def read_fit(directory: Path) -> Mapping[str, Any] | None:
    """Read the description of the fit in a run directory; None if there is none yet.

    Raises
    ------
    RunCorrupted
    """
    path = directory / FIT
    return _read(path) if path.exists() else None


def read_progress(directory: Path) -> Mapping[str, Any]:
    """Read the seconds of search so far and the stage of the fit in a run directory."""
    path = directory / PROGRESS
    try:
        check_plain(path)
        progress = json.loads(path.read_text())
        return {"searched": max(float(progress["searched"]), 0.0), "stage": str(progress["stage"])}
    except FileNotFoundError:  # before the end of the first trial
        return {"searched": 0.0, "stage": "search"}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunCorrupted(f"{path} cannot be read ({type(error).__name__}: {error}); remove it.") from error


def read_trees(directory: Path) -> Sequence[Candidate[TreeMember]]:
    """Read the tree ensembles in a run directory.

    Raises
    ------
    RunCorrupted
    """
    path = directory / TREES
    return rebuild_trees(_read(path)) if path.exists() else ()


def _read(path: Path) -> Any:
    try:
        check_plain(path)
        return read_spec(path.read_bytes())
    except Exception as error:
        raise RunCorrupted(
            f"{path} cannot be read: {error}; restore it from a copy, or use another run_dir."
        ) from error

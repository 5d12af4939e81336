"""Fits in run directories, seen from another process: their history, and the best model so far."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from ConfigSpace import ConfigurationSpace

from autonet.core.errors import InvalidOption, RunUnavailable, SearchFailed
from autonet.core.files import check_path
from autonet.core.resulttable import ResultTable
from autonet.core.spec import from_spec
from autonet.estimators.baselines import BaselineOutcome
from autonet.estimators.files import find_class, find_components, load, name_builder
from autonet.estimators.run import FIT, MODEL, read_fit, read_progress, read_trees
from autonet.estimators.run_spec import rebuild_folds
from autonet.estimators.scoring import get_positive_label, resolve_metrics
from autonet.estimators.selection import select_model
from autonet.estimators.time_plan import TimePlan
from autonet.inspection.curves import learning_curves
from autonet.inspection.record import FitRecord
from autonet.models.ensemble import TreeMember
from autonet.nets.registry import NETWORKS
from autonet.pipeline.components import list_nodes
from autonet.pipeline.context import TrialContext
from autonet.pipeline.selection import Candidate, EnsembleLimits
from autonet.search.export.methods import Exports
from autonet.search.history import History
from autonet.search.reporting import describe
from autonet.search.storage.replay import SavedStudy, read_study
from autonet.search.storage.settings import read_space

if TYPE_CHECKING:
    from autonet.estimators.base import AutoNet

__all__ = ["SavedRun", "open_run"]


@dataclass(frozen=True, repr=False)
class SavedRun(Exports):
    """A fit in a run directory, as it was when `open_run` read it.

    Attributes
    ----------
    path : Path
    stage : {"search", "selection", "ended"}
        What the fit does, or did when its process died.
    searched : float
        Seconds of search until the end of the last trial.
    history : History
        All trials and reports.
    search_space : ConfigurationSpace
    params : dict
        Parameters of the estimator, without those of no built-in type.
    """

    path: Path
    stage: str
    searched: float
    history: History
    search_space: ConfigurationSpace
    params: dict[str, Any]
    _fit: Mapping[str, Any] = field(repr=False)
    _study: SavedStudy = field(repr=False)
    _trees: Sequence[Candidate[TreeMember]] = field(repr=False)

    def best_estimator(self, *, components: Iterable[Any] = ()) -> "AutoNet":
        """Build the best model so far: of a fit that has ended the final one, else an ensemble of its trials.

        Parameters
        ----------
        components : iterable of callable or class
            Custom components, metric and subclass of the estimator, as for `autonet.load`.

        Returns
        -------
        AutoNetClassification or AutoNetRegression
            Fitted.

        Raises
        ------
        SearchFailed
            If no trial has a value yet.
        InvalidOption, InvalidModelFile
            If a component is not given.
        """
        components = list(components)
        if self.stage == "ended" and (self.path / MODEL).exists():
            estimator = load(self.path / MODEL, components=components)
            estimator.history_, estimator.search_space_ = self.history, self.search_space
            return estimator
        if self.history.best is None:
            raise SearchFailed(f"No trial of {self.path} has a value yet; try again later.")
        return self._select(find_class(self._fit["estimator"], components), components)

    def _exported(self) -> tuple[History, ConfigurationSpace]:
        """Return the history to export, and its space."""
        return self.history, self.search_space

    def _learning_curves(self) -> ResultTable:
        """Return the learning curves to export."""
        return learning_curves(self.history, "val_score")

    def new_estimator(self, *, components: Iterable[Any] = ()) -> "AutoNet":
        """Build an estimator with the parameters of the fit: its `fit`, with the same data, continues with the run.

        Parameters
        ----------
        components : iterable of callable or class
            Custom subclass of the estimator.

        Returns
        -------
        AutoNetClassification or AutoNetRegression
            Not fitted; its `run_dir` is `path`.  Parameters that are not in `params`, such as callbacks, have their
            defaults.

        Raises
        ------
        InvalidModelFile
            If the subclass is not given.
        """
        cls = find_class(self._fit["estimator"], list(components))
        estimator: AutoNet = cls(**{**self._params_of(cls), "run_dir": str(self.path)})
        return estimator

    def _params_of(self, cls: "type[AutoNet]") -> dict[str, Any]:
        names = cls._get_param_names()
        return {name: value for name, value in self.params.items() if name in names}

    def _select(self, cls: "type[AutoNet]", components: Sequence[Any]) -> "AutoNet":
        """Select an ensemble of the trials, as `fit` would."""
        fit = self._fit
        estimator = cls(**self._params_of(cls))
        named = {NETWORKS.name: fit["networks"], **fit.get("components", {})}
        custom = find_components(named, list_nodes(cls.modality), components)
        reader, targets = from_spec(fit["reader"]), from_spec(fit["targets"])
        chosen = [_find_metric(metric, components) for metric in fit["metrics"]]
        metric, *_ = resolve_metrics(chosen[:1], targets, fit["y"], pos_label=from_spec(fit["pos_label"]), runtime=None)
        context = TrialContext(
            modality=cls.modality,
            data=reader.missing_row(),  # the rows themselves are not in the directory
            y=fit["y"],
            weights=fit["weights"],
            task=from_spec(fit["task"]),
            folds=rebuild_folds(fit["folds"]),
            metric=metric,
            additional_metrics=(),
            unit=fit["unit"],
            device=torch.device("cpu"),
            seed=fit["seed"],
            custom=custom,
        )
        if len(context.folds) > 1:
            self.history.prefer_from(self.params.get("min_budget_for_cv") or 0.0)
        plan = TimePlan(None, fit["unit"], None, None, 3, selects=True, refits=False, n_jobs=1)
        limits = EnsembleLimits(*fit.get("ensemble_limits", [fit.get("ensemble_size")]))  # the latter in older runs
        selection = select_model(self._study, context, BaselineOutcome(None, None), self._trees, limits, plan)
        model = selection.model(reader, targets)
        estimator._set_model(model)
        estimator.best_config_, estimator.history_ = selection.config, self.history
        estimator.search_space_ = self.search_space
        estimator._record = FitRecord(metric.name, metric.optimum is not None)
        estimator.fit_result_ = {
            **selection.summary(context),  # without rows there are no other scores
            "pos_label": get_positive_label(metric, targets),
        }
        return estimator

    def __repr__(self) -> str:
        """Show stage, trials and the best value."""
        return f"<SavedRun {str(self.path)!r}: {self.stage}, {self.searched:.0f} s, {describe(self.history)}>"


def open_run(run_dir: str | os.PathLike[str]) -> SavedRun:
    """Open a fit in a run directory, also while another process continues with it; nothing is locked or changed.

    Parameters
    ----------
    run_dir : path-like
        As passed to an estimator.

    Returns
    -------
    SavedRun

    Raises
    ------
    RunUnavailable
        If the directory holds no fit, or the search has not begun.
    RunCorrupted
        If a file is damaged.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import autonet
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> options = {"budget_type": "epochs", "max_budget": 9, "random_state": 0}
    >>> with TemporaryDirectory() as folder:
    ...     auto = autonet.AutoNetClassification("tiny_cs", max_trials=2, run_dir=folder, **options).fit(X, y)
    ...     run = autonet.open_run(folder)
    ...     best = run.best_estimator()
    >>> run.stage, len(run.history), bool((best.predict(X) == auto.predict(X)).all())
    ('ended', 2, True)
    """
    check_path(run_dir, "The path of the run", RunUnavailable)
    path = Path(run_dir)
    fit, progress = read_fit(path), read_progress(path)
    if fit is None:
        raise RunUnavailable(f"{path} has no {FIT}: it holds no fit of an estimator; see `autonet.search.Study.open`.")
    study = read_study(path)
    if not study.settings:
        raise RunUnavailable(f"The search in {path} has not begun yet; try again later.")
    return SavedRun(
        path=path,
        stage=progress["stage"],
        searched=progress["searched"],
        history=study.history,
        search_space=read_space(study.settings, str(path)),
        params={name: from_spec(value) for name, value in fit["params"].items()},
        _fit=fit,
        _study=study,
        _trees=read_trees(path),
    )


def _find_metric(metric: str | Mapping[str, str], components: Sequence[Any]) -> Any:
    """Return a metric by its name: one of autonet's, or one of those given."""
    if isinstance(metric, str):
        return metric
    for component in components:
        if name_builder(component) == metric["own"]:
            return component
    raise InvalidOption(f"The fit optimizes the metric {metric['own']!r}; pass it: best_estimator(components=[...]).")

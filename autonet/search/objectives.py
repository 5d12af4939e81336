"""Convenience functions: `minimize`, `maximize`, and objectives of scikit-learn estimators."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autonet.core.component import SEPARATOR
from autonet.core.errors import InvalidOption
from autonet.core.validation import check_choice
from autonet.search.evaluation import Objective
from autonet.search.running_trial import RunningTrial
from autonet.search.study import Study
from autonet.search.unnamed import Unnamed, name_space

__all__ = ["CrossValidation", "cv_objective", "list_options", "maximize", "minimize"]


def minimize(fn: Callable[[Any], Any], space: Any = None, **options: Any) -> Study:
    """Search for the configuration with the smallest value of `fn`.

    Parameters
    ----------
    fn : callable
        Objective that takes a `RunningTrial`, a mapping from names to values, and returns a number.  If the space has
        no names, it takes a value, or a list of values.
    space : ConfigurationSpace, mapping, hyperparameter or list, optional
        See `Space` for mappings.  A single hyperparameter of ConfigSpace, a tuple (low, high), a ``range`` or an array
        of choices needs no name, nor do the entries of a list.
    **options
        Any option of `Study` or of `Study.optimize`.

    Returns
    -------
    Study
        ``study.best.config`` and ``study.best.value`` are the result.

    Examples
    --------
    >>> best = minimize(lambda trial: (trial["x"] - 3) ** 2, {"x": (-10.0, 10.0)}, max_trials=40, random_state=0).best
    >>> round(best.config["x"], 1)
    3.0
    >>> minimize(lambda x: (x - 3) ** 2, range(10), max_trials=10, random_state=0).best.config
    {'x': 3}
    """
    return _search(fn, space, "minimize", options)


def maximize(fn: Callable[[Any], Any], space: Any = None, **options: Any) -> Study:
    """Search for the configuration with the largest value of `fn`; see `minimize`.

    Examples
    --------
    >>> best = maximize(lambda trial: -abs(trial["x"] - 3), {"x": (0, 9)}, max_trials=10, random_state=0).best
    >>> best.config
    {'x': 3}
    """
    return _search(fn, space, "maximize", options)


def _search(fn: Objective, space: Any, direction: str, options: dict[str, Any]) -> Study:
    of_study, of_optimize = list_options(Study.__init__), list_options(Study.optimize)
    for name in options:
        check_choice("option", name, [*of_study, *of_optimize])
    data = getattr(fn, "data", None)
    named, space = name_space(fn, space)
    if isinstance(named, Unnamed) and "enqueue" in options:
        options = {**options, "enqueue": named.name_points(options["enqueue"])}
    fn = fn if isinstance(fn, CrossValidation) else named  # which takes hyperparameters by name
    made = {"data": data, **{k: v for k, v in options.items() if k in of_study}}
    study = Study(space, direction=direction, **made)  # type: ignore[arg-type]
    try:
        return study.optimize(fn, **{k: v for k, v in options.items() if k in of_optimize})
    finally:
        study.close()


def list_options(function: Callable[..., Any]) -> list[str]:
    """Return the names of the options of `Study`, or of its `optimize`."""
    skipped = {"self", "space", "direction", "objective"}
    return [name for name in inspect.signature(function).parameters if name not in skipped]


def cv_objective(
    estimator: Any, X: Any, y: Any = None, *, cv: Any = 5, scoring: Any = None, budget: str | None = None
) -> "CrossValidation":
    """Make an objective from the cross-validated score of a scikit-learn estimator.

    Parameters
    ----------
    estimator : estimator
        Cloned for each trial; hyperparameters are set by name with ``set_params``, conditional ones such as
        ``"kernel:poly:degree"`` by the last part of their name.  If ``random_state`` is None, it is set to the seed
        of the trial, so that a seed of the study reproduces the search.
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
    cv : int, splitter or iterable
    scoring : str or callable, optional
        Default: the estimator's own score.
    budget : str, optional
        What the budget of a trial sets: the name of a hyperparameter such as ``"n_estimators"``, or ``"n_samples"``
        for the number of training rows, stratified by class.

    Returns
    -------
    callable
        Objective to maximize.

    Raises
    ------
    UnknownName
        If the estimator has no hyperparameter `budget`.
    ValueError
        If scikit-learn does not accept `cv` or `scoring`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> objective = cv_objective(KNeighborsClassifier(), *load_iris(return_X_y=True))
    >>> maximize(objective, {"n_neighbors": (1, 49)}, max_trials=10, random_state=0).best.value
    0.98...
    """
    from sklearn.utils import indexable  # noqa: PLC0415 - slow to import

    X, y = indexable(X, y)
    return CrossValidation(estimator, X, y, cv, scoring, budget)


class CrossValidation:
    """Objective that returns the mean cross-validation score; made by `cv_objective`."""

    direction = "maximize"

    def __init__(self, estimator: Any, X: Any, y: Any, cv: Any, scoring: Any, budget: str | None) -> None:
        from sklearn.base import is_classifier  # noqa: PLC0415
        from sklearn.metrics import check_scoring  # noqa: PLC0415
        from sklearn.model_selection import check_cv  # noqa: PLC0415

        self.estimator, self.X, self.y = estimator, X, y
        self.scoring = check_scoring(estimator, scoring)
        self.budget = None if budget is None else check_choice("budget", budget, [*estimator.get_params(), "n_samples"])
        self.stratified = is_classifier(estimator)
        self.folds = list(check_cv(cv, y, classifier=self.stratified).split(X, y))

    @property
    def data(self) -> tuple[Any, Any]:
        """Data that a run directory checks when it is resumed."""
        return self.X, self.y

    def __call__(self, trial: RunningTrial) -> dict[str, Any]:
        """Return mean and standard deviation of the score over the folds."""
        from sklearn.base import clone  # noqa: PLC0415
        from sklearn.model_selection import cross_val_score  # noqa: PLC0415

        estimator = clone(self.estimator)
        unset = [name for name, value in estimator.get_params().items() if value is None]
        seeds = {name: trial.seed for name in unset if name.rpartition("__")[2] == "random_state"}
        values = {name.rpartition(SEPARATOR)[2]: value for name, value in trial.items()}
        estimator.set_params(**{**seeds, **values})
        folds = self.folds
        if self.budget is not None and trial.budget is None:
            raise InvalidOption(f"budget={self.budget!r} needs a study with min_budget and max_budget.")
        if self.budget == "n_samples":
            folds = [(self._subset(train, int(trial.budget or 0)), test) for train, test in folds]
        elif self.budget is not None:
            whole = isinstance(estimator.get_params()[self.budget], int)
            estimator.set_params(**{self.budget: int(trial.budget or 0) if whole else trial.budget})
        scores = cross_val_score(estimator, self.X, self.y, cv=folds, scoring=self.scoring, error_score="raise")
        return {"value": float(scores.mean()), "std": float(scores.std())}

    def _subset(self, train: Any, n: int) -> Any:
        """Subsample `n` training rows, nested and stratified; the same for every trial.

        The first row of each class comes before the second of any, so that rare classes are not missing.
        """
        rows = np.random.default_rng(0).permutation(np.asarray(train))
        if self.stratified:
            _, labels, counts = np.unique(np.asarray(self.y)[rows], return_inverse=True, return_counts=True)
            by_class = np.argsort(labels, kind="stable")
            rank = np.arange(len(rows)) - (np.cumsum(counts) - counts)[labels[by_class]]  # within the class
            rows = rows[by_class][np.argsort(rank / counts[labels[by_class]], kind="stable")]
        return np.sort(rows[:n])

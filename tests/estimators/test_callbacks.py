"""Callbacks of a fit: what they are told, how they end a search, and what is refused."""

from typing import Any

import numpy as np
import pytest

from autonet import AutoNetClassification, AutoNetRegression, Callback
from autonet.core.errors import SearchFailed
from autonet.search import NoProgress
from tests.estimators.refusals import refused

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


class Recorder(Callback):
    """Keeps all that it is told."""

    def __init__(self) -> None:
        self.ended: list[tuple[int, float]] = []
        self.best: list[tuple[int, float]] = []
        self.epochs: list[tuple[int, int, float]] = []
        self.lengths: list[int] = []

    def on_trial_end(self, estimator: Any, trial: Any) -> None:
        self.ended.append((trial.number, trial.reports[-1].budget))
        self.lengths.append(len(estimator.history_))
        assert not hasattr(estimator, "model_")
        assert trial.config.keys() <= set(estimator.search_space_)

    def on_incumbent(self, estimator: Any, trial: Any) -> None:
        assert estimator.history_.best is trial
        self.best.append((trial.number, trial.value))

    def on_epoch_end(self, estimator: Any, trial: Any, epoch: int, score: float) -> None:
        assert trial.running
        self.epochs.append((trial.number, epoch, score))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_callbacks_are_told_of_trials_incumbents_and_epochs(iris: Any, quick: dict[str, Any], n_jobs: int) -> None:
    told = Recorder()
    options = {**quick, "n_jobs": n_jobs, "max_trials": 5, "callbacks": [told]}
    auto = AutoNetClassification("tiny_cs", **options).fit(*iris, max_trials=1)  # the first fit of two
    told.__init__()  # type: ignore[misc]
    auto.fit(*iris)
    reports = auto.history_.reports
    assert told.ended == [(trial.number, report.budget) for trial, report in reports]
    assert told.lengths[-1] == 5
    assert told.best[-1] == (auto.history_.best.number, auto.history_.best.value)
    assert len(told.best) == len(set(told.best)) <= len(reports)
    for trial in auto.history_:
        epochs = [epoch for number, epoch, _ in told.epochs if number == trial.number]
        assert epochs == list(range(1, int(trial.budget) + 1))
        scores = [score for number, _, score in told.epochs if number == trial.number]
        assert max(scores) == trial.last.metrics["val_accuracy"]


def test_they_change_nothing(iris: Any, quick: dict[str, Any]) -> None:
    plain = AutoNetClassification("tiny_cs", **quick).fit(*iris)
    watched = AutoNetClassification("tiny_cs", **quick, callbacks=[Recorder()]).fit(*iris)
    np.testing.assert_array_equal(watched.predict_proba(iris[0]), plain.predict_proba(iris[0]))
    assert [t.reports[-1].metrics for t in watched.history_] == [t.reports[-1].metrics for t in plain.history_]
    assert [trial.curve for trial in watched.history_] == [[], [], []]


def test_each_fold_counts_its_epochs(diabetes: Any, quick: dict[str, Any]) -> None:
    told = Recorder()
    options = {**quick, "max_trials": 1, "min_budget": 2, "max_budget": 2, "cross_validator": 3}
    auto = AutoNetRegression("tiny_cs", **options, callbacks=[told]).fit(*diabetes)
    assert [epoch for _, epoch, _ in told.epochs] == [1, 2, 1, 2, 1, 2]
    assert auto.fit_result["best_network"]["name"] in ("0", "linear")


def end_at_once(study: Any, trial: Any) -> bool:
    assert study.history.trials[trial.number] is trial
    return True


class Ends(Callback):
    def __init__(self, method: str, value: Any = True) -> None:
        setattr(self, method, lambda *_: value)


@pytest.mark.parametrize(
    ("callback", "n_trials"),
    [
        (end_at_once, 1),
        (NoProgress(2), None),
        (Ends("on_trial_end"), 1),
        (Ends("on_incumbent"), 1),
        (Ends("on_epoch_end"), 1),
        (Ends("on_trial_end", 1), 8),  # not True itself
        (lambda study, trial: len(study.trials) == 3, 3),
    ],
)
def test_true_ends_the_search(iris: Any, quick: dict[str, Any], callback: Any, n_trials: int | None) -> None:
    auto = AutoNetClassification("tiny_cs", **{**quick, "max_trials": 8, "callbacks": [callback]}).fit(*iris)
    assert len(auto.history_) == n_trials if n_trials else 3 <= len(auto.history_) <= 8
    assert auto.score(*iris) > 0.5


@pytest.mark.parametrize(
    ("method", "error", "n_jobs"),
    [
        ("on_trial_end", SearchFailed, 1),
        ("on_epoch_end", SearchFailed, 1),
        ("on_epoch_end", ZeroDivisionError, 2),
    ],
)
def test_an_exception_ends_the_fit_and_leaves_the_estimator(
    iris: Any, quick: dict[str, Any], method: str, error: type[Exception], n_jobs: int
) -> None:
    def fail(*_: Any) -> None:
        raise error("mine")

    failing = Callback()
    setattr(failing, method, fail)
    auto = AutoNetClassification("tiny_cs", **{**quick, "n_jobs": n_jobs}).fit(*iris, n_jobs=1)
    before = repr(vars(auto))
    with pytest.raises(error, match="mine"):
        auto.fit(*iris, callbacks=[failing])
    assert repr(vars(auto)) == before


def test_a_refit_has_callbacks(iris: Any, quick: dict[str, Any]) -> None:
    told = Recorder()
    AutoNetClassification("tiny_cs", **quick, callbacks=[told]).refit(*iris, budget=4)
    assert told.ended == [(0, 4)]


class Narrow:
    def on_trial_end(self, trial: Any) -> None: ...


@pytest.mark.parametrize(
    ("callbacks", "message"),
    [
        (print, "callbacks must be a list of functions or of objects with on_trial_end, on_incumbent, on_epoch_end"),
        (Callback(), "callbacks must be a list of functions"),
        ("print", "callbacks must be a list of functions"),
        ([3], "or None; one of them is 3."),
        ([Callback()], "one of them is <autonet.estimators.callbacks.Callback"),  # that does nothing
        ([Recorder], "one of them is <class"),
        ([Narrow()], "must take (estimator, trial)."),
        ([lambda trial: True], "must take (study, trial)."),
    ],
)
def test_what_cannot_be_called_is_refused(iris: Any, quick: dict[str, Any], callbacks: Any, message: str) -> None:
    refused(lambda: AutoNetClassification("tiny_cs", **quick, callbacks=callbacks).fit(*iris), message)

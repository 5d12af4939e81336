"""The display of learning curves."""

from copy import copy
from typing import Any

import pytest

from autonet import AutoNetClassification
from autonet.core.errors import InvalidOption, UnknownName
from autonet.inspection import LearningCurvesDisplay
from autonet.search import Event, History, RunningTrial, Study, TrialPruned


def test_every_trial_is_a_line_through_its_rungs(with_budgets: Study) -> None:
    display = LearningCurvesDisplay.from_study(with_budgets)
    drawn = sorted([list(map(list, zip(*line.get_data(), strict=True))) for line in display.lines_])
    expected = sorted([[r.budget, r.loss] for r in trial.reports] for trial in with_budgets.trials)
    assert drawn == expected
    ticks = [tick.get_text() for tick in display.ax_.get_xticklabels()]
    assert (ticks, display.ax_.get_xscale()) == (["1", "3", "9", "27"], "log")


def test_colours_tell_the_highest_budget_and_the_best_trial(with_budgets: Study) -> None:
    display = LearningCurvesDisplay.from_study(with_budgets)
    legend = display.ax_.get_legend()
    assert legend.get_title().get_text() == "highest budget"
    texts = {text.get_text() for text in legend.get_texts()}
    assert texts == {"1 epoch", "3 epochs", "9 epochs", "27 epochs", f"best: trial {with_budgets.best.number}"}


def test_reported_values_are_drawn_over_their_steps() -> None:
    def objective(trial: RunningTrial) -> float:
        for step in range(1, 6):
            trial.report(trial["x"] / step, step)
            if trial.number == 3 and step == 2:
                raise TrialPruned
        return float(trial["x"])

    study = Study({"x": (1.0, 2.0)}, direction="maximize", random_state=0).optimize(objective, max_trials=6)
    display = LearningCurvesDisplay.from_study(study)
    assert display.ax_.get_xlabel() == "step"
    drawn = [tuple(line.get_ydata()) for line in display.lines_]
    assert sorted(drawn) == sorted(tuple(value for _, value in trial.curve) for trial in study.trials)
    assert "stopped early (1)" in [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_trials_of_an_estimator_are_drawn_over_epochs(classifier: AutoNetClassification) -> None:
    display = LearningCurvesDisplay.from_estimator(classifier)
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("epoch", "validation accuracy")
    table = classifier.learning_curves()
    for curve in display.curves:
        rows = [row for row in table if row["trial"] == curve.trial]
        assert curve.x.tolist() == [row["epoch"] for row in rows]
        assert curve.values == pytest.approx([row["val_score"] for row in rows])
    assert len(display.lines_) == len(classifier.history_)


def test_losses_of_several_folds_are_averaged(iris: Any) -> None:
    options: Any = {"budget_type": "epochs", "max_budget": 4, "max_trials": 1, "cross_validator": 2, "random_state": 0}
    auto = AutoNetClassification("tiny_cs", optimize_metric="balanced_accuracy", **options).fit(*iris)
    display = LearningCurvesDisplay.from_estimator(auto, curve="train_loss")
    rows = auto.learning_curves()
    second = [row["train_loss"] for row in rows if row["epoch"] == 2]
    assert len(second) == 2
    assert display.curves[0].values[1] == pytest.approx(sum(second) / 2)
    assert (display.ax_.get_ylabel(), display.higher_is_better) == ("training loss", False)
    with pytest.raises(UnknownName, match="curve 'loss'"):
        LearningCurvesDisplay.from_estimator(auto, curve="loss")  # type: ignore[arg-type]


def test_runs_without_curves_are_drawn_from_their_history(classifier: AutoNetClassification) -> None:
    older = History(classifier.history_.rungs)
    for event in classifier.history_.to_events():
        report = {**event.body["report"], "details": {}} if event.kind == "end" else {}
        older.apply(Event(event.kind, event.trial, {**event.body, "report": report} if report else event.body))
    auto = copy(classifier)
    auto.history_ = older
    with pytest.raises(InvalidOption, match=r"No trial kept a learning curve.*LearningCurvesDisplay\.from_study"):
        LearningCurvesDisplay.from_estimator(auto)
    assert len(LearningCurvesDisplay.from_study(auto.history_).lines_) == len(older)


def test_a_study_without_curves_is_refused(conditional: Study) -> None:
    with pytest.raises(InvalidOption, match=r"need budgets, or values .* trial\.report\(value, step\)"):
        LearningCurvesDisplay.from_study(conditional)

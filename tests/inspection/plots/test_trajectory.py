"""The display of a trajectory."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from autonet import AutoNetClassification
from autonet.core.errors import NoFinishedTrial
from autonet.inspection import TrajectoryDisplay
from autonet.inspection.plots.figures import OKABE_ITO
from autonet.search import Study
from tests.inspection.histories import search_failing, search_one


def labels(display: TrajectoryDisplay) -> list[str]:
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_the_line_is_the_best_value_so_far(with_budgets: Study) -> None:
    display = TrajectoryDisplay.from_study(with_budgets)
    table = with_budgets.trajectory()
    x, y = display.line_.get_data()
    steps = np.r_[True, np.diff(y) < 0]
    assert list(y[steps]) == table.column("value")
    assert list(x[steps]) == pytest.approx(table.column("seconds"))


def test_every_job_is_a_dot_in_the_colour_of_its_rung(with_budgets: Study) -> None:
    display = TrajectoryDisplay.from_study(with_budgets)
    shown = np.concatenate([dots.get_offsets() for dots in display.dots_])
    assert len(shown) == len(with_budgets.history.reports)
    assert sorted(shown[:, 1]) == sorted(report.loss for _, report in with_budgets.history.reports)
    assert labels(display)[:5] == ["best so far", "1 epoch", "3 epochs", "9 epochs", "27 epochs"]
    assert len({tuple(dots.get_facecolor()[0]) for dots in display.dots_}) == 4


def test_failures_are_crosses() -> None:
    study = search_failing()
    display = TrajectoryDisplay.from_study(study)
    failed = sum(trial.value is None for trial in study.trials)
    assert f"failed ({failed})" in labels(display)
    crosses = next(marks for marks in display.ax_.collections if "failed" in str(marks.get_label()))
    assert len(crosses.get_offsets()) == failed
    assert display.ax_.get_yscale() == "log"


def test_an_estimator_is_drawn_with_its_metric(classifier: AutoNetClassification) -> None:
    display = TrajectoryDisplay.from_estimator(classifier)
    assert display.ax_.get_ylabel() == "validation accuracy"
    assert list(np.unique(display.line_.get_ydata())) == pytest.approx(classifier.trajectory().column("score"))


def test_several_searches_share_axes(with_budgets: Study, conditional: Study) -> None:
    _, ax = plt.subplots()
    displays = [
        TrajectoryDisplay.from_study(study, ax=ax, name=name)
        for study, name in ((with_budgets, "with budgets"), (conditional, "without"))
    ]
    assert labels(displays[1]) == ["with budgets", "without"]
    assert [display.line_.get_color() for display in displays] == list(OKABE_ITO[:2])


def test_one_trial_is_enough_and_none_is_not() -> None:
    assert len(TrajectoryDisplay.from_study(search_one()).dots_[0].get_offsets()) == 1
    with pytest.raises(NoFinishedTrial, match="nothing to plot"):
        TrajectoryDisplay.from_study(Study({"x": (0.0, 1.0)}))


@pytest.mark.parametrize(("longest", "unit"), [(60, "s"), (6000, "min"), (60_000, "h")])
def test_wall_time_has_a_unit_that_suits_it(longest: float, unit: str) -> None:
    seconds, ones = np.array([longest / 2, longest]), np.ones(2)
    display = TrajectoryDisplay(seconds, ones, ones, np.zeros(2, int), ("trial",)).plot()
    assert display.ax_.get_xlabel() == f"wall time ({unit})"

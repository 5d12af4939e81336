"""The display of slices."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from autonet import AutoNetClassification
from autonet.inspection import SliceDisplay
from autonet.search import Study
from tests.inspection.histories import search_failing, search_one


def test_trials_are_dots_over_their_values(conditional: Study) -> None:
    (ax,) = SliceDisplay.from_study(conditional, ["rate"]).axes_
    dots = np.concatenate([marks.get_offsets() for marks in ax.collections if marks.get_label() == "trial"])
    assert sorted(map(tuple, dots)) == sorted((trial.config["rate"], trial.value) for trial in conditional.trials)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("rate", "value")


def test_only_trials_in_which_it_is_active_are_dots(conditional: Study) -> None:
    (ax,) = SliceDisplay.from_study(conditional, ["network:wide:width"]).axes_
    shown = np.ma.filled(ax.collections[0].get_offsets(), np.nan)
    n = sum("network:wide:width" in trial.config for trial in conditional.trials)
    assert np.isfinite(shown).all(axis=1).sum() == n < len(conditional.trials)


def test_a_line_is_the_predicted_mean() -> None:
    study = Study({"x": (0.0, 1.0), "kind": ["a", "b"]}, sampler="random", random_state=0)
    study.optimize(lambda t: t["x"] + (t["kind"] == "b"), max_trials=100)
    display = SliceDisplay.from_study(study, ["x", "kind"])
    x, mean = display.axes_[0].get_lines()[0].get_data()
    assert mean == pytest.approx(np.asarray(x) + 0.5, abs=0.15)
    choices = study.space["kind"].choices
    assert display.slices[1].means == pytest.approx([0.5 + (choice == "b") for choice in choices], abs=0.15)


def test_panels_share_the_scale_of_values_and_the_legend(with_budgets: Study) -> None:
    display = SliceDisplay.from_study(with_budgets, max_hyperparameters=4)
    assert len({ax.get_ylim() for ax in display.axes_}) == 1
    assert [ax.get_legend() is not None for ax in display.axes_] == [False, False, True, False]
    assert display.ax_ is display.axes_[0]
    texts = [text.get_text() for text in display.axes_[2].get_legend().get_texts()]
    assert texts[:5] == ["1 epoch", "3 epochs", "9 epochs", "27 epochs", "predicted mean"]


def test_axes_that_are_given_are_divided(conditional: Study) -> None:
    figure, axes = plt.subplots(1, 2)
    display = SliceDisplay.from_study(conditional, ["rate", "decoy"], ax=axes[0])
    assert display.figure_ is figure
    assert len(figure.axes) == 4


def test_failures_and_single_trials_are_drawn() -> None:
    study = search_failing()
    display = SliceDisplay.from_study(study, ["rate"])
    failed = sum(trial.value is None for trial in study.trials)
    crosses = next(marks for marks in display.ax_.collections if marks.get_label() == "failed")
    assert len(crosses.get_offsets()) == failed
    one = SliceDisplay.from_study(search_one())
    assert [len(ax.get_lines()) for ax in one.axes_] == [0, 0]


def test_an_estimator_is_drawn_with_its_metric(classifier: AutoNetClassification) -> None:
    display = SliceDisplay.from_estimator(classifier, max_hyperparameters=2)
    assert display.ax_.get_ylabel() == "validation accuracy"

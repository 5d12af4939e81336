"""The display of parallel coordinates."""

import numpy as np
import pytest

from autonet import AutoNetClassification
from autonet.inspection import ParallelCoordinatesDisplay
from autonet.search import Study, maximize
from tests.inspection.histories import search_failing, search_one


def test_trials_are_lines_through_their_scaled_values_the_best_one_last() -> None:
    space = {"x": (0.0, 2.0), "y": (10, 20)}
    study = maximize(lambda trial: trial["x"], space, max_trials=12, random_state=0)
    display = ParallelCoordinatesDisplay.from_study(study, ["x", "y"])
    heights = np.array([segment[:, 1] for segment in display.lines_.get_segments()])
    ordered = sorted(study.trials, key=lambda trial: (trial.value, -trial.number))
    expected = np.array([(trial.config["x"] / 2, (trial.config["y"] - 10) / 10) for trial in ordered])
    assert heights == pytest.approx(expected)
    assert np.asarray(display.lines_.get_array()).tolist() == [trial.value for trial in ordered]


def test_inactive_hyperparameters_have_a_place_below(conditional: Study) -> None:
    name = "network:wide:width"
    display = ParallelCoordinatesDisplay.from_study(conditional, [name, "rate"])
    below = sum(segment[0, 1] < 0 for segment in display.lines_.get_segments())
    assert below == sum(name not in trial.config for trial in conditional.trials) > 0
    assert "inactive" in [text.get_text() for text in display.ax_.texts]
    without = ParallelCoordinatesDisplay.from_study(conditional, ["rate", "decoy"])
    assert "inactive" not in [text.get_text() for text in without.ax_.texts]


def test_choices_are_ticks(conditional: Study) -> None:
    display = ParallelCoordinatesDisplay.from_study(conditional, ["network"])
    assert {text.get_text() for text in display.ax_.texts} == {"wide", "narrow", "linear"}


def test_an_estimator_is_drawn_with_its_metric_and_long_names_are_broken(classifier: AutoNetClassification) -> None:
    names = ["NetworkSelector:shapedresnet:num_groups", "OptimizerSelector:sgd:momentum"]
    display = ParallelCoordinatesDisplay.from_estimator(classifier, names)
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == [
        "shapedresnet:\nnum_groups",
        "sgd:momentum",
    ]
    assert display.figure_.axes[1].get_ylabel() == "validation accuracy"


def test_failures_are_dotted() -> None:
    study = search_failing()
    display = ParallelCoordinatesDisplay.from_study(study)
    dotted = [line for line in display.ax_.get_lines() if line.get_linestyle() == ":"]
    assert len(dotted) == sum(trial.value is None for trial in study.trials)
    assert display.ax_.get_legend().get_texts()[0].get_text() == f"failed ({len(dotted)})"


def test_one_trial_is_enough() -> None:
    assert len(ParallelCoordinatesDisplay.from_study(search_one()).lines_.get_segments()) == 1

"""The display of two hyperparameters as a contour."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.contour import QuadContourSet

from autonet import AutoNetClassification
from autonet.core.errors import InvalidOption, UnknownName
from autonet.inspection import ContourDisplay
from autonet.search import Study
from tests.inspection.histories import search_one


@pytest.fixture(scope="module")
def bowl() -> Study:
    study = Study({"x": (-1.0, 1.0), "y": (-1.0, 1.0)}, sampler="random", random_state=0)
    return study.optimize(lambda trial: trial["x"] ** 2 + trial["y"] ** 2, max_trials=150)


def test_colours_are_predicted_means(bowl: Study) -> None:
    display = ContourDisplay.from_study(bowl, ("x", "y"))
    x, y = np.meshgrid(display.x_grid, display.y_grid)
    assert np.abs(display.means - (x**2 + y**2)).mean() < 0.15
    assert isinstance(display.surface_, QuadContourSet)
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("x", "y")
    assert display.figure_.axes[1].get_ylabel() == "value"  # of the colour bar


def test_dots_are_trials_and_the_best_is_a_star(bowl: Study) -> None:
    display = ContourDisplay.from_study(bowl, ("x", "y"))
    dots = np.asarray(display.dots_.get_offsets())
    assert dots.tolist() == [[trial.config["x"], trial.config["y"]] for trial in bowl.trials]
    star = next(marks for marks in display.ax_.collections if marks.get_label() == "best")
    assert np.asarray(star.get_offsets()).tolist() == [[bowl.best.config["x"], bowl.best.config["y"]]]


def test_choices_are_cells_and_inactive_combinations_are_blank(conditional: Study) -> None:
    display = ContourDisplay.from_study(conditional, ["network", "network:wide:width"])
    assert isinstance(display.surface_, QuadMesh)
    active = [choice == "wide" for choice in conditional.space["network"].choices]
    assert np.isfinite(display.means).all(axis=0).tolist() == active
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == list(conditional.space["network"].choices)


def test_by_default_the_pair_is_important_and_neither_decides_whether_the_other_is_active(conditional: Study) -> None:
    display = ContourDisplay.from_study(conditional)
    pair = {display.x.name, display.y.name}
    assert len(pair) == 2
    assert pair != {"network", "network:wide:width"}
    assert pair & {"network", "network:wide:width"}


def test_an_estimator_is_drawn_with_its_metric(classifier: AutoNetClassification) -> None:
    display = ContourDisplay.from_estimator(classifier)
    assert display.figure_.axes[1].get_ylabel() == "validation accuracy"


@pytest.mark.parametrize("names", ["x", ["x"], ["x", "x"], ["x", "y", "x"]])
def test_two_names_are_needed(bowl: Study, names: list[str]) -> None:
    with pytest.raises(InvalidOption, match="must be two different names"):
        ContourDisplay.from_study(bowl, names)


def test_what_cannot_be_drawn_is_refused(bowl: Study, conditional: Study) -> None:
    with pytest.raises(UnknownName):
        ContourDisplay.from_study(bowl, ["x", "z"])
    with pytest.raises(InvalidOption, match="never active together"):
        ContourDisplay.from_study(conditional, ["network:wide:width", "network:narrow:decoy"])
    with pytest.raises(InvalidOption, match="Run more trials"):
        ContourDisplay.from_study(search_one())
    single = Study({"x": (0.0, 1.0)}, random_state=0).optimize(lambda trial: trial["x"], max_trials=5)
    with pytest.raises(InvalidOption, match="single hyperparameter"):
        ContourDisplay.from_study(single)

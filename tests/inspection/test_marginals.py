"""Marginal losses of hyperparameters."""

import numpy as np
import pytest

from autonet.core.errors import InvalidOption
from autonet.inspection.marginals import MarginalLosses
from autonet.inspection.surrogate import LossTable
from autonet.search import Study
from tests.inspection.histories import search_conditional


@pytest.fixture(scope="module")
def study() -> Study:
    return search_conditional(150, noise=0.0)


@pytest.fixture(scope="module")
def model(study: Study) -> MarginalLosses:
    return MarginalLosses(LossTable(study.history, study.space))


def test_the_mean_is_over_the_other_hyperparameters() -> None:
    study = Study({"x": (0.0, 1.0), "y": (0.0, 1.0)}, sampler="random", random_state=0)
    study.optimize(lambda t: t["x"] + 2 * t["y"], max_trials=200)
    points = np.array([[0.2], [0.8]])
    assert MarginalLosses(LossTable(study.history, study.space)).predict(["x"], points) == pytest.approx(
        [1.2, 1.8], abs=0.1
    )


def test_of_a_conditional_hyperparameter_it_is_over_configurations_in_which_it_is_active(model: MarginalLosses) -> None:
    # A loss of 0 for a wide network, its width, and .7 * .123 for the mean rate.
    found = model.predict(["network:wide:width"], np.array([[0.1], [0.9]]))
    assert found == pytest.approx([0.19, 0.99], abs=0.2)


def test_points_at_which_one_is_inactive_are_missing(model: MarginalLosses, study: Study) -> None:
    choices = study.space["network"].choices
    points = np.array([[index, 0.5] for index in range(len(choices))])
    found = model.predict(["network", "network:wide:width"], points)
    assert np.isfinite(found).tolist() == [choice == "wide" for choice in choices]


def test_hyperparameters_that_exclude_one_another_are_refused(model: MarginalLosses) -> None:
    with pytest.raises(InvalidOption, match="'network:wide:decoy' and 'network:narrow:decoy' are never active"):
        model.predict(["network:wide:decoy", "network:narrow:decoy"], np.array([[0.5, 0.5]]))

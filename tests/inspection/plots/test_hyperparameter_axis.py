"""Axes of hyperparameters."""

from typing import Any

import numpy as np
import pytest
from ConfigSpace import Categorical, Float, Integer, OrdinalHyperparameter
from matplotlib import pyplot as plt

from autonet.core.errors import InvalidOption, UnknownName
from autonet.inspection.plots.hyperparameter_axis import HyperparameterAxis, choose_hyperparameters
from autonet.inspection.plots.results import SearchResults
from autonet.search import Study
from tests.inspection.histories import search_one


def test_positions_are_values_or_indices_of_choices() -> None:
    rate = HyperparameterAxis(Float("rate", (1e-4, 1.0), log=True))
    assert rate.positions([{"rate": 0.01}, {}]).tolist() == pytest.approx([0.01, np.nan], nan_ok=True)
    flag = HyperparameterAxis(Categorical("flag", [True, False]))
    indices = flag.positions([{"flag": True}, {"flag": False}, {"flag": "other"}])
    assert indices.tolist() == pytest.approx([0, 1, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("hyperparameter", "ticks", "scaled"),
    [
        (Float("x", (1e-4, 1.0), log=True), ["1e-4", "0.001", "0.01", "0.1", "1"], [0, 0.25, 0.5, 0.75, 1]),
        (Float("x", (2.0, 10.0), log=True), ["2", "4.47", "10"], [0, 0.5, 1]),
        (Integer("x", (1, 3)), ["1", "2", "3"], [0, 0.5, 1]),
        (Categorical("x", ["relu", "a_very_long_name_of_a_choice"]), ["relu", "a_very_…a_choice"], [0, 1]),
        (OrdinalHyperparameter("x", ["low", "mid", "high"]), ["low", "mid", "high"], [0, 0.5, 1]),
    ],
)
def test_ticks_are_few_and_short(hyperparameter: Any, ticks: list[str], scaled: list[float]) -> None:
    axis = HyperparameterAxis(hyperparameter)
    positions, texts = axis.ticks()
    assert texts == ticks
    assert axis.scale(positions) == pytest.approx(scaled)


def test_of_many_choices_some_have_a_label() -> None:
    positions, texts = HyperparameterAxis(Categorical("x", [f"c{i}" for i in range(30)])).ticks()
    assert positions.tolist() == list(range(0, 30, 3))
    assert texts == [f"c{i}" for i in range(0, 30, 3)]


def test_grids_hold_each_value_once_in_vector_form_beside_its_position() -> None:
    vectors, positions = HyperparameterAxis(Integer("x", (1, 4))).grid(25)
    assert positions.tolist() == [1, 2, 3, 4]
    assert len(vectors) == 4
    vectors, positions = HyperparameterAxis(Float("x", (1e-2, 1.0), log=True)).grid(3)
    assert (vectors.tolist(), positions.tolist()) == ([0, 0.5, 1], pytest.approx([0.01, 0.1, 1]))
    assert HyperparameterAxis(Categorical("x", ["a", "b"])).grid(25)[1].tolist() == [0, 1]


def test_dots_of_a_choice_lie_side_by_side() -> None:
    axis = HyperparameterAxis(Categorical("x", ["a", "b"]))
    places = axis.scatter(np.ones(50))
    assert len(set(places)) == 50
    assert np.abs(places - 1).max() < 0.25
    numbers = np.ones(3)
    assert HyperparameterAxis(Float("x", (0.0, 1.0))).scatter(numbers) is numbers


def test_choices_with_long_names_are_rotated() -> None:
    _, (first, second) = plt.subplots(1, 2)
    HyperparameterAxis(Categorical("x", ["a", "b"])).apply(first, "x", "x")
    HyperparameterAxis(Categorical("x", ["shapedresnet", "shapedmlpnet", "tabm"])).apply(second, "x", "network")
    assert [label.get_rotation() for label in first.get_xticklabels()] == [0, 0]
    assert [label.get_rotation() for label in second.get_xticklabels()] == [40, 40, 40]
    assert second.get_xlabel() == "network"


def test_the_most_important_hyperparameters_are_chosen(conditional: Study) -> None:
    chosen = choose_hyperparameters(SearchResults.from_study(conditional), None, 2)
    assert chosen[0] == "network"
    assert len(chosen) == 2


def test_of_too_few_trials_those_that_most_have_are_chosen() -> None:
    assert choose_hyperparameters(SearchResults.from_study(search_one()), None, 5) == ["x", "y"]


def test_names_are_checked(conditional: Study) -> None:
    results = SearchResults.from_study(conditional)
    assert choose_hyperparameters(results, ["decoy", "rate"], 1) == ["decoy", "rate"]
    with pytest.raises(UnknownName, match=r"Unknown hyperparameter 'rat'\. Did you mean 'rate'"):
        choose_hyperparameters(results, ["rat"], 1)
    with pytest.raises(InvalidOption, match="hyperparameters is empty; choose from 'choice'"):
        choose_hyperparameters(results, [], 1)
    with pytest.raises(InvalidOption, match="max_hyperparameters must be a whole number of at least 1; got 0"):
        choose_hyperparameters(results, None, 0)
    constant = Study({"x": "only"}).optimize(lambda _: 1.0, max_trials=1)
    with pytest.raises(InvalidOption, match="no hyperparameter with more than one value"):
        choose_hyperparameters(SearchResults.from_study(constant), None, 1)

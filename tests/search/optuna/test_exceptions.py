"""Exceptions under Optuna's names, and refusals."""

import pytest

import autonet.search.optuna as optuna
from autonet.core.errors import InvalidOption
from autonet.search import TrialPruned
from autonet.search.optuna.exceptions import check_single, make_refusal


def test_exceptions() -> None:
    assert optuna.TrialPruned is optuna.exceptions.TrialPruned is TrialPruned
    assert issubclass(optuna.exceptions.DuplicatedStudyError, optuna.exceptions.OptunaError)


def test_refusals() -> None:
    refuse = make_refusal("optuna.x", ["plot_slice", "_hidden", "plot_slice"])
    with pytest.raises(AttributeError, match=r"'plot_slices'\. Did you mean 'plot_slice'\?"):
        refuse("plot_slices")
    with pytest.raises(AttributeError, match="not offered: autonet optimizes a single objective"):
        refuse("plot_pareto_front")
    with pytest.raises(AttributeError, match="has no attribute '__path__'"):
        refuse("__path__")


def test_names_of_the_package_are_refused() -> None:
    with pytest.raises(AttributeError, match=r"Unknown name in optuna 'creat_study'\. Did you mean 'create_study'"):
        _ = optuna.creat_study
    assert not hasattr(optuna, "artifacts")


def test_single_values() -> None:
    assert (check_single(1.5), check_single([1.5]), check_single(None)) == (1.5, 1.5, None)
    for values in ([], (1.0, 2.0)):
        with pytest.raises(InvalidOption, match=f"Got {len(values)} values"):
            check_single(values)

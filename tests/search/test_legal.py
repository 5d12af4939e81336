"""Spaces with forbidden clauses: legality of many rows at once, and configurations where few are legal."""

import logging
from typing import Any

import pytest
from ConfigSpace import Configuration, ConfigurationSpace, ForbiddenGreaterThanClause, ForbiddenLessThanClause, Integer

from autonet.search import Study
from tests.search.spaces.forbidding import ordered


def distance(trial: Any) -> float:
    return sum((trial[f"x{i}"] - i / 7) ** 2 for i in range(7))


@pytest.mark.parametrize("sampler", ["bohb", "forest", "kde", "random"])
def test_where_one_in_thousands_is_legal_the_search_goes_on(sampler: str) -> None:
    space = ordered()
    study = Study(space, random_state=0, sampler=sampler).optimize(distance, max_trials=25)
    assert len(study.trials) == 25
    for trial in study.trials:
        Configuration(space, values=dict(trial.config))  # legal, or it raises
    assert len({tuple(t.config.values()) for t in study.trials}) == 25


def test_where_few_are_legal_the_model_proposes_still() -> None:
    study = Study(ordered(), random_state=1).optimize(distance, max_trials=40)
    assert study.best.value is not None
    assert study.best.value < 0.006  # random search: .02


def test_a_needle_is_found_and_the_end_is_told(caplog: pytest.LogCaptureFixture) -> None:
    space = ConfigurationSpace()
    numbers = [Integer(f"n{i}", (0, 9), default=5) for i in range(4)]
    space.add(*numbers)
    space.add(*[ForbiddenLessThanClause(n, 4) for n in numbers], *[ForbiddenGreaterThanClause(n, 5) for n in numbers])
    study = Study(space, random_state=0).optimize(lambda t: float(sum(t.values())), max_trials=50)
    assert len({tuple(t.config.values()) for t in study.trials}) == len(study.trials) == 16
    assert "stopping the search: all 16 configurations have been tried" in caplog.text


def test_a_search_that_finds_nothing_legal_any_more_says_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "autonet.search")
    space = ConfigurationSpace()
    numbers = [Integer(f"n{i}", (0, 10**6), default=5) for i in range(3)]
    space.add(*numbers)
    space.add(*[ForbiddenLessThanClause(n, 5) for n in numbers], *[ForbiddenGreaterThanClause(n, 5) for n in numbers])
    study = Study(space, random_state=0).optimize(lambda t: float(sum(t.values())), max_trials=9)
    assert len(study.trials) == 1
    assert (
        "stopping the search: no legal configuration was found beyond the 1 tried, because the forbidden" in caplog.text
    )

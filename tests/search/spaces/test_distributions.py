"""Distributions that objectives suggest from."""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.errors import InvalidOption
from autonet.core.jsonvalues import from_text, to_text
from autonet.search import RunningTrial, minimize
from autonet.search.spaces.distributions import (
    CategoricalDistribution,
    Distribution,
    FloatDistribution,
    IntDistribution,
    from_dict,
    merge,
)
from autonet.search.spaces.encoding import Encoding


def test_a_range_that_changes_grows_and_a_meaning_that_changes_is_refused() -> None:
    def growing(trial: RunningTrial) -> float:
        top = 5 + trial.number
        assert 0 <= trial.suggest_float("x", 0, top) <= top
        return float(trial.suggest_categorical("c", list(range(2 + trial.number % 3))))

    study = minimize(growing, max_trials=15, random_state=0, on_error="raise")
    assert study.space["x"].upper == 19
    assert sorted(study.space["c"].choices) == [0, 1, 2, 3]

    def changing(trial: RunningTrial) -> float:
        return trial.suggest_float("x", 0, 1) if trial.number == 0 else float(trial.suggest_categorical("x", [1, "a"]))

    sentence = (
        r"'x' was suggested as float \[0.0, 1.0\] in earlier trials and now as categorical \[1, 'a'\]; use another"
    )
    study = minimize(changing, max_trials=3)
    assert [str(t.status) for t in study.trials] == ["finished", "crashed", "crashed"]
    assert re.search(sentence, study.trials[1].reports[0].reason)
    with pytest.raises(InvalidOption, match=sentence):
        minimize(changing, max_trials=3, on_error="raise")


# ConfigSpace loses characters of value 0 at the end of a text.
WORDS = st.text(st.characters(exclude_characters="\0"), max_size=3)
NUMBERS = st.one_of(st.integers(-50, 50), st.floats(-1e3, 1e3).map(lambda v: round(v, 3)))


@st.composite
def distributions(draw: st.DrawFn) -> Distribution:
    """Draw a distribution of any kind."""
    kind = draw(st.sampled_from(["float", "int", "categorical"]))
    if kind == "categorical":
        values = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS, st.lists(st.integers(), max_size=2))
        choices = draw(st.lists(values, min_size=1, max_size=5))
        return CategoricalDistribution(tuple(c for i, c in enumerate(choices) if c not in choices[:i]))
    log = draw(st.booleans())
    if kind == "int":
        low = draw(st.integers(1 if log else -50, 50))
        return IntDistribution(low, low + draw(st.integers(0, 60)), 1 if log else draw(st.integers(1, 7)), log)
    low = round(draw(st.floats(1e-3 if log else -10, 10)), 4)
    step = None if log else draw(st.sampled_from([None, 0.1, 0.25, 1e-3, 1 / 3]))
    return FloatDistribution(low, low + round(draw(st.floats(0, 10)), 3), step, log)


@settings(max_examples=150)
@given(distributions(), st.integers(0, 2**31))
def test_samples_are_legal_and_survive_text_and_vectors(distribution: Distribution, seed: int) -> None:
    rng = np.random.default_rng(seed)
    back = from_dict(from_text(to_text(distribution.to_dict())))
    assert back == distribution
    space = ConfigurationSpace()
    space.add(distribution.hyperparameter("x"))
    encoding = Encoding(space)
    for value in [distribution.sample(rng) for _ in range(5)]:
        assert distribution.is_legal(value)
        assert distribution.cast(value) == value
        row = encoding.encode({"x": value})
        assert np.array_equal(encoding.canonicalize(row[None])[0], row)
        decoded = encoding.decode(row)["x"]
        assert repr(decoded) == repr(value) if distribution.size < math.inf else decoded == pytest.approx(value)
    if distribution.size <= 1000:
        assert len(distribution.values()) == distribution.size
        assert all(distribution.is_legal(value) for value in distribution.values())


@settings(max_examples=150)
@given(distributions(), distributions(), st.integers(0, 2**31))
def test_merged_distributions_have_the_values_of_both_or_are_refused(
    one: Distribution, other: Distribution, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    try:
        merged = merge("x", one, other)
    except InvalidOption as error:
        assert type(one) is not type(other) or getattr(one, "log", None) != getattr(other, "log", None)
        assert "'x' was suggested as" in str(error)  # noqa: PT017
        return
    for distribution in (one, other):
        assert all(merged.is_legal(distribution.sample(rng)) for _ in range(5))
    assert merge("x", merged, one) == merged


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "ordinal", "sequence": [0.0, 0.1, 0.2, 0.30000000000000004]}, FloatDistribution(0, 0.3, 0.1)),
        ({"type": "ordinal", "sequence": [8, 16, 24]}, IntDistribution(8, 24, 8)),
        ({"type": "constant", "value": 3}, IntDistribution(3, 3)),
        ({"type": "constant", "value": 0.5}, FloatDistribution(0.5, 0.5)),
        ({"type": "constant", "value": "a"}, CategoricalDistribution(("a",))),
        ({"type": "uniform_int", "lower": 1, "upper": 9, "log": True}, IntDistribution(1, 9, log=True)),
        ({"type": "categorical", "choices": ["a", (1, 2)]}, CategoricalDistribution(("a", (1, 2)))),
    ],
)
def test_definitions_of_earlier_versions_are_read(old: Mapping[str, Any], new: Distribution) -> None:
    read = from_dict(old)
    assert read.size == new.size
    assert repr(read) == repr(new)


def test_values_of_a_grid_are_the_numbers_that_people_write() -> None:
    distribution = FloatDistribution(0, 1, 0.1)
    assert distribution.values() == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    space = distribution.hyperparameter("x")
    assert [space.to_value(k / 10) for k in range(11)] == distribution.values()

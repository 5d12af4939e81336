"""Unbounded normal priors, and priors rounded to multiples of a number."""

from copy import copy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, norm

from autonet.core.errors import InvalidOption
from autonet.search import Study, minimize
from autonet.search.spaces.distributions import FloatDistribution
from autonet.search.spaces.encoding import Encoding
from autonet.search.spaces.priors import (
    NormalHyperparameter,
    PriorHyperparameter,
    PriorRangeHyperparameter,
    QuantizedHyperparameter,
)
from autonet.search.spaces.space import as_space

PRIORS = [
    NormalHyperparameter("x", 3.0, 2.0),
    NormalHyperparameter("x", 0.0, 1.0, log=True),
    NormalHyperparameter("x", -1.0, 2.0, q=0.5),
    NormalHyperparameter("x", 0.0, 1.0, q=0.3, log=True),
    QuantizedHyperparameter("x", 0.3, 7.5, 2.0),
    QuantizedHyperparameter("x", 1.0, 100.0, 8.0, log=True),
]


@pytest.mark.parametrize("prior", PRIORS, ids=str)
def test_values_survive_their_vector_form(prior: PriorHyperparameter) -> None:
    vectors = prior.sample_vector(500, seed=np.random.RandomState(0))
    values = prior.to_value(vectors)
    assert prior.legal_value(values).all()
    assert prior.to_value(prior.to_vector(values)) == pytest.approx(values, rel=1e-9, abs=1e-12)
    if prior.q is not None:
        assert np.allclose(values / prior.q, np.rint(values / prior.q))
        assert set(values) <= set(prior.to_value(prior.list_vectors()))
        assert len(prior.list_vectors()) == prior.size


@given(st.floats(-5.9, 5.9))
def test_a_normal_prior_reaches_its_tails(z: float) -> None:
    prior = NormalHyperparameter("x", 5.0, 0.1)
    assert prior.to_value(prior.to_vector(5.0 + 0.1 * z)) == pytest.approx(5.0 + 0.1 * z, abs=1e-9)


def test_a_normal_prior_is_not_bounded() -> None:
    study = Study({"x": NormalHyperparameter("x", 0.0, 1.0)}, random_state=0)
    study.enqueue({"x": 25.0})
    study.optimize(lambda trial: (trial["x"] - 25) ** 2, max_trials=12)
    assert study.trials[0].config["x"] == 25.0
    drawn = Encoding(study.space).sample(100_000, np.random.default_rng(0))[:, 0]
    values = study.space["x"].to_value(drawn)
    assert np.abs(values).max() > 3.9  # of 100,000 draws, all are nearer with a probability of 0.007 %
    assert np.mean(values > 2) == pytest.approx(norm.sf(2), abs=0.002)


def test_searches_end_when_all_multiples_are_tried() -> None:
    for sampler in ("bohb", "grid", "random", "tpe"):
        space = {"x": QuantizedHyperparameter("x", 0.3, 7.5, 2.0)}
        study = minimize(lambda trial: abs(trial["x"] - 4), space, sampler=sampler, max_trials=50, random_state=0)
        assert sorted(trial.config["x"] for trial in study.trials) == [0.0, 2.0, 4.0, 6.0, 8.0]
        assert study.best.config == {"x": 4.0}


def test_a_study_of_priors_is_resumed(tmp_path: Path) -> None:
    space = {str(i): prior for i, prior in enumerate(PRIORS)} | {"r": FloatDistribution(0.0, 1e-15).hyperparameter("r")}
    with Study(space, run_dir=tmp_path, random_state=0) as study:
        study.optimize(lambda trial: trial["0"] ** 2, max_trials=4)
        configs = [trial.config for trial in study.trials]
    with Study.open(tmp_path) as reopened:
        assert [trial.config for trial in reopened.trials] == configs
        reopened.optimize(lambda trial: trial["0"] ** 2, max_trials=6)
        assert len(reopened.trials) == 6


def test_values_without_probability_are_refused() -> None:
    for prior, value in ((PRIORS[1], 0.0), (PRIORS[2], 0.3), (PRIORS[4], 10.0), (PRIORS[0], np.inf), (PRIORS[3], -0.3)):
        with pytest.raises(InvalidOption, match=r"'x' = .* is not in its range: x, Type: (Normal|Quantized)"):
            Study({"x": prior}).enqueue({"x": value})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NormalHyperparameter("x", 0.0, 0.0), "sigma > 0"),
        (lambda: NormalHyperparameter("x", np.nan, 1.0), "finite"),
        (lambda: QuantizedHyperparameter("x", 2.0, 1.0, 1.0), "low < high"),
        (lambda: QuantizedHyperparameter("x", 0.0, 1.0, 0.0), "q must be positive"),
        (lambda: QuantizedHyperparameter("x", 0.0, 1.0, 0.1, log=True), "low > 0"),
    ],
)
def test_invalid_parameters_are_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=message):
        make()


def test_copies_and_ranges() -> None:
    for prior in PRIORS:
        named = as_space({"renamed": prior})["renamed"]
        assert str(named) == str(prior).replace("x, ", "renamed, ", 1)
        assert prior.to_uniform().lower == prior.lower


def test_a_range_is_logarithmic_where_it_is_positive() -> None:
    for prior in PRIORS:
        assert prior.lower < prior.upper
        assert prior.log == (prior.parameters["log"] and prior.lower > 0)
    assert [prior.log for prior in PRIORS] == [False, True, False, False, False, False]
    assert QuantizedHyperparameter("x", 4.0, 100.0, 8.0, log=True).lower == 0.0
    assert QuantizedHyperparameter("x", 5.0, 100.0, 8.0, log=True).log


RANGES = [
    PriorRangeHyperparameter("x", 0.0, 1.0, prior=("normal", 0.25, 0.1)),
    PriorRangeHyperparameter("x", 1e-4, 1.0, prior=("normal", 1e-2, 0.5), log=True),
    PriorRangeHyperparameter("x", 1, 9, 1, prior=("normal", 3, 1.5), default_value=4),
    PriorRangeHyperparameter("x", 0.0, 10.0, prior=("beta", 2, 5)),
    PriorRangeHyperparameter("x", 16, 256, 1, prior=("normal", 64, 0.4), log=True),
]
MEDIANS = [0.25, 1e-2, 3, 10 * beta(2, 5).median(), 64]


@pytest.mark.parametrize(
    ("prior", "median"),
    list(zip(RANGES, MEDIANS, strict=True)),
    ids=["normal", "lognormal", "integer", "beta", "log integer"],
)
def test_a_range_with_a_prior_is_drawn_from_it(prior: PriorRangeHyperparameter, median: float) -> None:
    values = prior.to_value(prior.sample_vector(4000, seed=np.random.RandomState(0)))
    assert prior.legal_value(values).all()
    assert np.median(values) == pytest.approx(median, rel=0.05)
    again = copy(prior)
    assert (again.prior, again.lower, again.upper, again.step, again.log, again.default_value) == (
        prior.prior,
        prior.lower,
        prior.upper,
        prior.step,
        prior.log,
        prior.default_value,
    )
    assert np.isscalar(prior.sample_vector(seed=np.random.RandomState(0)))


def test_a_search_with_a_prior_is_reopened(tmp_path: Path) -> None:
    with Study({"x": RANGES[1], "n": RANGES[2]}, run_dir=tmp_path / "run", random_state=0) as study:
        study.optimize(lambda trial: (trial["x"] - 0.02) ** 2 + trial["n"], max_trials=12)
    opened = Study.open(tmp_path / "run")
    assert str(opened.space["x"]) == str(RANGES[1])
    assert opened.space["n"].prior == ("normal", 3.0, 1.5)
    assert all(type(trial.config["n"]) is int for trial in opened.trials)
    opened.close()

"""The twelve distributions of Hyperopt: 100,000 draws of each against its law."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2, kstest, lognorm, loguniform, norm, uniform

from autonet.core.errors import InvalidOption
from autonet.search.hyperopt import hp
from autonet.search.hyperopt.pyll.base import CompiledSpace
from autonet.search.spaces.encoding import get_choices

N_DRAWS = 100_000
LEVEL = 1e-3  # of the tests, whose seeds are fixed


def draw(part: Any) -> np.ndarray:
    """Return draws of a hyperparameter with the label "x"; of a choice its indices."""
    encoding = CompiledSpace(part).encoding
    hyperparameter = encoding.space["x"]
    vectors = encoding.sample(N_DRAWS, np.random.default_rng(0))[:, 0]
    return vectors if get_choices(hyperparameter) else np.asarray(hyperparameter.to_value(vectors))


@pytest.mark.parametrize(
    ("part", "law"),
    [
        (hp.uniform("x", -3, 7), uniform(-3, 10)),
        (hp.loguniform("x", -20, 3), loguniform(math.exp(-20), math.exp(3))),
        (hp.normal("x", 5, 0.5), norm(5, 0.5)),
        (hp.lognormal("x", -1, 2), lognorm(2, scale=math.exp(-1))),
    ],
    ids=["uniform", "loguniform", "normal", "lognormal"],
)
def test_continuous_laws(part: Any, law: Any) -> None:
    assert kstest(draw(part), law.cdf).pvalue > LEVEL
    assert kstest(draw(part) + 0.02 * law.std(), law.cdf).pvalue < LEVEL  # a shift of 2 % of the spread is found


@pytest.mark.parametrize(
    ("part", "law", "q"),
    [
        (hp.quniform("x", 0.3, 7.5, 2), uniform(0.3, 7.2), 2),
        (hp.qloguniform("x", 0, 4, 3), loguniform(1, math.exp(4)), 3),
        (hp.qnormal("x", 1, 2, 0.5), norm(1, 2), 0.5),
        (hp.qlognormal("x", 0, 1, 0.7), lognorm(1), 0.7),
    ],
    ids=["quniform", "qloguniform", "qnormal", "qlognormal"],
)
def test_rounded_laws(part: Any, law: Any, q: float) -> None:
    values, counts = np.unique(draw(part), return_counts=True)
    assert np.allclose(values, q * np.rint(values / q))
    expected = N_DRAWS * (law.cdf(values + q / 2) - law.cdf(values - q / 2))
    check_counts(counts, expected)


@pytest.mark.parametrize(
    ("part", "probabilities"),
    [
        (hp.choice("x", ["a", "b", "c"]), [1 / 3] * 3),
        (hp.pchoice("x", [(0.2, "a"), (0.7, hp.normal("y", 0, 1)), (0.1, None)]), [0.2, 0.7, 0.1]),
        (hp.randint("x", 4), [0.25] * 4),
        (hp.randint("x", 2, 4), [0, 0, 0.5, 0.5]),
        (hp.uniformint("x", 1, 3), [0, 1 / 3, 1 / 3, 1 / 3]),
    ],
    ids=["choice", "pchoice", "randint", "randint of two", "uniformint"],
)
def test_laws_of_integers(part: Any, probabilities: list[float]) -> None:
    counts = np.bincount(draw(part).astype(int), minlength=len(probabilities))
    possible = np.array(probabilities) > 0
    assert counts.sum() == counts[possible].sum() == N_DRAWS
    check_counts(counts[possible], N_DRAWS * np.array(probabilities)[possible])


def check_counts(counts: np.ndarray, expected: np.ndarray) -> None:
    """Compare counts with expected ones, the rare ones together; a change of the largest by 10 % would be found."""
    common = expected >= 20
    observed = np.r_[counts[common], N_DRAWS - counts[common].sum()]
    wanted = np.r_[expected[common], N_DRAWS - expected[common].sum()]
    observed, wanted = observed[wanted > 1e-6 * N_DRAWS], wanted[wanted > 1e-6 * N_DRAWS]
    assert compare(observed, wanted) > LEVEL
    most = int(np.argmax(wanted))
    changed = observed + 0.1 * wanted[most] * (np.arange(len(wanted)) == most)
    assert compare(changed, wanted) < LEVEL


def compare(counts: np.ndarray, expected: np.ndarray) -> float:
    """Return the p-value of Pearson's test."""
    return float(chi2.sf(np.sum((counts - expected) ** 2 / expected), max(len(counts) - 1, 1)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: hp.choice("x", []), "'x' has no options"),
        (lambda: hp.choice("x", {"a": 1}), r"hp.choice\('x'\): expected a list of options; got {'a': 1}"),
        (lambda: hp.quniform("x", 0, 1, 0), "'x' is invalid: q must be positive and finite; got 0"),
        (lambda: hp.pchoice("x", [(0.5, 1), (0.1, 2)]), "add up to 1; got"),
        (lambda: hp.pchoice("x", [1, 2]), r"expected pairs \(probability, option\)"),
        (lambda: hp.uniform("x", 2, 1), "'x' is invalid: expected low <= high; got low=2, high=1"),
        (lambda: hp.uniform(0, 1, 2), "is its label, a str; got 0"),
        (lambda: hp.choice(["a"], ["b"]), "is its label, a str; got"),
        (lambda: hp.normal("x", 0, -1), "sigma > 0"),
        (lambda: hp.uniformint("x", 1, 9, q=2), "requires q=1; got q=2. Use hp.quniform"),
        (lambda: hp.randint("x", 0), "'x' is invalid: expected low <= high"),
        (lambda: hp.loguniform("x", 0, 1e6), "'x' is invalid"),
    ],
)
def test_invalid_arguments_are_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        make()

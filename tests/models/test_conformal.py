from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.errors import InvalidOption
from autonet.core.spec import from_spec, to_spec
from autonet.data.targets.targets import RegressionTargets
from autonet.models.conformal import Conformal, QuantileConformal, Widths, disagreement, suits


def regression(n: int, seed: int = 0) -> tuple[Any, list[Any]]:
    """Targets with noise that grows with the first of two features, and two candidates that disagree where it is."""
    rng = np.random.default_rng(seed)
    x, noise = rng.normal(size=(n, 1)), rng.uniform(0.2, 3.0, size=(n, 1))
    y = x + noise * rng.normal(size=(n, 1))
    return y, [x + 0.3 * noise, x - 0.3 * noise]


def calibrated(n: int, seed: int = 0) -> Conformal:
    y, parts = regression(n, seed)
    return Conformal.fit(y, [(0.5, [part]) for part in parts], [np.mean(parts, axis=0)])


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_intervals_hold_the_truth_as_often_as_asked_for_wherever_they_are_wide(coverage: float) -> None:
    conformal, (y, parts) = calibrated(4000), regression(20_000, seed=1)
    spread = disagreement(conformal.weights, parts)
    ends = conformal.intervals(np.mean(parts, axis=0), spread, coverage)
    held = (ends[:, 0, 0] <= y[:, 0]) & (y[:, 0] <= ends[:, 0, 1])
    assert held.mean() == pytest.approx(coverage, abs=0.02)
    for quarter in np.array_split(np.argsort(ends[:, 0, 1] - ends[:, 0, 0]), 4):
        assert held[quarter].mean() == pytest.approx(coverage, abs=0.05)


def test_widths_follow_the_disagreement_of_members() -> None:
    conformal, (_, parts) = calibrated(4000), regression(1000, seed=1)
    spread = disagreement(conformal.weights, parts)
    ends = conformal.intervals(np.mean(parts, axis=0), spread, 0.9)[:, 0]
    width = ends[:, 1] - ends[:, 0]
    assert np.corrcoef(np.log(width), np.log(spread[:, 0]))[0, 1] > 0.9


def test_a_single_candidate_has_intervals_too() -> None:
    y, parts = regression(2000)
    mean = np.mean(parts, axis=0)
    conformal = Conformal.fit(y, [(1.0, [mean])], [mean])
    y, parts = regression(20_000, seed=1)
    mean = np.mean(parts, axis=0)
    ends = conformal.intervals(mean, np.zeros_like(mean), 0.9)
    assert np.mean((ends[..., 0] <= y) & (y <= ends[..., 1])) == pytest.approx(0.9, abs=0.02)


def test_the_rank_is_that_of_split_conformal_prediction() -> None:
    residuals = np.arange(1.0, 20.0).reshape(-1, 1)  # 19 rows, too few for widths by row
    conformal = Conformal.fit(residuals, [(1.0, [np.zeros((19, 1))])], [np.zeros((19, 1))])
    one = np.zeros((1, 1))
    # The smallest rank of at least 20 x coverage.
    assert conformal.intervals(one, one, 0.9).tolist() == [[[-18.0, 18.0]]]
    assert conformal.intervals(one, one, 0.5).tolist() == [[[-10.0, 10.0]]]
    assert conformal.intervals(one, one, 0.01).tolist() == [[[-1.0, 1.0]]]
    assert conformal.intervals(one, one, 0.95).tolist() == [[[-19.0, 19.0]]]
    with pytest.raises(InvalidOption, match=r"coverage=0.96 needs more validation rows than the 19 .* at most 0.95"):
        conformal.intervals(one, one, 0.96)


@pytest.mark.parametrize("coverage", [0, 1, 1.5, -0.1, "0.9", None, np.nan, True])
def test_a_coverage_is_a_share(coverage: Any) -> None:
    with pytest.raises(InvalidOption, match="coverage must be a number between 0 and 1; got"):
        calibrated(50).intervals(np.zeros((1, 1)), np.zeros((1, 1)), coverage)


@given(st.integers(30, 3000), st.integers(2, 6), st.floats(0.3, 0.95), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_sets_hold_the_class_and_are_never_empty(n: int, k: int, coverage: float, seed: int) -> None:
    rng = np.random.default_rng(seed)

    def draw(n: int) -> tuple[Any, Any]:
        logits = 2.0 * rng.normal(size=(n, k))
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return p, (p.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)

    p, y = draw(n)
    conformal = Conformal.fit(y, [(1.0, [p])], [p])
    p, y = draw(4000)
    if np.ceil((n + 1) * coverage) > n:
        return
    sets = conformal.sets(p, coverage)
    assert sets.dtype == bool
    assert sets.any(axis=1).all()
    assert sets[np.arange(4000), y].mean() >= coverage - 4 * np.sqrt(0.25 / n) - 0.02


def test_many_rows_keep_their_quantiles_in_few_scores() -> None:
    few, many = calibrated(9_000), calibrated(100_000)
    assert len(few.scores[0]) == 9_000
    assert len(many.scores[0]) == 10_000
    y, parts = regression(100_000)
    mean, spread = np.mean(parts, axis=0), disagreement(many.weights, parts)
    ends = many.intervals(mean, spread, 0.9)
    held = np.mean((ends[..., 0] <= y) & (y <= ends[..., 1]))
    assert 0.9 <= held <= 0.9002  # never below, on the rows that it was calibrated on


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_widths_have_the_unit_of_the_target(scale: float) -> None:
    y, parts = regression(500)
    one = Widths.fit(np.abs(y), parts[0], np.abs(parts[1]))
    other = Widths.fit(scale * np.abs(y), scale * parts[0], scale * np.abs(parts[1]))
    expected = scale * one.predict(parts[0], np.abs(parts[1]))
    np.testing.assert_allclose(other.predict(scale * parts[0], scale * np.abs(parts[1])), expected, rtol=1e-6)


def test_exact_predictions_have_intervals_without_width() -> None:
    y = np.arange(200.0).reshape(-1, 1)
    conformal = Conformal.fit(y, [(1.0, [y])], [y])
    assert conformal.intervals(y[:3], np.zeros((3, 1)), 0.9).tolist() == [[[v, v]] for v in (0.0, 1.0, 2.0)]


def test_it_has_a_spec() -> None:
    conformal, (_, parts) = calibrated(300), regression(10, seed=1)
    again = from_spec(to_spec(conformal))
    spread = disagreement(conformal.weights, parts)
    np.testing.assert_array_equal(again.intervals(parts[0], spread, 0.8), conformal.intervals(parts[0], spread, 0.8))
    assert again.fits(1, 2, is_regression=True)
    assert not again.fits(2, 2, is_regression=True)
    assert not again.fits(1, 1, is_regression=True)
    assert not again.fits(1, 2, is_regression=False)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.99])
@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_intervals_of_quantiles_hold_the_truth_however_wrong_these_are(factor: float, coverage: float) -> None:
    levels = (0.95, 0.3, 0.05, 0.5)

    def draw(n: int, seed: int) -> tuple[Any, Any]:
        rng = np.random.default_rng(seed)
        scale = rng.uniform(0.5, 1.5, size=(n, 1))
        return scale * rng.normal(size=(n, 1)), factor * scale * np.array([1.645, -0.524, -1.645, 0.0])

    y, predicted = draw(20_000, 1)
    ends = QuantileConformal.fit(*draw(4000, 0), levels).intervals(predicted, coverage)
    assert ends.shape == (20_000, 1, 2)
    assert (ends[..., 0] <= ends[..., 1]).all()
    held = (ends[..., 0] <= y) & (y <= ends[..., 1])
    assert held.mean() == pytest.approx(coverage, abs=0.03)
    low, high = (1 if coverage == 0.5 else 2), 0
    apart = ends[:, 0, 0] < ends[:, 0, 1]
    np.testing.assert_allclose(np.ptp((ends[:, 0] - predicted[:, [low, high]])[apart], axis=0), 0, atol=1e-9)


def test_the_rank_of_each_end_is_that_of_split_conformal_prediction() -> None:
    y, levels = np.arange(1.0, 20.0).reshape(-1, 1), (0.1, 0.9)
    conformal = QuantileConformal.fit(y, np.broadcast_to([0.0, 0.0], (19, 2)), levels)
    assert conformal.intervals(np.array([[0.0, 1.0]]), 0.9).tolist() == [[[1.0, 20.0]]]
    assert conformal.intervals(np.array([[0.0, 0.0]]), 0.8).tolist() == [[[2.0, 18.0]]]
    with pytest.raises(InvalidOption, match=r"coverage=0.91 needs more validation rows than the 19 .* at most 0.9"):
        conformal.intervals(np.zeros((1, 2)), 0.91)


def test_ends_that_cross_meet_in_the_middle() -> None:
    y = np.array([[0.0]] * 99)
    conformal = QuantileConformal.fit(y, np.broadcast_to([-10.0, 10.0], (99, 2)), (0.1, 0.9))
    assert conformal.intervals(np.array([[-1.0, 2.0]]), 0.5).tolist() == [[[0.5, 0.5]]]


def test_quantiles_on_one_side_have_no_intervals() -> None:
    conformal = QuantileConformal.fit(np.zeros((99, 1)), np.zeros((99, 2)), (0.5, 0.9))
    with pytest.raises(InvalidOption, match=r"needs a quantile below 0.5 and one above it; quantiles is \[0.5, 0.9\]"):
        conformal.intervals(np.zeros((1, 2)), 0.8)


def test_a_calibration_of_quantiles_has_a_spec() -> None:
    conformal = QuantileConformal.fit(np.zeros((99, 1)), np.zeros((99, 2)), (0.1, 0.9))
    again = from_spec(to_spec(conformal))
    assert suits(again, RegressionTargets(2, 1, (0.1, 0.9)), 1)
    assert not suits(again, RegressionTargets(2, 1, (0.1, 0.8)), 1)
    assert not suits(again, RegressionTargets(2, 1), 1)
    assert not suits(calibrated(50), RegressionTargets(1, 1, (0.5,)), 2)

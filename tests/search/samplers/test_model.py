"""What model-based samplers share: which losses they learn from, and what they propose."""

from collections.abc import Mapping

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Integer
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from autonet.search import Study
from autonet.search.history import History
from autonet.search.samplers.gaussian_process import GaussianProcessSampler
from autonet.search.samplers.model import fit_cost_model, log_expected_improvement, select_reports, standardize_losses
from tests.search.samplers.histories import ALWAYS_MODEL, add, cube, mixed, quadratic


def test_log_expected_improvement_is_the_integral_and_does_not_underflow() -> None:
    for mean, std, best in ((0.3, 0.2, 0.1), (0.0, 1.0, 0.5), (1.0, 0.4, 0.2), (3.0, 0.2, 0.0)):
        low = min(best - std, mean - 10 * std)
        integral = quad(lambda f: (best - f) * norm.pdf(f, mean, std), low, best)[0]  # noqa: B023
        value = log_expected_improvement(np.array([mean]), np.array([std]), best)[0]
        np.testing.assert_allclose(value, np.log(integral), rtol=1e-3)
    far = log_expected_improvement(np.linspace(-10, 3000, 3000), np.ones(3000), 0.0)
    assert np.isfinite(far).all()
    assert (np.diff(far) < 0).all()


def test_the_cost_model_is_ridge_regression_on_linear_and_quadratic_terms() -> None:
    rng = np.random.default_rng(0)
    X, Z = rng.random((40, 4)), rng.random((10, 4))
    cost = np.exp(1 + 2 * X[:, 0] - X[:, 1] * X[:, 2])
    i, j = np.triu_indices(4)

    def terms(A: np.ndarray) -> np.ndarray:
        return np.hstack([np.ones((len(A), 1)), A - 0.5, (A - 0.5)[:, i] * (A - 0.5)[:, j]])

    y = np.log(cost)
    A = terms(X)
    weights = np.linalg.solve(A.T @ A + 0.3 * np.eye(A.shape[1]), A.T @ (y - y.mean()))
    np.testing.assert_allclose(fit_cost_model(X, cost)(Z), y.mean() + terms(Z) @ weights, rtol=1e-6)


def test_proposals_are_functions_of_the_history_and_the_stream() -> None:
    space = cube()
    history = quadratic(space, 30)
    first, again, other = (ALWAYS_MODEL.propose(space, history, np.random.default_rng(s)) for s in (1, 1, 2))
    assert first == again != other


def test_a_proposal_does_not_depend_on_those_asked_for_before() -> None:
    """What is kept to save time is found again: a study that is resumed goes on as if it had not ended."""
    space = cube(3)
    long = quadratic(space, 60)
    fresh = ALWAYS_MODEL.propose(space, long, np.random.default_rng(0))
    growing = History(long.rungs)
    for trial in long:
        add(growing, space, dict(trial.config), trial.reports[0].loss)
        last = ALWAYS_MODEL.propose(space, growing, np.random.default_rng(0))
    assert last == fresh


def test_running_trials_keep_others_away() -> None:
    space = cube(1)
    history = quadratic(space, 12)
    first = ALWAYS_MODEL.propose(space, history, np.random.default_rng(0))
    add(history, space, first, None)
    second = ALWAYS_MODEL.propose(space, history, np.random.default_rng(0))
    assert abs(first["x0"] - second["x0"]) > 1e-3


def test_crashed_trials_are_learned_from() -> None:
    space = cube(2)
    history = History()
    for row in history.table(space).encoding.sample(60, np.random.default_rng(0)):
        add(history, space, {"x0": row[0], "x1": row[1]}, np.inf if row[0] > 0.5 else 1.0 - row[0])
    proposals = [ALWAYS_MODEL.propose(space, history, np.random.default_rng(s)) for s in range(20)]
    assert np.mean([config["x0"] > 0.55 for config in proposals]) < 0.2


def test_of_equal_gains_the_cheaper_one_is_proposed() -> None:
    space = cube(2)
    history = History()
    for row in history.table(space).encoding.sample(60, np.random.default_rng(0)):
        add(history, space, {"x0": row[0], "x1": row[1]}, float((row[0] - 0.5) ** 2), cost=float(np.exp(6 * row[1])))
    proposals = [ALWAYS_MODEL.propose(space, history, np.random.default_rng(s)) for s in range(20)]
    assert np.median([config["x1"] for config in proposals]) < 0.25


@pytest.mark.parametrize("n", [0, 20])
def test_proposals_are_legal_complete_and_new(n: int) -> None:
    space = mixed()
    history = quadratic(space, n)
    sampler = GaussianProcessSampler(n_initial=10)
    for seed in range(40):
        config = sampler.propose(space, history, np.random.default_rng(seed))
        assert config["kind"] in "ab"
        assert ("depth" in config) == ("units" in config) == (config["kind"] == "b")
        assert config["version"] == 3
        assert dict(config) not in [dict(t.config) for t in history]
        add(history, space, config, float(seed))


def test_after_a_few_configurations_that_the_user_asked_for_none_is_random() -> None:
    space, optimum = cube(10), 0.3

    def distance(origin: str) -> float:
        """How far proposals are from the optimum, after five configurations around it."""
        history, rng = History(), np.random.default_rng(0)
        for _ in range(5):
            x = rng.uniform(optimum - 0.2, optimum + 0.2, 10)
            config = {f"x{i}": value for i, value in enumerate(x)}
            add(history, space, config, float(((x - optimum) ** 2).sum()), origin=origin)
        proposals = [ALWAYS_MODEL.propose(space, history, np.random.default_rng(s)) for s in range(10)]
        return float(np.mean([[abs(value - optimum) for value in proposal.values()] for proposal in proposals]))

    assert distance("sampler") == pytest.approx(0.29, abs=0.05)  # uniform in [0, 1]
    assert distance("enqueued") < 0.2


def test_a_small_space_is_exhausted_with_none() -> None:
    space = ConfigurationSpace()
    space.add(Integer("n", (1, 3)))
    history = History()
    for n in (1, 2, 3):
        add(history, space, {"n": n}, float(n))
    assert GaussianProcessSampler(n_initial=2).propose(space, history, np.random.default_rng(0)) is None


def test_thousands_of_records_are_thinned_to_the_best_and_the_newest() -> None:
    numbers = np.arange(5000.0)
    reports = np.column_stack([numbers, 1 + 2 * (numbers % 10 == 0), -numbers, numbers, numbers])
    kept = select_reports(reports)
    assert len(kept) <= 200
    assert {4990, 4999} <= set(kept)
    assert np.mean(reports[kept, 1] == 3) > 0.4


def test_failures_count_as_the_worst_seen() -> None:
    z = standardize_losses(np.array([0.1, 0.5, np.inf, 0.2]))
    assert z[2] == z[1] == z.max()
    assert z[0] == z.min()
    np.testing.assert_array_equal(standardize_losses(np.array([np.inf, np.inf])), 0)


@settings(max_examples=60)
@given(st.lists(st.floats(0.1, 1), min_size=4, max_size=30, unique=True), st.integers(2, 20), st.floats(3, 300))
def test_the_size_of_a_penalty_does_not_matter(losses: list[float], n_penalized: int, exponent: float) -> None:
    feasible = np.array(losses)
    z, huge = (standardize_losses(np.r_[feasible, np.full(n_penalized, penalty)]) for penalty in (1e3, 10**exponent))
    np.testing.assert_allclose(huge, z, atol=1e-6)
    assert (np.diff(huge[np.argsort(feasible)]) >= 0).all()
    assert huge[: len(losses)].max() < huge[len(losses) :].min()


@pytest.mark.parametrize("penalty", [2.0, 1e6, 1e300])
def test_penalties_of_any_size_leave_the_model_its_sight(penalty: float) -> None:
    def objective(trial: Mapping[str, float]) -> float:
        x, y = trial["x"], trial["y"]
        return penalty if x + y < 1 else (x - 0.7) ** 2 + (y - 0.6) ** 2

    space = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    best = [Study(space, random_state=s).optimize(objective, max_trials=40).best.value or 0 for s in range(3)]
    assert np.median(best) < 2e-4  # random search: 5e-3

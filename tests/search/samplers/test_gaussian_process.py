import time

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from threadpoolctl import threadpool_limits

from autonet.search import Study
from autonet.search.samplers.gaussian_process import GaussianProcess
from tests.search.samplers.histories import ALWAYS_MODEL, cube, quadratic

N_CATEGORIES = np.array([0, 0, 3])


def data(n: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.random((n, 3))
    X[:, 2] = rng.integers(-1, 3, n)
    return X, np.sin(6 * X[:, 0]) + (X[:, 2] == 1)


def test_the_kernel_is_matern_and_categories_are_equal_or_not() -> None:
    X, y = data()
    model = GaussianProcess(N_CATEGORIES).condition(X, y)
    model.theta = np.r_[np.log([0.5, 0.7, 0.9]), 0.3, np.log(1e-3)]
    model.condition(X, y)
    difference = X[:, None, :] - X[None, :, :]
    difference[:, :, 2] = difference[:, :, 2] != 0
    r = np.sqrt(5 * ((difference / [0.5, 0.7, 0.9]) ** 2).sum(axis=2))
    kernel = np.exp(0.3) * (1 + r + r**2 / 3) * np.exp(-r)
    expected = kernel @ np.linalg.solve(kernel + (1e-3 + 1e-6) * np.eye(len(X)), y)
    np.testing.assert_allclose(model.predict(X)[0], expected, rtol=1e-5, atol=1e-5)


def test_the_gradient_is_that_of_the_objective() -> None:
    X, y = data()
    model = GaussianProcess(N_CATEGORIES)
    U, theta = model._one_hot(X), model.theta + 0.3
    numeric = approx_fprime(theta, lambda t: model._negative_log_posterior(t, U, y)[0], 1e-6)
    np.testing.assert_allclose(model._negative_log_posterior(theta, U, y)[1], numeric, rtol=1e-3, atol=1e-3)


def test_it_learns_a_function_and_which_columns_matter() -> None:
    X, y = data(60)
    mean_of_y = y.mean()
    model = GaussianProcess(N_CATEGORIES).fit_hyperparameters(X, y - mean_of_y, steps=50).condition(X, y - mean_of_y)
    Z, truth = data(60, seed=1)
    mean, std = model.predict(Z)
    assert np.abs(mean + mean_of_y - truth).max() < 0.3
    assert model.theta[1] > model.theta[0] + 1  # the second column has no influence: a long length scale
    assert (std >= 0).all()


def test_it_is_sure_at_its_data_and_unsure_far_away() -> None:
    X, y = data()
    model = GaussianProcess(N_CATEGORIES).fit_hyperparameters(X, y, steps=20).condition(X, y)
    far = np.array([[5.0, 5.0, 0.0]])
    assert model.predict(far)[1][0] > 3 * model.predict(X)[1].max()


def test_after_enough_trials_proposals_are_better_than_random_ones() -> None:
    space = cube()
    history = quadratic(space, 40)
    proposals = [ALWAYS_MODEL.propose(space, history, np.random.default_rng(s)) for s in range(10)]
    losses = [sum((v - 0.5) ** 2 for v in config.values()) for config in proposals]
    assert np.median(losses) < 0.5 * np.median([r.loss for _, r in history.reports])


@pytest.mark.parametrize(("n", "seconds"), [(100, 0.1), (10_000, 0.5)])
def test_a_proposal_takes_little_time(n: int, seconds: float) -> None:
    """CPU seconds, with room for a slow machine; benchmarks/search_overhead.py measures."""
    space = cube(10)
    history = quadratic(space, n)
    history.table(space).rows  # noqa: B018 - encoded as trials come in
    took = []
    with threadpool_limits(limits=1, user_api="blas"):  # as a study does
        for seed in range(5):
            began = time.thread_time()
            ALWAYS_MODEL.propose(space, history, np.random.default_rng(seed))
            took.append(time.thread_time() - began)
    assert np.median(took) < seconds


def test_a_hundred_trials_come_close_to_the_optimum() -> None:
    distances = []
    for seed in range(3):
        study = Study({"x": (-10.0, 10.0)}, random_state=seed)
        study.optimize(lambda trial: (trial["x"] - 3) ** 2, max_trials=100)
        distances.append(abs(study.best.config["x"] - 3))
    assert np.median(distances) < 0.01

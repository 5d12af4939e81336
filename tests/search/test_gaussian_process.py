import numpy as np
from autonet.search.gaussian_process import GaussianProcess, log_expected_improvement
from autonet.search.sampler import standardized
from scipy.integrate import quad
from scipy.optimize import approx_fprime
from scipy.stats import norm


def data(n: int = 30, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.random((n, d))
    X[:, 2] = rng.integers(0, 3, n)
    return X, np.sin(6 * X[:, 0]) + (X[:, 2] == 1)


CATEGORICAL = np.array([False, False, True])


def test_the_gradient_is_that_of_the_objective() -> None:
    X, y = data()
    model = GaussianProcess(CATEGORICAL)
    D = model._squared_differences(X, X)
    theta = model.theta + 0.3
    numeric = approx_fprime(theta, lambda t: model._negative_log_posterior(t, D, y)[0], 1e-6)
    np.testing.assert_allclose(model._negative_log_posterior(theta, D, y)[1], numeric, rtol=1e-3, atol=1e-3)


def test_it_learns_a_function_and_which_columns_matter() -> None:
    X, y = data(60)
    y = y - y.mean()
    model = GaussianProcess(CATEGORICAL).fit(X, y, steps=50)
    Z, truth = data(60)
    Z[:, 1] = np.random.default_rng(5).random(60)
    mean, std = model.predict(Z)
    assert np.abs(mean - (truth - truth.mean())).max() < 0.3
    assert model.theta[1] > model.theta[0] + 1  # the second column has no influence: a long length scale
    assert (std >= 0).all()


def test_it_is_sure_at_its_data_and_unsure_far_away() -> None:
    X, y = data()
    model = GaussianProcess(CATEGORICAL).fit(X, y, steps=20)
    far = np.array([[5.0, 5.0, 7.0]])
    assert model.predict(far)[1][0] > 3 * model.predict(X)[1].max()


def test_log_expected_improvement_is_the_integral_and_does_not_underflow() -> None:
    for mean, std, best in ((0.3, 0.2, 0.1), (0.0, 1.0, 0.5), (1.0, 0.4, 0.2)):
        integral = quad(lambda f: (best - f) * norm.pdf(f, mean, std), best - 12 * std, best)[0]  # noqa: B023
        value = log_expected_improvement(np.array([mean]), np.array([std]), best)[0]
        np.testing.assert_allclose(value, np.log(integral), rtol=1e-3)
    far = log_expected_improvement(np.array([50.0, 60.0]), np.array([1.0, 1.0]), 0.0)
    assert np.isfinite(far).all()
    assert far[0] > far[1]


def test_failures_count_as_the_worst_seen() -> None:
    z = standardized(np.array([0.1, 0.5, np.inf, 0.2]))
    assert z[2] == z[1] == z.max()
    assert z[0] == z.min()
    np.testing.assert_array_equal(standardized(np.array([np.inf, np.inf])), 0)

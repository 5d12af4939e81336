import numpy as np
from scipy.integrate import quad
from scipy.optimize import approx_fprime
from scipy.stats import norm

from autonet.search.samplers.gaussian_process import GaussianProcess
from autonet.search.samplers.model import fit_cost_model, log_expected_improvement

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

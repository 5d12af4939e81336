import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from autonet.data.targets.transforms import TARGET_TRANSFORMS, TargetEncoder

TRANSFORMS = ("none", "log", "yeo_johnson")


def fit(y: np.ndarray, transform: str = "none", kind: str = "regression") -> TargetEncoder:
    return TargetEncoder.fit(kind, y, TARGET_TRANSFORMS.choose(transform))  # type: ignore[arg-type]


@pytest.mark.parametrize("transform", TRANSFORMS)
@given(
    seed=st.integers(0, 1000),
    unit=st.sampled_from([1e-12, 1e-3, 1.0, 1e12]),
    offset=st.sampled_from([0.0, 3.0, -50.0]),
    shape=st.sampled_from(["normal", "lognormal", "counts", "constant"]),
)
def test_what_is_encoded_comes_back(transform: str, seed: int, unit: float, offset: float, shape: str) -> None:
    rng = np.random.default_rng(seed)
    draws = {
        "normal": lambda: rng.normal(size=(30, 2)),
        "lognormal": lambda: rng.lognormal(size=(30, 2)),
        "counts": lambda: rng.poisson(2, (30, 2)),
        "constant": lambda: np.ones((30, 2)),
    }
    y = unit * (draws[shape]() + offset)
    encoder = fit(y, transform)
    back = encoder.decode(encoder.encode(y))
    np.testing.assert_allclose(back, y, rtol=1e-4, atol=1e-4 * np.abs(y).max())


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_targets_of_training_are_standardized(transform: str) -> None:
    encoded = fit(np.random.default_rng(0).lognormal(size=(200, 1)), transform)
    codes = encoded.encode(np.random.default_rng(0).lognormal(size=(200, 1)))
    assert codes.dtype == np.float32
    assert abs(codes.mean()) < 1e-5
    assert abs(codes.std() - 1) < 1e-5


@pytest.mark.parametrize("transform", ["log", "yeo_johnson"])
def test_predictions_through_a_transform_stay_within_the_targets_of_training(transform: str) -> None:
    y = np.random.default_rng(0).lognormal(size=(100, 1))
    predicted = fit(y, transform).decode(np.array([[-1e6], [1e6]]))
    np.testing.assert_allclose(predicted[:, 0], [y.min(), y.max()], rtol=1e-6)


def test_a_transform_makes_a_skewed_target_less_skewed() -> None:
    y = np.random.default_rng(0).lognormal(sigma=2, size=(500, 1))

    def skew(z: np.ndarray) -> float:
        return float(np.mean(((z - z.mean()) / z.std()) ** 3))

    for transform in ("log", "yeo_johnson"):
        assert abs(skew(fit(y, transform).encode(y))) < 0.3 * skew(y)


def test_outputs_become_probabilities_of_classes_and_of_labels() -> None:
    outputs = np.array([[0.0, 1.0, -2.0]])
    np.testing.assert_allclose(fit(np.zeros(1), kind="classification").decode(outputs), softmax(outputs, axis=1))
    np.testing.assert_allclose(fit(np.zeros((1, 3)), kind="multilabel").decode(outputs), 1 / (1 + np.exp(-outputs)))


CONSTANTS = [0.0, -0.0, 0.1, 3.3e-6, 7.0, -1e300, 1e-300, 5e-324]


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("value", CONSTANTS)
def test_a_constant_target_is_predicted_exactly_whatever_the_network_says(transform: str, value: float) -> None:
    y = np.column_stack([np.full(50, value), np.random.default_rng(0).lognormal(size=50)])
    outputs = np.random.default_rng(1).normal(size=(20, 2))
    for columns in ([0], [0, 1], [1, 0]):
        encoder = fit(y[:, columns], transform)
        constant = columns.index(0)
        assert (encoder.decode(outputs[:, columns])[:, constant] == value).all()
        assert not encoder.encode(y[:, columns] + 1)[:, constant].any()  # nothing to learn, on other rows either


@pytest.mark.parametrize("transform", TRANSFORMS)
@settings(max_examples=30)
@given(
    seed=st.integers(0, 1000),
    size=st.sampled_from([0.0, 1.0, 1e9, -1e300]),
    relative_spread=st.sampled_from([2.0**-50, 2.0**-40, 1e-9, 1e-3]),
    tiny=st.sampled_from([1e-300, 1e-310]),
)
def test_targets_of_any_size_keep_their_spread(
    transform: str, seed: int, size: float, relative_spread: float, tiny: float
) -> None:
    noise = np.random.default_rng(seed).uniform(-1, 1, (40, 1))
    y = size + noise * (abs(size) * relative_spread or tiny)
    encoder = fit(y, transform)
    codes = encoder.encode(y)
    assert abs(codes.std() - 1) < 1e-3
    np.testing.assert_allclose(
        encoder.decode(codes), y, rtol=0, atol=2e-3 * np.ptp(y) + 4 * np.spacing(np.abs(y).max())
    )


def test_an_encoder_survives_pickling() -> None:
    y = np.random.default_rng(0).lognormal(size=(50, 1))
    for transform in TRANSFORMS:
        encoder = fit(y, transform)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(encoder)).encode(y), encoder.encode(y))


@pytest.mark.parametrize(("transform", "margin"), [("none", 10.0), ("log", 0.0), ("yeo_johnson", 0.0)])
def test_predictions_stay_near_the_range_of_the_training_targets(transform: str, margin: float) -> None:
    y = np.column_stack([np.linspace(0.0, 100.0, 50), np.linspace(200.0, 300.0, 50), np.full(50, 7.0)])
    encoder = TargetEncoder.fit("regression", y, TARGET_TRANSFORMS.choose(transform))
    predicted = encoder.decode(np.array([[-1e6, -1e6, -1e6], [1e6, 1e6, 1e6]], np.float32))
    np.testing.assert_allclose(predicted[0], [-margin, 200 - margin, 7.0], atol=1e-6)
    np.testing.assert_allclose(predicted[1], [100 + margin, 300 + margin, 7.0], atol=1e-6)
    np.testing.assert_allclose(encoder.decode(encoder.encode(y)), y, atol=1e-4)


@pytest.mark.parametrize("transform", ["none", "log", "yeo_johnson"])
@given(seed=st.integers(0, 99), scale=st.sampled_from([1e-6, 1.0, 1e6]), levels=st.permutations([0.05, 0.3, 0.5, 0.95]))
def test_quantiles_are_sorted_and_commute_with_every_transform(
    transform: str, seed: int, scale: float, levels: list[float]
) -> None:
    rng = np.random.default_rng(seed)
    y = scale * (rng.normal(size=(501, 1)) + np.exp(2 * rng.normal(size=(501, 1))))
    encoder = TargetEncoder.fit("regression", y, TARGET_TRANSFORMS.choose(transform), tuple(levels))
    of_rows = np.quantile(encoder.encode(y), levels, axis=0, method="inverted_cdf").T
    expected = np.quantile(y, levels, axis=0, method="inverted_cdf").T
    np.testing.assert_allclose(encoder.decode(of_rows), expected, rtol=1e-3, atol=1e-5 * np.ptp(y))
    crossing = rng.permuted(np.repeat(of_rows, 20, axis=0), axis=1)
    np.testing.assert_allclose(
        encoder.decode(crossing), np.repeat(expected, 20, axis=0), rtol=1e-3, atol=1e-5 * np.ptp(y)
    )

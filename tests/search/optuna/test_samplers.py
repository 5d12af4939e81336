"""Samplers under Optuna's names."""

import pickle

import pytest

from autonet.core.errors import AutonetWarning, InvalidOption
from autonet.search.optuna import create_study, samplers
from autonet.search.samplers.gaussian_process import GaussianProcessSampler
from autonet.search.samplers.kde import KernelDensitySampler
from autonet.search.samplers.random import RandomSampler


@pytest.mark.parametrize(
    ("sampler", "kind"),
    [
        (samplers.TPESampler(seed=1), KernelDensitySampler),
        (samplers.RandomSampler(1), RandomSampler),
        (samplers.GPSampler(seed=1), GaussianProcessSampler),
        (samplers.BruteForceSampler(seed=1), RandomSampler),
    ],
)
def test_what_samples(sampler: samplers.BaseSampler, kind: type) -> None:
    study = create_study(sampler=sampler)
    assert type(study.wrapped.sampler) is kind
    assert study.sampler is sampler
    assert repr(pickle.loads(pickle.dumps(sampler))) == repr(sampler) == f"{type(sampler).__name__}(seed=1)"


def test_what_differs_is_said() -> None:
    with pytest.warns(AutonetWarning, match="no CMA-ES; its Gaussian process"):
        sampler = samplers.CmaEsSampler(seed=2)
    assert isinstance(create_study(sampler=sampler).wrapped.sampler, GaussianProcessSampler)
    with pytest.warns(AutonetWarning, match="has no n_startup_trials, multivariate; ignored"):
        samplers.TPESampler(seed=1, n_startup_trials=5, multivariate=True)


def test_grids() -> None:
    assert samplers.GridSampler({"a": [1, 2], "b": "xy"}).configs()[1:3] == [{"a": 1, "b": "y"}, {"a": 2, "b": "x"}]
    with pytest.raises(InvalidOption, match="mapping from names to lists"):
        samplers.GridSampler({"a": 3})  # type: ignore[dict-item]


def test_other_samplers_are_refused() -> None:
    with pytest.raises(AttributeError, match="single objective"):
        _ = samplers.NSGAIISampler
    with pytest.raises(AttributeError, match="Did you mean"):
        _ = samplers.QMCSampler

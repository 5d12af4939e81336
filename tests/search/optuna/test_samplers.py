"""Samplers under Optuna's names."""

import pickle

import pytest

from autonet.core.errors import AutonetWarning, InvalidOption
from autonet.search.optuna import create_study, samplers
from autonet.search.samplers.cmaes import CmaEsSampler
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
        (samplers.CmaEsSampler(seed=1), CmaEsSampler),
    ],
)
def test_what_samples(sampler: samplers.BaseSampler, kind: type) -> None:
    study = create_study(sampler=sampler)
    assert type(study.wrapped.sampler) is kind
    assert study.sampler is sampler
    assert repr(pickle.loads(pickle.dumps(sampler))) == repr(sampler) == f"{type(sampler).__name__}(seed=1)"


def test_what_differs_is_said() -> None:
    with pytest.warns(AutonetWarning, match="'cmaes' has no with_margin, n_startup_trials, restart_strategy; ignored"):
        samplers.CmaEsSampler(with_margin=True, n_startup_trials=5, restart_strategy="bipop")
    with pytest.warns(AutonetWarning, match="has no n_startup_trials, multivariate; ignored"):
        samplers.TPESampler(seed=1, n_startup_trials=5, multivariate=True)


def test_options_of_cma_es() -> None:
    sampler = samplers.CmaEsSampler(
        {"x": 2.0}, 0.2, independent_sampler=samplers.RandomSampler(), seed=0, popsize=6, inc_popsize=3
    )
    study = create_study(sampler=sampler)
    made = study.wrapped.sampler
    assert made == CmaEsSampler(0.2, 6, 3, {"x": 2.0}, RandomSampler())
    study.optimize(lambda trial: (trial.suggest_float("x", -9, 9) - 2) ** 2, n_trials=60)
    assert study.best_value < 1e-3
    with pytest.raises(InvalidOption, match="popsize must be an integer of at least 4, or None; got 2"):
        samplers.CmaEsSampler(popsize=2)


def test_grids() -> None:
    assert samplers.GridSampler({"a": [1, 2], "b": "xy"}).configs()[1:3] == [{"a": 1, "b": "y"}, {"a": 2, "b": "x"}]
    with pytest.raises(InvalidOption, match="mapping from names to lists"):
        samplers.GridSampler({"a": 3})  # type: ignore[dict-item]


def test_other_samplers_are_refused() -> None:
    with pytest.raises(AttributeError, match="single objective"):
        _ = samplers.NSGAIISampler
    with pytest.raises(AttributeError, match="Did you mean"):
        _ = samplers.QMCSampler

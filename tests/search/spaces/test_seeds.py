"""Seeds: drawn for every configuration, never modelled."""

from pathlib import Path

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Float, Integer
from optuna.distributions import IntDistribution
from scipy.stats import kstest

from autonet.search import RunningTrial, Seed, Study
from autonet.search.spaces.encoding import Encoding
from autonet.search.spaces.space import complete_config

SPACE = {"x": (0.0, 1.0), "kind": {"a": {"seed": Seed()}, "b": {}}, "seed": Seed()}


def objective(trial: RunningTrial) -> float:
    return float(trial["x"] + trial["seed"] / 2**31)  # a model would find small seeds


@pytest.mark.parametrize("sampler", ["bohb", "kde", "cmaes"])
def test_draws_are_uniform_whatever_the_losses(sampler: str) -> None:
    study = Study(SPACE, sampler=sampler, random_state=0)
    study.enqueue({"x": 0.5})
    study.enqueue({"x": 0.25, "seed": 7})
    study.optimize(objective, max_trials=30)
    configs = [trial.config for trial in study.trials]
    assert configs[1]["seed"] == 7
    assert all(("kind:a:seed" in config) == (config["kind"] == "a") for config in configs)
    seeds = np.array([config["seed"] for config in configs])
    assert all(type(config["seed"]) is int for config in configs)
    assert len(set(seeds)) == len(seeds)
    assert kstest(np.delete(seeds, 1) / 2**31, "uniform").pvalue > 1e-3


def test_round_trips(tmp_path: Path) -> None:
    with Study({"x": [1, 2], "seed": Seed()}, run_dir=tmp_path, random_state=0) as study:
        study.enqueue({"x": 2})
        study.optimize(lambda trial: trial["x"], max_trials=5)
        configs = [dict(trial.config) for trial in study.trials]
    with Study.open(tmp_path) as study:
        study.enqueue({"x": 2})  # by the first run
        assert not study.history.queue
        study.optimize(lambda trial: trial["x"], max_trials=8)
        assert [dict(trial.config) for trial in study.trials[:5]] == configs
        assert len({trial.config["seed"] for trial in study.trials}) == 8
        exported = study.to_optuna().trials[0].distributions["seed"]
        assert exported == IntDistribution(0, 2**31 - 1)


def test_an_integer_of_configspace_says_so_in_its_meta() -> None:
    space = ConfigurationSpace()
    space.add(
        Float("x", (0.0, 1.0)), Integer("s", (0, 99), meta={"seed": True}), Integer("n", (0, 99), meta={"seed": 0})
    )
    encoding = Encoding(space)
    assert [encoding.hyperparameters[i].name for i in encoding.free] == ["n", "x"]
    assert complete_config(encoding, {"x": 0.5, "n": 3}) == {"x": 0.5, "n": 3}
    assert complete_config(encoding, {"s": 4, "n": 3})["s"] == 4
    trials = Study(space, random_state=0).optimize(lambda trial: trial["x"], max_trials=20).trials
    assert all(0 <= trial.config["s"] <= 99 for trial in trials)

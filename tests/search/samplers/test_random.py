import numpy as np
from ConfigSpace import Categorical, ConfigurationSpace, Float
from scipy import stats

from autonet.search.history import History
from autonet.search.rungs import Rungs
from autonet.search.samplers.random import RandomSampler
from tests.search.samplers.histories import add


def test_draws_follow_the_priors_of_the_space() -> None:
    space = ConfigurationSpace()
    space.add(Float("rate", (1e-4, 1.0), log=True), Categorical("c", ["often", "seldom"], weights=[0.9, 0.1]))
    history, sampler = History(Rungs.without_budget()), RandomSampler()
    drawn = [sampler.propose(space, history, np.random.default_rng(seed)) for seed in range(300)]
    logs = [np.log10(config["rate"]) for config in drawn if config is not None]
    assert stats.kstest(logs, stats.uniform(-4, 4).cdf).pvalue > 1e-3
    assert stats.binomtest(sum(c["c"] == "often" for c in drawn if c is not None), len(drawn), 0.9).pvalue > 1e-3


def test_what_was_tried_is_not_drawn_again_and_the_end_is_told() -> None:
    space = ConfigurationSpace({"c": ["a", "b", "c", "d"]})
    history, seen = History(Rungs.without_budget()), []
    while (config := RandomSampler().propose(space, history, np.random.default_rng(7))) is not None:
        seen.append(config["c"])
        add(history, space, config, 0.5)
    assert sorted(seen) == ["a", "b", "c", "d"]

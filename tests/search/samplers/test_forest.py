"""The forest."""

import numpy as np
from ConfigSpace import ConfigurationSpace, Float

from autonet.search.samplers.forest import ForestSampler
from tests.search.samplers.records import history


def test_the_forest_learns_from_all_rungs() -> None:
    """Losses at the lower rungs are the only ones that tell where the optimum is."""
    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 1.0)), Float("y", (0.0, 1.0)))
    configs = [t.config for t in history(space, {1: [0.0] * 40})]
    losses = [(c["x"] - 0.8) ** 2 + (c["y"] - 0.3) ** 2 for c in configs]
    record = history(space, {1: losses, 9: losses[:2]})
    sampler = ForestSampler(random_share=0)
    proposals = [sampler.propose(space, record, np.random.default_rng(seed)) for seed in range(8)]
    distances = [abs(p["x"] - 0.8) + abs(p["y"] - 0.3) for p in proposals if p]
    assert np.median(distances) < 0.3

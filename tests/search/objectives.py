"""Small things to search."""

from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, Integer

from autonet.search import RunningTrial

LINE = {"x": (-10.0, 10.0)}


def quadratic(trial: RunningTrial) -> float:
    return float((trial["x"] - 3) ** 2)


def mixed_space() -> ConfigurationSpace:
    space = ConfigurationSpace()
    kind = Categorical("kind", ["a", "b"], default="a")
    rate, depth = Float("rate", (1e-4, 1.0), log=True, default=0.1), Integer("depth", (1, 8), default=2)
    space.add(kind, rate, depth, EqualsCondition(rate, kind, "a"), EqualsCondition(depth, kind, "b"))
    return space

"""A space of which little is legal."""

from itertools import pairwise

from ConfigSpace import ConfigurationSpace, Float, ForbiddenGreaterThanRelation


def ordered(n: int = 7) -> ConfigurationSpace:
    """x0 <= x1 <= ... : one of n! configurations is legal."""
    space = ConfigurationSpace()
    numbers = [Float(f"x{i}", (0.0, 1.0), default=(i + 1) / (n + 2)) for i in range(n)]
    space.add(*numbers)
    space.add(*[ForbiddenGreaterThanRelation(a, b) for a, b in pairwise(numbers)])
    return space

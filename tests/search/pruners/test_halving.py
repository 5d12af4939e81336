"""Pruning within brackets; other rules in `test_values`."""

from autonet.search import pruners
from tests.search.pruners.pruning import steps_of


def test_hyperband_halves_within_brackets() -> None:
    pruner = pruners.HyperbandPruner(min_resource=1, max_resource=9, reduction_factor=3)
    curves = [[float(i)] * 9 for i in range(40)]
    lengths = steps_of(pruner, curves)
    assert set(lengths) == {2, 4, 9}, "pruned at the first rung of two brackets; the third, and the best, go on"
    assert steps_of(pruners.HyperbandPruner(max_resource="auto"), curves[:12])[0] == 9
    assert lengths == steps_of(pruner, curves)

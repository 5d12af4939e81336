"""Draws from spaces of Hyperopt, under the names that its users import."""

import autonet.search.hyperopt as hyperopt
import autonet.search.hyperopt.pyll.stochastic
from autonet.search.hyperopt import hp
from autonet.search.hyperopt.pyll.base import scope
from autonet.search.hyperopt.pyll.stochastic import sample

SPACE = {"x": hp.uniform("x", 0, 1), "n": scope.int(hp.quniform("n", 1, 9, 1)), "k": hp.choice("k", ["a", ("b", 2)])}


def test_draws_repeat_with_a_seed_and_have_plain_types() -> None:
    assert sample(SPACE, 3) == hyperopt.pyll.stochastic.sample(SPACE, 3) != sample(SPACE, 4)
    assert autonet.search.hyperopt.pyll.stochastic.sample is sample
    for rng in range(10):
        drawn = sample(SPACE, rng)
        assert (type(drawn["x"]), type(drawn["n"])) == (float, int)
        assert drawn["k"] in ("a", ("b", 2))

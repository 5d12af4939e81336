"""Seeds of random streams."""

import numpy as np
import pytest

from autonet.core.errors import InvalidOption
from autonet.search.seeds import resolve_seed


def test_a_seed_is_itself_and_generators_are_drawn_from() -> None:
    assert resolve_seed(np.int64(7)) == 7
    assert resolve_seed(np.random.default_rng(0)) == resolve_seed(np.random.default_rng(0))
    assert resolve_seed(np.random.RandomState(0)) == resolve_seed(np.random.RandomState(0))
    assert resolve_seed(None) != resolve_seed(None)
    with pytest.raises(InvalidOption, match="random_state must be an integer, a Generator or a RandomState; got '7'"):
        resolve_seed("7")

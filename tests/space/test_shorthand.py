from typing import Any

import numpy as np
import pytest

from autonet.core.errors import InvalidOption
from autonet.space.shorthand import read_shorthand
from autonet.space.updates import HyperparameterSearchSpaceUpdate as Update


@pytest.mark.parametrize(
    ("values", "update"),
    [
        ((1e-3, 1e-1, "log"), Update("Node", "part:x", (1e-3, 1e-1), log=True)),
        ([1e-3, 1e-1], Update("Node", "part:x", (1e-3, 1e-1))),
        (["relu", "gelu"], Update("Node", "part:x", ("relu", "gelu"))),
        (("a", "b", "log"), Update("Node", "part:x", ("a", "b", "log"))),
        (64, Update("Node", "part:x", (64,))),
        ("relu", Update("Node", "part:x", ("relu",))),
        (np.array([1, 2]), Update("Node", "part:x", (1, 2))),
        ((1, 9, ("beta", 2, 5)), Update("Node", "part:x", (1, 9), prior=("beta", 2, 5))),
        ((1, 9, "log", ["normal", 2, 5]), Update("Node", "part:x", (1, 9), log=True, prior=("normal", 2, 5))),
    ],
    ids=["log", "range", "choices", "choice log", "number", "word", "array", "prior", "log prior"],
)
def test_values_in_short(values: Any, update: Update) -> None:
    assert read_shorthand({"Node:part:x": values}) == [update]


@pytest.mark.parametrize(
    ("search_space", "why"),
    [
        (
            {"learning_rate": (0, 1)},
            "search_space has the name 'learning_rate'; give full names, such as 'OptimizerSel",
        ),
        ({"Node:x": (0, 1, ("gauss", 1, 2))}, r"Update of Node:x: prior must be \('normal', mu, sigma\) or"),
        ({"Node:x": []}, "Update of Node:x: value_range is empty"),
    ],
    ids=["name", "prior", "empty"],
)
def test_what_is_no_update_is_refused(search_space: Any, why: str) -> None:
    with pytest.raises(InvalidOption, match=why):
        read_shorthand(search_space)

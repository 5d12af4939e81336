import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autonet import (
    HyperparameterSearchSpaceUpdate,
    HyperparameterSearchSpaceUpdates,
    parse_hyperparameter_search_space_updates,
)
from autonet.core.errors import InvalidOption

NAMES = st.text(string.ascii_letters + string.digits + "_:", min_size=1)
VALUES = st.one_of(
    st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
UPDATES = st.lists(
    st.builds(
        HyperparameterSearchSpaceUpdate,
        NAMES,
        NAMES,
        st.lists(VALUES, min_size=1).map(tuple),
        st.booleans(),
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(min_size=1)),
    )
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(updates=UPDATES)
def test_a_file_gives_back_what_was_saved(updates: list[HyperparameterSearchSpaceUpdate], tmp_path: Path) -> None:
    saved = HyperparameterSearchSpaceUpdates(updates)
    saved.save_as_file(tmp_path / "updates.txt")
    parsed = parse_hyperparameter_search_space_updates(tmp_path / "updates.txt")
    assert parsed == saved
    assert [[type(v) for v in u.value_range] for u in parsed] == [[type(v) for v in u.value_range] for u in saved]


def test_a_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "updates.txt").write_text(
        "CreateDataLoader batch_size [1, 2]\nNetworkSelector oops\n", encoding="utf-8"
    )
    with pytest.raises(InvalidOption, match="line 2: expected 'NodeName component:hyperparameter"):
        parse_hyperparameter_search_space_updates(tmp_path / "updates.txt")


def test_numpy_values_become_plain_ones() -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("CreateDataLoader", "batch_size", np.array([32, 64]))
    assert [type(v) for v in next(iter(updates)).value_range] == [int, int]


def test_updates_print_as_they_are_saved() -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("OptimizerSelector", "sgd:momentum", [0.5, 0.9], default_value=0.8)
    assert str(updates) == "OptimizerSelector sgd:momentum [0.5, 0.9] default=0.8"
    assert "sgd:momentum" in repr(updates)
    assert updates != HyperparameterSearchSpaceUpdates()

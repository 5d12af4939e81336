from dataclasses import FrozenInstanceError

import pytest

from autonet.core.spec import from_spec, to_spec
from autonet.core.task import InputLayout, Task


@pytest.mark.parametrize(
    "described", [Task("multilabel", n_rows=7, n_features=2, n_outputs=3), InputLayout(9, 4, (3, 5)), InputLayout(1)]
)
def test_descriptions_are_values_that_can_be_stored(described: Task | InputLayout) -> None:
    again = from_spec(to_spec(described))
    assert again == described
    assert hash(again) == hash(described)
    with pytest.raises(FrozenInstanceError):
        described.n_rows = 3  # type: ignore[misc, union-attr]

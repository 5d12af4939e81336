"""Activations by name, against formulas written out by hand."""

import pytest
import torch

from autonet.core.errors import UnknownName
from autonet.nets.activations import ACTIVATIONS, build_activation
from autonet.nets.blocks import ResBlock
from tests.nets.formulas import FORMULAS


@pytest.mark.parametrize("name", list(FORMULAS))
def test_activations_are_their_formulas(name: str) -> None:
    assert set(ACTIVATIONS) == set(FORMULAS)
    x = torch.linspace(-5, 5, 101, dtype=torch.float64)
    torch.testing.assert_close(build_activation(name)(x), FORMULAS[name](x))


def test_an_unknown_activation_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"Unknown activation 'rellu'\. Did you mean 'relu'"):
        ResBlock(3, 3, activation_name="rellu", dropout=0.0)

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


@pytest.mark.parametrize("n", [1, 100_000])
def test_mish_predicts_with_the_values_of_torch(n: int) -> None:
    x = torch.linspace(-120, 120, n)
    expected = torch.nn.functional.mish(x.double()).float()
    before = x.clone()
    with torch.inference_mode():
        torch.testing.assert_close(build_activation("mish")(x), expected, rtol=1e-6, atol=1e-30)
    assert torch.equal(x, before)
    x.requires_grad_()
    assert torch.equal(build_activation("mish")(x), torch.nn.functional.mish(x))
    build_activation("mish")(x).sum().backward()
    assert x.grad is not None


@pytest.mark.parametrize("predicting", [False, True])
@pytest.mark.parametrize("name", list(FORMULAS))
def test_activations_are_exported_for_any_number_of_rows(name: str, predicting: bool) -> None:
    activation, rows = build_activation(name), torch.export.Dim("rows")
    with torch.inference_mode(predicting):
        exported = torch.export.export(activation, (torch.ones(2, 30),), dynamic_shapes=({0: rows},)).module()
    x = torch.linspace(-5, 5, 30_000).reshape(1000, 30)
    torch.testing.assert_close(exported(x), activation(x))


def test_an_unknown_activation_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"Unknown activation 'rellu'\. Did you mean 'relu'"):
        ResBlock(3, 3, activation_name="rellu", dropout=0.0)

"""Fitted encoders as plain values and arrays."""

import numpy as np
import pytest
import torch
from torch import nn

from autonet.core.errors import InvalidData
from autonet.core.spec import from_spec, to_spec
from autonet.data.encoding.modules import Scale
from autonet.data.encoding.preprocessors import NORMALIZATION, PREPROCESSORS, Clamp
from tests.data.encoding.encoders import config, fit, mixed


@pytest.mark.parametrize("preprocessor", list(PREPROCESSORS.components))
@pytest.mark.parametrize("scale", list(NORMALIZATION.components))
def test_an_encoder_is_rebuilt_and_encodes_the_same_bits(preprocessor: str, scale: str) -> None:
    table = mixed(80, 0)
    encoder = fit(table, config(scale=scale, preprocessor=preprocessor, min_levels=9))
    again = from_spec(to_spec(encoder))
    assert again.layout == encoder.layout
    np.testing.assert_array_equal(again.transform(table), encoder.transform(table))


def test_modules_in_modules_keep_their_order_and_types_of_buffers() -> None:
    chain = nn.Sequential(Scale(np.zeros(2), np.ones(2)), nn.Identity(), Clamp(np.zeros(2), np.ones(2)))
    again = from_spec(to_spec(chain))
    assert [type(part) for part in again] == [Scale, nn.Identity, Clamp]
    for (name, buffer), (other, copy) in zip(chain.named_buffers(), again.named_buffers(), strict=True):
        assert (name, buffer.dtype) == (other, copy.dtype)
        assert torch.equal(buffer, copy)


def test_modules_with_parameters_have_no_spec() -> None:
    with pytest.raises(InvalidData, match="of type Linear cannot be stored"):
        to_spec(nn.Sequential(nn.Linear(2, 1)))

"""Resizing."""

import numpy as np
import torch
from torch.nn import functional

from autonet.data.images.resize import resize


def test_it_is_bilinear_with_antialiasing() -> None:
    values = np.random.default_rng(0).integers(256, size=(300, 2, 12, 9), dtype=np.uint8)
    expected = functional.interpolate(
        torch.from_numpy(values).float(), (5, 7), mode="bilinear", antialias=True, align_corners=False
    )
    np.testing.assert_array_equal(resize(values, (5, 7)), expected.round().clamp(0, 255).numpy().astype(np.uint8))
    np.testing.assert_allclose(resize(values.astype(np.float32), (5, 7)), expected.numpy())
    assert resize(values, (12, 9)) is values

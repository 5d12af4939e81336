"""Functions that ONNX lacks are equal to torch's."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


class Quantiles(nn.Module):
    def forward(self, p: Tensor) -> Tensor:
        return torch.special.ndtri(p).clamp(-4, 4)


class Search(nn.Module):
    def forward(self, values: Tensor) -> Tensor:
        sequence = torch.tensor([[0.0, 1.0, 1.0, 2.0], [5.0, 6.0, 7.0, 8.0]], dtype=torch.float64)
        return torch.searchsorted(sequence, values)


def run(module: nn.Module, x: Tensor, path: Path) -> np.ndarray:
    from autonet.models.onnx_functions import TRANSLATIONS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (x,), dynamo=True, custom_translation_table=TRANSLATIONS, verbose=False).save(path)
    session = onnxruntime.InferenceSession(path)
    output: np.ndarray = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
    return output


def test_normal_quantiles(tmp_path: Path) -> None:
    ends = torch.tensor([0.0, 1e-300, 1e-5, 3.2e-5, 0.075, 0.5, 0.925, 1 - 1e-5, 1.0], dtype=torch.float64)
    p = torch.cat([ends, torch.linspace(0, 1, 1001, dtype=torch.float64)])
    np.testing.assert_allclose(run(Quantiles(), p, tmp_path / "m.onnx"), Quantiles()(p), rtol=1e-12, atol=1e-13)


def test_searchsorted(tmp_path: Path) -> None:
    values = torch.tensor([[-1.0, 0.0, 0.5, 1.0, 9.0], [5.0, 5.5, 8.0, 8.5, -9.0]], dtype=torch.float64)
    assert run(Search(), values, tmp_path / "m.onnx").tolist() == Search()(values).tolist()

"""`export`: the module of the estimator, in a file."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch

import autonet
from tests.cli.program import run


def test_export_writes_the_best_network(regressor: Path, tables: Path, tmp_path: Path) -> None:
    out = tmp_path / "patients.pt2"
    done = run("export", regressor, out, "--best")
    assert (done.code, done.out) == (0, ""), done.err
    assert done.err.endswith(f"model exported to {out}, described in patients.json\n")
    rows = pd.read_csv(tables / "diabetes.csv").drop(columns="target")[:5]
    assert "inputs" in json.loads((tmp_path / "patients.json").read_text())
    exported = torch.export.load(out).module()(torch.tensor(rows.to_numpy()), torch.zeros(5, 0, dtype=torch.int64))
    network = autonet.load(regressor).get_pytorch_model(include_preprocessing=True)
    expected = network(torch.tensor(rows.to_numpy()), torch.zeros(5, 0, dtype=torch.int64))
    np.testing.assert_allclose(exported.detach(), expected.detach(), atol=1e-6)


def test_another_ending_is_refused(regressor: Path, tmp_path: Path) -> None:
    done = run("export", regressor, tmp_path / "patients.bin")
    assert done.code == 2
    assert "The name of an exported model must end in .pt2 or .onnx; got 'patients.bin'." in done.err

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autonet.pipeline.tabular import TABLES
from autonet.pipeline.trained import TrainedFold, as_folds
from autonet.pipeline.trial import run_trial
from autonet.search.running_trial import RunningTrial
from autonet.search.storage.checkpoints import read_checkpoint, write_checkpoint
from tests.pipeline.trials import context, drawn, embedding_defaults, job, predicted, rebuilt


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"OptimizerSelector:optimizer": "sgd"},
        {"NormalizationStrategySelector:normalization_strategy": "quantile"},
        {"NumericEmbeddingSelector:numeric_embedding": "pbld", **embedding_defaults("pbld")},
    ],
)
def test_training_goes_on_from_a_file_as_from_memory(tmp_path: Path, changes: dict[str, Any]) -> None:
    space, path = context(drawn("classification"), folds=2), tmp_path / "0-0.0-3.0.safetensors"
    first = run_trial(space, job(space, 0, 3, **changes))
    write_checkpoint(path, [fold.spec() for fold in first.checkpoint])
    folds = as_folds(read_checkpoint(path), TABLES.nodes)
    assert folds is not None
    a = run_trial(space, job(space, 3, 6, first.checkpoint, **changes))
    b = run_trial(space, job(space, 3, 6, folds, **changes))
    assert (a.loss, a.tie_breaker) == (b.loss, b.tie_breaker)
    everything = slice(None)
    np.testing.assert_array_equal(
        predicted(space, rebuilt(space, a.checkpoint, **changes), everything),
        predicted(space, rebuilt(space, b.checkpoint, **changes), everything),
    )


def test_in_a_run_directory_a_trial_leaves_plain_values(tmp_path: Path) -> None:
    space = context(drawn("classification"))
    trial = job(space, 0, 3)
    on_disk = RunningTrial(replace(trial.job, directory=str(tmp_path)))
    plain, folds = run_trial(space, on_disk).checkpoint, run_trial(space, trial).checkpoint
    assert type(plain[0]) is dict
    read = as_folds(plain, TABLES.nodes)
    assert read is not None
    for one, other in zip(read, folds, strict=True):
        np.testing.assert_array_equal(one.prediction(one.best), other.prediction(other.best))
        assert (one.best is one.last) == (other.best is other.last)
        assert one.n_parameters == other.n_parameters


def test_equal_snapshots_are_stored_once() -> None:
    space = context(drawn("classification"))
    (fold,) = run_trial(space, job(space, 0, 1)).checkpoint  # one epoch: the best is the last
    assert fold.best is fold.last
    assert fold.spec()["state"]["last"] is None
    again = TrainedFold.from_spec(fold.spec())
    assert again.best is again.last
    assert torch.equal(again.best.outputs, fold.best.outputs)


def test_no_checkpoint_has_no_folds() -> None:
    assert as_folds(None, {}) is None

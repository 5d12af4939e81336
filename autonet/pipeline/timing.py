"""How long an epoch takes, measured on the first batches."""

import time
from collections.abc import Mapping
from typing import Any

import torch

from autonet.pipeline.trial import build_training
from autonet.pipeline.workspace import Workspace
from autonet.training.batches import count_batches, shuffled_batches
from autonet.training.loop import train_step

__all__ = ["epoch_seconds"]

SECONDS = 0.1  # of measuring, after one step of warming up


def epoch_seconds(workspace: Workspace, config: Mapping[str, Any]) -> float:
    """Measure the seconds that an epoch of a configuration takes on all folds, going by the first."""
    with torch.random.fork_rng(devices=[]):
        encoded = workspace.encoded(config, 0)
        rows = encoded.rows
        state, plan = build_training(workspace.task, config, rows, encoded.encoder.layout)
        batches = shuffled_batches(len(rows), plan.batch_size, state.device)
        state.network.train()
        train_step(state, plan, rows.take(batches[0]))
        began, steps = time.monotonic(), 0
        while time.monotonic() - began < SECONDS:
            batch = batches[steps % len(batches)]
            train_step(state, plan, rows.take(batch))
            steps += 1
    seconds = (time.monotonic() - began) / steps * count_batches(len(rows), plan.batch_size)
    return seconds * len(workspace.folds)

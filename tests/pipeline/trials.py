"""Trials on small tables: their context, jobs, and the networks that come of them."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from autonet.core.component import Components
from autonet.core.task import Task
from autonet.data.splits.checked import choose_checked
from autonet.data.splits.folds import split
from autonet.data.table import Table
from autonet.metrics.metric import get_metric
from autonet.models.ensemble import Ensemble, NetworkMember
from autonet.nets.numeric import NUMERIC_EMBEDDING
from autonet.pipeline.context import TrialContext
from autonet.pipeline.tabular import TABLES
from autonet.pipeline.trained import TrainedFold
from autonet.pipeline.trial import build_member
from autonet.search.records import Job
from autonet.search.running_trial import RunningTrial
from autonet.space.build import build_space
from autonet.space.presets import load_preset

CPU = torch.device("cpu")


def context(
    data: Any, *, unit: str = "epochs", folds: int = 1, metric: str = "accuracy", additional: Any = ()
) -> TrialContext:
    X, y = data
    kind = get_metric_kind(metric)
    task = Task(kind, len(X), X.shape[1], len(np.unique(y)) if kind == "classification" else 1)
    y = y if kind == "classification" else y.reshape(-1, 1).astype(np.float64)
    how: dict[str, Any] = {"validation_split": 0.3, "arguments": {}, "groups": None, "shuffle": True, "seed": 0}
    rows = split(y, kind, len(X), cross_validator=folds if folds > 1 else "none", **how)
    metrics = [get_metric(name, kind) for name in (metric, *additional)]
    return TrialContext(TABLES, Table.from_numbers(X), y, None, task, rows, metrics[0], metrics[1:], unit, CPU, 0)  # type: ignore[arg-type]


def checking(space: TrialContext, most: int) -> TrialContext:
    """The context of a refit that leaves out some validation rows."""
    return replace(space, checked_rows=choose_checked(space.folds[0], most, space.y, space.task.kind))


def get_metric_kind(metric: str) -> Any:
    return "regression" if metric in ("r2", "rmse") else "classification"


def default(task: Task, **changes: Any) -> dict[str, Any]:
    preset = load_preset("tiny_cs", task)
    return {**dict(build_space(task, preset.components, preset.updates).get_default_configuration()), **changes}


def chosen(space: TrialContext, **changes: Any) -> Components:
    return space.resolve(default(space.task, **changes))


def job(space: TrialContext, start: float, target: float, checkpoint: Any = None, **changes: Any) -> RunningTrial:
    return RunningTrial(Job(0, default(space.task, **changes), start, target, seed=3, checkpoint=checkpoint))


def rebuilt(space: TrialContext, trained: list[TrainedFold], **changes: Any) -> list[NetworkMember]:
    """The networks of a trial at their best."""
    return [build_member(space, default(space.task, **changes), fold, fold.best.weights) for fold in trained]


def predicted(space: TrialContext, members: list[NetworkMember], rows: Any) -> Any:
    """What networks predict for rows of the table."""
    return Ensemble.from_members("", members).predict(space.data.rows(rows))


def embedding_defaults(choice: str) -> dict[str, Any]:
    space = NUMERIC_EMBEDDING.components[choice].space
    values = dict(space(Task("regression")).get_default_configuration()) if space else {}
    return {f"NumericEmbeddingSelector:{choice}:{name}": value for name, value in values.items()}


def drawn(kind: str, n: int = 200) -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    X = random.normal(size=(n, 4)).astype(np.float32)
    signal_ = X[:, :2] + 0.3 * random.normal(size=(n, 2))
    y = {
        "classification": np.digitize(signal_[:, 0], [-0.5, 0.5]),
        "multilabel": (signal_ > 0).astype(np.float32),
        "regression": signal_.astype(np.float32),
    }[kind]
    return X, y

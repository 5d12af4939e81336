"""A small network in training."""

import torch
from torch import nn

from autonet.core.clock import TimeLimit
from autonet.training.batches import BATCH_LOSSES, EncodedRows, count_batches
from autonet.training.budget import TrainingBudget
from autonet.training.loop import TrainingPlan, train
from autonet.training.schedules import SCHEDULES, Schedule
from autonet.training.state import TrainingState

N, BATCH = 60, 16
NO_LIMIT = TimeLimit()


def rows() -> EncodedRows:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(N, 4, generator=generator)
    return EncodedRows(x, (x[:, 0] > 0).long())


def plan(schedule: Schedule | None = None, **changes: object) -> TrainingPlan:
    schedule = schedule or SCHEDULES.components["cosine_annealing"].build(cycles=1, T_mult=1.0, warmup=0.0)
    standard = BATCH_LOSSES.components["standard"].build()
    values = {"batch_size": BATCH, "loss": nn.CrossEntropyLoss(), "batch_loss": standard, "schedule": schedule}
    return TrainingPlan(**{**values, "max_gradient_norm": None, **changes})


def state(*, lr: float = 0.1) -> TrainingState:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))
    return TrainingState(network, torch.optim.SGD(network.parameters(), lr, momentum=0.9))


def budget(start: float, target: float, unit: str = "epochs", limit: TimeLimit = NO_LIMIT) -> TrainingBudget:
    return TrainingBudget(unit, start, target, count_batches(N, BATCH), limit)


def accuracy(outputs: torch.Tensor) -> tuple[float, float]:
    y = rows().y
    return float((outputs.argmax(1) != y).float().mean()), float(nn.functional.cross_entropy(outputs, y))


def run(s: TrainingState, start: float, target: float, p: TrainingPlan | None = None) -> TrainingState:
    train(s, p or plan(), rows(), rows().x, accuracy, budget(start, target))
    return s

import math
import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts, ExponentialLR, LRScheduler, ReduceLROnPlateau, StepLR

from autonet.training.epoch_schedules import (
    AdaptSchedule,
    EpochSchedule,
    LossSchedule,
    PlateauSchedule,
    alternate_by_epoch,
    anneal_by_epoch,
    cycle_by_epoch,
    decay_by_epoch,
    step_by_epoch,
)
from autonet.training.optimizers import Adam
from tests.training.runs import plan, run, state

LOSSES = st.lists(st.floats(0, 4), min_size=1, max_size=40)


def optimizer() -> Optimizer:
    return Adam(nn.Linear(1, 1).parameters(), lr=1.0)


def factors_of(scheduler: LRScheduler, n: int) -> list[float]:
    found = []
    with warnings.catch_warnings(action="ignore"):  # no step of the optimizer
        for _ in range(n):
            found.append(scheduler.optimizer.param_groups[0]["lr"])
            scheduler.step()
    return found


@pytest.mark.parametrize(
    ("schedule", "of_torch"),
    [
        (anneal_by_epoch(10, 2.0), lambda o: CosineAnnealingWarmRestarts(o, T_0=10, T_mult=2)),
        (anneal_by_epoch(3, 1.0), lambda o: CosineAnnealingWarmRestarts(o, T_0=3)),
        (step_by_epoch(4, 0.3), lambda o: StepLR(o, step_size=4, gamma=0.3)),
        (decay_by_epoch(0.9), lambda o: ExponentialLR(o, gamma=0.9)),
    ],
    ids=["SGDR", "equal cycles", "step", "exponential"],
)
def test_schedules_by_epoch_are_those_of_torch(schedule: EpochSchedule, of_torch) -> None:
    assert [schedule.factor(epoch) for epoch in range(75)] == pytest.approx(factors_of(of_torch(optimizer()), 75))


def test_cycles_begin_with_an_epoch_and_do_not_vanish() -> None:
    uneven = anneal_by_epoch(3, 1.5)  # cycles of 3, 4.5 and 6.75 epochs
    assert [epoch for epoch in range(16) if uneven.factor(epoch) == 1.0] == [0, 3, 8, 15]
    assert anneal_by_epoch(5, 0.1).factor(10_000) == 1.0
    waves = alternate_by_epoch(4, 2.0, 0.5)
    assert [waves.factor(e) for e in range(4)] == sorted((waves.factor(e) for e in range(4)), reverse=True)
    assert max(waves.factor(e) for e in range(4, 12)) == pytest.approx(0.5, rel=0.05)
    assert max(waves.factor(e) for e in range(12, 28)) == pytest.approx(0.25, rel=0.05)
    assert alternate_by_epoch(1, 1.0, 1.0).factor(9) > 0
    assert [cycle_by_epoch(2, 2.0, 1.0).factor(e) for e in range(5)] == [2.0, 1.5, 1.0, 1.5, 2.0]


@given(losses=LOSSES, patience=st.integers(1, 5))
def test_plateau_is_that_of_torch(losses: list[float], patience: int) -> None:
    schedule, reference = PlateauSchedule(factor=0.5, patience=patience), optimizer()
    of_torch = ReduceLROnPlateau(reference, factor=0.5, patience=patience, eps=0.0)
    for epoch, loss in enumerate(losses, start=1):
        schedule.record(epoch, loss)
        of_torch.step(loss)
        assert schedule.factor(epoch) == pytest.approx(reference.param_groups[0]["lr"])


def test_adapt_keeps_the_rate_while_the_loss_falls() -> None:
    schedule = AdaptSchedule(T_max=4, T_mult=2.0, patience=2, threshold=0.1)
    losses = [1.0, 0.8, 0.6, 0.6, 0.6, 0.4, 0.4, 0.4, 0.4, 0.4]
    for epoch, loss in enumerate(losses, start=1):
        schedule.record(epoch, loss)
    anneal = [0.5 * (1 + math.cos(math.pi * step / 4)) for step in range(4)]
    started = [1.0, anneal[1], anneal[1], anneal[1]]  # a first loss is none that falls
    annealed = [anneal[1] ** 2, anneal[1] * anneal[2]]
    lower = anneal[1] * anneal[2]  # kept when the loss falls once more
    again = [lower, *(lower * a for a in anneal[1:]), 1.0]
    assert schedule.factors == pytest.approx([*started, *annealed, *again])
    assert schedule.period == 8


@given(losses=LOSSES, cut=st.integers(0, 40), make=st.sampled_from([PlateauSchedule, AdaptSchedule]))
def test_a_schedule_goes_on_from_its_state(losses: list[float], cut: int, make: type[LossSchedule]) -> None:
    of_adapt = {"T_max": 3, "T_mult": 1.5, "patience": 3, "threshold": 0.5}
    hyperparameters = {"factor": 0.5, "patience": 1} if make is PlateauSchedule else of_adapt
    whole, first, second = (make(**hyperparameters) for _ in range(3))
    for epoch, loss in enumerate(losses, start=1):
        whole.record(epoch, loss)
        if epoch <= cut:
            first.record(epoch, loss)
    second.load_state_dict(first.state_dict())
    for epoch, loss in list(enumerate(losses, start=1))[cut:]:
        second.record(epoch, loss)
    assert second.state_dict() == whole.state_dict()
    assert len(first.factors) == min(cut, len(losses)) + 1  # and not those of the second


def test_validations_may_be_rare_or_come_twice() -> None:
    schedule = PlateauSchedule(factor=0.1, patience=3)
    for epoch, loss in [(1, 1.0), (1, 5.0), (4, 1.0), (6, 1.0)]:
        schedule.record(epoch, loss)
    assert schedule.factors == [1.0] * 6 + [0.1]


def test_a_training_in_two_jobs_is_one_in_one_job() -> None:
    """Bit for bit: unlike schedules by progress, these do not depend on the budget."""
    trained = []
    for parts in ([(0, 6)], [(0, 2), (2, 6)]):
        checkpoint = None
        for start, target in parts:
            training = state(lr=5.0)
            training.schedule = PlateauSchedule(factor=0.5, patience=0)
            if checkpoint is not None:
                training.restore(checkpoint)
            run(training, start, target, plan(training.schedule))
            checkpoint = training.checkpoint()
        trained.append(training)
    once, twice = trained
    assert once.schedule.factors == twice.schedule.factors
    assert once.optimizer.param_groups[0]["lr"] == 5.0 * once.schedule.factor(5) < 5.0
    assert all(torch.equal(a, b) for a, b in zip(once.network.parameters(), twice.network.parameters(), strict=True))


def test_training_repeats_the_rates_of_a_validated_one() -> None:
    validated, anew = state(), state()
    validated.schedule, anew.schedule = (PlateauSchedule(factor=0.5, patience=1) for _ in range(2))
    for epoch in range(1, 7):
        validated.schedule.record(epoch, 1.0)
    anew.restore_schedule(validated.checkpoint())
    assert [anew.schedule.factor(epoch) for epoch in (0, 3, 6, 60)] == [1.0, 0.5, 0.25, 0.25]
    assert torch.equal(anew.network[0].weight, state().network[0].weight)

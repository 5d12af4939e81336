"""The learning curve of a network: its points, and which of many are kept."""

from itertools import pairwise

import pytest
import torch

from autonet.training.curve import SAMPLE_SHARE, LearningCurve, TrainingSample


def curve_of(n: int, max_points: int) -> LearningCurve:
    curve = LearningCurve(max_points)
    for epoch in range(1, n + 1):
        curve.add_step(1.0 / epoch)
        curve.add_step(3.0 / epoch)
        curve.add_validation(epoch, 0.5 * epoch, 0.25, 0.75)
    return curve


def test_a_point_has_the_mean_loss_of_the_batches_since_the_last() -> None:
    first, second = curve_of(2, 10).points
    assert first == (1, 0.5, 2.0, 0.25, 0.75, None)
    assert second.train_loss == 1.0


def test_without_a_batch_there_is_no_training_loss() -> None:
    curve = LearningCurve()
    curve.add_validation(1.0, 1.0, 0.5, 0.5)
    assert curve.points[0].train_loss is None


@pytest.mark.parametrize("max_points", [2, 3, 8, 100])
@pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 9, 99, 100, 101, 1000])
def test_the_points_of_a_long_curve_are_evenly_spaced_and_end_with_the_last(n: int, max_points: int) -> None:
    epochs = [point.epoch for point in curve_of(n, max_points).points]
    assert len(epochs) <= max_points
    assert epochs[:1] + epochs[-1:] == ([1, n] if n else [])
    if n < max_points:
        assert epochs == list(range(1, n + 1))
    else:
        assert len(epochs) >= max_points // 2
    assert len({b - a for a, b in pairwise(epochs[:-1])}) <= 1


def test_a_sample_is_scored_as_often_as_its_share_of_the_steps_allows() -> None:
    sample = TrainingSample(torch.zeros(4, 2), lambda outputs: (0.0, 0.0), cost=2.0)
    due = [step for step in range(1, 2001) if sample.is_due(step)]
    assert due[0] == 2.0 / SAMPLE_SHARE
    assert [b - a for a, b in pairwise(due)] == [2.0 / SAMPLE_SHARE] * (len(due) - 1)
    assert len(due) * 2.0 <= SAMPLE_SHARE * 2000

import math

import pytest
import torch
from torch import nn

from autonet.core.interrupts import current_interrupt, interruptible
from autonet.training.batches import EncodedRows, count_batches
from autonet.training.budget import TrainingBudget
from autonet.training.loop import TrainingDiverged, predict, train
from autonet.training.state import TrainingState
from tests.clocks import FakeClock
from tests.training.runs import BATCH, NO_LIMIT, N, accuracy, budget, plan, rows, run, state

NEEDS_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


def test_epochs_are_counted_exactly_and_the_network_learns() -> None:
    s = run(state(), 0, 7)
    assert s.position.epochs == 7
    assert s.position.steps == 7 * count_batches(N, BATCH)
    assert s.best.loss < 0.1


def test_a_budget_of_nine_differs_from_a_budget_of_one() -> None:
    assert run(state(), 0, 9).best.loss < run(state(), 0, 1).best.loss


def test_validation_begins_with_the_first_epoch() -> None:
    losses = iter([0.1, 0.2, 0.3, 0.4])
    s = state()
    train(s, plan(), rows(), rows().x, lambda outputs: (next(losses), 0.0), budget(0, 4))
    assert (s.best.epochs, s.best.loss, s.last.epochs, s.last.loss) == (1, 0.1, 4, 0.4)


@pytest.mark.parametrize("unit", ["epochs", "time"])
def test_training_ends_when_nothing_better_has_come_for_long_and_does_not_begin_again(unit: str) -> None:
    def best_after_four(outputs: torch.Tensor) -> tuple[float, float]:
        return abs(s.position.epochs - 4), 0.0

    s, part = state(), budget(0, 1000, unit)
    train(s, plan(), rows(), rows().x, best_after_four, part)
    assert part.stopped_early
    assert not part.truncated
    assert part.reached == 1000
    if unit == "epochs":
        assert (s.best.epochs, s.position.epochs) == (4, 2 * 4 + 16 + 1)
    else:  # now and then an epoch is not validated
        assert s.position.epochs >= 2 * s.best.epochs + 16 + 1
    assert s.last.weights

    resumed, more = state(), budget(1000, 3000, unit)
    resumed.restore(s.checkpoint())
    train(resumed, plan(), rows(), rows().x, best_after_four, more)
    assert more.stopped_early
    assert resumed.position == s.position
    assert resumed.last is s.last


def test_a_loss_that_is_not_finite_ends_training_at_once() -> None:
    s = state(lr=1e30)
    with pytest.raises(TrainingDiverged, match=r"training loss became (nan|inf) at step"):
        run(s, 0, 50)
    assert s.position.steps < 20


def test_seconds_are_kept_to_and_the_position_counts_no_pauses(clock: FakeClock) -> None:
    def ever_better(outputs: torch.Tensor) -> tuple[float, float]:
        return -float(s.position.steps), 0.0

    s, clock.tick = state(), 0.001
    train(s, plan(), rows(), rows().x, ever_better, budget(0.0, 0.3, "time"))
    clock.sleep(20)
    began = clock.now
    train(s, plan(), rows(), rows().x, ever_better, budget(0.3, 0.5, "time"))
    assert 0.17 < clock.now - began < 0.21
    assert 0.45 < s.position.seconds <= 0.5


def test_tenths_of_a_second_are_enough_for_a_model() -> None:
    s = state()
    train(s, plan(), rows(), rows().x, accuracy, budget(0.0, 0.1, "time"))
    assert s.best.weights


def test_the_learning_rate_follows_the_schedule_through_the_segment() -> None:
    seen: list[float] = []
    s = state(lr=0.5)
    run(s, 0, 4, plan(lambda t: seen.append(t) or 1 - t))
    steps = 4 * count_batches(N, BATCH)
    assert seen == pytest.approx([i / steps for i in range(steps)])
    assert s.optimizer.param_groups[0]["lr"] == pytest.approx(0.5 / steps)


def test_gradients_are_clipped_to_the_norm() -> None:
    def step(norm: float | None) -> float:
        s = state(lr=1.0)
        before = [p.detach().clone() for p in s.network.parameters()]
        s.optimizer.param_groups[0]["momentum"] = 0.0
        one = TrainingBudget("epochs", 0, 1, count_batches(N, N), NO_LIMIT)
        train(s, plan(lambda t: 1.0, batch_size=N, max_gradient_norm=norm), rows(), rows().x, accuracy, one)
        return math.sqrt(
            sum(float(((a - b.detach()) ** 2).sum()) for a, b in zip(before, s.network.parameters(), strict=True))
        )

    assert step(0.01) == pytest.approx(0.01, rel=1e-3)
    assert step(None) > 0.05


def test_an_interrupt_leaves_a_validated_state() -> None:
    calls = 0

    def interrupting(network: nn.Module, loss: nn.Module, batch: EncodedRows) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 10:
            current_interrupt().request()
        return loss(network(batch.x), batch.y)

    with interruptible(signals=()):
        s, part = state(), budget(0, 50)
        train(s, plan(batch_loss=interrupting), rows(), rows().x, accuracy, part)
    assert part.interrupted
    assert calls == 10
    assert part.reached == 2
    assert s.best.weights


def test_prediction_is_that_of_the_network_in_evaluation_mode_whatever_the_size() -> None:
    s = run(state(), 0, 1)
    x = torch.randn(10_000, 4)
    s.network.eval()
    torch.testing.assert_close(predict(s.network, x), s.network(x).detach())


@pytest.mark.gpu
@NEEDS_GPU
def test_training_on_a_gpu() -> None:
    table = rows()
    network = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2)).cuda()
    s = TrainingState(network, torch.optim.SGD(network.parameters(), 0.1, fused=True))
    on_gpu = EncodedRows(table.x.cuda(), table.y.cuda())
    train(s, plan(), on_gpu, on_gpu.x, lambda o: accuracy(o.cpu()), budget(0, 9))
    assert s.best.loss < 0.1


@pytest.mark.parametrize(
    "device",
    ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, NEEDS_GPU])],
)
def test_matrix_products_of_training_may_be_bfloat16(device: str) -> None:
    network, table = state().network.to(device), rows()
    training = TrainingState(network, torch.optim.SGD(network.parameters(), 0.1, momentum=0.9))
    seen = set()
    network[0].register_forward_hook(lambda layer, x, output: seen.add(output.dtype))
    x = table.x.to(device)
    on_device = EncodedRows(x, table.y.to(device))
    train(training, plan(precision="bfloat16"), on_device, x, lambda o: accuracy(o.cpu()), budget(0, 7))
    assert seen == {torch.bfloat16}
    assert {p.dtype for p in network.parameters()} == {training.best.outputs.dtype} == {torch.float32}
    assert training.best.loss < 0.1
    assert not torch.is_autocast_enabled(device)

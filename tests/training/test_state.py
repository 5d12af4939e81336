"""What is kept of a network in training, and how it goes on."""

import pytest
import torch
from torch import nn

from autonet.training.batches import EncodedRows, count_batches
from autonet.training.loop import train
from autonet.training.schedules import REGULARIZATION, SCHEDULES
from autonet.training.state import TrainingState
from tests.training.runs import BATCH, N, accuracy, budget, plan, rows, run, state

NEEDS_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


@pytest.mark.parametrize("constant", [False, True])
def test_going_on_from_a_checkpoint_equals_never_having_stopped(constant: bool) -> None:
    schedule = SCHEDULES.components["none"].build() if constant else None
    straight = state()
    run(straight, 0, 2, plan(schedule))
    run(straight, 2, 5, plan(schedule))

    first = run(state(), 0, 2, plan(schedule))
    saved = first.checkpoint()
    run(first, 2, 3, plan(schedule))  # further training must not change what was saved
    torch.rand(10)
    resumed = state()
    resumed.restore(saved)
    run(resumed, 2, 5, plan(schedule))
    for a, b in zip(straight.network.state_dict().values(), resumed.network.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert all(torch.equal(value, resumed.last.weights[name]) for name, value in straight.last.weights.items())
    assert resumed.position.epochs == straight.position.epochs == 5
    assert (resumed.best.loss, resumed.best.epochs) == (straight.best.loss, straight.best.epochs)


def test_a_checkpoint_without_memory_formats_goes_on_as_it_is() -> None:
    def build() -> TrainingState:
        torch.manual_seed(0)
        network: nn.Module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.LazyLinear(2))
        network(torch.zeros(1, 3, 5, 5))
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return TrainingState(network, torch.optim.AdamW(network.parameters(), 0.1, fused=True))

    def step(s: TrainingState) -> None:
        s.network(torch.ones(2, 3, 5, 5).cumsum(1)).square().sum().backward()
        s.optimizer.step()
        s.optimizer.zero_grad()

    first, resumed = build(), build()
    step(first)
    saved = first.checkpoint()
    for state_of_one in saved["optimizer"]["state"].values():
        state_of_one.update({name: value.contiguous() for name, value in state_of_one.items()})
    resumed.restore(saved)
    for s in (first, resumed):
        step(s)
    assert torch.equal(first.network[0].weight, resumed.network[0].weight)


def test_the_best_validated_weights_are_kept_ties_go_to_the_tie_breaker_and_then_to_the_later() -> None:
    s = state()
    for epoch, (loss, tie) in enumerate([(0.3, 1.0), (0.2, 0.9), (0.2, 0.9), (0.2, 0.95), (0.4, 0.1)]):
        nn.init.constant_(s.ema.network[0].weight, epoch)
        s.position.epochs = epoch
        s.record_validation(loss, tie, torch.zeros(1, 2))
    s.keep_last_weights()
    assert (s.best.epochs, float(s.best.weights["0.weight"][0, 0])) == (2, 2.0)
    assert (s.last.epochs, float(s.last.weights["0.weight"][0, 0])) == (4, 4.0)


def test_what_is_kept_are_averaged_weights_with_what_they_predict() -> None:
    s = run(state(), 0, 9)
    again = state().network.eval()
    for snapshot in (s.best, s.last):
        again.load_state_dict(snapshot.weights)
        torch.testing.assert_close(again(rows().x).detach(), snapshot.outputs)
    assert not torch.equal(s.last.weights["0.weight"], s.network[0].weight)
    assert s.last.epochs == 9


def test_a_checkpoint_holds_validated_weights_once_and_others_as_they_are() -> None:
    s = run(state(), 0, 2)
    saved = s.checkpoint()
    assert all(saved["ema"]["weights"][name] is tensor for name, tensor in saved["last"].weights.items())
    s.ema.update()  # a step later
    later = s.checkpoint()
    assert not torch.equal(later["ema"]["weights"]["0.weight"], later["last"].weights["0.weight"])
    torch.testing.assert_close(later["ema"]["weights"], s.ema.network.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("way", list(REGULARIZATION))
def test_dropout_and_weight_decay_follow_their_schedule_in_every_segment(way: str) -> None:
    seen: list[tuple[float, float]] = []

    def watching(network: nn.Module, loss: nn.Module, batch: EncodedRows) -> torch.Tensor:
        seen.append((network[3].p, s.optimizer.param_groups[0]["weight_decay"]))
        return loss(network(batch.x), batch.y)

    def decaying() -> TrainingState:
        new = state()
        optimizer = torch.optim.SGD(new.network.parameters(), 0.1, weight_decay=0.01)
        return TrainingState(new.network, optimizer)

    scheduled = plan(batch_loss=watching, regularization=REGULARIZATION[way])
    s = decaying()
    run(s, 0, 4, scheduled)
    resumed = decaying()
    resumed.restore(s.checkpoint())
    s = resumed
    run(s, 4, 8, scheduled)
    steps = 4 * count_batches(N, BATCH)
    factors = [(REGULARIZATION[way] or (lambda t: 1.0))(i / steps) for i in range(steps)]
    expected = [(0.2 * f, 0.01 * f) for f in factors]
    assert len(seen) == 2 * steps
    for got, wanted in zip(seen, 2 * expected, strict=True):
        assert got == pytest.approx(wanted)


def on(device: str) -> TrainingState:
    network = state().network.to(device)
    return TrainingState(network, torch.optim.AdamW(network.parameters(), 0.1, fused=True), torch.Generator())


def tensors_in(value: object) -> list[torch.Tensor]:
    parts = value.values() if isinstance(value, dict) else [value.weights] if hasattr(value, "weights") else []
    return [value] if isinstance(value, torch.Tensor) else [tensor for part in parts for tensor in tensors_in(part)]


@pytest.mark.gpu
@NEEDS_GPU
@pytest.mark.parametrize(("first", "second"), [("cpu", "cuda"), ("cuda", "cuda"), ("cuda", "cpu")])
def test_a_checkpoint_is_on_the_cpu_and_goes_on_anywhere(first: str, second: str) -> None:
    def train_on(device: str, s: TrainingState, start: int, target: int) -> None:
        table = EncodedRows(rows().x.to(device), rows().y.to(device))
        train(s, plan(), table, table.x, lambda outputs: accuracy(outputs.cpu()), budget(start, target))

    s = on(first)
    train_on(first, s, 0, 2)
    saved = s.checkpoint()
    assert {tensor.device.type for tensor in tensors_in(saved)} == {"cpu"}
    resumed = on(second)
    resumed.restore(saved)
    for name, tensor in resumed.network.state_dict().items():
        assert torch.equal(tensor.cpu(), saved["network"][name])
    train_on(second, resumed, 2, 4)
    assert resumed.position.epochs == 4
    assert {p.device.type for p in resumed.network.parameters()} == {second}

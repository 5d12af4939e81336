"""Steps per second of the training loop against a loop written by hand, same network, batches and optimizer.

The two take turns, a second each, ten times; the ratio is that of each pair.

    python benchmarks/training_speed.py
"""

import time
from statistics import median

import torch
from common import environment
from torch import nn

from autonet.core.clock import TimeLimit
from autonet.core.component import Components
from autonet.core.task import Task
from autonet.pipeline.tabular import NODES
from autonet.pipeline.trial import build_training
from autonet.space.build import build_space
from autonet.space.presets import load_preset
from autonet.training.batches import EncodedRows, count_batches
from autonet.training.budget import TrainingBudget
from autonet.training.loop import train_epoch

ROWS, TURNS, SECONDS = 10_000, 10, 1.0


def by_hand(network: nn.Module, rows: EncodedRows, batch_size: int, seconds: float, *, mixup: bool) -> float:
    """The plainest loop that trains the same: no schedule, no clock but this, no check."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, nesterov=True, fused=True)
    loss, beta = nn.CrossEntropyLoss(), torch.distributions.Beta(0.2, 0.2)
    network.train()
    began, steps = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        for batch in torch.randperm(len(rows.x)).split(batch_size):
            x, y = rows.x[batch], rows.y[batch]
            optimizer.zero_grad()
            if mixup:
                share, other = float(beta.sample()), torch.randperm(len(x))
                output = network(share * x + (1 - share) * x[other])
                (share * loss(output, y) + (1 - share) * loss(output, y[other])).backward()
            else:
                loss(network(x), y).backward()
            optimizer.step()
            steps += 1
            if time.monotonic() - began >= seconds:
                break
    return steps / (time.monotonic() - began)


def ours(components: Components, rows: EncodedRows, seconds: float) -> float:
    state, plan = build_training(Task("classification", n_outputs=10), components, rows)
    budget = TrainingBudget("time", 0.0, seconds, count_batches(len(rows), plan.batch_size), TimeLimit())
    while not budget.finished:
        train_epoch(state, plan, rows, budget)
    return state.position.steps / budget.elapsed


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    task = Task("classification", n_rows=ROWS, n_outputs=10)
    preset = load_preset("tiny_cs", task)
    space = build_space(task, preset.components, preset.updates)
    print("| inputs | units | batches | steps per second, ours | by hand | ratio: median of pairs (lowest, highest) |")
    print("|---|---|---|---|---|---|")
    for n_in, units in ((20, 32), (64, 128), (784, 256), (784, 512)):
        for technique in ("standard", "mixup"):
            config = {
                **dict(space.get_default_configuration()),
                "NetworkSelector:shapedresnet:max_units": units,
                "TrainNode:batch_loss_computation_technique": technique,
            }
            components = Components.resolve(NODES.values(), config)
            rows = EncodedRows(torch.randn(ROWS, n_in), torch.randint(10, (ROWS,)))
            pairs = []
            for _ in range(TURNS):
                state, plan = build_training(task, components, rows)
                hand = by_hand(state.network, rows, plan.batch_size, SECONDS, mixup=technique == "mixup")
                pairs.append((ours(components, rows, SECONDS), hand))
            ratios = sorted(a / b for a, b in pairs)
            a, b = (median(column) for column in zip(*pairs, strict=True))
            spread = f"{median(ratios):.3f} ({ratios[0]:.3f}, {ratios[-1]:.3f})"
            print(f"| {n_in} | {units} | {technique} | {a:.0f} | {b:.0f} | {spread} |", flush=True)
    print(f"\n1 thread, batches of 125 rows; {environment()}")


if __name__ == "__main__":
    main()

"""Would bfloat16 train faster?  Milliseconds per step in float32, and with products of matrices in bfloat16.

Candidates of the portfolio as they are, and a perceptron as wide as the search space allows; they take turns of a
second each, and the ratio is that of the medians.

    python benchmarks/precision.py
    python benchmarks/precision.py --device cuda
"""

import contextlib
from statistics import median

import torch
from common import environment
from stacking import FEATURES, PLAIN, TURNS, Step, configurations, milliseconds, prepared_device

from autonet.core.component import Components
from autonet.core.task import InputLayout, Task
from autonet.nets.registry import NETWORKS
from autonet.pipeline.trial import build_training
from autonet.training.batches import EncodedRows
from autonet.training.loop import train_step

ROWS, CLASSES = 20_000, 3
WIDE = {"max_units": 512, "mlp_shape": "brick"}  # of a shapedmlpnet


def stepping(task: Task, components: Components, layout: InputLayout, batch: EncodedRows, *, bfloat16: bool) -> Step:
    state, plan = build_training(task, components, batch, layout)
    state.network.train()
    kind = batch.y.device.type

    def step() -> None:
        with torch.autocast(kind, torch.bfloat16) if bfloat16 else contextlib.nullcontext():
            train_step(state, plan, batch)

    return step


def main() -> None:
    device = prepared_device(__doc__)
    task, layout = Task("classification", ROWS, FEATURES, CLASSES), InputLayout(FEATURES, n_numbers=FEATURES)
    known = configurations(task)
    network = known[PLAIN][NETWORKS]
    wide = NETWORKS.choose(network.name, **{**network.params, **WIDE})
    known["perceptron of 512 units without embeddings"] = known[PLAIN].replace([wide])
    print("| network | batch | float32, ms | bfloat16, ms | ratio |")
    print("|---|---|---|---|---|")
    for name, components in known.items():
        for size in (128, 256, 1024):
            x, y = torch.randn(size, FEATURES, device=device), torch.randint(CLASSES, (size,), device=device)
            ways = [stepping(task, components, layout, EncodedRows(x, y), bfloat16=wanted) for wanted in (False, True)]
            turns = [[milliseconds(step, device) for step in ways] for _ in range(TURNS)]
            full, half = (median(column) for column in zip(*turns, strict=True))
            print(f"| {name} | {size} | {full:.2f} | {half:.2f} | {full / half:.2f} |", flush=True)
    print(f"\n{FEATURES} columns, 1 thread, {device}; {environment()}")


if __name__ == "__main__":
    main()

"""Would the networks of five folds train faster as one program?  Milliseconds per step of all five.

One after the other, by the training loop, against `torch.func.vmap` over stacked parameters, and, for the perceptron,
against batched matrix products.  Each takes turns of a second; the ratio is that of the medians.

    python benchmarks/stacking.py
    python benchmarks/stacking.py --device cuda
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import torch
from common import environment
from portfolio import candidates
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from autonet.core.component import Components
from autonet.core.task import InputLayout, Task
from autonet.models.network import build_network
from autonet.pipeline.tabular import NODES
from autonet.pipeline.trial import build_training
from autonet.search.spaces.encoding import Encoding
from autonet.space.build import build_space
from autonet.space.portfolio import fit_portfolio
from autonet.space.presets import load_preset
from autonet.training.batches import EncodedRows
from autonet.training.loop import train_step

FOLDS, FEATURES, CLASSES, ROWS = 5, 20, 3, 4000
TURNS, SECONDS = 5, 1.0
PLAIN = "perceptron without embeddings"
ENTRIES = {
    "perceptron": "A perceptron on piecewise linear functions of quantiles.",
    "residual network": "A residual network on piecewise linear functions of quantiles.",
    "RealMLP": "RealMLP on quantiles, with higher frequencies.",
}

Step = Callable[[], None]


def configurations(task: Task) -> dict[str, Components]:
    preset = load_preset("medium_cs", task)
    space = build_space(task, preset.components, preset.updates)
    known = candidates(0)
    entries = fit_portfolio(Encoding(space), [known[description] for description in ENTRIES.values()])
    plain = entries[0] | {"NumericEmbeddingSelector:numeric_embedding": "none"}
    configs = {PLAIN: plain, **dict(zip(ENTRIES, entries, strict=True))}
    return {name: Components.resolve(NODES.values(), config) for name, config in configs.items()}


def one_after_the_other(task: Task, components: Components, layout: InputLayout, batches: list[EncodedRows]) -> Step:
    trained = [build_training(task, components, batch, layout) for batch in batches]
    for state, _ in trained:
        state.network.train()

    def step() -> None:
        for (state, plan), batch in zip(trained, batches, strict=True):
            train_step(state, plan, batch)

    return step


def stacked_by_vmap(task: Task, components: Components, layout: InputLayout, batches: list[EncodedRows]) -> Step:
    device = batches[0].y.device
    networks = [build_network(task, components, layout, batch.x).to(device).train() for batch in batches]
    parameters, buffers = stack_module_state(networks)

    def output(parameters: dict, buffers: dict, x: Tensor) -> Tensor:
        return functional_call(networks[0], (parameters, buffers), x)

    def outputs(x: Tensor) -> Tensor:
        return vmap(output, randomness="different")(parameters, buffers, x)

    return step_of(outputs, list(parameters.values()), batches)


def stacked_by_hand(widths: list[int], dropout: float, batches: list[EncodedRows]) -> Step:
    """Batched matrix products: the least that a stacked perceptron can take."""
    parameters: list[Tensor] = []
    for d_in, d_out in zip([FEATURES, *widths], [*widths, CLASSES], strict=True):
        shapes = (FOLDS, d_in, d_out), (FOLDS, 1, d_out)
        drawn = [torch.randn(shape, device=batches[0].y.device) / d_in**0.5 for shape in shapes]
        parameters += [p.requires_grad_() for p in drawn]

    def outputs(x: Tensor) -> Tensor:
        for i in range(0, len(parameters), 2):
            x = torch.baddbmm(parameters[i + 1], x, parameters[i])
            if i < len(parameters) - 2:
                x = nn.functional.dropout(x.relu(), dropout)
        return x

    return step_of(outputs, parameters, batches)


def step_of(outputs: Callable[[Tensor], Tensor], parameters: list[Tensor], batches: list[EncodedRows]) -> Step:
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, fused=True)
    x, y = torch.stack([batch.x for batch in batches]), torch.cat([batch.y for batch in batches])

    def step() -> None:
        loss = nn.functional.cross_entropy(outputs(x).flatten(0, 1), y) * FOLDS
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def milliseconds(step: Step, device: torch.device) -> float:
    """Time of a step, after one that does not count."""
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    step()
    wait()
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        for _ in range(5):
            step()
        wait()
        steps += 5
    return 1000 * (time.perf_counter() - began) / steps


def prepared_device(description: str | None) -> torch.device:
    """Where the user wants it measured; on a CPU, with one thread."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    device: torch.device = parser.parse_args().device
    if device.type == "cuda" and not torch.cuda.is_available():
        raise SystemExit("There is no CUDA GPU here.")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return device


def main() -> None:
    device = prepared_device(__doc__)
    task, layout = Task("classification", ROWS, FEATURES, CLASSES), InputLayout(FEATURES, n_numbers=FEATURES)
    print("| network | batch | one after the other, ms | vmap | ratio | by hand | ratio |")
    print("|---|---|---|---|---|---|---|")
    for name, components in configurations(task).items():
        for size in (32, 64, 128, 256):
            batches = [
                EncodedRows(torch.randn(size, FEATURES, device=device), torch.randint(CLASSES, (size,), device=device))
                for _ in range(FOLDS)
            ]
            ways = [
                one_after_the_other(task, components, layout, batches),
                stacked_by_vmap(task, components, layout, batches),
            ]
            if name == PLAIN:
                ways.append(stacked_by_hand([128] * 3, 0.2, batches))
            turns = [[milliseconds(step, device) for step in ways] for _ in range(TURNS)]
            alone, *others = (median(column) for column in zip(*turns, strict=True))
            cells = [f"{alone:.2f}", *(cell for ms in others for cell in (f"{ms:.2f}", f"{alone / ms:.2f}"))]
            print(f"| {name} | {size} | {' | '.join(cells + [''] * (5 - len(cells)))} |", flush=True)
    print(f"\n{FOLDS} networks, {FEATURES} columns, 1 thread, {device}; {environment()}")


if __name__ == "__main__":
    main()

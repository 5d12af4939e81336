"""What the default configurations of all networks predict on three toy tables; as a program, writes it down anew.

In float64 and on one thread, so that other processors come to the same numbers but for their last digits.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from autonet.core.clock import TimeLimit
from autonet.core.component import Components
from autonet.core.task import InputLayout, Task
from autonet.nets.initialization import initialize_from_rows
from autonet.nets.modernnca import remember_rows
from autonet.pipeline.tabular import NODES
from autonet.pipeline.trial import build_training
from autonet.space.build import build_space
from autonet.space.presets import load_preset
from autonet.training.batches import EncodedRows, count_batches
from autonet.training.budget import TrainingBudget
from autonet.training.loop import predict, train

__all__ = ["COMMAND", "FILE", "NETWORKS", "TABLES", "predictions"]

COMMAND = "python tests/pipeline/golden.py"
FILE = Path(__file__).with_name("golden.json")
NETWORKS = ["mlpnet", "shapedmlpnet", "resnet", "shapedresnet", "realmlp", "tabm", "modernnca"]
TABLES = ["classification", "multilabel", "regression"]
N_TRAIN, N_VALID, N_EPOCHS = 50, 5, 4


def predictions(network: str, table: str) -> list[list[float]]:
    """Train the default configuration of a network for a few epochs; return its outputs on the validation rows."""
    with _float64_on_one_thread():
        task, layout, x, y = _table(table)
        preset = load_preset("full_cs", task)
        space = build_space(task, {**preset.components, "NetworkSelector": [network]}, preset.updates)
        rows, valid = EncodedRows(x[:N_TRAIN], y[:N_TRAIN]), x[N_TRAIN:]
        components = Components.resolve(NODES.values(), space.get_default_configuration())
        torch.manual_seed(1)
        state, plan = build_training(task, components, rows, layout)
        initialize_from_rows(state.network, rows.x)
        remember_rows([state.network, state.ema.network], rows.x, rows.y)
        budget = TrainingBudget("epochs", 0, N_EPOCHS, count_batches(N_TRAIN, plan.batch_size), TimeLimit())
        train(state, plan, rows, valid, lambda outputs: (_plain_loss(task, outputs, y[N_TRAIN:]),) * 2, budget)
        outputs = predict(state.ema.network, valid)
        assert outputs.dtype == torch.float64
        return outputs.reshape(N_VALID, -1).tolist()


def _table(kind: str) -> tuple[Task, InputLayout, Tensor, Tensor]:
    """Return a task of this kind: numbers, and for several labels categories as well."""
    generator = torch.Generator().manual_seed(0)
    n, n_outputs = N_TRAIN + N_VALID, {"classification": 3, "multilabel": 2, "regression": 2}[kind]
    x = torch.randn(n, 4, generator=generator)
    signal = torch.stack([x[:, 0] * x[:, 1], x[:, 2] - x[:, 3].abs()], 1)
    if kind == "classification":
        return Task(kind, n, 4, n_outputs), InputLayout(4, 4), x, (signal > 0).sum(1)
    if kind == "regression":
        return Task(kind, n, 4, n_outputs), InputLayout(4, 3), x, signal / signal.std(0)
    codes = torch.randint(3, (n, 2), generator=generator)
    y = torch.stack([codes[:, 0] == 1, signal[:, 0] > 0], 1).to(x.dtype)
    return Task("multilabel", n, 6, n_outputs), InputLayout(6, 4, (3, 3)), torch.cat([x, codes], 1), y


def _plain_loss(task: Task, outputs: Tensor, y: Tensor) -> float:
    losses = {"classification": nn.CrossEntropyLoss(), "multilabel": nn.BCEWithLogitsLoss(), "regression": nn.MSELoss()}
    return float(losses[task.kind](outputs, y))


@contextmanager
def _float64_on_one_thread() -> Iterator[None]:
    dtype, n_threads = torch.get_default_dtype(), torch.get_num_threads()
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_num_threads(n_threads)


def main() -> None:
    """Write the predictions down."""
    found = {f"{network} {table}": predictions(network, table) for network in NETWORKS for table in TABLES}
    rows = [f"  {json.dumps(name)}: {json.dumps(values)}" for name, values in found.items()]
    FILE.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

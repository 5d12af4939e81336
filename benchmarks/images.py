"""Images: test accuracy within a time limit, and images per second beside a loop written by hand.

    python benchmarks/images.py fit --sets mnist fashion_mnist --seconds 300 2000 --seeds 0 1
    python benchmarks/images.py digits --seconds 60 --splits 0 1
    python benchmarks/images.py hand --sets fashion_mnist pasted_fashion_mnist --images 10000 --seconds 300
    python benchmarks/images.py speed
    python benchmarks/images.py threads

`fit` searches with `AutoNetImageClassification`; `digits` compares it with the same pixels as a table, on the same
splits; `hand` with its own best network, trained for the same time by a loop written by hand: all images, both cores,
AdamW with one cycle of the learning rate, the augmentation that the search found; `speed` trains the network of
`--config`, a file that `fit --configs` wrote, or the default one, in turns by the training loop and by hand: the same
network, batches, augmentation and optimizer, two seconds each.  `threads` compares one job on two threads with two jobs
on one thread each, and that with channels first in memory, and with bfloat16.
"""

import argparse
import json
import os
import time
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import torch
from common import environment, images
from joblib import Parallel, delayed
from photographs import load_images
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

from autonet import AutoNetClassification, AutoNetImageClassification
from autonet.core.clock import TimeLimit
from autonet.core.component import Components
from autonet.core.task import Task
from autonet.data.images.encoder import ImageEncoder
from autonet.data.images.reader import ImageData, ImageReader
from autonet.nets.images.registry import IMAGE_NETWORKS
from autonet.pipeline.images import IMAGES
from autonet.pipeline.trial import build_training
from autonet.space.build import build_space
from autonet.space.presets import load_preset
from autonet.training.batches import EncodedRows, count_batches
from autonet.training.budget import TrainingBudget
from autonet.training.loop import TrainingPlan, train_epoch
from autonet.training.state import TrainingState

SIDE = 28  # pixels
TURNS = 12
TURN_SECONDS = 2.0
WARM_UP_STEPS = 3
N_TEST = 10_000  # images
HAND_LEARNING_RATE = 0.005  # of AdamW, where the configuration has another optimizer
HAND_WARM_UP = 0.2  # of the time


def fit(arguments: argparse.Namespace) -> None:
    print(
        "| images | seconds | seed | test accuracy | best network alone | validation | fit took | trials (at the top) |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name in arguments.sets:
        X, y, X_test, y_test = images(name)
        X, X_test = X.reshape(-1, SIDE, SIDE), X_test.reshape(-1, SIDE, SIDE)
        for seconds in arguments.seconds:
            for seed in arguments.seeds:
                auto = AutoNetImageClassification(
                    arguments.preset, max_runtime=seconds, random_state=seed, log_level=arguments.log_level
                )
                began = time.monotonic()
                auto.fit(X, y)
                took = time.monotonic() - began
                history = auto.history_
                alone = np.mean(predict_alone(auto, X_test) == y_test)
                print(
                    f"| {name} | {seconds:g} | {seed} | {auto.score(X_test, y_test):.4f} | {alone:.4f} | "
                    f"{auto.fit_result['info']['val_accuracy']:.4f} | {took:.1f} s ({took / seconds:.1%}) | "
                    f"{len(history)} ({sum(t.budget >= history.rungs.top for t in history)}) |",
                    flush=True,
                )
                if arguments.configs:
                    path = arguments.configs / f"{name}_{seconds:g}_{seed}.json"
                    path.write_text(json.dumps(auto.best_config_, indent=1) + "\n", encoding="utf-8")
    print(f"\n{environment()}")


def predict_alone(auto: AutoNetImageClassification, X: np.ndarray) -> np.ndarray:
    """Classes predicted by the network of `get_pytorch_model`."""
    network = auto.get_pytorch_model()
    _, data = ImageReader.infer(X)
    encoder = ImageEncoder.fit(data, np.arange(len(data)), 0)  # its statistics hardly differ
    with torch.inference_mode():
        inputs = encoder.inputs(data, torch.device("cpu"))
        codes = torch.cat([network(inputs[rows]).argmax(1) for rows in torch.arange(len(X)).split(1000)])
    return np.asarray(auto.classes_)[codes.numpy()]


def digits(arguments: argparse.Namespace) -> None:
    print("| split | images | flattened |")
    print("|---|---|---|")
    data, rows = load_digits(), []
    for split in arguments.splits:
        X, X_test, y, y_test = train_test_split(data.images, data.target, random_state=split)
        scores = []
        for kind, shape in ((AutoNetImageClassification, (-1, 8, 8)), (AutoNetClassification, (-1, 64))):
            auto = kind(max_runtime=arguments.seconds, random_state=0).fit(X.reshape(shape), y)
            scores.append(auto.score(X_test.reshape(shape), y_test))
        rows.append(scores)
        print(f"| {split} | {scores[0]:.4f} | {scores[1]:.4f} |", flush=True)
    print(f"| mean | {mean(a for a, _ in rows):.4f} | {mean(b for _, b in rows):.4f} |\n\n{environment()}")


def hand(arguments: argparse.Namespace) -> None:
    print("| images | seconds | seed | autonet | its best network alone | the same by hand | epochs by hand |")
    print("|---|---|---|---|---|---|---|")
    for name in arguments.sets:
        X, y, X_test, y_test = load_images(name, arguments.images, N_TEST)
        for seconds in arguments.seconds:
            for seed in arguments.seeds:
                auto = AutoNetImageClassification(
                    arguments.preset, max_runtime=seconds, random_state=seed, log_level=arguments.log_level
                ).fit(X, y)
                score, alone = auto.score(X_test, y_test), np.mean(predict_alone(auto, X_test) == y_test)
                plain, epochs = train_by_hand(auto.best_config_, X, y, X_test, y_test, seconds)
                scores = f"{score:.4f} | {alone:.4f} | {plain:.4f}"
                print(f"| {name} | {seconds:g} | {seed} | {scores} | {epochs:.1f} |", flush=True)
    print(f"\n{environment()}")


def train_by_hand(
    config: dict[str, Any], X: np.ndarray, y: np.ndarray, X_test: np.ndarray, y_test: np.ndarray, seconds: float
) -> tuple[float, float]:
    """Test accuracy of the network of a configuration, trained plainly for some seconds, and the number of epochs."""
    torch.set_num_threads(os.cpu_count() or 1)
    (_, data), (_, test) = (ImageReader.infer(images) for images in (X, X_test))
    encoder = ImageEncoder.fit(data, np.arange(len(data)), 0)
    rows = EncodedRows(encoder.inputs(data, torch.device("cpu")), torch.from_numpy(y.astype(np.int64)))
    components = Components.resolve(IMAGES.nodes.values(), config)
    task = Task("classification", n_rows=len(X), n_outputs=len(np.unique(y)))
    state, plan = build_training(task, components, rows, encoder.layout, torch.Generator(), IMAGES)
    network, peak = state.network, config.get("OptimizerSelector:adamw:learning_rate", HAND_LEARNING_RATE)
    optimizer, loss = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=0.02), nn.CrossEntropyLoss()
    began, steps, progress = time.monotonic(), 0, 0.0
    network.train()
    while progress < 1:
        for batch in torch.randperm(len(rows)).split(plan.batch_size):
            progress = (time.monotonic() - began) / seconds
            if progress >= 1:
                break
            rate = progress / HAND_WARM_UP if progress < HAND_WARM_UP else (1 - progress) / (1 - HAND_WARM_UP)
            optimizer.param_groups[0]["lr"] = peak * rate
            drawn = rows.take(batch)
            drawn = EncodedRows(drawn.x[:], drawn.y) if plan.augment is None else plan.augment(drawn)
            optimizer.zero_grad()
            loss(network(drawn.x), drawn.y).backward()
            optimizer.step()
            steps += 1
    network.eval()
    with torch.inference_mode():
        inputs = encoder.inputs(test, torch.device("cpu"))
        codes = torch.cat([network(inputs[chunk]).argmax(1) for chunk in torch.arange(len(test)).split(1000)])
    torch.set_num_threads(1)
    return float(np.mean(codes.numpy() == y_test)), steps / count_batches(len(rows), plan.batch_size)


def speed(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    X, y, _, _ = images("mnist")
    data = ImageData(X.reshape(-1, 1, SIDE, SIDE)[:10_000])
    task = Task("classification", n_rows=len(X), n_outputs=10)
    encoder = ImageEncoder.fit(data, np.arange(len(data)), 0)
    rows = EncodedRows(encoder.inputs(data, torch.device("cpu")), torch.from_numpy(y[: len(data)].astype(np.int64)))
    preset = load_preset("medium_cs", task, IMAGES.presets)
    space = build_space(task, preset.components, preset.updates, IMAGES.nodes)
    default = dict(space.get_default_configuration())
    print("| network | batches | images per second, ours | by hand | ratio: median of pairs (lowest, highest) |")
    print("|---|---|---|---|---|")
    chosen = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in arguments.config}
    for name, config in (chosen or {"default": default}).items():
        components = Components.resolve(IMAGES.nodes.values(), config)
        pairs = []
        for _ in range(TURNS):
            state, plan = build_training(task, components, rows, encoder.layout, torch.Generator(), IMAGES)
            hand = by_hand(state.network, rows, plan)
            pairs.append((ours(state, plan, rows), hand))
        ratios = sorted(a / b for a, b in pairs)
        a, b = (median(column) for column in zip(*pairs, strict=True))
        size = config["CreateDataLoader:batch_size"]
        spread = f"{median(ratios):.3f} ({ratios[0]:.3f}, {ratios[-1]:.3f})"
        print(f"| {name} | {size} | {a:.0f} | {b:.0f} | {spread} |", flush=True)
    print(f"\n1 thread; {environment()}")


def by_hand(network: nn.Module, rows: EncodedRows, plan: TrainingPlan) -> float:
    """The plainest loop that trains the same: no schedule, no average of weights, no clock but this, no check."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.001, weight_decay=0.02, fused=True)
    loss, x, y = nn.CrossEntropyLoss(), rows.x[:], rows.y
    network.train()
    began, steps = time.monotonic(), 0
    while time.monotonic() - began < TURN_SECONDS:
        for batch in torch.randperm(len(x)).split(plan.batch_size):
            drawn = EncodedRows(x[batch], y[batch])
            if plan.augment is not None:
                drawn = plan.augment(drawn)
            optimizer.zero_grad()
            loss(network(drawn.x), drawn.y).backward()
            optimizer.step()
            steps += 1
            if time.monotonic() - began >= TURN_SECONDS:
                break
    return plan.batch_size * steps / (time.monotonic() - began)


def ours(state: TrainingState, plan: TrainingPlan, rows: EncodedRows) -> float:
    budget = TrainingBudget("time", 0.0, TURN_SECONDS, count_batches(len(rows), plan.batch_size), TimeLimit())
    while not budget.finished:
        train_epoch(state, plan, rows, budget)
    return plan.batch_size * state.position.steps / budget.elapsed


def threads(_: argparse.Namespace) -> None:
    """One job on all cores, against one on each; channels last in memory, against first; bfloat16."""
    print(
        "| resolution | filters | batch | images / s: 1 job on 2 threads | 2 jobs on 1 thread | channels first "
        "| bfloat16 |"
    )
    print("|---|---|---|---|---|---|---|")
    for resolution, filters, batch in ((16, 16, 128), (16, 32, 128), (32, 16, 128), (32, 32, 128), (16, 16, 32)):
        given = (resolution, filters, batch)
        one = run_processes(1, *given, 2, last=True)
        two = run_processes(2, *given, 1, last=True)
        first = run_processes(2, *given, 1, last=False)
        half = run_processes(2, *given, 1, last=True, half=True)
        print(f"| {resolution} | {filters} | {batch} | {one:.0f} | {two:.0f} | {first:.0f} | {half:.0f} |", flush=True)
    print(f"\n{environment()}")


def run_processes(n_jobs: int, *given: int, last: bool, half: bool = False) -> float:
    """Images per second of all processes together; the median of three runs."""
    train = delayed(train_plainly)
    runs = [Parallel(n_jobs=2)(train(*given, last=last, half=half) for _ in range(n_jobs)) for _ in range(3)]
    return median(sum(run) for run in runs)


def train_plainly(resolution: int, filters: int, batch: int, n_threads: int, *, last: bool, half: bool) -> float:
    """Images per second of a residual network in a plain loop."""
    torch.set_num_threads(n_threads)
    memory_format = torch.channels_last if last else torch.contiguous_format
    space = IMAGE_NETWORKS.components["resnet"].space(Task("classification"))
    params = {**dict(space.get_default_configuration()), "resolution": resolution, "initial_filters": filters}
    network = IMAGE_NETWORKS.components["resnet"].build(shape=(1, SIDE, SIDE), n_out=10, **params)
    network = network.to(memory_format=memory_format)
    x, y = torch.randn(batch, 1, SIDE, SIDE).to(memory_format=memory_format), torch.randint(10, (batch,))
    optimizer, loss = torch.optim.AdamW(network.parameters(), fused=True), nn.CrossEntropyLoss()
    began, steps = 0.0, -WARM_UP_STEPS
    while steps <= 0 or time.monotonic() - began < TURN_SECONDS:
        if steps == 0:
            began = time.monotonic()
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            value = loss(network(x), y)
        value.backward()
        optimizer.step()
        steps += 1
    return batch * steps / (time.monotonic() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("fit")
    command.set_defaults(run=fit)
    command.add_argument("--sets", nargs="+", default=["mnist", "fashion_mnist"])
    command.add_argument("--seconds", type=float, nargs="+", default=[300.0])
    command.add_argument("--seeds", type=int, nargs="+", default=[0])
    command.add_argument("--preset", default="medium_cs")
    command.add_argument("--log-level", default=None)
    command.add_argument("--configs", type=Path, help="folder that the best configurations are written to")
    command = commands.add_parser("digits")
    command.set_defaults(run=digits)
    command.add_argument("--seconds", type=float, default=60.0)
    command.add_argument("--splits", type=int, nargs="+", default=[0, 1])
    command = commands.add_parser("hand")
    command.set_defaults(run=hand)
    command.add_argument("--sets", nargs="+", default=["pasted_fashion_mnist"])
    command.add_argument("--images", type=int, default=10_000)
    command.add_argument("--seconds", type=float, nargs="+", default=[300.0])
    command.add_argument("--seeds", type=int, nargs="+", default=[0])
    command.add_argument("--preset", default="medium_cs")
    command.add_argument("--log-level", default=None)
    command = commands.add_parser("speed")
    command.set_defaults(run=speed)
    command.add_argument("--config", type=Path, nargs="*", default=[])
    commands.add_parser("threads").set_defaults(run=threads)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()

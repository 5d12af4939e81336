"""Which weights of a training should be kept, and when should it end?  Trained for 2 and 10 seconds on one core.

    python benchmarks/stopping.py

Every network is trained to the end, and judged epoch by epoch on a quarter of the training rows and on the test rows:
the weights as they are, and their moving average.  From these curves the first table says what each rule of keeping
weights comes to on the test rows, relative to the best average; the second one, what it costs to end as soon as
`factor` times the epochs to the best one, and `more`, have passed.  Seconds are processor seconds of training alone.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from itertools import islice, product

import numpy as np
import torch
from common import environment
from joblib import Parallel, delayed
from portfolio import candidates
from public_tables import load

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.component import Components
from autonet.core.task import InputLayout
from autonet.nets.initialization import initialize_from_rows
from autonet.pipeline.context import TrialContext
from autonet.pipeline.trial import build_training
from autonet.search.spaces.encoding import Encoding
from autonet.space.portfolio import fit_portfolio
from autonet.training.batches import EncodedRows, count_batches, shuffled_batches
from autonet.training.loop import TrainingDiverged, predict, train_step

TABLES = ["california_housing", "cmc", "credit_g", "kc1", "magic_telescope", "nyc_taxis", "online_shoppers", "phoneme"]
TABLES += ["protein", "vehicle"]
NETWORKS = [
    "A perceptron on piecewise linear functions of quantiles.",
    "RealMLP on quantiles, with higher frequencies.",
    "A residual network on piecewise linear functions of quantiles.",
    "A residual network on standardized columns, trained by SGD with mixup: the default of tiny_cs.",
]
MAX_ROWS, JUDGED = 4000, 150  # rows to fit on; how often a training is judged at most
TIMED = 0.2  # seconds

# Columns of a curve: progress, epochs, then loss on validation and on test rows of each kind of weights.
PROGRESS, EPOCHS, PLAIN, AVERAGED = 0, 1, 2, 4
RULES: dict[str, Callable[[np.ndarray], float]] = {
    "the last weights": lambda curve: curve[-1, PLAIN + 1],
    "the best weights of the second half": lambda curve: best(curve[curve[:, PROGRESS] >= 0.5], PLAIN),
    "the best weights": lambda curve: best(curve, PLAIN),
    "the last average": lambda curve: curve[-1, AVERAGED + 1],
    "the best average": lambda curve: best(curve, AVERAGED),
}
PATIENCE = [(1, 8), (1, 16), (2, 8), (2, 16), (2, 32), (3, 40)]


def best(curve: np.ndarray, kind: int) -> float:
    """Test loss where the validation loss is smallest."""
    return float(curve[curve[:, kind].argmin(), kind + 1])


def prepared(table: str, seed: int) -> tuple[TrialContext, torch.nn.Module, object, np.ndarray]:
    """What trials share, the space, the test rows and their targets."""
    train, test = load(table, seed, MAX_ROWS)
    y, y_test = train.pop("target"), test.pop("target")
    test, y_test = test[:MAX_ROWS], y_test[:MAX_ROWS]
    if y.dtype == "category":
        y, y_test = y.astype(str), y_test.astype(str)
        auto = AutoNetClassification(optimize_metric="neg_log_loss", validation_split=0.25, random_state=seed)
    else:
        auto = AutoNetRegression(
            optimize_metric="neg_root_mean_squared_error", validation_split=0.25, random_state=seed
        )
    _, options = auto._resolve_options({}, {})
    schema, given = auto._read({"X": train, "y": y}, None, None, options)
    context = auto._context(given, options, options.plan_time())
    return context, options.space(context.task), schema.read(schema.open(test, "")), given.targets.encode(y_test)


def loss(prediction: np.ndarray, y: np.ndarray) -> float:
    """Log-loss of classes, root mean squared error of numbers."""
    if y.dtype.kind in "iu":
        return float(-np.log(np.clip(prediction[np.arange(len(y)), y], 1e-15, 1)).mean())
    return float(np.sqrt(np.mean((prediction - y.reshape(prediction.shape)) ** 2)))


class Training:
    """A network in training, step by step."""

    def __init__(
        self, context: TrialContext, components: Components, rows: EncodedRows, layout: InputLayout, seed: int
    ) -> None:
        torch.manual_seed(seed)
        self.rows = rows
        self.state, self.plan = build_training(context.task, components, rows, layout)
        initialize_from_rows(self.state.network, rows.x)
        self.steps_per_epoch = count_batches(len(rows), self.plan.batch_size)

    def batches(self) -> Iterator[torch.Tensor]:
        while True:
            yield from shuffled_batches(len(self.rows), self.plan.batch_size)

    def step(self, batch: torch.Tensor, progress: float) -> None:
        for group, rate in zip(self.state.optimizer.param_groups, self.state.learning_rates, strict=True):
            group["lr"] = rate * self.plan.schedule(progress)
        if self.plan.regularization is not None:
            self.state.scale_regularization(self.plan.regularization(progress))
        self.state.network.train()
        train_step(self.state, self.plan, self.rows.take(batch))

    def seconds_per_step(self) -> float:
        began, steps = time.thread_time(), 0
        for batch in self.batches():
            self.step(batch, 0.5)
            steps += 1
            if time.thread_time() - began >= TIMED:
                break
        return (time.thread_time() - began) / steps


def curve_of(table: str, network: str, seconds: float, seed: int) -> np.ndarray | None:
    """Train one network, and judge it on the way; None if it diverges."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    context, space, test, y_test = prepared(table, seed)
    components = context.resolve(fit_portfolio(Encoding(space), [candidates(0)[network]])[0])
    encoded = context.encode_fold(components, 0)
    judged_rows = [
        (encoded.valid.x, context.y[context.folds[0].valid]),
        (encoded.encoder.inputs(test, torch.device("cpu")), y_test),
    ]
    made = context, components, encoded.rows, encoded.encoder.layout, seed
    curve, judged = list[list[float]](), 0
    try:
        total = max(round(seconds / Training(*made).seconds_per_step()), 4)
        training = Training(*made)
        for step, batch in enumerate(islice(training.batches(), total), 1):
            training.step(batch, (step - 1) / total)
            if step == total or step - judged >= max(training.steps_per_epoch, total // JUDGED):
                judged, row = step, [step / total, step / training.steps_per_epoch]
                for weights in (training.state.network, training.state.ema.network):
                    row += [loss(encoded.targets.decode(predict(weights, x).numpy()), y) for x, y in judged_rows]
                curve.append(row)
    except TrainingDiverged:
        return None
    return np.array(curve)


def stopped(curve: np.ndarray, factor: float, more: float) -> np.ndarray:
    """The curve up to where patience ends."""
    so_far = np.minimum.accumulate(curve[:, AVERAGED])
    best_epochs = np.array([curve[: i + 1][curve[: i + 1, AVERAGED] == v, EPOCHS][-1] for i, v in enumerate(so_far)])
    over = np.flatnonzero(curve[:, EPOCHS] > factor * best_epochs + more)
    return curve[: over[0] + 1] if len(over) else curve


def mean_ratio(losses: list[float], others: list[float]) -> float:
    return float(np.exp(np.mean(np.log(losses) - np.log(others))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--seconds", type=float, nargs="+", default=[2, 10])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    runs = list(product(arguments.tables, NETWORKS, arguments.seconds))
    found = Parallel(n_jobs=arguments.jobs)(delayed(curve_of)(*run, arguments.seed) for run in runs)
    curves = {run: curve for run, curve in zip(runs, found, strict=True) if curve is not None}
    of_length = {s: [c for (*_, length), c in curves.items() if length == s] for s in arguments.seconds}
    print("| kept |", " | ".join(f"{s:g} s" for s in arguments.seconds), "|\n|---" + "|---" * len(of_length) + "|")
    for name, rule in RULES.items():
        ratios = [mean_ratio([rule(c) for c in some], [best(c, AVERAGED) for c in some]) for some in of_length.values()]
        print(f"| {name} |", " | ".join(f"{ratio:.3f}" for ratio in ratios), "|")
    print("\n| ends after | time used | test loss | epochs: median, most |\n|---|---|---|---|")
    for factor, more in PATIENCE:
        cells = []
        for some in of_length.values():
            ends = [stopped(curve, factor, more) for curve in some]
            ratio = mean_ratio([best(c, AVERAGED) for c in ends], [best(c, AVERAGED) for c in some])
            epochs = [c[-1, EPOCHS] for c in ends]
            cells.append((np.mean([c[-1, PROGRESS] for c in ends]), ratio, np.median(epochs), max(epochs)))
        used, ratios, middle, most = zip(*cells, strict=True)
        shown = [" / ".join(f"{u:.0%}" for u in used), " / ".join(f"{r:.4f}" for r in ratios)]
        shown.append(" / ".join(f"{a:.0f}, {b:.0f}" for a, b in zip(middle, most, strict=True)))
        print(f"| {factor} x best + {more} epochs |", " | ".join(shown), "|")
    left_out = f"{len(runs) - len(curves)} of {len(runs)} diverged and are left out"
    print(f"\n{left_out}; split {arguments.seed}; one core each, {arguments.jobs} at a time; {environment()}")


if __name__ == "__main__":
    main()

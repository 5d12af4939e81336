"""What encodings of the input bring that look at targets, at tails and at the order of categories.

    python benchmarks/target_encodings.py bins tails categories ordinal

A residual network and RealMLP, each trained for 40 epochs of 80 % of 3,000 to 4,000 rows and validated on the rest,
with each variant of a part, on the tables that the part is for.  Printed are the test errors (log-loss, or root mean
squared error) relative to those of the first variant, geometric means over seeds; alone, and in the mean with boosted
trees.  Single-threaded; a fit takes a few seconds.
"""

import argparse
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from operator import attrgetter
from statistics import geometric_mean
from typing import Any

import numpy as np
import pandas as pd
import torch
from common import environment
from encoding_tables import GENERATED, ORDERS
from public_tables import load
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from autonet.core.task import Task
from autonet.data.encoding.trees import TreeEncoder
from autonet.data.reading.schema import Schema
from autonet.data.splits.folds import Fold, split
from autonet.data.table import Table
from autonet.metrics.metric import get_metric
from autonet.models.ensemble import Ensemble
from autonet.nets.numeric import PiecewiseLinearEmbedding
from autonet.pipeline.context import TrialContext
from autonet.pipeline.tabular import TABLES, Tables
from autonet.pipeline.trial import build_member, run_trial
from autonet.search.records import Job
from autonet.search.running_trial import RunningTrial
from autonet.search.spaces.encoding import Encoding
from autonet.space.build import build_space
from autonet.space.portfolio import fit_portfolio
from autonet.space.presets import load_preset

MAX_ROWS, EPOCHS, VALIDATED = 4000, 40, 0.2
CPU = torch.device("cpu")

SCALE, BINS, SIGMA = "NormalizationStrategySelector", "NumericEmbeddingSelector", "NumericEmbeddingSelector:pbld:sigma"
N_BINS, STEPS = f"{BINS}:piecewise_linear:n_bins", f"{BINS}:thresholds:n_bins"
MEANS, SMOOTHING = "TargetMeansSelector:target_means", "TargetMeansSelector:smoothed:smoothing"
ADAMW = "OptimizerSelector:adamw"
NETWORKS: dict[str, dict[str, Any]] = {
    "resnet": {
        "NetworkSelector:network": "shapedresnet",
        "NetworkSelector:shapedresnet:max_units": 128,
        "NetworkSelector:shapedresnet:max_dropout": 0.2,
        "OptimizerSelector:optimizer": "adamw",
        f"{ADAMW}:learning_rate": 0.001,
        f"{ADAMW}:weight_decay": 0.02,
    },
    "realmlp": {
        "NetworkSelector:network": "realmlp",
        "OptimizerSelector:optimizer": "adamw",
        f"{ADAMW}:learning_rate": 0.004,
        f"{ADAMW}:weight_decay": 0.02,
        f"{ADAMW}:beta2": 0.95,
        "LearningrateSchedulerSelector:lr_scheduler": "coslog4",
        "LearningrateSchedulerSelector:regularization_schedule": "flat_cos",
    },
}


def choose(scale: str = "quantile", embedding: str = "none", **own: Any) -> dict[str, Any]:
    """Values of a configuration; without target means unless they are asked for."""
    chosen = {f"{SCALE}:normalization_strategy": scale, f"{BINS}:numeric_embedding": embedding, MEANS: "none"}
    return {**chosen, **({SIGMA: 1.0 if scale == "quantile" else 0.1} if embedding == "pbld" else {}), **own}


@dataclass(frozen=True)
class Split:
    """A table in training: rows to fit on, and to test on, as they are read."""

    kind: str
    X: pd.DataFrame
    X_test: pd.DataFrame
    y: np.ndarray
    y_test: np.ndarray
    fold: Fold

    @classmethod
    def of(cls, name: str, seed: int) -> "Split":
        """Load or draw a table, and divide it."""
        train, test = GENERATED[name](np.random.default_rng(seed)) if name in GENERATED else load(name, seed, MAX_ROWS)
        y, y_test = train.pop("target"), test.pop("target")
        kind = "classification" if y.dtype == "category" else "regression"
        if kind == "classification":
            labels = sorted(y.astype(str).unique())
            known = y_test.astype(str).isin(labels)
            test, y_test = test[known], y_test[known]
            codes = [pd.Categorical(part.astype(str), labels).codes.astype(np.int64) for part in (y, y_test)]
        else:
            codes = [part.to_numpy(float)[:, None] for part in (y, y_test)]
        how: dict[str, Any] = {"arguments": {}, "groups": None, "shuffle": True, "seed": seed}
        [fold] = split(codes[0], kind, len(train), cross_validator="none", validation_split=VALIDATED, **how)  # type: ignore[arg-type]
        return cls(kind, train, test, codes[0], codes[1], fold)

    def error(self, prediction: np.ndarray) -> float:
        """Log-loss, or root mean squared error, on the rows to test on."""
        if self.kind == "regression":
            return float(np.sqrt(np.mean((prediction - self.y_test) ** 2)))
        return float(-np.log(np.clip(prediction[np.arange(len(self.y_test)), self.y_test], 1e-15, 1)).mean())


# --- variants


@dataclass(frozen=True)
class Variant:
    """Values of the configuration, changes of the columns, and the modality."""

    values: dict[str, Any]
    change: Callable[[Split], tuple[pd.DataFrame, pd.DataFrame]] = attrgetter("X", "X_test")
    modality: Callable[[Split], Tables] = lambda data: TABLES


@dataclass(frozen=True)
class Part:
    tables: tuple[str, ...]
    variants: dict[str, Variant] = field(default_factory=dict)


def count(data: Split) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add the logarithm of how often a level occurs, for columns of many levels."""
    parts = [data.X.copy(), data.X_test.copy()]
    for name in data.X.select_dtypes("category"):
        counts = data.X[name].iloc[data.fold.train].value_counts()
        if len(counts) > 64:
            for part in parts:
                part[f"{name} count"] = np.log1p(part[name].map(counts).astype(float).fillna(0.0))
    return parts[0], parts[1]


def order(data: Split, *, replaces: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add the positions of ordered levels, or replace the columns by them."""
    parts = []
    for X in (data.X, data.X_test):
        numbers = {}
        for name, dtype in X.dtypes.items():
            known = ORDERS.get(str(name), list(dtype.categories) if getattr(dtype, "ordered", False) else None)
            if known is not None:
                codes = pd.Categorical(X[name].astype(str), known).codes.astype(float)
                numbers[name] = np.where(codes < 0, np.nan, codes)
        left = X.drop(columns=list(numbers)) if replaces else X
        left = left.assign(**{str(n): left[n].astype(str).astype("category") for n in numbers if not replaces})
        parts.append(left.assign(**{f"{name} position": values for name, values in numbers.items()}))
    return parts[0], parts[1]


class BinsOfTrees(Tables):
    """Tables whose piecewise linear embeddings have the thresholds of small trees, one of each column, as edges."""

    def __init__(self, data: Split) -> None:
        self.cls = DecisionTreeRegressor if data.kind == "regression" else DecisionTreeClassifier
        self.y = data.y[data.fold.train].ravel()

    def build_network(self, *args: Any) -> torch.nn.Module:
        network, rows = super().build_network(*args), args[3] if len(args) > 3 else None
        for module in network.modules():
            if rows is not None and isinstance(module, PiecewiseLinearEmbedding):
                found = [self.find_edges(column, module.n_bins) for column in rows[:, : module.n_numbers].numpy().T]
                # As many quantiles as edges: of a table of nothing but edges they are the edges themselves.
                padded = torch.zeros(module.n_bins + 1, rows.shape[1])
                padded[:, : module.n_numbers] = torch.tensor(np.array(found).T)
                module.fit(padded)
        return network

    def find_edges(self, column: np.ndarray, n_bins: int) -> np.ndarray:
        """The thresholds of a tree of so many leaves, between the ends of the column."""
        leaf = max(len(column) // 200, 5)
        tree = self.cls(max_leaf_nodes=n_bins, min_samples_leaf=leaf, random_state=0).fit(column[:, None], self.y).tree_
        edges = np.unique([column.min(), *tree.threshold[tree.feature >= 0], column.max()])
        return np.pad(edges, (0, n_bins + 1 - len(edges)), mode="edge")


PIECEWISE = partial(choose, embedding="piecewise_linear")
PARTS: dict[str, Part] = {
    "bins": Part(
        ("thresholds", "trees", "trees of classes", "vehicle", "phoneme", "kc1", "online_shoppers", "nyc_taxis"),
        {
            "32 quantiles": Variant(PIECEWISE()),
            "64 quantiles": Variant(PIECEWISE(**{N_BINS: 64})),
            "32 of trees": Variant(PIECEWISE(), modality=BinsOfTrees),
            "16 quantiles, 16 steps": Variant(choose(embedding="thresholds")),
            "32 quantiles, 32 steps": Variant(choose(embedding="thresholds", **{STEPS: 64})),
        },
    ),
    "tails": Part(
        ("amounts", "sums", "kc1", "colleges", "california_housing", "online_shoppers", "bank_marketing", "nyc_taxis"),
        {
            f"{scale}, {embedding}": Variant(choose(scale, embedding))
            for embedding, scale in product(("pbld", "none"), ("robust", "signed_log", "standardize", "quantile"))
        },
    ),
    "categories": Part(
        ("2,000 levels", "2,000 levels, classes", "nyc_taxis"),
        {
            "none": Variant(choose()),
            "smoothed 3": Variant(choose(**{MEANS: "smoothed", SMOOTHING: 3.0})),
            "smoothed 10": Variant(choose(**{MEANS: "smoothed", SMOOTHING: 10.0})),
            "smoothed 30": Variant(choose(**{MEANS: "smoothed", SMOOTHING: 30.0})),
            "counts": Variant(choose(), count),
        },
    ),
    "ordinal": Part(
        ("ordered", "cmc", "credit_g", "bank_marketing"),
        {
            "categories": Variant(choose(), partial(order, replaces=False)),
            "positions": Variant(choose(), partial(order, replaces=True)),
        },
    ),
}


# --- runs


def predictions(data: Split, network: str, variant: Variant, table: Table, test: Table, seed: int) -> np.ndarray:
    """What a network predicts for the rows to test on."""
    task = Task(data.kind, len(table), table.n_columns, int(data.y.max()) + 1 if data.kind == "classification" else 1)  # type: ignore[arg-type]
    preset = load_preset("medium_cs", task)
    wanted = {**NETWORKS[network], **variant.values}
    [config] = fit_portfolio(Encoding(build_space(task, preset.components, preset.updates)), [wanted])
    metric = get_metric("neg_log_loss" if data.kind == "classification" else "neg_root_mean_squared_error", task.kind)
    context = TrialContext(
        variant.modality(data), table, data.y, None, task, [data.fold], metric, (), "epochs", CPU, seed
    )
    [trained] = run_trial(context, RunningTrial(Job(0, config, 0.0, EPOCHS, seed))).checkpoint
    member = build_member(context, config, trained, trained.best.weights)
    return np.asarray(Ensemble.from_members("", [member]).predict(test))


def boosted(data: Split, table: Table, test: Table) -> np.ndarray:
    """What boosted trees predict, ended by the validation rows."""
    train, valid = data.fold.train, data.fold.valid
    encoder, y = TreeEncoder.fit(table, train, 0), data.y.ravel()
    x, x_valid, x_test = (
        encoder.inputs(t, CPU, r)[:].numpy() for t, r in ((table, train), (table, valid), (test, None))
    )
    cls: Any = HistGradientBoostingRegressor if data.kind == "regression" else HistGradientBoostingClassifier
    codes = list(range(encoder.n_categories))
    trees = cls(learning_rate=0.07, max_iter=400, early_stopping=True, categorical_features=codes, random_state=0)
    trees.fit(x, y[train], X_val=x_valid, y_val=y[valid])
    return np.asarray(trees.predict(x_test)[:, None] if data.kind == "regression" else trees.predict_proba(x_test))


def report(name: str, part: Part, seeds: list[int]) -> Iterator[str]:
    """A table in Markdown: a line for each table and network."""
    first, *others = part.variants
    yield f"\n| {name}: table | network | {first} | {' | '.join(f'{v}, with trees' for v in others)} |"
    yield "|---|---|---" + "|---" * len(others) + "|"
    ratios: dict[str, list[tuple[float, float]]] = {v: [] for v in others}
    for table, network in product(part.tables, NETWORKS):
        errors = [errors_of(Split.of(table, seed), network, part.variants, seed) for seed in seeds]
        for v in others:
            pairs = [tuple(a / b for a, b in zip(e[v], e[first], strict=True)) for e in errors]
            ratios[v].append(tuple(map(geometric_mean, zip(*pairs, strict=True))))  # type: ignore[arg-type]
        base = np.mean([e[first][0] for e in errors])
        yield f"| {table} | {network} | {base:.4g} | {' | '.join(cell(ratios[v][-1]) for v in others)} |"
    means = [cell(tuple(map(geometric_mean, zip(*ratios[v], strict=True)))) for v in others]
    yield f"| geometric mean | | | {' | '.join(means)} |"


def errors_of(data: Split, network: str, variants: Mapping[str, Variant], seed: int) -> dict[str, tuple[float, float]]:
    """Errors of each variant, alone and in the mean with trees."""
    found, trees = dict[str, tuple[float, float]](), dict[Any, np.ndarray]()
    for name, variant in variants.items():
        X, X_test = variant.change(data)
        schema, table = Schema.detect_and_read(X)
        test = schema.read(X_test)
        if variant.change not in trees:
            trees[variant.change] = boosted(data, table, test)
        own = predictions(data, network, variant, table, test, seed)
        found[name] = data.error(own), data.error((own + trees[variant.change]) / 2)
    return found


def cell(ratios: tuple[float, ...]) -> str:
    return ", ".join(f"{ratio:.3f}" for ratio in ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="+", choices=list(PARTS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--tables", nargs="+", help="of the part; default: all of them")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for name in arguments.parts:
        part = PARTS[name]
        chosen = tuple(t for t in part.tables if arguments.tables is None or t in arguments.tables)
        for line in report(name, Part(chosen, part.variants), arguments.seeds):
            print(line, flush=True)
    print(f"\n{EPOCHS} epochs, seeds {arguments.seeds}; {environment()}")


if __name__ == "__main__":
    main()

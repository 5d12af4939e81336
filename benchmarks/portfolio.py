"""Which configurations `medium_cs` tries first: chosen from runs on generated and bundled tables.

    python benchmarks/portfolio.py run --out runs
    python benchmarks/portfolio.py judge --out runs
    python benchmarks/portfolio.py choose --out runs > presets/medium_cs.toml

`run` trains every candidate of `portfolio_candidates.toml` by itself on every table, for some seconds of processor
time, and so many random ones as `--random` says: the first table of all sizes first, so that it can be ended at any
time, and started again.  `choose` reads what they predict for the test rows, and prints the preset with the portfolios
chosen, one for each size of tables (`SIZES`) and kind of target; what has no runs keeps what it has.  The next entry is
always the one with which the ensemble of the entries so far has the least error, on the geometric mean over the tables,
those of other sizes and kinds at less weight: the portfolio says in which order, and is good wherever the time ends
it.  Tree ensembles are always there, as in a fit: what they know needs no network.  The ensemble is selected on one
half of the test rows and measured on the other, and the other way round.

`judge` chooses from one half of the tables and prints the error on the other, and the other way round, relative to what
the preset `--against` begins with.
"""

import argparse
import json
import math
import re
import sys
import tempfile
import time
import tomllib
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from joblib import Parallel, delayed
from portfolio_tables import KINDS, SIZES, Size, Source, all_sources, sources
from portfolio_trees import fit_trees

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.task import Task
from autonet.pipeline.greedy_selection import greedy_selection
from autonet.space.build import build_space
from autonet.space.presets import load_preset

CANDIDATES = Path(__file__).parent / "portfolio_candidates.toml"
# Of this checkout: an environment for benchmarks may hold another autonet.
PRESET = Path(__file__).parents[1] / "presets" / "medium_cs.toml"
# Tasks that begin with the portfolio of a kind.
TASKS = {"classification": ["classification", "multilabel"], "regression": ["regression"]}
SPACE_ROWS = 4000  # of the space that random candidates are drawn from
CHOSEN_NODES = (
    *("NormalizationStrategySelector", "NumericEmbeddingSelector", "NetworkSelector", "OptimizerSelector"),
    *("LearningrateSchedulerSelector", "TrainNode"),
)
TREES = "Tree ensembles."  # name of the run that fits all of them
CHOSEN = 3  # position of the portfolio among what is judged
# Weights of tables beside those of the same size and kind.
OTHER_SIZE = 0.5
OTHER_KIND = 0.25
OTHER_BOTH = 0.15
SELECTED = 25  # models in an ensemble, with repetition
SMALLEST = 1e-15  # probability, error

Values = dict[str, Any]
Error = Callable[[np.ndarray, np.ndarray], float]


# --- candidates


def without_portfolio(text: str) -> str:
    """The text of a preset up to its portfolio."""
    return re.split(r"^(?:# [^\n]*\n)*\n*(?=\[\[portfolio\]\])", text, maxsplit=1, flags=re.MULTILINE)[0]


def entry(description: str, values: Values, **scope: Any) -> str:
    """An entry of a portfolio in TOML."""
    lines = ["[[portfolio]]", f"description = {json.dumps(description)}"]
    lines += [f"{name} = {json.dumps(value)}" for name, value in scope.items()]
    return "\n".join([*lines, "[portfolio.values]", *(f'"{n}" = {json.dumps(value)}' for n, value in values.items())])


def candidates(n_random: int, size: Size | None = None) -> dict[str, Values]:
    """Values by description, all or those for tables of a size; random ones are drawn from the space of `medium_cs`."""
    known = tomllib.loads(CANDIDATES.read_text(encoding="utf-8"))["portfolio"]
    found = {row["description"]: row["values"] for row in known if size is None or is_for(row, size)}
    return found | drawn(n_random)


def drawn(n_random: int) -> dict[str, Values]:
    """Values of random candidates."""
    if not n_random:
        return {}
    found = dict[str, Values]()
    task = Task("regression", n_rows=SPACE_ROWS)
    preset = load_preset("medium_cs", task)
    space = build_space(task, preset.components, preset.updates)
    space.seed(0)
    for number in range(n_random):
        config = dict(space.sample_configuration())
        names = [name for name in config if name.split(":")[0] in CHOSEN_NODES and space[name].size != 1]
        found[f"Drawn at random, number {number}."] = {n: rounded(config[n]) for n in sorted(names)}
    return found


def is_for(candidate: Values, size: Size) -> bool:
    return bool(candidate.get("min_columns", 0) <= size.min_columns <= candidate.get("max_columns", math.inf))


def rounded(value: Any) -> Any:
    """Two digits of a drawn number: more mean nothing."""
    value = value.item() if hasattr(value, "item") else value
    return float(f"{value:.2g}") if isinstance(value, float) else value


# --- runs


def train_alone(values: Values, source: Source) -> dict[str, Any]:
    """Train one configuration on a table for its seconds of processor time, on one core, and predict the test rows."""
    began = time.process_time()
    train, test = source.load()
    classes = source.kind == "classification"
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as preset:
        text = without_portfolio(PRESET.read_text(encoding="utf-8"))
        preset.write(text + entry("The only one.", values) + "\n")
        preset.flush()
        auto = (AutoNetClassification if classes else AutoNetRegression)(
            preset.name,
            max_trials=1,
            min_budget=source.seconds,
            max_budget=source.seconds,
            max_runtime=3 * source.seconds + 10,
            ensemble_size=1,
            tree_ensembles=False,
            n_jobs=1,
            optimize_metric="neg_log_loss" if classes else "neg_root_mean_squared_error",
            random_state=0,
        ).fit(train.X, train.y.astype(str) if classes else train.y)
    found = {"predictions": auto.predict_proba(test.X) if classes else auto.predict(test.X), "truth": test.y.to_numpy()}
    if classes:
        found["truth"] = test.y.astype(str).to_numpy()[:, None] == np.asarray(auto.classes_, dtype=str)
    return found | {"took": time.process_time() - began}


def run(arguments: argparse.Namespace) -> None:
    """Run what is asked for and not there, one process per core."""
    arguments.out.mkdir(parents=True, exist_ok=True)

    def one(values: Values | None, source: Source, path: Path) -> None:
        warnings.simplefilter("ignore")
        try:
            with patch.object(time, "monotonic", time.process_time):  # how busy the machine is makes no difference
                result = fit_trees(source) if values is None else train_alone(values, source)
        except Exception as error:  # noqa: BLE001 - one run in hundreds; the others continue
            print(f"{path.stem} {type(error).__name__}: {error}", file=sys.stderr)
            return
        np.savez(path, **result)

    wanted = [
        (values, source, path_of(arguments.out, source, description))
        for source in all_sources()
        for description, values in ({TREES: None} | candidates(arguments.random, source.size)).items()
    ]
    missing = [job for job in wanted if not job[-1].is_file()]
    print(f"{len(wanted)} runs, {len(missing)} to do", flush=True)
    Parallel(n_jobs=arguments.jobs)(delayed(one)(*job) for job in missing)


def path_of(folder: Path, source: Source, description: str) -> Path:
    name = re.sub(r"\W+", "_", description.lower()).strip("_")
    return folder / f"{source}-{name}.npz"


# --- the choice


def error(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Log-loss of classes, root mean squared error of numbers."""
    if truth.dtype == bool:
        p = np.where(truth.any(axis=1), (prediction * truth).sum(axis=1), 1.0)
        return float(-np.log(np.clip(p, SMALLEST, 1)).mean())
    return float(np.sqrt(np.mean((prediction - truth) ** 2)))


class Runs:
    """What every candidate, and every tree ensemble, predicts on one table in one time."""

    def __init__(self, paths: Mapping[str, Path], trees: Path | None = None, error: Error = error) -> None:
        arrays = {name: np.load(path) for name, path in paths.items()}
        self.truth = next(iter(arrays.values()))["truth"]
        of_trees = dict(np.load(trees)) if trees else {}
        self.trees = list(of_trees)
        self.predictions = of_trees | {name: a["predictions"] for name, a in arrays.items()}
        shuffled = np.random.default_rng(0).permutation(len(self.truth))
        self.halves = np.array_split(shuffled, 2)
        self._error, self._errors = error, dict[frozenset[str], float]()

    def of_ensemble(self, names: Sequence[str]) -> float:
        """Error of the ensemble of these candidates and all tree ensembles."""
        key = frozenset(names)
        if key not in self._errors:
            halves = (self.halves, self.halves[::-1])
            self._errors[key] = float(np.mean([self._of_ensemble(names, *rows) for rows in halves]))
        return self._errors[key]

    def _of_ensemble(self, names: Sequence[str], seen: np.ndarray, unseen: np.ndarray) -> float:
        of_seen = sorted(
            [*names, *self.trees], key=lambda name: self._error(self.predictions[name][seen], self.truth[seen])
        )
        weights = greedy_selection(
            [self.predictions[name][seen] for name in of_seen],
            lambda mean: (self._error(mean, self.truth[seen]), 0.0),
            size=SELECTED,
        )
        mean = sum(w * self.predictions[name][unseen] for w, name in zip(weights, of_seen, strict=True))
        return self._error(np.asarray(mean), self.truth[unseen])


def mean_error(runs: Sequence[tuple[Runs, float]], names: Sequence[str]) -> float:
    """Weighted geometric mean of the errors of the ensemble of these candidates."""
    logs = [np.log(max(r.of_ensemble(names), SMALLEST)) for r, _ in runs]
    return float(np.exp(np.average(logs, weights=[weight for _, weight in runs])))


def choose(runs: Sequence[tuple[Runs, float]], names: Sequence[str], size: int) -> Iterator[tuple[str, float]]:
    """The entries in their order, each with the mean error of the ensemble that it completes."""
    chosen: list[str] = []
    while len(chosen) < size:
        scores = {name: mean_error(runs, [*chosen, name]) for name in names if name not in chosen}
        best = min(scores, key=scores.__getitem__)
        chosen.append(best)
        yield best, scores[best]


def found(arguments: argparse.Namespace, size: Size, kind: str) -> dict[Source, Runs]:
    """The runs of all tables of a size and a kind that are complete."""
    runs = dict[Source, Runs]()
    for source in sources(size, kind):
        paths = {name: path_of(arguments.out, source, name) for name in candidates(arguments.random, size)}
        trees = path_of(arguments.out, source, TREES)
        missing = [path.stem for path in (*paths.values(), trees) if not path.is_file()]
        if missing:
            print(f"{source} is left out, {len(missing)} runs are missing: {missing[0]}", file=sys.stderr)
        else:
            runs[source] = Runs(paths, trees)
    return runs


def all_found(arguments: argparse.Namespace) -> dict[Source, Runs]:
    """The runs of all tables that are complete."""
    return {s: r for size, kind in product(SIZES, KINDS) for s, r in found(arguments, size, kind).items()}


def weigh(runs: Mapping[Source, Runs], size: Size, kind: str) -> list[tuple[Runs, float]]:
    """Weights of tables in a choice: others, that have the same candidates, are worth less and steady it."""
    narrow = size.min_columns == 0
    weights = {(True, True): 1.0, (False, True): OTHER_SIZE, (True, False): OTHER_KIND, (False, False): OTHER_BOTH}
    return [
        (r, weights[source.size is size, source.kind == kind])
        for source, r in runs.items()
        if (source.size.min_columns == 0) == narrow
    ]


def judge(arguments: argparse.Namespace) -> None:
    """Print the errors of portfolios on tables they were not chosen from, relative to those of an earlier preset."""
    print(f"| rows | kind | tables | default | 1 entry | 3 | {arguments.size} | all candidates | better on |")
    print("|---|---|---|---|---|---|---|---|---|")
    everywhere, runs = [], all_found(arguments)
    for size, kind in product(SIZES, KINDS):
        names, before = list(candidates(arguments.random, size)), begun_with(arguments.against, size, kind)
        ratios = []
        for half in (0, 1):
            chosen_from = weigh({s: r for s, r in runs.items() if s.half != half}, size, kind)
            judged_on = [r for s, r in runs.items() if s.half == half and s.size is size and s.kind == kind]
            if chosen_from and judged_on:
                chosen = [name for name, _ in choose(chosen_from, names, arguments.size)]
                judged = (names[:1], chosen[:1], chosen[:3], chosen, names)
                ratios += [[r.of_ensemble(some) / r.of_ensemble(before) for some in judged] for r in judged_on]
        if ratios:
            everywhere += ratios
            print(f"| {size} | {kind} | {summary(ratios)} |", flush=True)
    print(f"| all | | {summary(everywhere)} |")


def summary(ratios: Sequence[Sequence[float]]) -> str:
    """Cells of a table: how many, their geometric means, and on how many tables the portfolio is better."""
    means = np.exp(np.mean(np.log(np.maximum(ratios, SMALLEST)), axis=0))
    better = sum(row[CHOSEN] < 1 for row in ratios)
    return " | ".join([str(len(ratios)), *(f"{mean:.3f}" for mean in means), f"{better}"])


def begun_with(preset: Path, size: Size, kind: str) -> list[str]:
    """The candidates that a preset begins with on tables of a size; raise if it has others."""
    names = {frozenset(values.items()): name for name, values in candidates(0).items()}
    return [names[frozenset(row["values"].items())] for row in entries_for(preset, size, kind)]


def entries_for(preset: Path, size: Size, kind: str) -> list[Values]:
    """The entries of a preset for tables of a size and a kind."""
    rows = tomllib.loads(preset.read_text(encoding="utf-8"))["portfolio"]
    found = [row for row in rows if size.limits.items() <= row.items() and kind in row.get("task", KINDS)]
    if not found:
        raise ValueError(f"{preset} has no portfolio for tables of {size} rows; it was written for other sizes.")
    return found


def print_preset(arguments: argparse.Namespace) -> None:
    """Print the preset with the portfolios chosen; how good they are goes to the standard error."""
    entries, every = [], all_found(arguments)
    for size, kind in product(SIZES, KINDS):
        scope = {"task": TASKS[kind], **size.limits}
        values = candidates(arguments.random, size)
        default, *_ = values
        runs = weigh(every, size, kind)
        if not any(weight == 1 for _, weight in runs):
            before = entries_for(PRESET, size, kind)
            entries += [entry(row["description"], row["values"], **scope) for row in before]
            continue
        print(f"{len(runs)} tables of {size} rows, {kind}, relative to the default", file=sys.stderr)
        for name, score in choose(runs, list(values), arguments.size):
            alone, usual = mean_error(runs, [name]), mean_error(runs, [default])
            print(f"  {score / usual:.4f}  alone {alone / usual:.4f}  {name}", file=sys.stderr)
            entries.append(entry(name, values[name], **scope))
    print(preset_of(entries))


def preset_of(entries: Iterable[str]) -> str:
    """The text of `medium_cs` with these entries as its portfolio."""
    text = without_portfolio(PRESET.read_text(encoding="utf-8")).rstrip()
    heading = "# Chosen by benchmarks/portfolio.py, the most useful first.  RealMLP's learning rates are times 10."
    return "\n\n".join([text, heading, *entries])


ACTIONS = {"run": run, "judge": judge, "choose": print_preset}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=list(ACTIONS))
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--random", type=int, default=0, help="candidates to draw at random")
    parser.add_argument("--size", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--against", type=Path, default=PRESET, help="preset to judge relative to")
    arguments = parser.parse_args()
    ACTIONS[arguments.action](arguments)


if __name__ == "__main__":
    main()

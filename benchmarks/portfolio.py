"""Which configurations `medium_cs` tries first: chosen from runs on the public tables.

    python benchmarks/portfolio.py run --out runs
    python benchmarks/portfolio.py judge --out runs
    python benchmarks/portfolio.py choose --out runs > presets/medium_cs.toml
    python benchmarks/portfolio.py leave --out runs > portfolio_without.toml

`run` trains every candidate of `portfolio_candidates.toml` by itself on every table, once for each time, and so many
random ones as `--random` says.  `choose` reads what they predict for the test rows, and prints the preset with the
portfolios chosen, one for each size of tables (`SIZES`); a size without runs keeps what it has.  The next entry is
always the one with which the ensemble of the entries so far has the least error, on the geometric mean over the tables
and over the times: the portfolio is good wherever the time ends it, and says in which order.  The ensemble is selected
on one half of the test rows and measured on the other, and the other way round.

`judge` leaves one table out after the other, and prints the error there of what was chosen from the others.  `leave`
prints what is chosen without each table: whoever measures autonet on one of them begins with that (`preset_without`).
"""

import argparse
import math
import re
import sys
import tempfile
import tomllib
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from public_tables import load

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.task import Task
from autonet.pipeline.greedy_selection import greedy_selection
from autonet.space.build import build_space
from autonet.space.presets import load_preset

CANDIDATES = Path(__file__).parent / "portfolio_candidates.toml"
WITHOUT = Path(__file__).parent / "portfolio_without.toml"
# Of this checkout: an environment for benchmarks may hold another autonet.
PRESET = Path(__file__).parents[1] / "presets" / "medium_cs.toml"


@dataclass(frozen=True)
class Size:
    """Tables of about the same size, which share a portfolio.

    Attributes
    ----------
    limits : dict
        Rows and columns of the tables that the portfolio is for.
    max_rows : int
        Most rows to fit on here; larger tables train on a part of them, in as much less time.
    seconds : tuple of float
        How long a run takes: what a configuration gets at the top of a search of a minute, and of five minutes.
    tables : tuple of str
    """

    limits: dict[str, int]
    max_rows: int
    seconds: tuple[float, ...]
    tables: tuple[str, ...]

    def __str__(self) -> str:
        low, high = self.limits.get("min_rows", 0), self.limits.get("max_rows")
        rows = f"from {low}" if high is None else f"{low} to {high}"
        return f"{rows}, {self.min_columns} columns" if self.min_columns else rows

    @property
    def min_columns(self) -> int:
        return self.limits.get("min_columns", 0)


SIZES = (
    Size({"max_rows": 1999}, 4000, (2, 8), ("vehicle", "cmc", "credit_g", "kc1", "colleges")),
    Size(
        {"min_rows": 2000, "max_rows": 19_999, "max_columns": 199},
        4000,
        (6, 18),
        ("california_housing", "naval", "nyc_taxis", "online_shoppers", "phoneme", "protein"),
    ),
    Size(
        {"min_rows": 20_000, "max_columns": 199},
        15_000,
        (8,),
        ("california_housing", "letter", "protein", "bank_marketing"),
    ),
    Size({"min_rows": 2000, "min_columns": 200}, 15_000, (20,), ("fashion_mnist", "hiv")),
)
SPACE_ROWS = 4000  # of the space that random candidates are drawn from
CHOSEN_NODES = (
    *("NormalizationStrategySelector", "NumericEmbeddingSelector", "NetworkSelector", "OptimizerSelector"),
    *("LearningrateSchedulerSelector", "TrainNode"),
)
SELECTED = 25  # models in an ensemble, with repetition
SMALLEST = 1e-15  # probability, error

Values = dict[str, Any]


# --- candidates


def without_portfolio(text: str) -> str:
    """The text of a preset up to its portfolio."""
    return re.split(r"^(?:# [^\n]*\n)*\n*(?=\[\[portfolio\]\])", text, maxsplit=1, flags=re.MULTILINE)[0]


def entry(description: str, values: Values, **limits: int) -> str:
    """An entry of a portfolio in TOML."""
    lines = ["[[portfolio]]", f'description = "{description}"', *(f"{k} = {v}" for k, v in limits.items())]
    lines.append("[portfolio.values]")
    for name, value in values.items():
        shown = str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else value
        lines.append(f'"{name}" = {shown}')
    return "\n".join(lines)


def candidates(n_random: int, size: Size | None = None) -> dict[str, Values]:
    """Values by description, all or those for tables of a size; random ones are drawn from the space of `medium_cs`."""
    known = tomllib.loads(CANDIDATES.read_text(encoding="utf-8"))["portfolio"]
    columns = math.inf if size is None else size.min_columns
    found = {row["description"]: row["values"] for row in known if row.get("min_columns", 0) <= columns}
    task = Task("regression", n_rows=SPACE_ROWS)
    preset = load_preset("medium_cs", task)
    space = build_space(task, preset.components, preset.updates)
    space.seed(0)
    for number in range(n_random):
        config = dict(space.sample_configuration())
        names = [name for name in config if name.split(":")[0] in CHOSEN_NODES]
        found[f"Drawn at random, number {number}."] = {n: rounded(config[n]) for n in sorted(names)}
    return found


def rounded(value: Any) -> Any:
    """Two digits of a drawn number: more mean nothing."""
    value = value.item() if hasattr(value, "item") else value
    return float(f"{value:.2g}") if isinstance(value, float) else value


# --- runs


def predictions_alone(values: Values, table: str, max_rows: int, seconds: float) -> dict[str, Any]:
    """Train one configuration on a table for so many seconds, on one core, and predict the test rows."""
    train, test = load(table, 0, max_rows)
    y, y_test = train.pop("target"), test.pop("target")
    classes = y.dtype == "category"
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as preset:
        text = without_portfolio(PRESET.read_text(encoding="utf-8"))
        preset.write(text + entry("The only one.", values) + "\n")
        preset.flush()
        auto = (AutoNetClassification if classes else AutoNetRegression)(
            preset.name,
            max_trials=1,
            min_budget=seconds,
            max_budget=seconds,
            max_runtime=3 * seconds + 10,
            ensemble_size=1,
            n_jobs=1,
            optimize_metric="neg_log_loss" if classes else "neg_root_mean_squared_error",
            random_state=0,
        ).fit(train, y.astype(str) if classes else y)
    if classes:
        truth = y_test.astype(str).to_numpy()[:, None] == np.asarray(auto.classes_, dtype=str)
        return {"predictions": auto.predict_proba(test), "truth": truth}
    return {"predictions": auto.predict(test), "truth": y_test.to_numpy(float)}


def run(arguments: argparse.Namespace) -> None:
    """Run what is asked for and not there, one process per core."""
    arguments.out.mkdir(parents=True, exist_ok=True)

    def one(values: Values, table: str, max_rows: int, seconds: float, path: Path) -> None:
        warnings.simplefilter("ignore")
        try:
            result = predictions_alone(values, table, max_rows, seconds)
        except Exception as error:  # noqa: BLE001 - one run in hundreds; the others go on
            print(f"{path.stem} {type(error).__name__}: {error}", file=sys.stderr)
            return
        np.savez(path, **result)

    wanted = [
        (values, table, size.max_rows, seconds, path_of(arguments.out, size, table, seconds, description))
        for size in SIZES
        for table, seconds in product(size.tables, size.seconds)
        for description, values in candidates(arguments.random, size).items()
    ]
    missing = [job for job in wanted if not job[-1].is_file()]
    print(f"{len(wanted)} runs, {len(missing)} to do", flush=True)
    Parallel(n_jobs=arguments.jobs)(delayed(one)(*job) for job in missing)


def path_of(folder: Path, size: Size, table: str, seconds: float, description: str) -> Path:
    name = re.sub(r"\W+", "_", description.lower()).strip("_")
    return folder / f"{table}-{size.max_rows}-{seconds:g}s-{name}.npz"


# --- the choice


def error(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Log-loss of classes, root mean squared error of numbers."""
    if truth.dtype == bool:
        p = np.where(truth.any(axis=1), (prediction * truth).sum(axis=1), 1.0)
        return float(-np.log(np.clip(p, SMALLEST, 1)).mean())
    return float(np.sqrt(np.mean((prediction - truth) ** 2)))


class Runs:
    """What every candidate predicts on one table in one time."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        arrays = {name: np.load(path) for name, path in paths.items()}
        self.truth = next(iter(arrays.values()))["truth"]
        self.predictions = {name: a["predictions"] for name, a in arrays.items()}
        shuffled = np.random.default_rng(0).permutation(len(self.truth))
        self.halves = np.array_split(shuffled, 2)

    def of_ensemble(self, names: Sequence[str]) -> float:
        """Error of the ensemble of these candidates."""
        errors = []
        for seen, unseen in (self.halves, self.halves[::-1]):
            of_seen = sorted(names, key=lambda name: error(self.predictions[name][seen], self.truth[seen]))
            weights = greedy_selection(
                [self.predictions[name][seen] for name in of_seen],
                lambda mean, rows=seen: (error(mean, self.truth[rows]), 0.0),
                size=SELECTED,
            )
            mean = sum(w * self.predictions[name][unseen] for w, name in zip(weights, of_seen, strict=True))
            errors.append(error(np.asarray(mean), self.truth[unseen]))
        return float(np.mean(errors))


def mean_error(runs: Sequence[Runs], names: Sequence[str]) -> float:
    """Geometric mean of the errors of the ensemble of these candidates."""
    return float(np.exp(np.mean([np.log(max(r.of_ensemble(names), SMALLEST)) for r in runs])))


def choose(runs: Sequence[Runs], names: Sequence[str], size: int) -> Iterator[tuple[str, float]]:
    """The entries in their order, each with the mean error of the ensemble that it completes."""
    chosen: list[str] = []
    while len(chosen) < size:
        scores = {name: mean_error(runs, [*chosen, name]) for name in names if name not in chosen}
        best = min(scores, key=scores.__getitem__)
        chosen.append(best)
        yield best, scores[best]


def found(arguments: argparse.Namespace, size: Size, names: Iterable[str]) -> dict[tuple[str, float], Runs]:
    """The runs of all tables of a size that are complete, by table and seconds."""
    runs = dict[tuple[str, float], Runs]()
    for table, seconds in product(size.tables, size.seconds):
        paths = {name: path_of(arguments.out, size, table, seconds, name) for name in names}
        missing = [name for name, path in paths.items() if not path.is_file()]
        if missing:
            print(f"{table}, {seconds:g} s is left out, {len(missing)} runs are missing: {missing[0]}", file=sys.stderr)
        else:
            runs[table, seconds] = Runs(paths)
    return runs


def divided(runs: Mapping[tuple[str, float], Runs]) -> Iterator[tuple[str, list[Runs], list[Runs]]]:
    """Each table with the runs on it, and those on all others."""
    for table in dict.fromkeys(table for table, _ in runs):
        here = [r for (other, _), r in runs.items() if other == table]
        yield table, here, [r for (other, _), r in runs.items() if other != table]


def judge(arguments: argparse.Namespace) -> None:
    """Print the errors of portfolios on tables they were not chosen from; the first candidate, the default, is 1."""
    print(f"| rows | table | default | 1 entry | 3 | {arguments.size} | all candidates |")
    print("|---|---|---|---|---|---|---|")
    for size in SIZES:
        names, ratios = list(candidates(arguments.random, size)), []
        for table, here, elsewhere in divided(found(arguments, size, names)):
            chosen = [name for name, _ in choose(elsewhere, names, arguments.size)]
            default = mean_error(here, names[:1])
            ratios.append([mean_error(here, some) / default for some in (chosen[:1], chosen[:3], chosen, names)])
            print(f"| {size} | {table} | {default:.4g} | {cells(ratios[-1])} |", flush=True)
        if ratios:
            print(f"| {size} | geometric mean | | {cells(np.exp(np.mean(np.log(ratios), axis=0)))} |")


def cells(ratios: Iterable[float]) -> str:
    return " | ".join(f"{ratio:.3f}" for ratio in ratios)


def print_preset(arguments: argparse.Namespace) -> None:
    """Print the preset with the portfolios chosen; how good they are goes to the standard error."""
    entries = []
    for size in SIZES:
        values = candidates(arguments.random, size)
        default, *_ = values
        runs = list(found(arguments, size, values).values())
        if not runs:
            entries += [entry(row["description"], row["values"], **size.limits) for row in chosen_before(size)]
            continue
        print(f"{len(runs)} runs of tables of {size} rows, relative to the default", file=sys.stderr)
        for name, score in choose(runs, list(values), arguments.size):
            alone, usual = mean_error(runs, [name]), mean_error(runs, [default])
            print(f"  {score / usual:.4f}  alone {alone / usual:.4f}  {name}", file=sys.stderr)
            entries.append(entry(name, values[name], **size.limits))
    print(preset_of(entries))


def chosen_before(size: Size) -> list[dict[str, Any]]:
    """The entries of `medium_cs` for tables of a size."""
    rows = tomllib.loads(PRESET.read_text(encoding="utf-8"))["portfolio"]
    found = [row for row in rows if size.limits.items() <= row.items()]
    if not found:
        raise ValueError(f"{PRESET} has no portfolio for tables of {size} rows; it was written for other sizes.")
    return found


def preset_of(entries: Iterable[str]) -> str:
    """The text of `medium_cs` with these entries as its portfolio."""
    text = without_portfolio(PRESET.read_text(encoding="utf-8")).rstrip()
    heading = "# Chosen by benchmarks/portfolio.py, the most useful first.  RealMLP's learning rates are times 10."
    return "\n\n".join([text, heading, *entries])


def print_left_out(arguments: argparse.Namespace) -> None:
    """Print, for each table and its sizes, the portfolio that is chosen from the other tables."""
    before = tomllib.loads(WITHOUT.read_text(encoding="utf-8"))
    lines: dict[str, list[str]] = {}
    for size in SIZES:
        names = list(candidates(arguments.random, size))
        runs = found(arguments, size, names)
        chosen = {
            table: [name for name, _ in choose(other, names, arguments.size)] for table, _, other in divided(runs)
        }
        for table, entries in (chosen or {table: before[table][str(size)] for table in size.tables}).items():
            listed = "".join(f'    "{name}",\n' for name in entries)
            lines.setdefault(table, []).append(f'"{size}" = [\n{listed}]\n')
    print("# What benchmarks/portfolio.py chooses without each table, by rows: to begin with where it is measured.")
    for table, lists in lines.items():
        print(f"\n[{table}]", *lists, sep="\n", end="")


def preset_without(table: str) -> str | None:
    """The text of `medium_cs` whose portfolio was chosen without this table; None if the table had no part in it."""
    left_out = tomllib.loads(WITHOUT.read_text(encoding="utf-8")).get(table)
    if left_out is None:
        return None
    values, entries = candidates(0), []
    for size in SIZES:
        usual = [row["description"] for row in chosen_before(size)]
        entries += [entry(name, values[name], **size.limits) for name in left_out.get(str(size), usual)]
    return preset_of(entries)


ACTIONS = {"run": run, "judge": judge, "choose": print_preset, "leave": print_left_out}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=list(ACTIONS))
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--random", type=int, default=0, help="candidates to draw at random")
    parser.add_argument("--size", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    ACTIONS[arguments.action](arguments)


if __name__ == "__main__":
    main()

"""Which configurations the presets of images try first: chosen from runs on MNIST, Fashion-MNIST and photographs.

    python benchmarks/portfolio_images.py run --out runs
    python benchmarks/portfolio_images.py choose --out runs > presets/images/medium_cs.toml

`run` trains every candidate of `portfolio_images.toml` by itself, for some seconds of processor time on one core, on
parts of the training images of both sets and, of 10,000 images, on Fashion-MNIST pasted onto photographs; it can be
ended at any time, and started again.  `choose` prints the preset with a portfolio for each size: the next entry is
always the one with which the ensemble of the entries so far has the least log-loss on 10,000 other training images, at
the best temperature as in a fit, on the geometric mean over the sets.  The test images take no part.
"""

import argparse
import sys
import tempfile
import time
import tomllib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
from joblib import Parallel, delayed
from photographs import load_images
from portfolio import Runs, Values, choose, entry, error, mean_error, path_of, without_portfolio

from autonet import AutoNetImageClassification
from autonet.models.ensemble import apply_temperature, fit_temperature

PRESET = Path(__file__).parents[1] / "presets" / "images" / "medium_cs.toml"
CANDIDATES = Path(__file__).parent / "portfolio_images.toml"
SETS = ("mnist", "fashion_mnist")
WITH_PASTED = (*SETS, "pasted_fashion_mnist")
JUDGED = 10_000  # training images that nothing is trained on


@dataclass(frozen=True)
class Source:
    """Images of a set.

    Attributes
    ----------
    name : str
    n_images : int
    seconds : float
        Of processor time.
    limits : tuple of (str, int)
        Numbers of images that the portfolio is for.
    """

    name: str
    n_images: int
    seconds: float
    limits: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        return f"{self.name}-{self.n_images}"

    def load(self) -> tuple[np.ndarray, ...]:
        X, y, _, _ = load_images(self.name, JUDGED + self.n_images, 1)
        return X[JUDGED:], y[JUDGED:], X[:JUDGED], y[:JUDGED]


SIZES = (
    (50_000, 265.0, SETS, (("min_rows", 20_001),)),
    (10_000, 170.0, WITH_PASTED, (("min_rows", 5001), ("max_rows", 20_000))),
    (2_500, 20.0, SETS, (("max_rows", 5000),)),
)


def candidates(n_images: int) -> dict[str, Values]:
    """Values by description of those for so many images."""
    rows = tomllib.loads(CANDIDATES.read_text(encoding="utf-8"))["portfolio"]
    return {row["description"]: row["values"] for row in rows if n_images in row["n_images"]}


def train_alone(values: Values, source: Source, path: Path) -> None:
    """Train one configuration on one core, and write what it predicts; report failures, so that others continue."""
    try:
        _train_alone(values, source, path)
    except Exception as error:  # noqa: BLE001 - one run of many
        print(f"{path.stem} {type(error).__name__}: {error}", file=sys.stderr, flush=True)


def _train_alone(values: Values, source: Source, path: Path) -> None:
    warnings.simplefilter("ignore")
    X, y, X_judged, y_judged = source.load()
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder, patch.object(time, "monotonic", time.process_time):
        preset = Path(folder) / "preset.toml"
        text = without_portfolio(PRESET.read_text(encoding="utf-8"))
        preset.write_text(text + entry("The only one.", values) + "\n", encoding="utf-8")
        auto = AutoNetImageClassification(
            preset,
            max_trials=1,
            min_budget=source.seconds,
            max_budget=source.seconds,
            max_runtime=3 * source.seconds + 10,
            cross_validator="none",
            validation_split=0.1,
            refit_on_all_rows=False,
            baseline=False,
            ensemble_size=1,
            n_jobs=1,
            optimize_metric="neg_log_loss",
            random_state=0,
        ).fit(X, y)
    if any(auto.best_config_.get(name) != value for name, value in values.items() if not isinstance(value, float)):
        raise ValueError(f"{values} is not in the space of {PRESET}")
    predictions = auto.predict_proba(X_judged)
    truth = y_judged[:, None] == np.asarray(auto.classes_)
    [trial] = auto.history_
    epochs = trial.metrics["epochs"]
    np.savez(path, predictions=predictions, truth=truth, epochs=epochs, took=time.process_time() - began)
    accuracy = np.mean(predictions.argmax(1) == truth.argmax(1))
    print(f"{path.stem} {accuracy:.4f} epochs {epochs}", flush=True)


def run(arguments: argparse.Namespace) -> None:
    """Run what is not there, one process per core."""
    arguments.out.mkdir(parents=True, exist_ok=True)
    wanted = [
        (values, source, path_of(arguments.out, source, description))
        for n_images, seconds, sets, limits in SIZES
        for description, values in candidates(n_images).items()
        for source in (Source(name, n_images, seconds, limits) for name in sets)
    ]
    missing = [job for job in wanted if not job[-1].is_file()]
    print(f"{len(wanted)} runs, {len(missing)} to do", flush=True)
    Parallel(n_jobs=arguments.jobs)(delayed(train_alone)(*job) for job in missing)


def calibrated_error(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Log-loss at the best temperature, by which a fit to images selects networks."""
    return error(apply_temperature(prediction, fit_temperature(prediction, truth.argmax(axis=1))), truth)


def print_preset(arguments: argparse.Namespace) -> None:
    """Print the preset with the portfolios chosen; how good they are goes to the standard error."""
    entries = list[str]()
    for n_images, seconds, sets, limits in SIZES:
        values = candidates(n_images)
        paths = [
            {name: path_of(arguments.out, Source(of, n_images, seconds, limits), name) for name in values}
            for of in sets
        ]
        runs = [
            (Runs({name: p for name, p in some.items() if p.is_file()}, error=calibrated_error), 1.0) for some in paths
        ]
        names = [name for name in values if all(some[name].is_file() for some in paths)]
        print(f"{n_images} images, log-loss: of the ensemble, alone on each set", file=sys.stderr)
        for name, score in choose(runs, names, min(arguments.size, len(names))):
            alone = " ".join(f"{mean_error([pair], [name]):.4f}" for pair in runs)
            print(f"  {score:.5f}  {alone}  {name}", file=sys.stderr)
            entries.append(entry(name, values[name], **dict(limits)))
    text = without_portfolio(PRESET.read_text(encoding="utf-8")).rstrip()
    print("\n\n".join([text, "# Chosen by benchmarks/portfolio_images.py, the most useful first.", *entries]))


ACTIONS: dict[str, Callable[[argparse.Namespace], None]] = {"run": run, "choose": print_preset}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=list(ACTIONS))
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--size", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    ACTIONS[arguments.action](arguments)


if __name__ == "__main__":
    main()

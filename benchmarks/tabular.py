"""Equal time for autonet and its peers, each in its own environment, on the same splits of the public tables.

    benchmarks/peers/environments.sh ENVIRONMENTS
    python benchmarks/tabular.py --environments ENVIRONMENTS --seconds 60 --seeds 0 1 2 --out tabular.jsonl
    python benchmarks/tabular.py --table --out tabular.jsonl

Log-loss of classes, root mean squared error of numbers, both computed here from the predictions.  A run is appended to
the file when it is done, and is not repeated: start the same command again to continue.  A crash and a timeout (three
times the time, and two minutes) count as an infinite error.  A system with other options, for ablations:
`--variant 'autonet:single={"ensemble_size": 1}'`.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from public_tables import TABLES, load
from sklearn.metrics import roc_auc_score
from tabular_report import Record, key, read, report

ROOT, PEERS = Path(__file__).parents[1], Path(__file__).parent / "peers"
FAMILIES = {
    "autonet": ["autonet"],
    "autogluon": ["autogluon_networks", "autogluon_medium", "autogluon_best"],
    "trees": ["hgb", "lightgbm", "catboost", "hgb_tuned", "lightgbm_tuned", "catboost_tuned"],
    "pytabkit": ["realmlp", "tabm"],
    "autopytorch": ["autopytorch_tiny", "autopytorch_medium"],
}
FAMILY_OF = {system: family for family, systems in FAMILIES.items() for system in systems}
CORES = 2
SMALLEST = 1e-15  # probability


def errors(y: pd.Series, predictions: np.ndarray, classes: Sequence[Any] | None) -> Record:
    """What is measured of predictions; `classes` are those of the columns, sorted."""
    if len(predictions) != len(y) or not np.isfinite(predictions).all():
        raise ValueError(
            f"{len(predictions)} predictions for {len(y)} rows, all finite: {np.isfinite(predictions).all()}"
        )
    if classes is None:
        return {"rmse": float(np.sqrt(np.mean((predictions - y.to_numpy(float)) ** 2)))}
    p = np.clip(predictions, SMALLEST, 1)
    p /= p.sum(axis=1, keepdims=True)
    # A class that is in no row to fit on has no column, and whoever predicts is as surprised.
    truth = y.astype(str).to_numpy()[:, None] == np.asarray(classes)
    result = {
        "log_loss": float(-np.log(np.where(truth.any(axis=1), (p * truth).sum(axis=1), SMALLEST)).mean()),
        "accuracy": float(truth[np.arange(len(y)), p.argmax(axis=1)].mean()),
    }
    if truth.any(axis=0).all():
        result["roc_auc"] = float(roc_auc_score(truth[:, 1], p[:, 1]) if p.shape[1] == 2 else roc_auc_score(truth, p))
    return result


@dataclass(frozen=True)
class Runner:
    """Runs systems in their environments, on two cores; autonet from a checkout."""

    environments: Path
    seconds: float
    variants: Mapping[str, str]
    latencies: Sequence[int]
    checkout: Path = ROOT

    def python(self, system: str) -> Path:
        return self.environments / FAMILY_OF[system.partition(":")[0]] / "bin" / "python"

    def __call__(self, system: str, train: pd.DataFrame, test: pd.DataFrame, seed: int) -> Record:
        """Fit and predict in a process of its own, and measure."""
        base = system.partition(":")[0]
        classes = None
        if isinstance(train["target"].dtype, pd.CategoricalDtype):
            classes = sorted(set(train["target"].astype(str)))
            train = train.assign(target=train["target"].astype(str).astype(object))
        kind = "classification" if classes else "regression"
        record: Record = {"kind": kind, "rows": len(train), "features": train.shape[1] - 1, "family": FAMILY_OF[base]}
        record |= {"options": self.variants.get(system, "{}"), "load": round(os.getloadavg()[0], 2)}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            train.to_parquet(folder / "train.parquet", index=False)
            test.drop(columns="target").to_parquet(folder / "test.parquet", index=False)
            command = [self.python(system), PEERS / f"run_{FAMILY_OF[base]}.py", "--system", base]
            command += ["--train", folder / "train.parquet", "--test", folder / "test.parquet"]
            command += ["--kind", kind, "--seconds", self.seconds, "--seed", seed]
            command += ["--options", record["options"], "--out", folder / "result.json"]
            command += ["--latencies", *self.latencies]
            began = time.monotonic()
            try:
                finish([str(c) for c in command], folder, 3 * self.seconds + 120, self.checkout)
                record |= json.loads((folder / "result.json").read_text(encoding="utf-8"))
                with np.load(folder / "result.npz") as arrays:
                    record |= {"status": "ok", **errors(test["target"], arrays["predictions"], classes)}
            except subprocess.TimeoutExpired:
                record |= {"status": "timeout"}
            except (subprocess.CalledProcessError, OSError, ValueError) as error:
                output = getattr(error, "stderr", None) or ""
                record |= {"status": "crash", "error": f"{error}"[-300:] + "\n" + output[-2000:]}
        return record | {"wall_seconds": round(time.monotonic() - began, 1)}


def finish(command: list[str], folder: Path, limit: float, checkout: Path) -> None:
    """Run a command to its end, or end it; its children end with it."""
    path = {"PYTHONPATH": str(checkout)} if "run_autonet" in command[1] else {}
    with (
        (folder / "stderr").open("w") as stderr,
        subprocess.Popen(
            command, cwd=folder, env=os.environ | path, stdout=stderr, stderr=stderr, start_new_session=True
        ) as process,
    ):
        try:
            process.wait(limit)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        said = (folder / "stderr").read_text(encoding="utf-8", errors="replace")
        raise subprocess.CalledProcessError(process.returncode, Path(command[1]).name, stderr=said)


# --- all runs


def to_do(arguments: argparse.Namespace, done: Mapping[tuple[Any, ...], Record]) -> Iterator[Record]:
    """Runs that are asked for and not there, one system after the other on the same split."""
    for table in arguments.tables:
        for seed in arguments.seeds:
            for system in arguments.systems:
                run = {"table": table, "split": seed, "system": system, "seconds": arguments.seconds}
                run |= {"max_rows": arguments.max_rows}
                known = done.get(key(run))
                if known is None or (arguments.again and known["status"] != "ok"):
                    yield run


def run_all(arguments: argparse.Namespace) -> None:
    variants = {name: options for name, _, options in (v.partition("=") for v in arguments.variants)}
    arguments.systems += variants
    runner = Runner(arguments.environments.absolute(), arguments.seconds, variants, arguments.latencies)
    for system in [s for s in arguments.systems if not runner.python(s).is_file()]:
        print(f"{system} is left out: there is no {runner.python(system)}", flush=True)
        arguments.systems.remove(system)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so the run in progress ends, too
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])  # the peers inherit them
    git = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    for run in to_do(arguments, read(arguments.out)):
        train, test = load(run["table"], run["split"], arguments.max_rows)
        about = {"date": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "commit": commit}
        record = run | about | runner(run["system"], train, test, run["split"])
        with arguments.out.open("a", encoding="utf-8") as out:
            out.write(json.dumps(record) + "\n")
        measured = ("log_loss", "rmse", "fit_seconds", "wall_seconds")
        shown = [f"{name} {record[name]:.5g}" for name in measured if name in record]
        print(*(record[name] for name in ("table", "split", "system", "status")), *shown, flush=True)
        if record["status"] == "crash":
            print("   ", record["error"].strip().splitlines()[-1], flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--systems", nargs="*", default=list(FAMILY_OF), choices=list(FAMILY_OF), metavar="SYSTEM")
    parser.add_argument("--variant", dest="variants", action="append", default=[], metavar="SYSTEM:NAME=JSON")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--max-rows", type=int, help="the most rows to fit on")
    parser.add_argument("--latencies", type=int, nargs="+", default=[1, 1000], help="rows of the calls that are timed")
    parser.add_argument("--environments", type=Path, default=os.environ.get("AUTONET_PEERS"))
    parser.add_argument("--again", action="store_true", help="repeat runs that failed")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--table", action="store_true", help="print what is in the file")
    parser.add_argument("--ours", default="autonet", help="who is compared with all others")
    parser.add_argument("--measure", choices=["log_loss", "accuracy", "roc_auc"], default="log_loss")
    arguments = parser.parse_args()
    if not arguments.table:
        if arguments.environments is None:
            parser.error("--environments or AUTONET_PEERS must name the folder that environments.sh filled.")
        run_all(arguments)
        return
    groups: dict[tuple[float, int | None], list[Record]] = {}
    for record in read(arguments.out).values():
        groups.setdefault((record["seconds"], record["max_rows"]), []).append(record)
    for seconds, max_rows in sorted(groups, key=lambda group: (group[1] or 0, group[0])):
        print(f"\n## {seconds:g} s" + (f", at most {max_rows} rows to fit on" if max_rows else "") + "\n")
        print(*report(groups[seconds, max_rows], arguments.ours, arguments.measure), sep="\n")


if __name__ == "__main__":
    main()

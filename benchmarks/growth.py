"""Ten thousand, a hundred thousand and a million rows of thirty columns, in the same time, beside peers.

    benchmarks/peers/environments.sh ENVIRONMENTS autonet autogluon trees
    python benchmarks/growth.py --environments ENVIRONMENTS --seconds 120

Generated: 24 numbers, some with missing values, and 6 categories of up to 2,000 levels; two classes.  Printed are the
log-loss on 20,000 rows and on as many again the seconds to predict, the seconds of the fit, and the most memory that
the process and its children held at once, shared pages counted once.  `lightgbm` has its defaults and no time limit.
"""

import argparse
import json
import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
from tabular import CORES, FAMILY_OF, PEERS, ROOT, errors

N_NUMBERS = 24
LEVELS = (5, 20, 50, 200, 800, 2000)  # of the categories
TEST_ROWS = 20_000  # whose error is printed
PREDICTED_ROWS = 200_000
MISSING_SHARE = 0.05  # of every third column of numbers
NOISE = 1.0  # standard deviation, beside a signal of 2
SAMPLED_EVERY = 0.25  # seconds
MIB = 2**20


def generate(n_rows: int, seed: int) -> pd.DataFrame:
    """Draw a table with a column `target`."""
    rng = np.random.default_rng(seed)
    world = np.random.default_rng(0)  # the same for all tables
    numbers = rng.normal(size=(n_rows, N_NUMBERS))
    weights = world.normal(size=(N_NUMBERS, 8)) / np.sqrt(N_NUMBERS)
    signal = np.tanh(numbers @ weights) @ world.normal(size=8) + (numbers[:, 0] > 0.5) * (numbers[:, 1] < 0)
    codes = [np.minimum(rng.geometric(3 / n, n_rows) - 1, n - 1) for n in LEVELS]
    signal = signal / signal.std() + sum(world.normal(size=n)[c] for n, c in zip(LEVELS, codes, strict=True)) / 2
    numbers[:, ::3][rng.random((n_rows, N_NUMBERS // 3)) < MISSING_SHARE] = np.nan
    columns = {f"number_{i}": column.astype(np.float32) for i, column in enumerate(numbers.T)}
    columns |= {
        f"category_{n}": pd.Categorical.from_codes(c, categories=[f"level {i}" for i in range(n)])
        for n, c in zip(LEVELS, codes, strict=True)
    }
    target = np.where(signal + NOISE * rng.normal(size=n_rows) > 0, "yes", "no")
    return pd.DataFrame(columns | {"target": pd.Categorical(target)})


class Memory(threading.Thread):
    """Most bytes that a process and its descendants held at once; Linux only."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak, self._ended = pid, 0, threading.Event()

    def run(self) -> None:
        while not self._ended.wait(SAMPLED_EVERY):
            self.peak = max(self.peak, sum(map(held_bytes, descendants(self.pid))))

    def stop(self) -> int:
        self._ended.set()
        self.join()
        return self.peak


def descendants(pid: int) -> list[int]:
    """The process itself and all below it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, read(task).split())
    return found


def held_bytes(pid: int) -> int:
    """Proportional set size: a page that several processes share counts once."""
    lines = [line for line in read(Path(f"/proc/{pid}/smaps_rollup")).splitlines() if line.startswith("Pss:")]
    return int(lines[0].split()[1]) * 1024 if lines else 0


def read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:  # it has ended
        return ""


def run(system: str, python: Path, n_rows: int, seconds: float, seed: int) -> str:
    """Run a system, and return its row of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        test = generate(TEST_ROWS, 1)
        generate(n_rows, 2).to_parquet(folder / "train.parquet")
        test.to_parquet(folder / "test.parquet")
        script = PEERS / f"run_{FAMILY_OF[system]}.py"
        command = [python, script, "--system", system, "--kind", "classification", "--seconds", seconds, "--seed", seed]
        command += ["--train", folder / "train.parquet", "--test", folder / "test.parquet"]
        command += ["--latencies", PREDICTED_ROWS, "--out", folder / "result.json"]
        path = {"PYTHONPATH": str(ROOT)} if system == "autonet" else {}
        began = time.monotonic()
        with subprocess.Popen([str(c) for c in command], cwd=folder, env=os.environ | path) as process:
            memory = Memory(process.pid)
            memory.start()
            if process.wait(3 * seconds + 600):
                return f"| {n_rows:,} | {system} | crashed after {time.monotonic() - began:.0f} s | | | |"
        result, peak = json.loads((folder / "result.json").read_text(encoding="utf-8")), memory.stop()
        with np.load(folder / "result.npz") as arrays:
            error = errors(test["target"], arrays["predictions"], sorted(test["target"].unique()))["log_loss"]
    took, predicted = result["fit_seconds"], result[f"predict_{PREDICTED_ROWS}"]
    return f"| {n_rows:,} | {system} | {error:.4f} | {took:.1f} | {predicted:.1f} | {peak / MIB:,.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--systems", nargs="+", default=["autonet", "autogluon_medium", "lightgbm"], choices=FAMILY_OF)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--environments", type=Path, default=os.environ.get("AUTONET_PEERS"), required=False)
    arguments = parser.parse_args()
    if arguments.environments is None:
        parser.error("--environments or AUTONET_PEERS must name the folder that environments.sh filled.")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])  # the peers inherit them
    print("| rows | system | log-loss | seconds of the fit | seconds to predict 200,000 rows | most memory, MiB |")
    print("|---|---|---|---|---|---|")
    for n_rows in arguments.rows:
        for system in arguments.systems:
            python = arguments.environments.absolute() / FAMILY_OF[system] / "bin" / "python"
            print(run(system, python, n_rows, arguments.seconds, arguments.seed), flush=True)


if __name__ == "__main__":
    main()

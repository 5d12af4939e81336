"""Ten thousand, a hundred thousand and a million rows of thirty columns, in the same time, beside peers.

    benchmarks/peers/environments.sh ENVIRONMENTS autonet autogluon trees
    python benchmarks/growth.py --environments ENVIRONMENTS --seconds 120

Generated: 24 numbers, some with missing values, and 6 categories of up to 2,000 levels; two classes.  Printed are the
log-loss on 20,000 rows and on as many again the seconds to predict, the seconds of the fit, and the most memory that
the process and those below it held at once, shared pages counted once.  `lightgbm` has its defaults and no time limit.
"""

import argparse
import os
import threading
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from tabular import CORES, FAMILY_OF, Runner

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
    """Most bytes that the processes below this one held at once, while a `with` block runs; Linux only."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self._ended = 0, threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.wait(SAMPLED_EVERY):
            self.peak = max(self.peak, sum(map(held_bytes, descendants(os.getpid())[1:])))


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


def run(runner: Runner, system: str, n_rows: int, seed: int) -> str:
    """Run a system, and return its row of the table."""
    train, test = generate(n_rows, 2), generate(TEST_ROWS, 1)
    with Memory() as memory:
        record = runner(system, train, test, seed)
    if record["status"] != "ok":
        return f"| {n_rows:,} | {system} | {record['status']} after {record['wall_seconds']:.0f} s | | | |"
    took, predicted = record["fit_seconds"], record[f"predict_{PREDICTED_ROWS}"]
    error, peak = record["log_loss"], memory.peak / MIB
    return f"| {n_rows:,} | {system} | {error:.4f} | {took:.1f} | {predicted:.1f} | {peak:,.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--systems", nargs="+", default=["autonet", "autogluon_medium", "lightgbm"], choices=FAMILY_OF)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--environments", type=Path, default=os.environ.get("AUTONET_PEERS"))
    arguments = parser.parse_args()
    if arguments.environments is None:
        parser.error("--environments or AUTONET_PEERS must name the folder that environments.sh filled.")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])  # the peers inherit them
    print("| rows | system | log-loss | seconds of the fit | seconds to predict 200,000 rows | most memory, MiB |")
    print("|---|---|---|---|---|---|")
    runner = Runner(arguments.environments.absolute(), arguments.seconds, {}, [PREDICTED_ROWS])
    for n_rows in arguments.rows:
        for system in arguments.systems:
            print(run(runner, system, n_rows, arguments.seed), flush=True)


if __name__ == "__main__":
    main()

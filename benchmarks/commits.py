"""Two commits of autonet on the same splits of public tables, in turn: the ratio of their errors.

    python benchmarks/commits.py 26a2d0c --tables vehicle phoneme colleges --seeds 0 1 2 --seconds 60

Log-loss of classes, root mean squared error of numbers. The second commit is the checkout as it is.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from public_tables import TABLES, load
from tabular import ROOT, Runner


@dataclass(frozen=True)
class InThisEnvironment(Runner):
    """Runs autonet with the packages that run this script."""

    def python(self, system: str) -> Path:
        return Path(sys.executable)


@contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """Check a commit out beside this one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkout"
        subprocess.run(["git", "-C", ROOT, "worktree", "add", "--detach", path, commit], check=True)
        try:
            yield path
        finally:
            subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", path], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit", help="what the checkout is compared with")
    parser.add_argument("--tables", nargs="+", default=["vehicle", "phoneme", "colleges"], choices=TABLES)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    logs = []
    print("| table | split | error before | error now | ratio | fit before, now, s | a row before, now, ms |")
    print("|---|---|---|---|---|---|---|", flush=True)
    with worktree(arguments.commit) as before:
        runners = [
            InThisEnvironment(Path(sys.prefix), arguments.seconds, variants={}, latencies=[1], checkout=checkout)
            for checkout in (before, ROOT)
        ]
        for table in arguments.tables:
            for seed in arguments.seeds:
                train, test = load(table, seed, max_rows=None)
                records = [runner("autonet", train, test, seed) for runner in runners]
                for record in records:
                    if record["status"] != "ok":
                        raise SystemExit(f"{table}, split {seed}: {record['status']} {record.get('error', '')}")
                old, new = (record.get("log_loss", record.get("rmse")) for record in records)
                logs.append(np.log(new / old))
                seconds = ", ".join(f"{record['fit_seconds']:.1f}" for record in records)
                row = ", ".join(f"{1000 * record['predict_1']:.1f}" for record in records)
                print(f"| {table} | {seed} | {old:.5g} | {new:.5g} | {new / old:.3f} | {seconds} | {row} |", flush=True)
    print(f"\ngeometric mean of the ratios: {np.exp(np.mean(logs)):.4f}, of {len(logs)} splits")


if __name__ == "__main__":
    main()

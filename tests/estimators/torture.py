"""Real deadlines and real signals on fits in fresh processes, beside a busy core; prints a line per fit and a verdict.

    python tests/estimators/torture.py limits --runs 40
    python tests/estimators/torture.py signals --runs 50

`limits`: first fits of a process, with random limits and shapes, must return within limit x 1.02 + 1 s, and bring a
network from 3 s on for tables of up to 10,000 rows.  `signals`: Ctrl-C and SIGTERM at random moments of longer fits
must be answered within 2 s, by the best model so far, or by KeyboardInterrupt before there is one.
"""

import argparse
import json
import math
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

# Seconds within which a signal must be answered.
ANSWER_SECONDS = 2.0
# Of the signals, one in five is SIGTERM.
TERM_EVERY = 5

FIT = """
import json, signal, sys, time, warnings
import numpy as np
from autonet import AutoNetClassification
from autonet.core.errors import SearchInterrupted

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have its background programs ignore it
rows, columns, limit, n_jobs, seed = json.loads(sys.argv[1])
rng = np.random.default_rng(seed)
X = rng.normal(size=(rows, columns)).astype(np.float32)
y = (X[:, 0] * X[:, 1] > rng.normal(scale=0.3, size=rows)).astype(int)
auto = AutoNetClassification(max_runtime=limit, n_jobs=n_jobs, random_state=seed)
print("ready", flush=True)
began = time.monotonic()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    try:
        auto.fit(X, y)
        network = any(trial.usable for trial in auto.history_)
        outcome = "network" if network else "linear"
        auto.predict(X[:10])
    except KeyboardInterrupt:
        outcome = "KeyboardInterrupt"
ended = time.monotonic()
told = any(issubclass(w.category, SearchInterrupted) for w in caught)
print(json.dumps({"outcome": outcome, "took": ended - began, "told": told, "ended": ended}), flush=True)
"""


@contextmanager
def busy_core() -> Iterator[None]:
    """Keep a core busy."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def fit(given: list[Any], number: int = 0, after: float = math.inf) -> dict[str, Any]:
    """Fit in a fresh process, and send it a signal some seconds after it has begun.

    Returns
    -------
    dict
        ``outcome``, ``took`` and ``told`` as the process says; ``answered``: seconds from the signal to the end of
        `fit`, None if `fit` ended before.
    """
    command = [sys.executable, "-c", FIT, json.dumps(given)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        sent = None
        try:
            process.wait(None if math.isinf(after) else after)
        except subprocess.TimeoutExpired:
            sent = time.monotonic()  # of all processes of a machine the same clock
            process.send_signal(number)
        lines = process.stdout.read().splitlines()
    if not lines:
        return {"outcome": f"exit code {process.returncode}", "took": math.nan, "told": False, "answered": math.nan}
    found: dict[str, Any] = json.loads(lines[-1])
    before = sent is not None and found["ended"] > sent
    return {**found, "answered": found["ended"] - sent if sent is not None and before else None}


def limits(runs: int, seed: int) -> bool:
    """Run first fits under random limits; return whether all kept theirs."""
    rng = np.random.default_rng(seed)
    kept = networks = due = 0
    for run in range(runs):
        limit = round(float(np.exp(rng.uniform(np.log(0.5), np.log(12.0)))), 2)
        rows = round(float(np.exp(rng.uniform(np.log(20), np.log(200_000)))))
        columns = int(rng.integers(2, 31))
        given = [rows, columns, limit, int(rng.integers(1, 3)), run]
        found = fit(given)
        ok = found["took"] <= limit * 1.02 + 1
        wanted = limit >= 3 and rows <= 10_000
        kept, due, networks = kept + ok, due + wanted, networks + (wanted and found["outcome"] == "network")
        missing = "  NO NETWORK" if wanted and found["outcome"] != "network" else ""
        print(
            f"{run:3d}  {rows:7d} x {columns:2d}  n_jobs {given[3]}  limit {limit:5.2f}  took {found['took']:5.2f} s  "
            f"{found['outcome']}{'' if ok else '  TOO LATE'}{missing}",
            flush=True,
        )
    print(f"{kept} of {runs} within limit x 1.02 + 1 s; {networks} of {due} with a network where one is due")
    return kept == runs and networks == due


def signals(runs: int, seed: int) -> bool:
    """Send signals at random moments of fits; return whether all were answered in time."""
    rng = np.random.default_rng(seed)
    answered = 0
    for run in range(runs):
        number = signal.SIGTERM if run % TERM_EVERY == TERM_EVERY - 1 else signal.SIGINT
        limit = float(rng.integers(10, 31))
        rows = round(float(np.exp(rng.uniform(np.log(100), np.log(50_000)))))
        given = [rows, int(rng.integers(2, 31)), limit, 1 + run % 2, run]
        after = float(rng.uniform(0.0, limit))
        found = fit(given, number, after)
        seconds = found["answered"]
        ok = seconds is None or seconds <= ANSWER_SECONDS
        ok = ok and found["outcome"] in ("network", "linear", "KeyboardInterrupt")
        answered += ok
        when = "ended before" if seconds is None else f"answered in {seconds:4.2f} s"
        print(
            f"{run:3d}  {number.name}  after {after:5.2f} of {limit:2.0f} s  {rows:6d} x {given[1]:2d}  "
            f"n_jobs {given[3]}  {when}  {found['outcome']}{'' if ok else '  WRONG'}",
            flush=True,
        )
    print(
        f"{answered} of {runs} answered within {ANSWER_SECONDS:g} s by the best model so far, or by KeyboardInterrupt "
        "before there is one"
    )
    return answered == runs


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("limits", "signals", "all"), nargs="?", default="all")
    parser.add_argument("--runs", type=int, help="fits; default: 40 limits, 50 signals")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quiet", action="store_true", help="without the busy core beside")
    given = parser.parse_args()
    verdicts = []
    for what, function, runs in (("limits", limits, 40), ("signals", signals, 50)):
        if given.what in (what, "all"):
            if given.quiet:
                verdicts.append(function(given.runs or runs, given.seed))
            else:
                with busy_core():
                    verdicts.append(function(given.runs or runs, given.seed))
    sys.exit(0 if all(verdicts) else 1)


if __name__ == "__main__":
    main()

"""Real deadlines and real signals on fits in fresh processes, beside a busy core; prints a line per fit and a verdict.

    python tests/estimators/torture.py limits --runs 40
    python tests/estimators/torture.py signals --runs 50
    python tests/estimators/torture.py resume --runs 40
    python tests/estimators/torture.py all --images --runs 20

`limits`: first fits of a process, with random limits and shapes, must return within limit x 1.02 + 1 s, and bring a
network from 3 s on for tables of up to 10,000 rows.  `signals`: Ctrl-C and SIGTERM at random moments of longer fits
must be answered within 2 s, by the best model so far, or by KeyboardInterrupt before there is one.  `resume`: fits with
a run directory get kill -9, one time in four SIGTERM, at random moments, and are started again until they end: no
result that the log acknowledged may be lost, no job may run to its end twice, and accuracy must be that of undisturbed
fits of the same runtime.  With `--images` they are fits to images.
"""

import argparse
import itertools
import json
import math
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from autonet import open_run
from autonet.search.storage.replay import read_history

# Seconds within which a signal must be answered.
ANSWER_SECONDS = 2.0
# Of the signals, one in five is SIGTERM.
TERM_EVERY = 5

DATA = """
import json, signal, sys, time, warnings
import numpy as np
from autonet import AutoNetClassification, AutoNetImageClassification
from autonet.core.errors import SearchInterrupted

def draw(rng, rows, columns, images):
    if images:
        side = max(columns, 5)  # of fewer pixels it might be the number of channels
        X = rng.integers(200, size=(rows, side, side, 3), dtype=np.uint8)
        y = X[:, : side // 2].mean((1, 2, 3)) > X[:, side // 2 :].mean((1, 2, 3))
        return AutoNetImageClassification, X + 40 * y[:, None, None, None].astype(np.uint8), y.astype(int)
    X = rng.normal(size=(rows, columns)).astype(np.float32)
    return AutoNetClassification, X, (X[:, 0] * X[:, 1] > rng.normal(scale=0.3, size=rows)).astype(int)
"""


FIT = """
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have its background programs ignore it
rows, columns, limit, n_jobs, seed, images = json.loads(sys.argv[1])
estimator, X, y = draw(np.random.default_rng(seed), rows, columns, images)
auto = estimator(max_runtime=limit, n_jobs=n_jobs, random_state=seed)
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


RESUMED = """
folder, n_jobs, limit, seed, images = json.loads(sys.argv[1])
estimator, X, y = draw(np.random.default_rng(seed), 4000, 8, images)
auto = estimator(
    max_runtime=limit, n_jobs=n_jobs, random_state=seed, run_dir=folder, ensemble_size=10, log_level="info"
)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", SearchInterrupted)
    auto.fit(X[:2000], y[:2000])
print(json.dumps({"accuracy": auto.score(X[2000:], y[2000:])}), flush=True)
"""
RESUMED_SECONDS = 20.0
SESSION_SECONDS = (4.0, 14.0)  # after which a signal comes
ENDED = re.compile(r"INFO trial (\d+) \(\w+\): (\S+) to \S+ \w+ in .* s, finished")
# Accuracy that a disturbed fit may have less, on average: three standard errors of 2,000 rows.
TOLERANCE = 0.02


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
    command = [sys.executable, "-c", DATA + FIT, json.dumps(given)]
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


def limits(runs: int, seed: int, *, images: bool) -> bool:
    """Run first fits under random limits; return whether all kept theirs."""
    rng = np.random.default_rng(seed)
    kept = networks = due = 0
    for run in range(runs):
        limit = round(float(np.exp(rng.uniform(np.log(0.5), np.log(12.0)))), 2)
        rows = round(float(np.exp(rng.uniform(np.log(20), np.log(200_000 // (10 if images else 1))))))
        columns = int(rng.integers(2, 31))
        given = [rows, columns, limit, int(rng.integers(1, 3)), run, images]
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


def signals(runs: int, seed: int, *, images: bool) -> bool:
    """Send signals at random moments of fits; return whether all were answered in time."""
    rng = np.random.default_rng(seed)
    answered = 0
    for run in range(runs):
        number = signal.SIGTERM if run % TERM_EVERY == TERM_EVERY - 1 else signal.SIGINT
        limit = float(rng.integers(10, 31))
        rows = round(float(np.exp(rng.uniform(np.log(100), np.log(50_000)))))
        given = [rows, int(rng.integers(2, 31)), limit, 1 + run % 2, run, images]
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


def session(
    folder: Path | None, n_jobs: int, seed: int, number: int, after: float, *, images: bool
) -> tuple[list[str], float | None]:
    """Fit with a run directory, and send a signal after some seconds.

    Returns
    -------
    lines : list of str
        The log.
    accuracy : float or None
        On test rows; None if there is no model.
    """
    given = json.dumps([folder and str(folder), n_jobs, RESUMED_SECONDS, seed, images])
    command, pipe = [sys.executable, "-c", DATA + RESUMED, given], subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as process:
        timer = threading.Timer(after, process.send_signal, [number]) if math.isfinite(after) else None
        if timer:
            timer.start()
        out, log = process.communicate()
        if timer:
            timer.cancel()
    if process.returncode not in (0, -signal.SIGKILL):
        print(log, flush=True)
    return log.splitlines(), json.loads(out.splitlines()[-1])["accuracy"] if out else None


def check_history(folder: Path, acknowledged: set[tuple[int, str]]) -> list[str]:
    """Return what is wrong with a history, of which the log acknowledged the ends of jobs."""
    history = read_history(folder)
    finished = [(trial.number, f"{report.start:g}") for trial, report in history.reports if report.status == "finished"]
    problems = [f"lost: {sorted(lost)}"] if (lost := acknowledged - set(finished)) else []
    return problems + ([f"trained twice: {finished}"] if len(finished) != len(set(finished)) else [])


def resume(runs: int, seed: int, *, images: bool) -> bool:
    """Disturb fits with a run directory by so many signals; return whether nothing was lost or repeated."""
    rng, signals, problems, accuracies = np.random.default_rng(seed), 0, 0, list[float]()
    with TemporaryDirectory() as parent:
        for run in itertools.count():
            if signals >= runs:
                break
            folder, n_jobs, lines, accuracy = Path(parent, str(run)), 1 + run % 2, list[str](), None
            names, ended = list[str](), False
            while not ended:
                number = signal.SIGTERM if signals % 4 == 3 else signal.SIGKILL
                after = float(rng.uniform(*SESSION_SECONDS)) if signals < runs else math.inf
                log, accuracy = session(folder, n_jobs, run, number, after, images=images)
                lines += log
                # After SIGTERM there is a model, too, but perhaps not the final one.
                ended = accuracy is not None and (number == signal.SIGKILL or math.isinf(after))
                if math.isfinite(after):
                    signals, names = signals + 1, [*names, number.name]
            found = {(int(m[1]), m[2]) for m in map(ENDED.search, lines) if m}
            wrong = check_history(folder, found)
            problems += len(wrong)
            accuracies.append(accuracy or 0.0)
            loaded = open_run(folder).best_estimator()
            print(
                f"{run:3d}  n_jobs {n_jobs}  {' '.join(names)}  {len(found)} jobs acknowledged  "
                f"accuracy {accuracy:.4f}, {type(loaded).__name__} loaded  {'; '.join(wrong) or 'ok'}",
                flush=True,
            )
    calm = [
        session(None, 1 + run % 2, run, 0, math.inf, images=images)[1] or 0.0 for run in range(min(len(accuracies), 4))
    ]
    print(
        f"{signals} signals, {problems} problems; mean accuracy {np.mean(accuracies):.4f}, undisturbed "
        f"{np.mean(calm):.4f}"
    )
    return problems == 0 and float(np.mean(accuracies)) >= float(np.mean(calm)) - TOLERANCE


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("limits", "signals", "resume", "all"), nargs="?", default="all")
    parser.add_argument("--runs", type=int, help="fits or signals; default: 40 limits, 50 signals, 40 resume")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--images", action="store_true", help="fit images instead of tables")
    parser.add_argument("--quiet", action="store_true", help="without the busy core beside")
    given = parser.parse_args()
    verdicts = []
    for what, function, runs in (("limits", limits, 40), ("signals", signals, 50), ("resume", resume, 40)):
        if given.what in (what, "all"):
            with nullcontext() if given.quiet else busy_core():
                verdicts.append(function(given.runs or runs, given.seed, images=given.images))
    sys.exit(0 if all(verdicts) else 1)


if __name__ == "__main__":
    main()

"""Worker processes: memory, start, what a second one brings, and dask workers against local ones.

    python benchmarks/parallel.py memory         # of fits to 200 MB and to a million rows, in all processes
    python benchmarks/parallel.py start          # seconds until workers are ready, and until one is replaced
    python benchmarks/parallel.py runtime        # at which time limits two processes beat one
    python benchmarks/parallel.py dask           # two dask workers against two local processes, 60 seconds each

Every fit is a program of its own.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import psutil
from common import environment
from tables import load

from autonet import AutoNetClassification, AutoNetRegression
from autonet.search import RunningTrial, Study
from autonet.search.executors.processes import Processes

MB = 2**20
IMPORTS = ["autonet.pipeline.trial"]
BUDGETS = {"min_budget": 1.0, "max_budget": 9.0}  # in the comparison with dask: many trials, of the same length
TABLES = ("phoneme", "bank_marketing", "california_housing")


def fit(name: str, **options: Any) -> dict[str, float]:
    """Fit to a table; count trials and epochs, and score."""
    X, y, X_test, y_test = load(name, 0)
    cls = AutoNetClassification if str(y.dtype) == "category" or y.nunique() < 30 else AutoNetRegression
    began = time.monotonic()
    auto = cls(random_state=0, **options).fit(X, y)
    seconds = time.monotonic() - began
    reports = [report for trial in auto.history_ for report in trial.reports]
    return {
        "seconds": seconds,
        "trials": len(auto.history_),
        "jobs": len(reports),
        "trained": sum(report.seconds for report in reports),
        "score": float(auto.score(X_test, y_test)),
    }


def run(*arguments: Any) -> Any:
    """Run a function of this script in a process of its own; return what it returns."""
    command = [sys.executable, "-W", "ignore", __file__, "--child", json.dumps(arguments)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()[-1])


# --- memory


def own_megabytes(pid: int) -> tuple[float, float]:
    """Return what only this process has mapped: all of it (USS), and without pages of files that others may map."""
    own, in_files, in_file = 0, 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.startswith("Private_"):
            kilobytes = int(value.split()[0])
            own, in_files = own + kilobytes, in_files + in_file * kilobytes
        elif not value.endswith("B") and "-" in line.partition(" ")[0]:  # the first line of a mapping
            in_file = "memfd:autonet" in line
    return own / 1024, (own - in_files) / 1024


def total_megabytes(pids: list[int]) -> float:
    """Return the memory of processes together, each page once, and of files in memory whether mapped or not."""
    kilobytes, files = 0, dict[int, int]()
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Pss_Anon", "Pss_File")):
                kilobytes += int(line.split()[1])
        for path in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if "memfd:autonet" in str(path.readlink()):
                    files[path.stat().st_ino] = path.stat().st_blocks // 2
    return (kilobytes + sum(files.values())) / 1024


def measure_memory(n_rows: int, columns: int, n_jobs: int, seconds: float) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, columns))
    y = (X[:, :5].sum(1) + 0.5 * rng.standard_normal(len(X)) > 0).astype(int)
    me, workers, done = psutil.Process(), dict[int, list[tuple[float, float]]](), threading.Event()
    totals = [0.0]
    AutoNetClassification("tiny_cs", max_trials=1, budget_type="epochs", max_budget=1).fit(X[:200], y[:200])
    before = me.memory_info().rss - X.nbytes
    with open("/proc/self/clear_refs", "w") as file:  # noqa: PTH123 - resets the peak
        file.write("5")

    def watch() -> None:
        while not done.wait(0.3):
            children = me.children(recursive=True)
            with suppress(OSError, psutil.Error):  # one has ended meanwhile
                totals.append(total_megabytes([me.pid, *(child.pid for child in children)]))
                for child in children:
                    if child.memory_info().rss > 100 * MB:
                        workers.setdefault(child.pid, []).append(own_megabytes(child.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    AutoNetClassification(max_runtime=seconds, n_jobs=n_jobs, random_state=0).fit(X, y)
    done.set()
    watcher.join()
    peak = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))  # noqa: SIM115, PTH123
    most = [[max(sizes) for sizes in zip(*found, strict=True)] for found in workers.values()]
    return {"megabytes": X.nbytes / MB, "peak": (peak - before) / X.nbytes, "workers": most, "total": max(totals)}


def memory() -> None:
    print("| rows x columns | MB | n_jobs | parent's peak / data | own MB of server and workers | all processes, MB |")
    print("|---|---|---|---|---|---|")
    for n_rows, columns, n_jobs, seconds in ((524_288, 50, 1, 30.0), (524_288, 50, 2, 30.0), (1_000_000, 30, 2, 60.0)):
        found = run("measure_memory", n_rows, columns, n_jobs, seconds)
        workers = "; ".join(f"{all_of_it:.0f}, {without:.0f}" for all_of_it, without in found["workers"])
        cells = (f"{n_rows} x {columns}", f"{found['megabytes']:.0f}", n_jobs, f"{found['peak']:.2f}")
        print(f"| {' | '.join(map(str, cells))} | {workers} | {found['total']:.0f} |", flush=True)


# --- start


def measure_start(method: str, n_jobs: int) -> dict[str, Any]:
    def first(trial: RunningTrial) -> float:
        trial.set_user_attr("began", time.time())
        trial.set_user_attr("pid", os.getpid())
        if trial.number == n_jobs:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.05 if trial.number > n_jobs else 2.0)
        return 0.0

    began = time.time()
    executor = Processes(n_jobs, imports=IMPORTS, start_method=method)  # type: ignore[arg-type]
    executor.start()
    study = Study({"x": (0.0, 1.0)}, sampler="random")
    study.optimize(first, max_trials=100 * n_jobs, executor=executor, progress=False)
    executor.close()
    ready = sorted(t.attributes["began"] - began for t in study.trials[:n_jobs])
    known = {t.attributes["pid"] for t in study.trials[:n_jobs]}
    killed = study.trials[n_jobs].reports[0]
    after = min(t.attributes["began"] for t in study.trials[n_jobs + 1 :] if t.attributes["pid"] not in known)
    return {"ready": ready, "replaced": after - killed.began}


def start() -> None:
    print("| started by | workers ready after s | killed worker replaced after s |")
    print("|---|---|---|")
    for method in ("fork", "loky"):
        found = run("measure_start", method, 4)
        ready = ", ".join(f"{seconds:.2f}" for seconds in found["ready"])
        print(f"| {method} | {ready} | {found['replaced']:.2f} |", flush=True)


# --- what a second process brings


def runtime(tables: list[str], limits: list[float], repeats: int) -> None:
    print("| table | seconds | trained s, 1 process | 2 | trials a minute, 1 process | 2 | score, 1 process | 2 |")
    print("|---|---|---|---|---|---|---|---|")
    for name in tables:
        for limit in limits:
            found: dict[int, list[Any]] = {1: [], 2: []}
            for i in range(2 * repeats):
                n_jobs = (1, 2)[i % 2]
                found[n_jobs].append(run("fit", name, {"max_runtime": limit, "n_jobs": n_jobs}))
            cells = [
                f"{mean(scale * f[key] for f in found[n]):.{digits}f}"
                for key, digits, scale in (("trained", 1, 1.0), ("trials", 1, 60 / limit), ("score", 4, 1.0))
                for n in (1, 2)
            ]
            print(f"| {name} | {limit:g} | {' | '.join(cells)} |", flush=True)


# --- dask


def dask(tables: list[str], seconds: float) -> None:
    from distributed import LocalCluster

    print("| table | local: trials | jobs | score | dask: trials | jobs | score | trials, dask / local |")
    print("|---|---|---|---|---|---|---|---|")
    ratios = []
    for name in tables:
        local = run("fit", name, {"max_runtime": seconds, "n_jobs": 2, **BUDGETS})
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
            remote = run("fit", name, {"max_runtime": seconds, "executor": cluster.scheduler_address, **BUDGETS})
        ratios.append(remote["trials"] / local["trials"])
        cells = [f"{f['trials']} | {f['jobs']} | {f['score']:.4f}" for f in (local, remote)]
        print(f"| {name} | {' | '.join(cells)} | {ratios[-1]:.2f} |", flush=True)
    print(f"\nMedian ratio {median(ratios):.2f}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["memory", "start", "runtime", "dask"])
    parser.add_argument("--limits", nargs="+", type=float, default=[10.0, 15.0, 20.0, 25.0])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--child")
    arguments = parser.parse_args()
    if arguments.child:
        name, *values = json.loads(arguments.child)
        child: dict[str, Callable[..., Any]] = {
            "fit": lambda table, options: fit(table, **options),
            "measure_memory": measure_memory,
            "measure_start": measure_start,
        }
        print("\n" + json.dumps(child[name](*values)))
        return
    {
        "memory": memory,
        "start": start,
        "runtime": lambda: runtime(arguments.tables, arguments.limits, arguments.repeats),
        "dask": lambda: dask(arguments.tables, arguments.seconds),
    }[arguments.what]()
    print(f"\n{environment()}")


if __name__ == "__main__":
    main()

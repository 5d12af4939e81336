"""Regret of the search on learning-curve surrogates, in simulated seconds, beside that of other systems.

Each run appends the JSON line that ``hpo_bench/run.py --table`` reads; every sampler and scheduler of the project can
take part.

    python benchmarks/search.py --tasks lcbench:3945 xgb:12 --seeds 3 --workers 1 [--portfolio] --out runs.jsonl
"""

import argparse
import json
import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ConfigSpace import (
    CategoricalHyperparameter,
    ConfigurationSpace,
    InCondition,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)
from simulator import KS, REFERENCE_CONFIGS, TASKS, at, make, portfolio, reference, simulate

from autonet.search import Result, Status, Study
from autonet.search.registry import SAMPLERS, SCHEDULERS

MIN_BUDGET, TRAININGS = 2, 20


def space_of(task: Any) -> ConfigurationSpace:
    """The space of a task of the simulator, in ConfigSpace's words."""
    space, parts = ConfigurationSpace(), {}
    for entry in task.space:
        name = entry["name"]
        if entry["type"] == "cat":
            parts[name] = CategoricalHyperparameter(name, entry["choices"])
        else:
            kind = UniformIntegerHyperparameter if entry["type"] == "int" else UniformFloatHyperparameter
            parts[name] = kind(name, entry["lower"], entry["upper"], log=entry["log"])
    conditions = [
        InCondition(parts[e["name"]], parts[e["cond"][0]], sorted(e["cond"][1])) for e in task.space if e["cond"]
    ]
    space.add(*parts.values(), *conditions)
    return space


class Search:
    """A study under the protocol of the simulator."""

    def __init__(self, task: Any, seed: int, configs: Iterable[Mapping[str, Any]] = (), **options: Any) -> None:
        self.resumable = task.resumable
        self.study = Study(space_of(task), min_budget=MIN_BUDGET, max_budget=task.R, random_state=seed, **options)
        for config in configs:
            self.study.enqueue(config)

    def ask(self) -> dict[str, Any] | None:
        trial = self.study.ask()
        if trial is None:
            return None
        job = {"id": trial.number, "config": dict(trial), "fid": int(trial.budget or 0), "resume": int(trial.start)}
        return {**job, "trial": trial}

    def tell(self, job: Mapping[str, Any], losses: list[float], cost: float) -> None:
        status = Status.FINISHED if math.isfinite(losses[-1]) else Status.DIVERGED
        checkpoint = job["fid"] if self.resumable else None
        reached = job["resume"] + len(losses) if self.resumable else job["fid"]
        result = Result(losses[-1], reached, status, cost=cost, checkpoint=checkpoint)
        self.study.tell(job["trial"], result)


def runs(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield one record per task and seed."""
    options = {"sampler": arguments.sampler, "scheduler": arguments.scheduler}
    workers = arguments.workers
    for name in arguments.tasks:
        task = make(name)
        family = name.partition(":")[0]
        if arguments.portfolio and family != "lcbench":
            continue
        ref = reference(task, REFERENCE_CONFIGS[family])
        configs = portfolio() if arguments.portfolio else ()
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
            search = Search(task, seed, configs, **options)
            run = simulate(task, search, TRAININGS * ref[2] / workers, workers)
            values = [at(run["trace"], k * ref[2] / workers) for k in KS]
            yield {
                "task": name,
                "opt": label(arguments),
                "seed": seed,
                "workers": workers,
                "ref": ref,
                "val": [None if math.isnan(v) else round(float(v), 6) for v, _ in values],
                "test": [None if math.isnan(t) else round(float(t), 6) for _, t in values],
                "jobs": run["jobs"],
                "epochs": run["epochs"],
                "idle": round(run["idle"], 4),
                "cpu": round(run["cpu"], 2),
            }


def label(arguments: argparse.Namespace) -> str:
    """Name what took part: "autonet", and whatever differs from the default."""
    parts = ["autonet"]
    parts += [f":{arguments.sampler}"] * (arguments.sampler != "bohb")
    parts += [f":{arguments.scheduler}"] * (arguments.scheduler != "asynchronous")
    return "".join(parts) + "+portfolio" * arguments.portfolio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", nargs="*", default=TASKS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--portfolio", action="store_true", help="begin with 8 configurations from other data")
    parser.add_argument("--sampler", choices=list(SAMPLERS), default="bohb")
    parser.add_argument("--scheduler", choices=list(SCHEDULERS), default="asynchronous")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    logging.getLogger("autonet.search").setLevel(logging.ERROR)  # diverging trials are part of the task
    with arguments.out.open("a") as out:
        for record in runs(arguments):
            out.write(json.dumps(record) + "\n")
            out.flush()
            print(record["task"], record["opt"], record["seed"], *record["val"], f"{record['cpu']} s", flush=True)


if __name__ == "__main__":
    main()

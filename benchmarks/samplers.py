"""Samplers beside each other: regret on six learning-curve surrogates, a parabola, and a conditional space.

Prints the table of docs/benchmarks/tables.md.

    python benchmarks/samplers.py [--seeds 2] [--samplers bohb cmaes kde random]
"""

import argparse
import logging
import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from search import TRAININGS, Search
from simulator import KS, REFERENCE_CONFIGS, TASKS, at, make, reference, simulate

from autonet.search import Study
from autonet.search.spaces.priors import NormalHyperparameter

N_TASKS = 6
SAMPLERS = ("bohb", "cmaes", "kde", "random")  # "atpe" is "bohb"
N_TRIALS, N_SEEDS = 100, 20  # of the functions
CONDITIONAL = {
    "a": {"case 1": {"c1": NormalHyperparameter("c1", 0, 1, log=True)}, "case 2": {"c2": (-10.0, 10.0)}},
}


def parabola(trial: Mapping[str, Any]) -> float:
    return float((trial["x"] - 3) ** 2)


def conditional(trial: Mapping[str, Any]) -> float:
    """The function of Hyperopt's tutorial: case 1 is above 1, case 2 reaches 0."""
    return 1 + trial["a:case 1:c1"] if trial["a"] == "case 1" else trial["a:case 2:c2"] ** 2


def regrets(samplers: list[str], n_seeds: int) -> dict[str, list[float]]:
    """Mean normalized regret by sampler, after each number of full trainings."""
    found: dict[str, list[list[float]]] = {sampler: [] for sampler in samplers}
    for name in TASKS[:N_TASKS]:
        task = make(name)
        best, median, cost = reference(task, REFERENCE_CONFIGS[name.partition(":")[0]])
        runs = {
            (sampler, seed): simulate(task, Search(task, seed, sampler=sampler), TRAININGS * cost)["trace"]
            for sampler in samplers
            for seed in range(n_seeds)
        }
        best = min(best, *(trace[-1][1] for trace in runs.values()))
        for (sampler, _), trace in runs.items():
            values = [at(trace, k * cost)[0] for k in KS]
            found[sampler].append([1.0 if math.isnan(v) else min((v - best) / (median - best), 1.0) for v in values])
    return {sampler: np.mean(rows, axis=0).tolist() for sampler, rows in found.items()}


def losses(sampler: str, space: Any, objective: Any) -> tuple[np.ndarray, float]:
    """Best losses by seed, and milliseconds of a trial."""
    began = time.process_time()
    studies = [Study(space, sampler=sampler, random_state=seed) for seed in range(N_SEEDS)]
    for study in studies:
        study.optimize(objective, max_trials=N_TRIALS, progress=False)
    milliseconds = 1000 * (time.process_time() - began) / (N_TRIALS * N_SEEDS)
    return np.array([study.best.value for study in studies if study.best]), milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--samplers", nargs="*", default=list(SAMPLERS))
    arguments = parser.parse_args()
    logging.getLogger("autonet.search").setLevel(logging.ERROR)  # diverging trials are part of the task
    by_sampler = regrets(arguments.samplers, arguments.seeds)
    columns = [*(f"{k} trainings" for k in KS), "parabola", "conditional", "below 0.01", "ms per trial"]
    print("| sampler |", " | ".join(columns), "|")
    print("|---" * (1 + len(columns)) + "|")
    for sampler in arguments.samplers:
        plain, milliseconds = losses(sampler, {"x": (-10.0, 10.0)}, parabola)
        found, _ = losses(sampler, CONDITIONAL, conditional)
        cells = [f"{value:.3f}" for value in by_sampler[sampler]]
        cells += [f"{np.median(plain):.1e}", f"{np.median(found):.1e}", f"{(found < 0.01).sum()} of {N_SEEDS}"]
        print(f'| `"{sampler}"` |', " | ".join([*cells, f"{milliseconds:.1f}"]), "|", flush=True)


if __name__ == "__main__":
    main()

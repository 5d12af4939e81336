"""What the search itself costs: processor time of a proposal and of a trivial trial, idle workers, epochs paid twice.

python benchmarks/search_overhead.py
"""

import importlib.util
import logging
import math
import time
from statistics import median

import numpy as np
from ConfigSpace import ConfigurationSpace, Float
from search import Search, space_of
from simulator import make, reference, simulate

from autonet.search import Study
from autonet.search.history import History
from autonet.search.records import Event, Report, Status
from autonet.search.rungs import Rungs
from autonet.search.samplers.gaussian_process import GaussianProcessSampler

PROPOSALS, SEEDS, TRIALS = 30, 20, 100


def spaces() -> dict[str, ConfigurationSpace]:
    cube = ConfigurationSpace()
    cube.add(*(Float(f"x{i}", (0.0, 1.0)) for i in range(15)))
    tasks = {"7 numbers": "lcbench:3945", "14 conditional": "xgb:12"}
    return {**{name: space_of(make(task)) for name, task in tasks.items()}, "15 numbers": cube}


def filled(space: ConfigurationSpace, n: int) -> History:
    """A history of `n` random trials."""
    history = History(Rungs.geometric(2, 52, 3, "epochs"))
    encoding, rng = history.table(space).encoding, np.random.default_rng(0)
    for number, row in enumerate(encoding.sample(n, rng)):
        history.apply(Event("propose", number, {"config": encoding.decode(row), "seed": 0, "origin": "sampler"}))
        x = encoding.features(row)[0]
        loss, cost = float(((x - 0.4) ** 2).sum() + 0.01 * rng.random()), float(1 + x[0])
        history.add(history.trials[number], Report(0, 2, 2, loss, Status.FINISHED, 1.0, cost))
    return history


def proposals() -> None:
    print("| space | records | median ms | largest | with the kernel learned anew: median | largest |")
    print("|---|---|---|---|---|---|")
    sampler = GaussianProcessSampler(random_share=0.0)
    for name, space in spaces().items():
        for n in (100, 10_000):
            history = filled(space, n)
            took: dict[bool, list[float]] = {True: [], False: []}
            sampler.propose(space, history, np.random.default_rng(0))
            for i in range(2 * PROPOSALS):
                anew = i < PROPOSALS
                if anew:
                    history.table(space).memory.clear()
                began = time.process_time()
                sampler.propose(space, history, np.random.default_rng(i))
                took[anew].append(1000 * (time.process_time() - began))
            cells = [f"{value:.1f}" for anew in (False, True) for value in (median(took[anew]), max(took[anew]))]
            print(f"| {name} | {n} | {' | '.join(cells)} |", flush=True)


def trivial_trials() -> None:
    """Distance to the optimum of (x - 3)^2 after 100 trials, and what a trial takes."""
    distances, took = [], []
    for seed in range(SEEDS):
        study = Study({"x": (-10.0, 10.0)}, random_state=seed)
        began = time.process_time()
        study.optimize(lambda trial: (trial["x"] - 3) ** 2, max_trials=TRIALS, progress=False)
        took.append(1000 * (time.process_time() - began) / TRIALS)
        distances.append(abs(study.best.config["x"] - 3))
    print("\n| (x - 3)^2, 100 trials, 20 seeds | median distance to 3 | largest | ms per trial: median | largest |")
    print("|---|---|---|---|---|")
    print(f"| autonet | {median(distances):.5f} | {max(distances):.5f} | {median(took):.1f} | {max(took):.1f} |")
    if importlib.util.find_spec("hyperopt") is None:
        print("\nhyperopt is not installed: no comparison.")
        return
    from hyperopt import fmin, hp, tpe

    distances, took = [], []
    for seed in range(SEEDS):
        began, space = time.process_time(), hp.uniform("x", -10, 10)
        options = {"rstate": np.random.default_rng(seed), "show_progressbar": False, "verbose": False}
        best = fmin(lambda x: (x - 3) ** 2, space, algo=tpe.suggest, max_evals=TRIALS, **options)
        took.append(1000 * (time.process_time() - began) / TRIALS)
        distances.append(abs(best["x"] - 3))
    print(f"| Hyperopt TPE | {median(distances):.5f} | {max(distances):.5f} | {median(took):.1f} | {max(took):.1f} |")


def workers() -> None:
    """Time that simulated workers wait, and epochs paid beyond the ones that each trial reached."""
    task = make("lcbench:3945")
    budget = 20 * reference(task, 200)[2]
    print("\n| workers | busy | jobs | trials | epochs paid | of these twice |")
    print("|---|---|---|---|---|---|")
    for n in (1, 4, 16):
        search = Search(task, 0)
        run = simulate(task, search, budget / n, n)
        trials = search.study.trials
        paid = sum(r.budget - r.start for t in trials for r in t.reports)
        twice = paid - sum(max((r.budget for r in t.reports), default=0) for t in trials)
        print(f"| {n} | {1 - run['idle']:.2%} | {run['jobs']} | {len(trials)} | {paid:g} | {twice:g} |", flush=True)
        assert math.isclose(twice, 0)


def main() -> None:
    logging.disable(logging.INFO)
    proposals()
    trivial_trials()
    workers()


if __name__ == "__main__":
    main()

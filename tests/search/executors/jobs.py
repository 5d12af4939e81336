"""Jobs, and what comes of them."""

from pathlib import Path
from typing import Any

from autonet.search.evaluation import Outcome
from autonet.search.records import Job

LINE = {"x": (-10.0, 10.0)}


def job(number: int = 0, **fields: Any) -> Job:
    return Job(**{"trial": number, "config": {"x": 1.0}, "start": 0.0, "target": 1.0, "seed": 0, **fields})


def outcomes(executor: Any, objective: Any, *jobs: Job) -> list[Outcome]:
    """Run jobs, as many at once as there are slots; return their outcomes by number."""
    waiting, running, ended = list(jobs), 0, []
    while waiting or running:
        while waiting and running < executor.n_slots:
            executor.submit(objective, waiting.pop(0))
            running += 1
        for outcome in executor.wait():
            running -= 1
            ended.append(outcome)
    return sorted(ended, key=lambda outcome: outcome.job.trial)


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:1]
    except FileNotFoundError:
        return False

"""The conformance suite of executors finds what is wrong."""

from typing import Any

import pytest

from autonet.search import InProcess
from autonet.search.evaluation import Outcome
from autonet.search.records import Job
from autonet.testing import executors as suite


class GivesTwice(InProcess):
    def wait(self) -> list[Outcome]:
        return super().wait() * 2


class TellsTwice(InProcess):
    def submit(self, objective: Any, job: Job, observe: Any = None) -> None:
        super().submit(objective, job, observe and (lambda *report: (observe(*report), observe(*report))))


class ForgetsCheckpoints(InProcess):
    def submit(self, objective: Any, job: Job, observe: Any = None) -> None:
        super().submit(objective, Job(**{**vars(job), "checkpoint": None}), observe)


class IgnoresDeadlines(InProcess):
    def submit(self, objective: Any, job: Job, observe: Any = None) -> None:
        super().submit(objective, Job(**{**vars(job), "deadline": job.deadline + 1.5}), observe)


class NeverCancels(InProcess):
    def cancel(self) -> None:
        pass


class OneAfterTheOther(InProcess):
    n_slots = 2

    def __init__(self) -> None:
        super().__init__()
        self._jobs: list[Any] = []

    def submit(self, *job: Any) -> None:
        self._jobs.append(job)

    def wait(self) -> list[Outcome]:
        if self._jobs:
            super().submit(*self._jobs.pop(0))
        return super().wait()

    def cancel(self) -> None:
        self._jobs.clear()


@pytest.mark.parametrize(
    ("executor", "check", "complaint"),
    [
        (GivesTwice, suite.check_every_job_comes_back_once, "Job 0 came back, but it was not running"),
        (TellsTwice, suite.check_everything_of_a_trial_travels, "Each report must come back once"),
        (ForgetsCheckpoints, suite.check_checkpoints_travel, "The second job must resume from the first"),
        (IgnoresDeadlines, suite.check_time_limits_hold, "A job came back .* seconds after its time limit"),
        (OneAfterTheOther, suite.check_jobs_overlap, "2 jobs of half a second in 2 slots never ran at once"),
        (NeverCancels, suite.check_cancelled_jobs_do_not_come_back, "Cancelled jobs must have no outcome"),
    ],
)
def test_the_conformance_suite_finds_what_is_wrong(
    executor: Any, check: Any, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite, "MESSAGE_TIMEOUT_SECONDS", 1.0)
    assert check in suite.CHECKS
    with pytest.raises(AssertionError, match=complaint):
        check(executor())

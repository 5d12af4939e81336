"""Worker processes as their parent sees them."""

import signal
import time

from autonet.search import RunningTrial, Status
from autonet.search.executors.processes import Processes
from tests.search.executors.jobs import job, outcomes


def test_a_hang_is_killed_at_the_deadline_and_its_last_report_counts(processes: Processes) -> None:
    def objective(trial: RunningTrial) -> float:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})  # as deaf as compiled code
        if trial.number == 1:
            trial.report(0.25, 0)
        time.sleep(1000 if trial.number < 2 else 0)
        return 1.0

    outcomes(processes, lambda _: 0.0, job(0), job(1))  # now both have started
    deadline = time.monotonic() + 1.0
    ended = outcomes(processes, objective, *(job(i, deadline=deadline) for i in range(2)))
    assert time.monotonic() >= deadline
    assert [o.result.status for o in ended] == [Status.TIMEOUT, Status.CUT]
    assert [o.reason for o in ended] == ["timed out", "timed out; using the last reported value"]
    assert ended[1].result.loss == 0.25
    assert ended[1].curve == [(0, 0.25)]
    assert ended[0].seconds > 0.5
    assert outcomes(processes, objective, job(2))[0].result.loss == 1.0


def test_a_job_whose_process_is_not_ready_in_time_has_timed_out() -> None:
    executor = Processes(1, imports=["autonet.search.study"])
    [ended] = outcomes(executor, lambda _: 0.0, job(deadline=time.monotonic()))
    assert (ended.result.status, ended.reason) == (Status.TIMEOUT, "timed out")
    [ended] = outcomes(executor, lambda _: 3.0, job())
    executor.close()
    assert ended.result.loss == 3.0

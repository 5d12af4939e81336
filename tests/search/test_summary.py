"""Summary and failures of a study."""

import pytest

from autonet.core.resulttable import ResultTable
from autonet.search import RunningTrial, Study, minimize
from tests.search.objectives import LINE, quadratic


def halving(trial: RunningTrial) -> float:
    if trial["x"] > 5:
        raise ValueError(f"no value for {trial['x']:.1f}")
    return float((trial["x"] - 3) ** 2 + 1 / trial.budget)  # type: ignore[operator]


@pytest.fixture(scope="module")
def study() -> Study:
    return minimize(halving, LINE, max_trials=20, min_budget=1, max_budget=9, random_state=0)


def counts(table: ResultTable, section: str) -> dict[str, int]:
    return {row["item"]: row["count"] for row in table if row["section"] == section}


def test_the_summary_counts_trials_and_jobs(study: Study) -> None:
    table = study.summary()
    failed = sum(trial.failed for trial in study.trials)
    assert failed
    assert counts(table, "trials") == {"finished": 20 - failed, "crashed": failed}
    jobs = [report for trial in study.trials for report in trial.reports]
    assert counts(table, "rungs") == {f"{b} epochs": sum(job.target == b for job in jobs) for b in (1, 3, 9)}
    division = counts(table, "division")
    assert division["new trials"] == 20
    assert sum(division.values()) == len(jobs)
    trials = [row["seconds"] for row in table if row["section"] == "trials"]
    assert sum(trials) == pytest.approx(sum(job.seconds for job in jobs))
    assert "of the best trial fell like" not in repr(table)  # its tie-breaker is 0


def test_failures_have_their_reason_and_traceback(study: Study) -> None:
    table = study.failures()
    assert len(table) == counts(study.summary(), "trials")["crashed"]
    row = table[0]
    x = study.trials[row["trial"]].config["x"]
    assert (row["status"], row["budget"], row["reason"]) == ("crashed", 1, f"ValueError: no value for {x:.1f}")
    assert "in halving" in row["error"]


def test_a_study_without_budgets_or_trials_is_summarized_too() -> None:
    assert [row["section"] for row in Study(LINE).summary()] == ["seconds"]
    assert len(Study(LINE).failures()) == 0
    table = minimize(quadratic, LINE, max_trials=3, random_state=0).summary()
    assert [(row["section"], row["item"], row["count"]) for row in table] == [
        ("trials", "finished", 3),
        ("seconds", "search", 3),
    ]


def test_pruned_jobs_are_listed_among_the_limits() -> None:
    study = Study(LINE, random_state=0)
    study.tell(study.ask(), 1.0)
    trial = study.ask()
    assert trial is not None
    trial.report(5.0, 1)
    study.tell(trial, status="pruned")
    assert counts(study.summary(), "limits") == {"pruned": 1}

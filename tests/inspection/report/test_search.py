"""Search sections of reports."""

from typing import Any

from autonet import AutoNetClassification
from autonet.inspection.report.blocks import Bar
from autonet.inspection.report.search import describe_curves, describe_failures, describe_search
from autonet.inspection.report.words import format_seconds
from tests.inspection.report.pages import find_blocks, find_table


def test_the_search_is_that_of_the_summary(classifier: AutoNetClassification) -> None:
    section, summary = describe_search(classifier), classifier.summary()
    facts = dict(find_blocks(section, "facts")[0].items)
    assert facts["trials"] == f"{len(classifier.history_)} finished"
    assert facts["search"] == "ended by the number of trials, 6"
    rungs = find_table(section, "Jobs by the budget")
    assert [row[:2] for row in rungs.rows] == [
        (row["item"], str(row["count"])) for row in summary if row["section"] == "rungs"
    ]
    stages = find_table(section, "Wall time by stage")
    seconds = {row["item"]: row["seconds"] for row in summary if row["section"] == "seconds"}
    assert {row[0]: row[-1] for row in stages.rows} == {
        name: format_seconds(value) for name, value in seconds.items() if name != "total"
    }
    bars = [cell.share for row in stages.rows for cell in row if isinstance(cell, Bar)]
    assert abs(sum(bars) - 1) < 1e-9
    best = classifier.trajectory()[-1]["score"]
    assert f"{best:.4g}" in find_blocks(section, "picture")[0].alt


def test_the_space_lists_hyperparameters_with_several_values(classifier: AutoNetClassification) -> None:
    table = find_table(describe_search(classifier), "Hyperparameters with several values")
    free = {name for name, known in classifier.search_space_.items() if known.size > 1}
    assert len(table.rows) == len(free)
    rates = [row for row in table.rows if row[1] == "adamw: learning rate"]
    assert len(rates) == 1
    assert str(rates[0][2]).endswith("logarithmic")


def test_curves_are_those_of_all_trials_and_of_the_best(classifier: AutoNetClassification) -> None:
    section = describe_curves(classifier)
    assert section is not None
    pictures = find_blocks(section, "picture")
    best = classifier.fit_result["best_network"]["name"]
    assert len(pictures) == (2 if best.isdigit() else 1)
    assert pictures[0].alt == "Validation scores of 6 trials by epoch"


def test_failures_are_counted_with_reason_and_traceback(failed_fit: Any) -> None:
    section = describe_failures(failed_fit)
    assert section is not None
    n = len(failed_fit.failures())
    assert find_table(section, "Failures by reason").rows == (("crashed", "ValueError: no such <layer>", str(n)),)
    assert "in broken" in find_blocks(section, "code")[0].code
    assert describe_curves(failed_fit) is None
    assert dict(find_blocks(describe_search(failed_fit), "facts")[0].items)["trials"] == f"{n} crashed"


def test_a_search_without_failures_says_so(classifier: AutoNetClassification) -> None:
    section = describe_failures(classifier)
    assert section is not None
    assert [block.text for block in find_blocks(section, "text")] == ["No trial failed."]

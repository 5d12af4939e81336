"""The trajectory of a fit: validation scores over wall time."""

from autonet import AutoNetClassification, AutoNetRegression


def test_the_trajectory_ends_with_the_best_trial(classifier: AutoNetClassification) -> None:
    table, best = classifier.trajectory(), classifier.history_.best
    assert best is not None
    assert table.columns == ("seconds", "score", "trial", "budget")
    assert table.column("score") == sorted(table.column("score"))
    assert (table[-1]["trial"], table[-1]["score"]) == (best.number, best.metrics["val_accuracy"])
    assert repr(table).startswith("best validation accuracy over seconds of search\n")


def test_errors_fall(regressor: AutoNetRegression) -> None:
    scores = regressor.trajectory().column("score")
    assert scores == sorted(scores, reverse=True)

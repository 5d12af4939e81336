"""Beginnings and ends of reports."""

from pathlib import Path
from typing import Any

import pytest

from autonet import AutoNetClassification, AutoNetRegression
from autonet.inspection.report.overview import describe_loading, describe_provenance, list_cautions, list_figures
from autonet.inspection.report.scores import HeldOut
from tests.inspection.report.pages import find_blocks


def test_figures_are_those_of_the_fit(classifier: AutoNetClassification, tested: HeldOut) -> None:
    figures = {figure.label: figure for figure in list_figures(classifier, tested, classifier.summary())}
    info, models = classifier.fit_result["info"], classifier.fit_result["models"]
    assert figures["accuracy on 150 test rows"].note.startswith("95% interval ")
    assert figures["accuracy on validation rows"].value == f"{info['val_accuracy']:.4g}"
    assert figures["accuracy of a linear baseline"].value == f"{models['linear']['val_accuracy']:.4g}"
    assert figures["configurations tried"].value == "6"


def test_doubts_are_named(classifier: AutoNetClassification, regressor: AutoNetRegression, iris: Any) -> None:
    X, y = iris
    few = list_cautions(classifier, HeldOut.predict(classifier, X[40:70], y[40:70]), classifier.summary())
    assert any(text.startswith("With only 30 test rows, scores are rough") for text in few)
    assert any(text.startswith("2 of 3 classes have fewer than 20 test rows (0 and 2)") for text in few)
    single = list_cautions(classifier, HeldOut.predict(classifier, X[:1], y[:1]), classifier.summary())
    assert "All resamples have the same accuracy: its interval says nothing." in single
    without = list_cautions(regressor, None, regressor.summary())
    assert without[0].startswith("No test rows were given")


def test_rows_unlike_those_of_the_fit_are_doubtful(regressor: AutoNetRegression, diabetes: Any) -> None:
    X, y = diabetes
    doubts = "\n".join(list_cautions(regressor, HeldOut.predict(regressor, X, 1000 - y), regressor.summary()))
    assert "On test rows rmse is worse than on validation rows, beyond the interval" in doubts


def test_failed_trials_are_doubtful(failed_fit: Any, iris: Any) -> None:
    doubts = list_cautions(failed_fit, None, failed_fit.summary())
    assert "No configuration was trained to a value: the model is what was fitted besides the search." in doubts


def test_the_code_that_loads_the_model_runs(
    regressor: AutoNetRegression, diabetes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [code] = find_blocks(describe_loading(regressor), "code")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"auto": regressor, "X": diabetes[0]}
    exec(code.code, names)
    assert names["auto"] is not regressor
    assert names["auto"].predict(diabetes[0]) == pytest.approx(regressor.predict(diabetes[0]), rel=1e-4)


def test_versions_and_options_are_listed(regressor: AutoNetRegression) -> None:
    versions, options = (dict(facts.items) for facts in find_blocks(describe_provenance(regressor), "facts"))
    assert {"autonet-torch", "torch", "Python", "page written"} <= set(versions)
    assert options["optimize_metric"] == "'rmse'"
    assert "verbose" not in options

"""Score sections of reports."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, precision_recall_fscore_support

from autonet import AutoNetClassification, AutoNetMultilabel, AutoNetRegression
from autonet.inspection.report.scores import HeldOut, describe_scores
from tests.inspection.report.conftest import QUICK
from tests.inspection.report.pages import find_blocks, find_table

ONE = {**QUICK, "max_trials": 1, "max_budget": 4}


def test_scores_have_intervals_and_further_metrics_none(
    classifier: AutoNetClassification, tested: HeldOut, iris: Any
) -> None:
    section = describe_scores(classifier, tested)
    table = find_table(section, "Scores on 150 test rows; the fit optimized accuracy")
    row = table.rows[0]
    accuracy = accuracy_score(iris[1], classifier.predict(iris[0]))
    assert row[:3] == ("accuracy", f"{classifier.fit_result['info']['val_accuracy']:.4g}", f"{accuracy:.4g}")
    [brier] = [row for row in table.rows if row[0] == "neg_brier_score"]
    low, high, score = (float(value.replace("−", "-")) for value in (*str(brier[3]).split(" to "), str(brier[2])))
    assert low < score < high
    assert table.emphasized == {0}
    further = find_table(section, "Without intervals")
    names = [*(row[0] for row in table.rows), *(row[0] for row in further.rows)]
    assert sorted(names) == sorted(classifier.evaluate(*iris, n_bootstrap=0).column("metric"))


def test_classes_have_the_scores_of_scikit_learn(classifier: AutoNetClassification, tested: HeldOut, iris: Any) -> None:
    section = describe_scores(classifier, tested)
    table = find_table(section, "Scores by class")
    predicted = classifier.predict(iris[0])
    expected = precision_recall_fscore_support(iris[1], predicted)
    rows = {str(row[0]): row[1:] for row in table.rows}
    for k, label in enumerate(classifier.classes_):
        assert rows[str(label)][0] == str(expected[3][k])
        assert list(rows[str(label)][2:]) == [f"{expected[j][k]:.4g}" for j in range(3)]
    right = int((predicted == iris[1]).sum())
    alts = [picture.alt for picture in find_blocks(section, "picture")]
    assert alts[0] == f"Confusion matrix of 3 classes: {right} of 150 rows on the diagonal"
    assert [alt.split()[0] for alt in alts[1:]] == ["ROC", "Precision-recall", "Calibration"]


def test_rows_of_a_single_class_have_no_curves(classifier: AutoNetClassification, iris: Any) -> None:
    section = describe_scores(classifier, HeldOut.predict(classifier, iris[0][:20], iris[1][:20]))
    assert [picture.alt.split()[0] for picture in find_blocks(section, "picture")] == ["Confusion"]
    texts = [text.text for text in find_blocks(section, "text")]
    assert "Curves are not drawn: they need rows that are of a class and rows that are not." in texts


def test_sets_of_classes_hold_the_share_that_is_shown(
    classifier: AutoNetClassification, tested: HeldOut, iris: Any
) -> None:
    table = find_table(describe_scores(classifier, tested), "Sets of classes")
    sets = classifier.predict_set(iris[0], coverage=0.9)
    [row] = [row for row in table.rows if row[0] == "90%"]
    assert row[1] == f"{sets[np.arange(150), iris[1]].mean():.1%}"
    assert row[3] == f"{sets.sum(axis=1).mean():.4g}"


def test_intervals_hold_the_share_that_is_shown(regressor: AutoNetRegression, diabetes: Any) -> None:
    X, y = diabetes
    section = describe_scores(regressor, HeldOut.predict(regressor, X, y))
    table = find_table(section, "Prediction intervals")
    ends = regressor.predict_interval(X, coverage=0.8)
    [row] = [row for row in table.rows if row[0] == "80%"]
    assert row[1] == f"{((y >= ends[:, 0]) & (y <= ends[:, 1])).mean():.1%}"
    assert row[3] == f"{(ends[:, 1] - ends[:, 0]).mean():.4g}"
    alts = [picture.alt for picture in find_blocks(section, "picture")]
    error = mean_absolute_error(y, regressor.predict(X))
    assert [alt.split()[0] for alt in alts] == ["True", "Residuals"]
    assert all(alt.endswith(f"mean absolute error {error:.4g}") for alt in alts)


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
@pytest.mark.parametrize(("quantiles", "n_pictures"), [((0.1, 0.5, 0.9), 2), ((0.2, 0.8), 0)])
def test_quantiles_have_the_shares_below_them(diabetes: Any, quantiles: Any, n_pictures: int) -> None:
    X, y = diabetes
    auto = AutoNetRegression("tiny_cs", quantiles=quantiles, **ONE).fit(X, y)
    section = describe_scores(auto, HeldOut.predict(auto, X, y))
    table, predicted = find_table(section, "Quantiles"), auto.predict(X)
    assert [row[0] for row in table.rows] == [f"{level:g}" for level in quantiles]
    assert [row[1] for row in table.rows] == [f"{(y <= column).mean():.1%}" for column in predicted.T]
    assert len(find_blocks(section, "picture")) == n_pictures
    texts = [text.text for text in find_blocks(section, "text")]
    assert ("Errors are not drawn: 0.5, the median, is not among the quantiles." in texts) == (n_pictures == 0)


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_several_targets_have_errors_each(diabetes: Any) -> None:
    X, y = diabetes[0], np.c_[diabetes[1], -5 * diabetes[1]]
    auto = AutoNetRegression("tiny_cs", **ONE).fit(X, y)
    section = describe_scores(auto, HeldOut.predict(auto, X, y))
    table, predicted = find_table(section, "Errors by target"), auto.predict(X)
    errors = [mean_absolute_error(y[:, k], predicted[:, k]) for k in range(2)]
    assert [row[:2] for row in table.rows] == [(f"target {k}", f"{error:.4g}") for k, error in enumerate(errors)]
    assert len(find_blocks(section, "picture")) == 4


@pytest.mark.filterwarnings("ignore:y has a single class")
def test_a_single_class_has_scores_without_a_warning(iris: Any) -> None:
    X, y = iris[0][:20], np.full(20, "only")
    auto = AutoNetClassification("tiny_cs", **ONE).fit(X, y)
    assert find_table(describe_scores(auto, HeldOut.predict(auto, X, y)), "Scores by class").rows[0][0] == "only"


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_labels_have_scores_each() -> None:
    X, y = make_multilabel_classification(80, 6, n_classes=3, random_state=0)
    auto = AutoNetMultilabel("tiny_cs", **ONE).fit(X, y)
    section = describe_scores(auto, HeldOut.predict(auto, X, y))
    table, predicted = find_table(section, "Scores by label"), auto.predict(X)
    rows = {row[0]: row[1:] for row in table.rows}
    assert set(rows) == {"label 0", "label 1", "label 2"}
    for k in range(3):
        score = f1_score(y[:, k], predicted[:, k], zero_division=np.nan)
        assert rows[f"label {k}"][-1] == ("" if np.isnan(score) else f"{score:.4g}")
    assert len(find_blocks(section, "picture")) == 3
    named = AutoNetMultilabel("tiny_cs", **ONE).fit(X, pd.DataFrame(y, columns=["cat", "dog", "cow"]))
    table = find_table(describe_scores(named, HeldOut.predict(named, X, y)), "Scores by label")
    assert {row[0] for row in table.rows} == {"cat", "dog", "cow"}
    assert not [t for t in find_blocks(section, "table") if t.caption.startswith("Sets")]


def test_without_test_rows_the_scores_of_the_fit_are_shown(regressor: AutoNetRegression) -> None:
    section = describe_scores(regressor, None)
    table = find_table(section, "Scores that the fit recorded")
    info = regressor.fit_result["info"]
    assert table.rows[0] == ("rmse", f"{info['train_rmse']:.4g}", f"{info['val_rmse']:.4g}")
    assert find_blocks(section, "text")[0].is_caution

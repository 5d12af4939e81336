"""Sections of reports about the columns that matter."""

from typing import Any

import pytest

from autonet import AutoNetClassification
from autonet.inspection.report import features
from autonet.inspection.report.blocks import Bar
from autonet.inspection.report.features import describe_features
from autonet.inspection.report.scores import HeldOut
from tests.inspection.report.pages import find_blocks, find_table


def test_columns_are_those_of_feature_importance(
    classifier: AutoNetClassification, tested: HeldOut, iris: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "SAMPLES", ((100, 3),))
    monkeypatch.setattr(features, "SECONDS", 1000.0)
    section = describe_features(classifier, tested)
    expected = classifier.feature_importance(*iris, n_repeats=3, max_rows=100)
    table = find_table(section, "Permutation importance")
    assert [row[0] for row in table.rows] == expected.column("feature")
    bars = [cell for row in table.rows for cell in row if isinstance(cell, Bar)]
    assert [bar.is_weak for bar in bars] == [not above for above in expected.column("above_noise")]
    assert all(0 <= bar.share <= 1 and bar.mark is not None and 0 <= bar.mark <= 1 for bar in bars)
    text = find_blocks(section, "text")[0].text
    assert "the mean of 3 shuffles of 100 of 150 test rows" in text
    assert f"{sum(expected.column('above_noise'))} of 4 columns exceed" in text


def test_what_would_take_long_is_left_out(
    classifier: AutoNetClassification, tested: HeldOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "SECONDS", 0.0)
    section = describe_features(classifier, tested)
    text, code = section.blocks
    assert text.text == "The importance of columns is left out: it would take long for 4 columns."  # type: ignore[union-attr]
    assert code.code == "auto.feature_importance(X_test, y_test)"  # type: ignore[union-attr]

"""Rows as dictionaries, columns in a dictionary, structured arrays."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from autonet import AutoNetClassification
from autonet.core.errors import InvalidData

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

FAST: dict[str, Any] = {"max_trials": 1, "budget_type": "epochs", "min_budget": 1, "max_budget": 3, "random_state": 0}
rng = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {"age": rng.normal(size=60), "city": rng.choice(["Rome", "Oslo"], 60), "member": rng.random(60) < 0.5}
)
Y = FRAME["age"] > 0
FORMS: dict[str, Any] = {
    "list of dictionaries": lambda frame: frame.to_dict("records"),
    "tuple of dictionaries": lambda frame: tuple(frame.to_dict("records")),
    "array of dictionaries": lambda frame: np.array(frame.to_dict("records"), dtype=object),
    "keys in another order": lambda frame: [dict(reversed(row.items())) for row in frame.to_dict("records")],
    "dictionary of lists": lambda frame: frame.to_dict("list"),
    "dictionary of columns": lambda frame: {"city": frame["city"], **{name: frame[name].to_numpy() for name in frame}},
    "record array": lambda frame: frame.to_records(index=False),
    "structured column": lambda frame: np.asarray(frame.to_records(index=False))[:, None],
}


@pytest.fixture(scope="module")
def fitted() -> AutoNetClassification:
    return AutoNetClassification("tiny_cs", **FAST).fit(FRAME, Y)


@pytest.mark.parametrize("form", FORMS)
def test_dictionaries_and_structured_arrays_are_tables(form: str, fitted: AutoNetClassification) -> None:
    make = FORMS[form]
    expected = fitted.predict_proba(FRAME)
    np.testing.assert_array_equal(fitted.predict_proba(make(FRAME)), expected)
    auto = AutoNetClassification("tiny_cs", **FAST).fit(make(FRAME), Y)
    assert {column.name: column.kind for column in auto.columns_} == {
        "age": "numeric",
        "city": "categorical",
        "member": "boolean",
    }
    assert sorted(auto.feature_names_in_) == ["age", "city", "member"]
    np.testing.assert_array_equal(auto.predict_proba(make(FRAME)), auto.predict_proba(FRAME[[*auto.feature_names_in_]]))


def test_one_dictionary_of_single_values_is_one_row(fitted: AutoNetClassification) -> None:
    rows = FRAME.to_dict("records")
    for row, X in (rows[7], FRAME), ({**rows[7], "age": None}, FRAME.assign(age=np.nan)):
        np.testing.assert_allclose(fitted.predict_proba(row), fitted.predict_proba(X)[7:8], rtol=1e-5)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"age": 1.0, "city": "Rome"}, "Feature names seen at fit time, yet now missing:\n- member\n"),
        ({"age": 1.0, "city": "Rome", "member": True, "x": 1}, "Feature names unseen at fit time:\n- x\n"),
        ({"Age": 1.0, "city": "Rome", "member": True}, "unseen at fit time:\n- Age\nFeature names seen at fit time"),
    ],
)
def test_keys_that_are_missing_or_unknown_are_named(row: Any, message: str, fitted: AutoNetClassification) -> None:
    for X in (row, [row, row], {name: [value] for name, value in row.items()}):
        with pytest.raises(InvalidData) as caught:
            fitted.predict(X)
        assert message in str(caught.value)
        assert "Rome" not in str(caught.value)


def test_dictionaries_can_be_rows_to_validate_on() -> None:
    auto = AutoNetClassification("tiny_cs", **FAST)
    auto.fit(FRAME, Y, X_valid=FRAME.iloc[::-1].to_dict("list"), y_valid=Y[::-1])
    with pytest.raises(InvalidData, match="yet now missing:\n- city"):
        auto.fit(FRAME, Y, X_valid=FRAME.drop(columns="city").to_dict("records"), y_valid=Y)

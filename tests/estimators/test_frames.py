"""Frames of every brand and kind that hypothesis can think of (row B24 of the fault table).

A fit and a predict of other rows give the right length and known classes, or a ValueError with a sentence; and
nothing else.
"""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from autonet import AutoNetClassification, AutoNetRegression
from tests.data.reading.frames import BRANDS, CATEGORY_BRANDS, VALUES

# What deserves a warning and gets it; every other one is an error.
pytestmark = pytest.mark.filterwarnings(
    "ignore::autonet.core.errors.BaselineReturned",  # networks of one epoch
    "ignore::autonet.core.errors.ValidationReused",  # one to three rows
    "ignore::autonet.core.errors.DataWarning",  # identifiers; columns of which no value was seen in fit
    "ignore:A column-vector y was passed:sklearn.exceptions.DataConversionWarning",
    "ignore:X (has|does not have valid) feature names:UserWarning",  # an array after a frame, and the other way round
)

SMALLEST: dict[str, Any] = {"max_trials": 1, "budget_type": "epochs", "min_budget": 1, "max_budget": 1}
MAKERS = {**BRANDS, **CATEGORY_BRANDS}
MOST_ROWS = 40
STRANGE: dict[str, st.SearchStrategy[Any]] = {
    "huge": st.floats(allow_nan=True, allow_infinity=True),
    "mixed": st.one_of(st.integers(-9, 9), st.booleans(), VALUES["string"], VALUES["float"]),
    "written": st.integers(-(10**30), 10**30).map(str),
}
VALUES_OF = {**VALUES, **STRANGE}
UNSEEN = {**VALUES_OF, "category": st.sampled_from(["red", "violet", "12", " "])}
LABELS: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3),
    "integer": st.integers(-(2**31), 2**31),
    "boolean": st.booleans(),
    "few": st.sampled_from(["yes", "no"]),
    "missing": st.sampled_from(["yes", "no", None]),
    "mixed": st.sampled_from(["yes", 0, 1.5, True]),
    "float": st.sampled_from([0.0, 1.0, 2.0, float("nan"), 0.5]),
}
CONTAINERS = {
    "array": np.asarray,
    "objects": lambda y: np.array(y, dtype=object),
    "list": list,
    "series": pd.Series,
    "categories": lambda y: pd.Series(y, dtype="category"),
    "nullable": lambda y: pd.Series(y).convert_dtypes(),
    "column": lambda y: np.array(y, dtype=object)[:, None],
}


def built(make: Any, columns: Any) -> Any:
    """Build a table; where the library refuses the values there is none to test."""
    try:
        return make(columns)
    except (ValueError, TypeError, OverflowError):  # pyarrow takes no column of several types
        reject()


@st.composite
def tables(draw: st.DrawFn) -> tuple[Any, Any, int, int]:
    """Draw two tables and their numbers of rows; the second has other values, and now and then other columns."""
    makers = st.sampled_from(sorted(MAKERS))
    kinds = draw(st.lists(st.sampled_from(list(VALUES) * 3 + list(STRANGE)), min_size=1, max_size=5))
    names, maker = [f"{kind} {i}" for i, kind in enumerate(kinds)], draw(makers)
    sizes = draw(st.integers(1, MOST_ROWS)), draw(st.integers(1, MOST_ROWS))
    pair = [built(MAKERS[maker], draw(columns_of(kinds, names, sizes[0], VALUES_OF)))]
    match draw(st.sampled_from(["same"] * 6 + ["brand", "kinds", "names"])):
        case "brand":
            maker = draw(makers)
        case "kinds":
            kinds = draw(st.permutations(kinds))
        case "names":
            names = draw(st.permutations(names))
    pair.append(built(MAKERS[maker], draw(columns_of(kinds, names, sizes[1], UNSEEN))))
    return *pair, *sizes


@st.composite
def columns_of(draw: st.DrawFn, kinds: list[str], names: list[str], n_rows: int, values: Any) -> dict[str, list[Any]]:
    """Draw columns of Python values, some of them missing, or all of them."""
    drawn = {}
    for name, kind in zip(names, kinds, strict=True):
        cells = draw(st.sampled_from([values[kind], st.one_of(st.none(), values[kind]), st.none()]))
        drawn[name] = draw(st.lists(cells, min_size=n_rows, max_size=n_rows))
    return drawn


@st.composite
def classified(draw: st.DrawFn) -> tuple[Any, Any, Any, int]:
    """Draw a table, the labels of its rows, a second table, and its number of rows."""
    X, new, n_rows, n_new = draw(tables())
    labels = LABELS[draw(st.sampled_from(["string", "integer", "boolean", "few"] * 3 + sorted(LABELS)))]
    y = draw(st.lists(labels, min_size=n_rows, max_size=n_rows))
    return X, built(CONTAINERS[draw(st.sampled_from(sorted(CONTAINERS)))], y), new, n_new


@st.composite
def measured(draw: st.DrawFn) -> tuple[Any, Any, Any, int]:
    """Draw a table, the targets of its rows, a second table, and its number of rows."""
    X, new, n_rows, n_new = draw(tables())
    kinds = [
        st.floats(-1e12, 1e12).map(lambda value: round(value, 9)),
        st.integers(-9, 9),
        st.just(0.1),
        st.sampled_from([1.0, 2.5, 1e200, float("nan"), float("inf")]),
    ]
    numbers = draw(st.sampled_from(kinds[:3] * 2 + kinds[3:]))
    y = draw(st.lists(numbers, min_size=n_rows, max_size=n_rows))
    return X, draw(st.sampled_from([np.asarray, list, pd.Series]))(y), new, n_new


def is_sentence(error: ValueError) -> bool:
    """Whether a message is for people: words with a full stop, perhaps a list after it."""
    message = str(error)
    return len(message.split()) >= 5 and (message.endswith((".", "?")) or ".\n" in message)


EXAMPLES = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


@settings(max_examples=45, **EXAMPLES)
@given(classified())
def test_a_frame_is_classified_or_refused_with_a_sentence(case: tuple[Any, Any, Any, int]) -> None:
    X, y, new, n_new = case
    auto = AutoNetClassification("tiny_cs", **SMALLEST, random_state=0)
    try:
        predicted = auto.fit(X, y).predict(new)
    except ValueError as error:
        assert is_sentence(error), str(error)  # noqa: PT017 - an error is not what is expected
        return
    assert predicted.shape == (n_new,)
    assert set(predicted.tolist()) <= set(np.asarray(y).ravel().tolist())
    probabilities = auto.predict_proba(new)
    assert probabilities.shape == (n_new, len(auto.classes_))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@settings(max_examples=25, **EXAMPLES)
@given(measured())
def test_a_frame_gets_numbers_or_is_refused_with_a_sentence(case: tuple[Any, Any, Any, int]) -> None:
    X, y, new, n_new = case
    auto = AutoNetRegression("tiny_cs", **SMALLEST, random_state=0)
    try:
        predicted = auto.fit(X, y).predict(new)
    except ValueError as error:
        assert is_sentence(error), str(error)  # noqa: PT017 - an error is not what is expected
        return
    assert predicted.shape == (n_new,)
    assert np.isfinite(predicted).all()

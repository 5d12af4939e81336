"""Warnings name the line of the user that brought them about."""

import linecache
import warnings
from threading import Event, Thread

import pandas as pd
import pytest

from autonet import AutoNetClassification
from autonet.core.errors import DataWarning
from autonet.core.warn import silence
from autonet.data.reading.schema import Schema


def test_a_warning_points_to_the_line_that_called_autonet() -> None:
    X = pd.DataFrame({"a": range(60)})
    y = pd.Series(range(60)).mod(2).iloc[::-1]
    options = {"max_trials": 1, "budget_type": "epochs", "max_budget": 1, "random_state": 0}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Schema.detect([[1.0], [2.0]]).read(X, "It")
        AutoNetClassification("tiny_cs", **options).fit(X, y)  # the line
    shallow, deep = (next(w for w in caught if type(w.message) is kind) for kind in (UserWarning, DataWarning))
    for warning, line in ((shallow, "Schema.detect("), (deep, "# the line")):
        assert warning.filename == __file__
        assert line in linecache.getline(warning.filename, warning.lineno)


def test_threads_that_are_silent_at_once_leave_the_filters_as_they_were() -> None:
    before, first, second = list(warnings.filters), Event(), Event()

    def enter_first() -> None:
        with silence():
            first.set()
            assert second.wait(10)

    def leave_last() -> None:
        assert first.wait(10)
        with silence():
            second.set()
            thread.join()
            warnings.warn("unheard", UserWarning, stacklevel=1)

    thread = Thread(target=enter_first)
    thread.start()
    leave_last()
    assert warnings.filters == before
    with pytest.warns(UserWarning, match="heard"):
        warnings.warn("heard", UserWarning, stacklevel=1)

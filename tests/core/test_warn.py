"""Warnings name the line of the user that brought them about."""

import linecache
import warnings

import pandas as pd

from autonet import AutoNetClassification
from autonet.core.errors import DataWarning
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

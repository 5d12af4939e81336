"""Fitted estimators and pages that the tests of reports share."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from torch import nn

import autonet
from autonet import AutoNetClassification
from autonet.inspection.report.scores import HeldOut
from autonet.nets.registry import NETWORKS

SCRIPT = "<script>window.hacked = 1</script>"
IMAGE = '"><img src=x onerror="window.hacked=1">'
NAMES = (SCRIPT, IMAGE, "</style><b>x</b>", "日本 $x$")  # of columns
LABELS = (SCRIPT, IMAGE, "{{ title }}")

QUICK: dict[str, Any] = {
    "budget_type": "epochs",
    "min_budget": 2,
    "max_budget": 6,
    "max_trials": 4,
    "cross_validator": "none",
    "tree_ensembles": False,
    "n_jobs": 1,
    "random_state": 0,
}


@pytest.fixture(scope="session")
def hostile(iris: Any) -> tuple[Any, Any]:
    """A table whose names, levels and labels are HTML, with a constant and a missing value."""
    X, y = iris
    frame = pd.DataFrame(dict(zip(NAMES, X.T, strict=True)))
    frame["kind"] = pd.Categorical.from_codes(np.arange(len(X)) % 2, ["<i>a</i>", IMAGE])
    frame["constant"] = 1
    frame.loc[:29, NAMES[3]] = np.nan
    return frame, np.array(LABELS, dtype=object)[y]


@pytest.fixture(scope="session")
def hostile_fit(hostile: Any) -> AutoNetClassification:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", autonet.core.errors.BaselineReturned)
        return AutoNetClassification("tiny_cs", **QUICK).fit(*hostile)


@pytest.fixture(scope="session")
def hostile_page(hostile_fit: AutoNetClassification, hostile: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / 'a"><b>.html'
    return hostile_fit.report(path, *hostile, title=SCRIPT)


@pytest.fixture(scope="session")
def tested(classifier: AutoNetClassification, iris: Any) -> HeldOut:
    return HeldOut.predict(classifier, *iris)


@pytest.fixture(scope="session")
def failed_fit(iris: Any) -> AutoNetClassification:
    """A fit whose networks all crash, so that the baseline is the model."""

    def broken(n_in: int, n_out: int) -> nn.Module:
        if n_in == 4:  # not the toy on which it is registered
            raise ValueError("no such <layer>")
        return nn.Linear(n_in, n_out)

    before = dict(NETWORKS.components)
    autonet.register_network("broken", broken)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", autonet.core.errors.BaselineReturned)
        fitted = AutoNetClassification("tiny_cs", networks=["broken"], **QUICK).fit(*iris)
    NETWORKS.components.clear()
    NETWORKS.components.update(before)
    return fitted

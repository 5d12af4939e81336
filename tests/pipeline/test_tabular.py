"""Tables as a modality: what is said of columns, and how the encoding suits the model."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch

from autonet import AutoNetClassification
from autonet.core.component import Components
from autonet.core.errors import DataWarning
from autonet.core.task import Task
from autonet.data.encoding.preprocessors import NORMALIZATION, PREPROCESSORS
from autonet.data.table import Table
from autonet.pipeline.tabular import NODES, TABLES
from tests.pipeline.trials import default

pd = pytest.importorskip("pandas")

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


def test_columns_in_doubt_are_warned_of_once(quick: dict[str, Any]) -> None:
    dates = [f"{1 + i % 12:02}/{1 + i % 11:02}/{1 + i % 9:02}" for i in range(30)] * 2
    X = pd.DataFrame({"from": dates, "until": dates, "price": np.arange(60.0)})
    auto = AutoNetClassification("tiny_cs", **quick)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        auto.fit(X, X["price"] > 30)
        auto.predict(X)
    told = [w for w in caught if issubclass(w.category, DataWarning)]
    assert [str(w.message) for w in told] == [
        "Columns 'from', 'until': ambiguous dates, for example '01/01/01': taken as categories; write them year first, "
        "as 2003-02-01."
    ]
    assert told[0].filename == __file__


def test_linear_models_get_standardized_columns_and_trees_the_order_of_the_values() -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.lognormal(sigma=3, size=200), 1e6 + rng.normal(size=200)])
    table, task = Table.from_numbers(X), Task("regression")
    configured = Components.resolve(NODES.values(), default(task)).replace(
        [PREPROCESSORS.choose("truncated_svd", target_dim=2), NORMALIZATION.choose("quantile")]
    )
    linear = TABLES.fit_encoder(table, np.arange(200), configured.replace(TABLES.baseline_encoding), 0).transform(table)
    encoder = TABLES.fit_tree_encoder(table, np.arange(200), 0)
    assert encoder is not None
    trees = encoder.inputs(table, torch.device("cpu")).numpy()
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    np.testing.assert_allclose(linear, z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(trees.argsort(axis=0), X.argsort(axis=0))
    assert (trees.min(), trees.max()) == (0, 1)

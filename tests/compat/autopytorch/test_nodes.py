"""Nodes and log functions by the names that examples of 0.0.2 import."""

import math
from typing import Any

import pytest

import autonet.compat.autopytorch as compat
from autonet.compat.autopytorch.nodes import Node
from autonet.pipeline.tabular import NODES


def test_nodes_have_the_names_of_the_pipeline() -> None:
    names = {name: node.get_name() for name, node in vars(compat).items() if isinstance(node, Node)}
    assert len(names) > 10
    assert all(name == of_node for name, of_node in names.items())
    assert set(names) & set(NODES) >= {"NetworkSelector", "LossModuleSelector", "OptimizerSelector", "Imputation"}
    assert repr(compat.LossModuleSelector) == "Node('LossModuleSelector')"


def test_what_is_not_there_is_an_import_error() -> None:
    with pytest.raises(ImportError):
        from autonet.compat.autopytorch import NoSuchNode  # noqa: F401


def test_a_log_function_scores_the_estimator(searched: Any, quadrants: Any) -> None:
    _, X_test, _, y_test = quadrants
    log = compat.test_result(searched.estimator_, X_test, y_test)
    assert log(None, 3) == searched.estimator_.score(X_test, y_test)
    assert math.isnan(compat.test_result(searched.estimator_, None, None)())

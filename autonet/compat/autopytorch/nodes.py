"""Names of nodes and log functions of Auto-PyTorch 0.0.2, as its examples import them."""

from typing import Any

__all__ = [
    "CreateDataLoader",
    "CrossValidation",
    "EmbeddingSelector",
    "Imputation",
    "InitializationSelector",
    "LearningrateSchedulerSelector",
    "LogFunctionsSelector",
    "LossModuleSelector",
    "MetricSelector",
    "NetworkSelector",
    "Node",
    "NormalizationStrategySelector",
    "OptimizerSelector",
    "PreprocessorSelector",
    "ResamplingStrategySelector",
    "TrainNode",
    "test_result",
]


class Node:
    """A step of the pipeline, by its name.

    Parameters
    ----------
    name : str

    Examples
    --------
    >>> from autonet.compat.autopytorch import LossModuleSelector
    >>> LossModuleSelector.get_name()
    'LossModuleSelector'
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def get_name(self) -> str:
        """Return the name, under which ``auto.pipeline`` has the node."""
        return self._name

    def __repr__(self) -> str:
        """Show the name."""
        return f"Node({self._name!r})"


CreateDataLoader = Node("CreateDataLoader")
CrossValidation = Node("CrossValidation")
EmbeddingSelector = Node("EmbeddingSelector")
Imputation = Node("Imputation")
InitializationSelector = Node("InitializationSelector")
LearningrateSchedulerSelector = Node("LearningrateSchedulerSelector")
LogFunctionsSelector = Node("LogFunctionsSelector")
LossModuleSelector = Node("LossModuleSelector")
MetricSelector = Node("MetricSelector")
NetworkSelector = Node("NetworkSelector")
NormalizationStrategySelector = Node("NormalizationStrategySelector")
OptimizerSelector = Node("OptimizerSelector")
PreprocessorSelector = Node("PreprocessorSelector")
ResamplingStrategySelector = Node("ResamplingStrategySelector")
TrainNode = Node("TrainNode")


class test_result:  # noqa: N801 - Auto-PyTorch's name
    """Score of the model on test rows, as a log function.

    Parameters
    ----------
    autonet : AutoNet
        The estimator.
    X_test, Y_test : as `X` and `y` in `fit`, or None
    """

    __test__ = False  # pytest collects what begins with "test"

    def __init__(self, autonet: Any, X_test: Any, Y_test: Any) -> None:
        self.autonet, self.X_test, self.Y_test = autonet, X_test, Y_test

    def __call__(self, model: Any = None, epochs: Any = None) -> float:
        """Return the score of the fitted estimator, NaN without test rows."""
        if self.X_test is None or self.Y_test is None:
            return float("nan")
        return float(self.autonet.score(self.X_test, self.Y_test))

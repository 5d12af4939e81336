"""Names of Auto-PyTorch that the estimators do not have: tasks of 0.2.1, `DataManager` and nodes of 0.0.2.

The tasks are a thin layer on `AutoNetClassification` and `AutoNetRegression`.
"""

from autonet.compat.autopytorch import metrics as metrics
from autonet.compat.autopytorch.data_manager import DataManager as DataManager
from autonet.compat.autopytorch.nodes import CreateDataLoader as CreateDataLoader
from autonet.compat.autopytorch.nodes import CrossValidation as CrossValidation
from autonet.compat.autopytorch.nodes import EmbeddingSelector as EmbeddingSelector
from autonet.compat.autopytorch.nodes import Imputation as Imputation
from autonet.compat.autopytorch.nodes import InitializationSelector as InitializationSelector
from autonet.compat.autopytorch.nodes import LearningrateSchedulerSelector as LearningrateSchedulerSelector
from autonet.compat.autopytorch.nodes import LogFunctionsSelector as LogFunctionsSelector
from autonet.compat.autopytorch.nodes import LossModuleSelector as LossModuleSelector
from autonet.compat.autopytorch.nodes import MetricSelector as MetricSelector
from autonet.compat.autopytorch.nodes import NetworkSelector as NetworkSelector
from autonet.compat.autopytorch.nodes import NormalizationStrategySelector as NormalizationStrategySelector
from autonet.compat.autopytorch.nodes import OptimizerSelector as OptimizerSelector
from autonet.compat.autopytorch.nodes import PreprocessorSelector as PreprocessorSelector
from autonet.compat.autopytorch.nodes import ResamplingStrategySelector as ResamplingStrategySelector
from autonet.compat.autopytorch.nodes import TrainNode as TrainNode
from autonet.compat.autopytorch.nodes import test_result as test_result
from autonet.compat.autopytorch.plots import ColorLabelSettings as ColorLabelSettings
from autonet.compat.autopytorch.plots import PlotSettingParams as PlotSettingParams
from autonet.compat.autopytorch.results import RunHistory as RunHistory
from autonet.compat.autopytorch.results import SearchResults as SearchResults
from autonet.compat.autopytorch.results import StatusType as StatusType
from autonet.compat.autopytorch.tasks import TabularClassificationTask as TabularClassificationTask
from autonet.compat.autopytorch.tasks import TabularRegressionTask as TabularRegressionTask
from autonet.compat.autopytorch.updates import HyperparameterSearchSpaceUpdates as HyperparameterSearchSpaceUpdates
from autonet.compat.autopytorch.validation import CrossValTypes as CrossValTypes
from autonet.compat.autopytorch.validation import HoldoutValTypes as HoldoutValTypes
from autonet.compat.autopytorch.validation import NoResamplingStrategyTypes as NoResamplingStrategyTypes

"""Single configurations, their space and options: methods of the tasks of Auto-PyTorch 0.2.1."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from autonet.compat.autopytorch.metrics import find_metric
from autonet.compat.autopytorch.results import RunValue, build_run_history
from autonet.compat.autopytorch.search_options import (
    PIPELINE_OPTIONS,
    note_ignored,
    note_pipeline_options,
    to_budget_type,
)
from autonet.core.errors import InvalidOption
from autonet.core.task import TaskKind
from autonet.core.validation import check_choice
from autonet.estimators.base import AutoNet

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

__all__ = ["Dataset", "PipelineTask", "RunInfo", "ravel"]


class Dataset(NamedTuple):
    """Rows to train and to test on, as they were passed."""

    X_train: Any
    y_train: Any
    X_test: Any = None
    y_test: Any = None
    dataset_name: str | None = None


class RunInfo(NamedTuple):
    """A run of `fit_pipeline`."""

    config: dict[str, Any]
    seed: int
    cutoff: float
    budget: float


class PipelineTask(ABC):
    """Methods of a task that need no search."""

    kind: ClassVar[TaskKind]
    default_metric: ClassVar[str]
    _estimator: AutoNet | None
    _pipeline_options: dict[str, Any]

    @abstractmethod
    def _make_estimator(self, **options: Any) -> AutoNet:
        """Make the estimator of a search."""

    def fit_pipeline(
        self,
        configuration: Mapping[str, Any],
        *,
        dataset: Dataset | None = None,
        X_train: Any = None,
        y_train: Any = None,
        X_test: Any = None,
        y_test: Any = None,
        run_time_limit_secs: float = 60,
        eval_metric: str | None = None,
        budget_type: str | None = None,
        budget: float | None = None,
        **ignored: Any,
    ) -> tuple[AutoNet, RunInfo, RunValue, Dataset]:
        """Train one configuration, without a search; the task stays as it is.

        Parameters
        ----------
        configuration : Configuration or mapping
            Of `get_search_space`.
        dataset : Dataset, optional
        X_train, y_train, X_test, y_test : as in `search`, optional
        run_time_limit_secs : float
            Time limit in seconds.
        eval_metric : str, optional
        budget_type : {"epochs", "runtime"}, optional
            Default: that of `get_pipeline_options`, whose "epochs" or "runtime" is the default of `budget`.
        budget : float, optional
        **ignored
            Other arguments of Auto-PyTorch; each is noted in the log.

        Returns
        -------
        pipeline : AutoNetClassification or AutoNetRegression
        run_info : RunInfo
        run_value : RunValue
        dataset : Dataset
        """
        note_ignored("fit_pipeline", ignored)
        options = self._pipeline_options
        unit = options["budget_type"] if budget_type is None else budget_type
        budget = options[unit] if budget is None else budget
        rows = dataset or Dataset(X_train, ravel(y_train), X_test, ravel(y_test))
        metric = find_metric(eval_metric or self.default_metric, self.kind)
        estimator = self._make_estimator(
            optimize_metric=metric.scorer, budget_type=to_budget_type(unit), max_runtime=run_time_limit_secs
        )
        data = {"X_test": rows.X_test, "y_test": rows.y_test}
        estimator.refit(rows.X_train, rows.y_train, dict(configuration), budget, **data)
        runs = build_run_history(estimator, metric, [metric])
        [key] = [key for key in runs.data if key.config_id == 1]
        info = RunInfo(runs.ids_config[1], key.seed, run_time_limit_secs, budget)
        return estimator, info, runs.data[key], rows

    def get_dataset(
        self, X_train: Any, y_train: Any, X_test: Any = None, y_test: Any = None, dataset_name: str | None = None
    ) -> Dataset:
        """Put rows together for `refit`, `fit_pipeline` and `get_search_space`."""
        return Dataset(X_train, ravel(y_train), X_test, ravel(y_test), dataset_name)

    def get_search_space(self, dataset: Dataset | None = None) -> "ConfigurationSpace":
        """Return the space of the last search, or the one for a data set.

        Raises
        ------
        InvalidOption
            Without a search and a data set.
        """
        if dataset is None and self._estimator is None:
            raise InvalidOption("get_search_space needs dataset=get_dataset(X_train, y_train) before search.")
        if self._estimator is not None:
            return self._estimator.search_space_
        estimator = self._make_estimator()
        return estimator.get_hyperparameter_search_space(dataset.X_train, dataset.y_train)  # type: ignore[union-attr]

    def set_pipeline_options(self, **options: Any) -> None:
        """Set options of trainings.

        ``device``, ``early_stopping`` and the budget of `fit_pipeline` have an effect; others are noted in the log.

        Raises
        ------
        UnknownName
        """
        for name in options:
            check_choice("pipeline option", name, PIPELINE_OPTIONS)
        note_pipeline_options(options)
        self._pipeline_options.update(options)

    def get_pipeline_options(self) -> dict[str, Any]:
        """Return the options of trainings."""
        return dict(self._pipeline_options)


def ravel(y: Any) -> Any:
    """Return the only column of targets of shape (n, 1)."""
    if getattr(y, "ndim", 1) == 2 and y.shape[1] == 1:
        return y.iloc[:, 0] if hasattr(y, "iloc") else y[:, 0]
    return y

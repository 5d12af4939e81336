"""Methods of Auto-PyTorch 0.0.2, and arguments that were in another place there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from functools import wraps
from numbers import Number
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from sklearn.utils.validation import check_consistent_length, column_or_1d

from autonet.core.errors import InvalidData, InvalidOption
from autonet.data.targets.arrays import to_array
from autonet.data.targets.targets import ClassTargets
from autonet.estimators.param_docs import describe_parameters

if TYPE_CHECKING:
    from autonet.estimators.autopytorch.option_files import ConfigFileParser
    from autonet.estimators.autopytorch.pipeline_nodes import PipelineNodes
    from autonet.models.model import FittedModel

__all__ = ["AutoPyTorchMixin", "accept_old_order", "is_table", "tell_weights_from_rows"]

_Refit = TypeVar("_Refit", bound=Callable[..., Any])

# Types of labels that scikit-learn's accuracy takes: no bytes, dates or tuples.
SCORED = (str, Number, np.bool_)

# Arguments of Auto-PyTorch's refit after the rows, in their order.
REFIT_ORDER = ("X_valid", "y_valid", "hyperparameter_config", "autonet_config", "budget", "rescore")


def tell_weights_from_rows(third: Any, y_valid: Any, X_valid: Any) -> tuple[Any, Any]:
    """Tell what the third argument of `fit` is: scikit-learn's weights, or Auto-PyTorch's rows to validate on.

    Parameters
    ----------
    third : object
        Weights of shape (n_samples,), or a table.
    y_valid, X_valid : object
        As passed to `fit`, None if they were not.

    Returns
    -------
    sample_weight, X_valid

    Raises
    ------
    InvalidOption
        If it is a table, and lacks its targets or comes beside `X_valid`.
    """
    if not is_table(third):
        return third, X_valid
    if X_valid is not None:
        raise InvalidOption(
            "The third argument of fit is a table, and X_valid is given, too; pass one of them, or weights of shape "
            "(n_samples,) as sample_weight."
        )
    if y_valid is None:
        raise InvalidOption(
            f"sample_weight has shape {np.shape(third)}, which is a table; pass weights of shape (n_samples,), or rows "
            "to validate on with their targets, fit(X, y, X_valid, y_valid)."
        )
    return None, third


def accept_old_order(refit: _Refit) -> _Refit:
    """Let `refit` accept Auto-PyTorch's order of arguments, too; its signature stays as it is."""

    @wraps(refit)
    def ordering(self: Any, *args: Any, **keywords: Any) -> Any:
        rows, others = args[:2], args[2:]
        if _has_old_order(others):
            return refit(self, *rows, **dict(zip(REFIT_ORDER, others, strict=False)), **keywords)
        return refit(self, *args, **keywords)

    return ordering  # type: ignore[return-value]


def _has_old_order(others: Sequence[Any]) -> bool:
    """Return whether a table comes first, or None, None and a configuration, which is no weight of rows."""
    if not 0 < len(others) <= len(REFIT_ORDER):
        return False
    first, third = others[0], others[2] if len(others) > 2 else None
    return (is_table(first) and not isinstance(first, Mapping)) or (first is None and isinstance(third, Mapping))


def is_table(value: Any) -> bool:
    """Return whether a value has columns: two dimensions, named fields, or rows that are lists or dictionaries."""
    if value is None or isinstance(value, str):
        return False
    shape = getattr(value, "shape", None)
    if shape is not None:
        return len(shape) > 1 or getattr(getattr(value, "dtype", None), "names", None) is not None
    if isinstance(value, Mapping):
        return True
    first = next(iter(value), None) if isinstance(value, list | tuple) else None
    return isinstance(first, Sized) and not isinstance(first, str | bytes)


class AutoPyTorchMixin:
    """Methods of Auto-PyTorch 0.0.2."""

    fit_result_: dict[str, Any]
    model_: FittedModel
    optimize_metric: Any
    pos_label: Any
    score_metric: Any

    @property
    def pipeline(self) -> PipelineNodes:
        """Nodes of the pipeline, by name, at which custom components are added for this estimator alone."""
        from autonet.estimators.autopytorch.pipeline_nodes import PipelineNodes  # noqa: PLC0415 - needed for own components only

        return PipelineNodes(self)  # type: ignore[arg-type]  # an estimator

    def score(
        self,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        return_loss_value: bool = False,
        *,
        X_test: Any = None,
        Y_test: Any = None,
    ) -> float:
        """Return the accuracy of a classification, R2 of a regression, D2 of a regression of quantiles.

        D2 is the mean over the levels of ``sklearn.metrics.d2_pinball_score``, the share of the pinball loss that is
        explained: 1 at best, 0 for the quantiles of `y` as constant predictions.
        With the option ``score_metric="optimize_metric"`` it is the score by `optimize_metric`, with the decision
        threshold of the final model; greater is better, so that an error is negative.

        Parameters
        ----------
        X : as in `fit`
        y : array-like, data frame or dictionary of columns, of shape (n_samples,) or (n_samples, n_outputs)
            Of images it may be left out where `X` is a folder or CSV file that has it.
        sample_weight : array-like of shape (n_samples,), optional
            True or False is `return_loss_value`, which is third in Auto-PyTorch.
        return_loss_value : bool, default=False
            Return the loss by `optimize_metric` instead, as ``fit_result["loss"]``: the distance of the metric from its
            optimum, or the metric itself if smaller is better.
        X_test, Y_test : optional
            Auto-PyTorch's names of `X` and `y`.

        Raises
        ------
        NotFittedError
        InvalidOption
            If a custom metric is not in the model file.
        InvalidData
            If the rows do not fit the model.
        """
        X, y = X if X_test is None else X_test, y if Y_test is None else Y_test
        X, y = self._find_rows(X, y)  # type: ignore[attr-defined]  # of an estimator
        if y is None:
            raise InvalidData("score compares predictions with y; got None for y.")
        if isinstance(sample_weight, bool | np.bool_):
            sample_weight, return_loss_value = None, bool(sample_weight)
        targets = self.model_.targets
        if targets.columns or isinstance(y, Mapping):
            y = to_array(y, names=targets.columns)  # matched by name; scikit-learn's metrics do not
        if not return_loss_value and self.score_metric is None:
            if isinstance(targets, ClassTargets) and not isinstance(targets.labels[0], SCORED):
                predicted, truth = self.predict(X), column_or_1d(to_array(y))  # type: ignore[attr-defined]
                check_consistent_length(predicted, truth, sample_weight)
                return float(np.average(predicted == truth, weights=sample_weight))
            return float(super().score(X, y, sample_weight))  # type: ignore[misc]  # of scikit-learn's mixins
        from autonet.inspection.cv_results import signed_score  # noqa: PLC0415
        from autonet.inspection.scoring import ScoredRows, find_optimized_metric  # noqa: PLC0415

        model = self.model_
        metric = find_optimized_metric(self.fit_result_, targets, self.optimize_metric, self.pos_label)
        rows = ScoredRows.read(model, X, y, sample_weight, owner=type(self).__name__)
        score = metric.score(rows.y, rows.predict(model), rows.weights, model.threshold)
        if return_loss_value:
            return metric.loss(score)
        return signed_score(score, greater_is_better=metric.optimum is not None)

    def __getitem__(self, key: str) -> Any:
        """Return a value of `fit_result`, the dictionary that Auto-PyTorch's `fit` returns.

        Raises
        ------
        NotFittedError
        KeyError
            If there is no such key.
        """
        if not isinstance(key, str):
            raise TypeError(
                f"{type(self).__name__} is indexed by the keys of fit_result, such as 'loss'; got {key!r:.60}."
            )
        result = self.fit_result_
        if key not in result:
            raise KeyError(f"fit_result has no {key!r:.60}; it has {', '.join(result)}")
        return result[key]

    __iter__ = None  # indexed by name only: it is not a sequence

    def get_current_autonet_config(self) -> dict[str, Any]:
        """Return every option with its value; options left to the preset have the preset's."""
        from autonet.estimators.fitting import resolve_options  # noqa: PLC0415 - loading a model needs no search

        options = resolve_options(self, {})  # type: ignore[arg-type]  # an estimator
        return {name: getattr(options, name) for name in options.names()}

    def update_autonet_config(self, **options: Any) -> None:
        """Set options, as ``set_params`` of scikit-learn, which returns the estimator.

        Parameters
        ----------
        **options
            Any option of the constructor.

        Raises
        ------
        UnknownName
            If an option does not exist.

        Examples
        --------
        >>> from autonet import AutoNetClassification
        >>> auto = AutoNetClassification("tiny_cs")
        >>> auto.update_autonet_config(max_runtime=300, random_seed=1)
        >>> auto.max_runtime, auto.random_state
        (300, 1)
        """
        self.set_params(**options)  # type: ignore[attr-defined]  # of the estimator

    def get_autonet_config_file_parser(self) -> ConfigFileParser:
        """Return a parser of option files, lines of ``option=value``, such as Auto-PyTorch's.

        It is a ``ConfigFileParser`` of ``autonet.estimators.autopytorch.option_files``, which describes the format.
        """
        from autonet.estimators.autopytorch.option_files import ConfigFileParser  # noqa: PLC0415 - loading a model needs none

        return ConfigFileParser(self._options())  # type: ignore[attr-defined]  # of the estimator

    def print_help(self) -> None:
        """Print every option with its default and meaning, then the components of the search space with their ranges.

        The space is that of the preset and the options, for data of common size; `get_hyperparameter_search_space`
        builds it for given ones.
        """
        from autonet.inspection.space import list_hyperparameters  # noqa: PLC0415 - loading a model needs no search

        space = self.get_hyperparameter_search_space()  # type: ignore[attr-defined]  # of the estimator
        params = self._params  # type: ignore[attr-defined]  # of all estimators
        print(f"{describe_parameters(params)}\n\n{list_hyperparameters(space).to_text()}")  # noqa: T201 - its purpose

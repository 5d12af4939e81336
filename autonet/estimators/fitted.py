"""Attributes and methods of a fitted estimator."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.exceptions import NotFittedError
from torch import nn

from autonet.core.errors import InvalidData, InvalidOption
from autonet.core.typing import Array
from autonet.data.reading.schema import are_strings
from autonet.data.targets.targets import MultilabelTargets
from autonet.estimators.columns import ColumnSummary
from autonet.estimators.description import describe_model, describe_search
from autonet.estimators.evaluated import EvaluatedEstimator
from autonet.estimators.inspected import InspectedEstimator
from autonet.estimators.pickling import PortableEstimator
from autonet.inspection.record import FitRecord
from autonet.models.export import build_module, export_model
from autonet.models.model import FittedModel

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

    from autonet.search.history import History

__all__ = ["FittedEstimator"]


class _NotFitted:
    """Value of an attribute that `fit` sets: reading it before raises an error, and takes no time afterwards.

    `check_is_fitted` makes all tags of the estimator first.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        if "model_" in vars(instance):  # loaded from a file
            return instance._restore_search(self._name)  # noqa: SLF001 - of the same class
        raise NotFittedError(
            f"This {owner.__name__} instance is not fitted yet. Call 'fit' with appropriate arguments before using "
            "this estimator."
        )


class FittedEstimator(InspectedEstimator, EvaluatedEstimator, TransformerMixin, PortableEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Attributes and methods of an estimator after `fit`."""

    best_config_: dict[str, Any] = _NotFitted()  # type: ignore[assignment]
    fit_result_: dict[str, Any] = _NotFitted()  # type: ignore[assignment]
    history_: History = _NotFitted()  # type: ignore[assignment]
    search_space_: ConfigurationSpace = _NotFitted()  # type: ignore[assignment]
    model_: FittedModel = _NotFitted()  # type: ignore[assignment]
    _record: FitRecord = FitRecord()

    def _set_model(self, model: FittedModel) -> None:
        """Set the fitted model, and scikit-learn's attributes of it."""
        self.model_ = model
        self.n_features_in_ = model.schema.n_features
        self.__dict__.pop("feature_names_in_", None)
        if are_strings(model.schema.names):
            self.feature_names_in_ = np.array(model.schema.names, dtype=object)
        targets = model.targets
        self.classes_: Array | list[Array]
        if isinstance(targets, MultilabelTargets):  # of arange(2), scorers would take two labels for two classes
            self.classes_ = [np.array([0, 1], targets.dtype)] * targets.n_outputs
        elif targets.labels is not None:
            self.classes_ = targets.labels

    def _restore_search(self, name: str) -> Any:
        """Return the history or the search space of the file that the estimator was loaded from."""
        stored = self.__dict__.get("_stored_search")
        if stored is None:
            raise AttributeError(
                f"{name} is not in the model file; save it with with_history=True to load it with the model."
            )
        from autonet.estimators.search_spec import restore_search  # noqa: PLC0415 - predictions need no search

        self.history_, self.search_space_ = restore_search(stored)
        return getattr(self, name)

    def save(self, path: str | os.PathLike[str], *, with_history: bool = False, dtype: str = "float32") -> None:
        """Write the fitted model to a file that `autonet.load` reads.

        The file is in the safetensors format, holds numbers and text but no code, and is there whole or not at all.
        Training data are not in it, history and search space only if asked for.

        Parameters
        ----------
        path : path-like
            Replaced if it exists.
        with_history : bool, default=False
            Whether the file holds ``history_`` and ``search_space_``.
        dtype : {"float32", "float16"}, default="float32"
            Dtype of the networks' weights in the file; "float16" halves their size, and changes predictions slightly.

        Raises
        ------
        InvalidOption
            If there is no such directory.
        InvalidData
            If a label or category is of a class that has no description.

        See Also
        --------
        autonet.load : Load the model.
        """
        from autonet.estimators.files import save  # noqa: PLC0415 - a fit needs it not

        save(self, path, with_history=with_history, dtype=dtype)

    @property
    def fit_result(self) -> dict[str, Any]:
        """Result of the fit in plain values, under Auto-PyTorch's names and a few more.

        Returns
        -------
        optimized_hyperparameter_config : dict
            Configuration of the best network; ``NetworkSelector:network`` is "linear" if that is the baseline.
        budget : float
            Budget of the best network, in seconds or epochs; 0 for "linear".
        loss : float
            Validation loss of the final model: distance of ``optimize_metric`` from its optimum (1 - accuracy), or the
            metric itself if smaller is better.
        info : dict
            Scores of the final model: ``loss`` again, ``train_<metric>`` on some training rows, and
            ``val_<metric>`` for ``optimize_metric`` and ``additional_metrics``; ``refit_<metric>`` on the validation
            rows that the training on all others has left out, if it has; ``test_<metric>`` if `fit` got ``X_test``.
        best_network : dict
            ``name`` (number of the trial, or "linear"), ``loss`` and ``val_<metric>`` of the best network alone.
        ensemble : dict of str to float
            Members of the final model, trials and others, with their weights.
        ensemble_configs : dict of str to dict
            Configurations of the networks in ``ensemble``, under the same names.
        models : dict of str to dict
            ``weight``, ``loss`` and ``val_<metric>`` of each candidate for the ensemble, the best first.
        threshold : float, list of float or None
            Decision threshold; None if 0.5 or the most probable class decides.
        pos_label : label or None
            Positive class of ``optimize_metric``; None for a metric of all classes.

        Notes
        -----
        Validation scores are means over the folds, with the best threshold for each where the metric depends on one.
        Epochs, configurations, the ensemble, its temperature and threshold were selected on these rows, so that scores
        are slightly optimistic: compare models on rows that `fit` has not seen.  Scores are of the networks before they
        are trained on all rows, but ``refit_<metric>``.
        """
        return self.fit_result_

    @property
    def columns_(self) -> ColumnSummary:
        """Columns of the table: kind, levels, whether and why one is unused; prints as a table."""
        return ColumnSummary(getattr(self.model_.schema, "columns", ()))

    def transform(self, X: Any) -> Array:
        """Encode rows as the network of `get_pytorch_model` sees them.

        Numbers are imputed and scaled, categories are one-hot columns or, last, indices that the network embeds.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        ndarray of shape (n_samples, n_encoded), float32
            A data frame if ``set_output`` asks for one.
        """
        return self.model_.transform(X, owner=type(self).__name__)

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Return the names of the columns of `transform`.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the columns of a table without names, which are x0, x1, ... by default; otherwise those of the
            table.

        Returns
        -------
        ndarray of str
            A number has the name of its column, a part of a date "when:year", a missing value "age:missing", a level
            "job=admin", the index of an embedded level "job:index", a component of a text "review:topic0".  Components
            of all columns are numbered under the name of the preprocessor: "truncated_svd0".

        Raises
        ------
        InvalidData
            If other names are passed than the table has, or not one per column.
        """
        schema = self.model_.schema
        names = [f"x{i}" for i in range(schema.n_features)] if schema.names is None else list(map(str, schema.names))
        if input_features is not None:
            given = list(map(str, input_features))
            if schema.names is not None and given != names:
                raise InvalidData("input_features is not equal to feature_names_in_, the names of the columns of fit.")
            if len(given) != len(names):
                raise InvalidData(
                    f"input_features should have length equal to number of features ({len(names)}), got {len(given)}."
                )
            names = given
        return np.array(self.model_.name_columns(names), dtype=object)

    def get_pytorch_model(self, *, include_preprocessing: bool = False, ensemble: bool = False) -> nn.Module:
        """Return the network of the best configuration; of several folds, that of the first.

        Parameters
        ----------
        include_preprocessing : bool, default=False
            Return one module from the arrays of a table, or images, to probabilities or values in the unit of the
            target, an ``autonet.models.export.EndToEndModule``; ``autonet.models.export.to_tensors`` makes its inputs.
        ensemble : bool, default=False
            Include all networks of the final model, weighted and calibrated; requires `include_preprocessing`.

        Returns
        -------
        nn.Module
            On the CPU, in evaluation mode.  For the built-in networks of tables an ``nn.Sequential`` that begins with a
            ``Linear``, the scale of a ``realmlp``, or with embeddings of numbers or categories if there are any:
            ``model[0].in_features`` is the width after preprocessing.  A ``modernnca`` is one module, which holds rows
            of training.  Classification networks give logits, regression networks standardized targets.

        Raises
        ------
        InvalidOption
            If the ensemble is asked for without the preprocessing.
        """
        if include_preprocessing:
            return build_module(self.model_, ensemble=ensemble)
        if ensemble:
            raise InvalidOption("ensemble=True requires include_preprocessing=True: members may encode differently.")
        return self.model_.network

    def export(self, path: str | os.PathLike[str], *, ensemble: bool = True) -> None:
        """Write the model with its preprocessing for services without autonet.

        A JSON file of the same name says how columns or images become inputs.

        Parameters
        ----------
        path : path-like
            Name of the file: ``.pt2`` for ``torch.export``, ``.onnx`` for ONNX, which needs the extra ``onnx``.
        ensemble : bool, default=True
            Whether to export the whole final model, or the best network alone.

        Raises
        ------
        InvalidOption
            If the name has another ending.
        MissingPackage
            If a package for ONNX is not installed.
        """
        export_model(self.model_, path, ensemble=ensemble)

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        """Show the parameters and, once fitted, the result of the search."""
        text: str = super().__repr__(N_CHAR_MAX)
        if not hasattr(self, "fit_result_"):
            return text
        result = {**self.fit_result_, "threshold": self.model_.threshold}  # which the user may have set
        if not hasattr(self, "history_"):  # loaded from a file
            return "\n".join([text, *describe_model(result)])
        return "\n".join([text, *describe_search(result, self.history_, self.search_space_)])

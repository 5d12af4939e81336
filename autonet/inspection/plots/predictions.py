"""What displays draw of predictions: the truth beside what a fitted estimator predicts, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autonet.core.errors import InvalidData, InvalidOption
from autonet.core.typing import Array, FloatArray
from autonet.core.validation import is_integer
from autonet.core.warn import join_first

__all__ = [
    "ClassPredictions",
    "check_same_rows",
    "find_model",
    "find_rows",
    "name_outputs",
    "predict_classes",
    "predict_values",
]

MEDIAN = 0.5


@dataclass(frozen=True)
class ClassPredictions:
    """Truth and probabilities of the classes, or of the labels of rows with several.

    Attributes
    ----------
    names : list of str
        Names of the classes or labels.
    truth : ndarray of shape (n_samples, n_classes), bool
    probabilities : ndarray of shape (n_samples, n_classes)
    is_multilabel : bool
        Whether a row may have several.
    """

    names: list[str]
    truth: Array
    probabilities: FloatArray
    is_multilabel: bool = False


def find_model(estimator: Any, display: str, kinds: tuple[str, ...], task: str) -> Any:
    """Return the `FittedModel` of an estimator whose task a display can draw.

    Parameters
    ----------
    estimator : AutoNetClassification or AutoNetRegression
    display : str
        Name of the display.
    kinds : tuple of {"classification", "multilabel", "regression"}
    task : str
        Names them in the message of an error.

    Raises
    ------
    NotFittedError
    InvalidOption
        If it is not an estimator of autonet, or has another task.
    """
    if not hasattr(type(estimator), "model_"):
        raise InvalidOption(
            f"estimator must be a fitted estimator of autonet; got {type(estimator).__name__}. scikit-learn's displays "
            "draw others."
        )
    model = estimator.model_
    if model.targets.kind not in kinds:
        got = "several labels per row" if model.targets.kind == "multilabel" else f"a {model.targets.kind}"
        raise InvalidOption(f"{display} is for {task}; this estimator was fitted to {got}.")
    return model


def name_outputs(targets: Any) -> list[str]:
    """Return the names of classes, or of labels or targets: "label 0" and so on where `y` had no names."""
    what = {"multilabel": "label ", "regression": "target "}.get(targets.kind)
    prefix = what if what and not targets.columns else ""
    return [f"{prefix}{name}" for name in targets.names]


def find_rows(estimator: Any, X: Any, y: Any) -> tuple[Any, Any]:
    """Return rows and targets where X names both, as a folder of images does."""
    found: tuple[Any, Any] = estimator._find_rows(X, y)  # noqa: SLF001 - of the same package
    return found


def predict_classes(estimator: Any, X: Any, y: Any, display: str) -> ClassPredictions:
    """Predict the probabilities of a classification, with one or several labels per row.

    Raises
    ------
    NotFittedError
    InvalidOption
        If the estimator is not a classifier.
    InvalidData
        If X and y have different numbers of rows, or y has unknown labels.
    """
    model = find_model(estimator, display, ("classification", "multilabel"), "a classification")
    X, y = find_rows(estimator, X, y)
    codes = model.targets.encode(y)
    probabilities = np.asarray(estimator.predict_proba(X), float)
    check_same_rows(codes, probabilities)
    names = name_outputs(model.targets)
    if model.targets.kind == "multilabel":
        return ClassPredictions(names, codes.astype(bool), probabilities, True)
    return ClassPredictions(names, codes[:, None] == np.arange(len(names)), probabilities)


def predict_values(
    estimator: Any, X: Any, y: Any, target: int | str | None, display: str
) -> tuple[FloatArray, FloatArray]:
    """Return the true and the predicted values of a target of a regression, both of shape (n_samples,).

    Parameters
    ----------
    estimator : AutoNetRegression
    X, y : as in `fit`
    target : int or str, optional
        Index or name of the target; required for several.
    display : str
        Name of the display.

    Raises
    ------
    NotFittedError
    InvalidOption
        If the estimator is not a regressor, there is no such target, or it predicts quantiles but not the median.
    InvalidData
        If X and y have different numbers of rows, or y is not a target of this estimator.
    """
    model = find_model(estimator, display, ("regression",), "a regression")
    X, y = find_rows(estimator, X, y)
    targets = model.targets
    truth, predicted = targets.encode(y), np.asarray(estimator.predict(X), float)
    check_same_rows(truth, predicted)
    if targets.quantiles:
        if MEDIAN not in targets.quantiles:
            raise InvalidOption(
                f"{display} compares the target with its mean or median; this estimator predicts the quantiles "
                f"{list(targets.quantiles)}. Fit one with 0.5 among them."
            )
        return truth[:, 0], predicted.reshape(len(truth), -1)[:, targets.quantiles.index(MEDIAN)]
    column = _find_target(targets, target)
    return truth[:, column], predicted.reshape(len(truth), -1)[:, column]


def _find_target(targets: Any, target: int | str | None) -> int:
    """Return the index of a target."""
    n, names = targets.n_targets, list(targets.columns)
    choices = f"0 to {n - 1}" + (f", or one of {join_first(list(map(repr, names)))}" if names else "")
    if target is None and n > 1:
        raise InvalidOption(f"This estimator predicts {n} targets; choose one: target={choices}.")
    if isinstance(target, str) and target in names:
        return names.index(target)
    column: Any = 0 if target is None else target
    if not (is_integer(column) and 0 <= column < n):
        raise InvalidOption(f"target must be an integer from {choices}; got {target!r}.")
    return int(column)


def check_same_rows(truth: Array, predicted: Array) -> None:
    """Raise if X and y have different numbers of rows."""
    if len(truth) != len(predicted):
        raise InvalidData(f"X has {len(predicted)} rows and y has {len(truth)}; pass a target for each row.")

"""Displays of a classification: confusion matrix, ROC, precision and recall, calibration; drawn by scikit-learn's."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from autonet.core.errors import InvalidData
from autonet.core.typing import Array
from autonet.inspection.plots.figures import GREY, OKABE_ITO, add_legend, import_pyplot, make_axes, shorten, strip_axes
from autonet.inspection.plots.predictions import (
    ClassPredictions,
    check_same_rows,
    find_model,
    find_rows,
    predict_classes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "CalibrationCurvesDisplay",
    "ConfusionMatrixDisplay",
    "PrecisionRecallCurvesDisplay",
    "RocCurvesDisplay",
]

MAX_CHARACTERS = 20  # of a class
N_BINS = 10  # of a calibration curve
LINES = ("-", "--", ":")
MAX_NUMBERS = 15  # classes up to which the cells of a confusion matrix have numbers


@dataclass
class ConfusionMatrixDisplay:
    """Plot of how often each class is predicted as which.

    Create it with `from_estimator`.

    Parameters
    ----------
    labels : ndarray of shape (n_classes,)
    truth, predicted : ndarray of int, shape (n_samples,)
        Class codes.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    matrix_ : ndarray of shape (n_classes, n_classes)
        Counts or shares, true classes in rows.
    display_ : sklearn.metrics.ConfusionMatrixDisplay

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from autonet import AutoNetClassification
    >>> X, y = load_iris(return_X_y=True)
    >>> auto = AutoNetClassification("tiny_cs", max_trials=2, budget_type="epochs", max_budget=9, random_state=0)
    >>> ConfusionMatrixDisplay.from_estimator(auto.fit(X, y), X, y).matrix_.shape
    (3, 3)
    """

    labels: Array
    truth: Array
    predicted: Array

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        normalize: Literal["true", "pred", "all"] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Predict the classes of rows, and plot them.

        Parameters
        ----------
        estimator : AutoNetClassification
            Fitted.
        X, y : as in `fit`
        normalize : {"true", "pred", "all"}, optional
            Show shares of the rows of a true class, of a predicted class, or of all, instead of counts.
        ax : matplotlib.axes.Axes, optional
            Default: those of a new figure.

        Returns
        -------
        ConfusionMatrixDisplay

        Raises
        ------
        NotFittedError
        InvalidOption
            If the estimator is not a classifier, or predicts several labels per row.
        InvalidData
            If y has unknown labels, or not as many rows as X.
        MissingPackage
            If matplotlib is not installed.
        """
        task = "a classification with one label per row"
        targets = find_model(estimator, cls.__name__, ("classification",), task).targets
        X, y = find_rows(estimator, X, y)
        truth, predicted = targets.encode(y), targets.encode(estimator.predict(X))
        check_same_rows(truth, predicted)
        return cls(targets.labels, truth, predicted).plot(normalize=normalize, ax=ax)

    def plot(self, *, normalize: Literal["true", "pred", "all"] | None = None, ax: Axes | None = None) -> Self:
        """Draw the plot.

        Parameters
        ----------
        normalize : {"true", "pred", "all"}, optional
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        ConfusionMatrixDisplay
            The display itself.
        """
        from sklearn.metrics import ConfusionMatrixDisplay as Matrix  # noqa: PLC0415 - the name of this class

        n = len(self.labels)
        names = [shorten(label, MAX_CHARACTERS) for label in self.labels]
        side = float(np.clip(2.6 + 0.42 * n, 4, 12))
        ax = make_axes(type(self).__name__, ax, (side + 1, side))
        steep: Any = "horizontal" if sum(map(len, names)) <= 10 * side else 45
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "A single label was found")  # although all labels are passed
            self.display_ = Matrix.from_predictions(
                *(self.truth, self.predicted),
                labels=np.arange(n),
                display_labels=names,
                normalize=normalize,
                include_values=n <= MAX_NUMBERS,
                values_format="d" if normalize is None else ".2f",
                xticks_rotation=steep,
                cmap="Blues",
                ax=ax,
            )
        if steep == 45:
            for text in ax.get_xticklabels():
                text.set(horizontalalignment="right", rotation_mode="anchor")
        self.matrix_ = self.display_.confusion_matrix
        ax.set(xlabel="predicted", ylabel="true")
        self.ax_, self.figure_ = ax, ax.get_figure()
        return self


@dataclass
class _CurvesDisplay(ABC):
    """Plot of a curve for each class against all others, or for the second of two classes.

    Parameters
    ----------
    predictions : ClassPredictions
    max_curves : int
        With more classes, those with the worst score are drawn.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    scores_ : dict of str to float
        Score of each class that occurs in y, the worst first.
    lines_ : dict of str to matplotlib.lines.Line2D
        Curve of each class that is drawn.
    """

    predictions: ClassPredictions
    max_curves: int = len(OKABE_ITO)

    score_name: ClassVar[str]
    smaller_is_better: ClassVar[bool] = False

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any = None, *, max_curves: int = len(OKABE_ITO), ax: Axes | None = None
    ) -> Self:
        """Predict the probabilities of rows, and plot their curves.

        Parameters
        ----------
        estimator : AutoNetClassification
            Fitted.
        X, y : as in `fit`
        max_curves : int, default=7
            With more classes, those with the worst score are drawn.
        ax : matplotlib.axes.Axes, optional
            Default: those of a new figure.

        Raises
        ------
        NotFittedError
        InvalidOption
            If the estimator is not a classifier.
        InvalidData
            If y has unknown labels, not as many rows as X, or one class alone.
        MissingPackage
            If matplotlib is not installed.
        """
        import_pyplot(cls.__name__)
        return cls(predict_classes(estimator, X, y, cls.__name__), max_curves).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the plot.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
        """
        ax = make_axes(type(self).__name__, ax, (7.2, 4.2))
        predictions, columns = self.predictions, self._find_columns()
        scores = {c: self._score(predictions.truth[:, c], predictions.probabilities[:, c]) for c in columns}
        worst_first = sorted(columns, key=lambda c: -scores[c] if self.smaller_is_better else scores[c])
        self.scores_ = {predictions.names[c]: scores[c] for c in worst_first}
        drawn = sorted(worst_first[: self.max_curves])
        self.lines_ = {}
        for number, c in enumerate(drawn):
            line = self._draw(ax, predictions.truth[:, c], predictions.probabilities[:, c]).line_
            label = f"{shorten(predictions.names[c], MAX_CHARACTERS)} ({self.score_name} {scores[c]:.3f})"
            color, linestyle = OKABE_ITO[number % len(OKABE_ITO)], LINES[number // len(OKABE_ITO) % len(LINES)]
            line.set(label=label, color=color, linestyle=linestyle)
            self.lines_[predictions.names[c]] = line
        self._finish(ax)
        ax.set_aspect("auto")  # the layout of a figure makes no room for a legend beside axes of a fixed aspect
        add_legend(ax, f"the worst {len(drawn)} of {len(worst_first)}" if len(drawn) < len(worst_first) else None)
        strip_axes(ax)
        self.ax_, self.figure_ = ax, ax.get_figure()
        return self

    def _find_columns(self) -> list[int]:
        """Return the classes with rows of both kinds; of two classes the second alone.

        Raises
        ------
        InvalidData
            If there is none.
        """
        truth = self.predictions.truth
        columns = [c for c in range(truth.shape[1]) if 0 < truth[:, c].sum() < len(truth)]
        if not columns:
            raise InvalidData(
                f"y has {len(truth)} rows that are all the same; {type(self).__name__} needs rows that are of a class "
                "and rows that are not."
            )
        return columns[-1:] if truth.shape[1] == 2 and not self.predictions.is_multilabel else columns

    @abstractmethod
    def _score(self, truth: Array, probabilities: Array) -> float:
        """Return the score of a class."""

    @abstractmethod
    def _draw(self, ax: Axes, truth: Array, probabilities: Array) -> Any:
        """Draw the curve of a class by a display of scikit-learn, and return it."""

    @abstractmethod
    def _finish(self, ax: Axes) -> None:
        """Draw what is compared with, and set labels."""


class RocCurvesDisplay(_CurvesDisplay):
    """Plot of receiver operating characteristics: of two classes, of each class against all others, or of each label.

    Create it with ``from_estimator(estimator, X, y)``; attributes are ``ax_``, ``figure_``, ``scores_`` (areas under
    the curves) and ``lines_``.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from autonet import AutoNetClassification
    >>> X, y = load_iris(return_X_y=True)
    >>> auto = AutoNetClassification("tiny_cs", max_trials=2, budget_type="epochs", max_budget=9, random_state=0)
    >>> display = RocCurvesDisplay.from_estimator(auto.fit(X, y), X, y)
    >>> sorted(display.scores_), min(display.scores_.values()) > 0.9
    (['0', '1', '2'], True)
    """

    score_name = "AUC"

    def _score(self, truth: Array, probabilities: Array) -> float:
        return float(roc_auc_score(truth, probabilities))

    def _draw(self, ax: Axes, truth: Array, probabilities: Array) -> Any:
        from sklearn.metrics import RocCurveDisplay  # noqa: PLC0415 - draws

        return RocCurveDisplay.from_predictions(truth, probabilities, ax=ax)

    def _finish(self, ax: Axes) -> None:
        ax.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="chance")
        ax.set(xlabel="false positive rate", ylabel="true positive rate (recall)")


class PrecisionRecallCurvesDisplay(_CurvesDisplay):
    """Plot of precision against recall: of two classes, of each class against all others, or of each label.

    Create it with ``from_estimator(estimator, X, y)``; attributes are ``ax_``, ``figure_``, ``scores_`` (average
    precisions) and ``lines_``.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from autonet import AutoNetClassification
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> auto = AutoNetClassification("tiny_cs", max_trials=1, budget_type="epochs", max_budget=9, random_state=0)
    >>> PrecisionRecallCurvesDisplay.from_estimator(auto.fit(X, y), X, y).scores_["1"] > 0.9
    True
    """

    score_name = "AP"

    def _score(self, truth: Array, probabilities: Array) -> float:
        return float(average_precision_score(truth, probabilities))

    def _draw(self, ax: Axes, truth: Array, probabilities: Array) -> Any:
        from sklearn.metrics import PrecisionRecallDisplay  # noqa: PLC0415 - draws

        return PrecisionRecallDisplay.from_predictions(truth, probabilities, ax=ax)

    def _finish(self, ax: Axes) -> None:
        ax.set(xlabel="recall (true positive rate)", ylabel="precision")


class CalibrationCurvesDisplay(_CurvesDisplay):
    """Plot of how often a class occurs among rows of about the same probability; a perfect model is on the diagonal.

    Create it with ``from_estimator(estimator, X, y)``; attributes are ``ax_``, ``figure_``, ``scores_`` (Brier scores)
    and ``lines_``.  Points are means of ten bins with equal numbers of rows.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from autonet import AutoNetClassification
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> auto = AutoNetClassification("tiny_cs", max_trials=1, budget_type="epochs", max_budget=9, random_state=0)
    >>> CalibrationCurvesDisplay.from_estimator(auto.fit(X, y), X, y).scores_["1"] < 0.2
    True
    """

    score_name = "Brier"
    smaller_is_better = True

    def _score(self, truth: Array, probabilities: Array) -> float:
        return float(brier_score_loss(truth, probabilities))

    def _draw(self, ax: Axes, truth: Array, probabilities: Array) -> Any:
        from sklearn.calibration import CalibrationDisplay  # noqa: PLC0415 - draws

        options: Any = {"n_bins": N_BINS, "strategy": "quantile", "ref_line": False, "ax": ax}
        return CalibrationDisplay.from_predictions(truth, probabilities, **options)

    def _finish(self, ax: Axes) -> None:
        ax.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="perfectly calibrated")
        ax.set(xlabel="predicted probability", ylabel="share of rows of the class")

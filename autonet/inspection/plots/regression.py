"""Displays of a regression: residuals, and predicted against true values; drawn by scikit-learn's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from sklearn.metrics import mean_absolute_error, r2_score

from autonet.core.typing import FloatArray
from autonet.inspection.plots.figures import BLACK, BLUE, import_pyplot, make_axes, strip_axes
from autonet.inspection.plots.predictions import predict_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PredictionsDisplay", "ResidualsDisplay"]

MANY = 300  # rows from which dots are small
MAX_DOTS = 5000  # of more rows some are drawn, chosen at random


@dataclass
class _ErrorDisplay:
    """Plot of the errors of a regression.

    Parameters
    ----------
    truth, predicted : ndarray of shape (n_samples,)

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    display_ : sklearn.metrics.PredictionErrorDisplay
    """

    truth: FloatArray
    predicted: FloatArray

    kind: ClassVar[Literal["actual_vs_predicted", "residual_vs_predicted"]]
    labels: ClassVar[tuple[str, str]]

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any = None, *, target: int | str | None = None, ax: Axes | None = None
    ) -> Self:
        """Predict the target of rows, and plot them.

        Parameters
        ----------
        estimator : AutoNetRegression
            Fitted.  Of one with quantiles, the median is drawn.
        X, y : as in `fit`
        target : int or str, optional
            Index or name of the target to draw; required for several.
        ax : matplotlib.axes.Axes, optional
            Default: those of a new figure.

        Raises
        ------
        NotFittedError
        InvalidOption
            If the estimator is not a regressor, there is no such target, or it predicts quantiles without the median.
        InvalidData
            If y is not a target of this estimator, or has not as many rows as X.
        MissingPackage
            If matplotlib is not installed.
        """
        import_pyplot(cls.__name__)
        return cls(*predict_values(estimator, X, y, target, cls.__name__)).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the plot.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
        """
        from sklearn.metrics import PredictionErrorDisplay  # noqa: PLC0415 - draws

        ax = make_axes(type(self).__name__, ax, (5.6, 4.6))
        size = 22 if len(self.truth) <= MANY else 8
        self.display_ = PredictionErrorDisplay.from_predictions(
            *(self.truth, self.predicted),
            kind=self.kind,
            subsample=MAX_DOTS,
            random_state=0,
            scatter_kwargs={"color": BLUE, "alpha": 0.6, "s": size, "linewidths": 0},
            line_kwargs={"color": BLACK, "linestyle": "--", "linewidth": 1.2},
            ax=ax,
        )
        self._finish(ax)
        strip_axes(ax)
        self.ax_, self.figure_ = ax, ax.get_figure()
        return self

    def _finish(self, ax: Axes) -> None:
        """Set ticks, labels and title."""
        from matplotlib.ticker import AutoLocator  # noqa: PLC0415 - an extra

        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(AutoLocator())  # scikit-learn's are not at round numbers
        ax.set(xlabel=self.labels[0], ylabel=self.labels[1])
        error = mean_absolute_error(self.truth, self.predicted)
        explained = f"R² {r2_score(self.truth, self.predicted):.3f}, " if len(self.truth) > 1 else ""
        ax.set_title(f"{explained}mean absolute error {error:.4g}", loc="left", fontsize="medium")


class PredictionsDisplay(_ErrorDisplay):
    """Plot of true against predicted values; those of a perfect model are on the diagonal.

    Create it with ``from_estimator(estimator, X, y)``; attributes are ``ax_``, ``figure_`` and ``display_``, the
    `PredictionErrorDisplay` of scikit-learn.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from autonet import AutoNetRegression
    >>> X, y = make_friedman1(300, random_state=0)
    >>> auto = AutoNetRegression("tiny_cs", max_trials=1, budget_type="epochs", max_budget=27, random_state=0)
    >>> PredictionsDisplay.from_estimator(auto.fit(X, y), X, y).ax_.get_xlabel()
    'predicted'
    """

    kind = "actual_vs_predicted"
    labels = ("predicted", "true")


class ResidualsDisplay(_ErrorDisplay):
    """Plot of residuals, true minus predicted, over predicted values.

    Create it with ``from_estimator(estimator, X, y)``; attributes are ``ax_``, ``figure_`` and ``display_``, the
    `PredictionErrorDisplay` of scikit-learn.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from autonet import AutoNetRegression
    >>> X, y = make_friedman1(300, random_state=0)
    >>> auto = AutoNetRegression("tiny_cs", max_trials=1, budget_type="epochs", max_budget=27, random_state=0)
    >>> ResidualsDisplay.from_estimator(auto.fit(X, y), X, y).ax_.get_ylabel()
    'residual (true - predicted)'
    """

    kind = "residual_vs_predicted"
    labels = ("predicted", "residual (true - predicted)")

"""Displays of images: those that are predicted worst, where it matters, and how training changes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from autonet.core.errors import InvalidOption
from autonet.core.resulttable import ResultTable
from autonet.core.typing import Array, FloatArray
from autonet.core.validation import is_integer
from autonet.inspection.plots.figures import BLACK, ORANGE, RED, make_axes, shorten, split_axes
from autonet.inspection.plots.predictions import find_model, find_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from autonet.inspection.images import Mistake
    from autonet.inspection.scoring import ScoredRows

__all__ = ["AugmentationsDisplay", "MistakesDisplay", "PatchImportanceDisplay", "mean_image"]

KINDS = ("classification", "multilabel", "regression")
COLUMNS = 6  # of mistakes
MAX_IMAGES = 200  # that a mean is drawn of
MAX_CHARACTERS = 18  # of a title


@dataclass
class MistakesDisplay:
    """Pictures of the images that are predicted worst, with truth and prediction; wrong ones in red.

    Create it with `from_estimator`.

    Parameters
    ----------
    images : ndarray of shape (n, h, w, 3)
        Values from 0 to 1.
    mistakes : list of Mistake
        ``row``, ``truth``, ``predicted`` and ``is_wrong`` of each image.

    Attributes
    ----------
    axes_ : list of matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from autonet import AutoNetImageClassification
    >>> from autonet.inspection import MistakesDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> X = X.reshape(-1, 8, 8)
    >>> auto = AutoNetImageClassification("tiny_cs", max_trials=1, budget_type="epochs", max_budget=5, random_state=0)
    >>> display = MistakesDisplay.from_estimator(auto.fit(X[:1000], y[:1000]), X[1000:], y[1000:], n_images=6)
    >>> len(display.mistakes)
    6
    """

    images: FloatArray
    mistakes: Sequence[Mistake]

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any = None, *, n_images: int = 12, ax: Axes | None = None
    ) -> Self:
        """Predict images, and show those that are predicted worst.

        Parameters
        ----------
        estimator : AutoNetImageClassification or AutoNetImageRegression
            Fitted.
        X, y : as in `fit`
        n_images : int, default=12
            For a classification, those whose true class the model gives the lowest probability; for a regression, those
            with the largest errors.
        ax : matplotlib.axes.Axes, optional
            Replaced by axes for each image.  Default: those of a new figure.

        Raises
        ------
        NotFittedError
        InvalidOption
            If the estimator is not of images, or `n_images` is not a positive number.
        InvalidData
            If the images or targets do not fit the model.
        MissingPackage
            If matplotlib is not installed.
        """
        from autonet.inspection.scoring import ScoredRows  # noqa: PLC0415 - imports torch

        model = _find_model(estimator, cls.__name__, n_images=n_images)
        rows = ScoredRows.read(model, *find_rows(estimator, X, y), owner=type(estimator).__name__)
        return cls.from_rows(model, rows, n_images).plot(ax=ax)

    @classmethod
    def from_rows(cls, model: Any, rows: ScoredRows, n_images: int) -> Self:
        """Choose images of rows that are read; nothing is drawn yet."""
        from autonet.inspection.images import rank_mistakes, to_pixels  # noqa: PLC0415 - imports torch

        mistakes = rank_mistakes(model, rows.y, rows.predict(model), n_images)
        chosen = np.array([mistake.row for mistake in mistakes])
        values = rows.data.rows(chosen).values  # type: ignore[attr-defined]  # ImageData
        return cls(to_pixels(values, model.schema.shown_white), mistakes)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the images.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
        """
        n_columns = min(COLUMNS, len(self.mistakes))
        n_rows = math.ceil(len(self.mistakes) / n_columns)
        ax = make_axes(type(self).__name__, ax, (1.5 * n_columns, 1.9 * n_rows))
        self.axes_ = split_axes(ax, len(self.mistakes), n_columns)
        for axes, image, mistake in zip(self.axes_, self.images, self.mistakes, strict=True):
            _show(axes, image)
            texts = shorten(mistake.truth, MAX_CHARACTERS), shorten(mistake.predicted, MAX_CHARACTERS)
            color = RED if mistake.is_wrong else BLACK
            axes.set_title(f"{texts[0]}\n→ {texts[1]}", fontsize=9, color=color)
        self.figure_ = ax.get_figure()
        return self


@dataclass
class PatchImportanceDisplay:
    """Map of the patches of images that predictions depend on, over the mean of the images.

    Create it with `from_estimator`.

    Parameters
    ----------
    table : ResultTable
        As returned by ``feature_importance`` of an estimator of images.
    image : ndarray of shape (h, w, 3)
        Mean of the images, values from 0 to 1.
    metric : str
        Its name.

    Attributes
    ----------
    importances : ndarray of shape (h, w)
        Importance of the patch that a pixel belongs to.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from autonet import AutoNetImageClassification
    >>> from autonet.inspection import PatchImportanceDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> X = X.reshape(-1, 8, 8)
    >>> auto = AutoNetImageClassification("tiny_cs", max_trials=1, budget_type="epochs", max_budget=5, random_state=0)
    >>> display = PatchImportanceDisplay.from_estimator(auto.fit(X[:1000], y[:1000]), X[1000:], y[1000:])
    >>> display.importances.shape
    (8, 8)
    """

    table: ResultTable
    image: FloatArray
    metric: str

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        metric: str | None = None,
        patch_size: int | None = None,
        n_repeats: int = 5,
        max_rows: int | None = 200,
        random_state: int = 0,
        ax: Axes | None = None,
    ) -> Self:
        """Compute the importance of patches, and draw it.

        Parameters
        ----------
        estimator : AutoNetImageClassification or AutoNetImageRegression
            Fitted.
        X, y : as in `fit`
            Images that `fit` has not seen.
        metric, patch_size, n_repeats, max_rows, random_state
            As of ``feature_importance``.
        ax : matplotlib.axes.Axes, optional
            Default: those of a new figure.

        Raises
        ------
        NotFittedError
        InvalidOption
            If the estimator is not of images, or an option is out of range.
        InvalidData
            If the images or targets do not fit the model.
        MissingPackage
            If matplotlib is not installed.
        """
        from autonet.inspection.scoring import optimized_name  # noqa: PLC0415 - imports torch

        model = _find_model(estimator, cls.__name__)
        X, y = find_rows(estimator, X, y)
        options: Any = {"patch_size": patch_size, "n_repeats": n_repeats, "max_rows": max_rows}
        table = estimator.feature_importance(X, y, metric=metric, random_state=random_state, **options)
        name = optimized_name(estimator.fit_result_) if metric is None else metric
        return cls(table, mean_image(model, model.read(X)), name).plot(ax=ax)

    @property
    def importances(self) -> FloatArray:
        """Importance of the patch that a pixel belongs to, of shape (h, w)."""
        from autonet.inspection.image_importance import importance_map  # noqa: PLC0415 - imports torch

        return importance_map(self.table)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the map; patches whose importance noise could reach stay without color.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
        """
        from matplotlib.colors import LinearSegmentedColormap, to_rgb  # noqa: PLC0415 - an extra

        from autonet.inspection.image_importance import importance_map  # noqa: PLC0415 - imports torch

        ax = make_axes(type(self).__name__, ax, (5.2, 4.2))
        _show(ax, 0.35 + 0.65 * self.image)
        red = to_rgb(RED)
        colors = LinearSegmentedColormap.from_list("importance", [(*to_rgb(ORANGE), 0.0), (*red, 0.55), (*red, 0.9)])
        shown = importance_map(self.table, above_noise=True).clip(0)
        drawn = ax.imshow(shown, cmap=colors, vmin=0, vmax=shown.max() or 1.0, interpolation="nearest")
        figure: Any = ax.get_figure()
        figure.colorbar(drawn, ax=ax, label=f"{self.metric} gets worse by", pad=0.03)
        self.ax_, self.figure_ = ax, figure
        return self


@dataclass
class AugmentationsDisplay:
    """Pictures of some images, and of how the best configuration changes them in training.

    Create it with `from_estimator`.

    Parameters
    ----------
    images : ndarray of shape (n_images, h, w, 3)
        Values from 0 to 1.
    augmented : ndarray of shape (n_draws, n_images, h, w, 3)

    Attributes
    ----------
    axes_ : list of matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from autonet import AutoNetImageClassification
    >>> from autonet.inspection import AugmentationsDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> X = X.reshape(-1, 8, 8)
    >>> auto = AutoNetImageClassification("tiny_cs", max_trials=1, budget_type="epochs", max_budget=5, random_state=0)
    >>> AugmentationsDisplay.from_estimator(auto.fit(X, y), X).augmented.shape
    (5, 4, 8, 8, 3)
    """

    images: FloatArray
    augmented: FloatArray

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        n_images: int = 4,
        n_draws: int = 5,
        random_state: int = 0,
        ax: Axes | None = None,
    ) -> Self:
        """Change images at random, and show them.

        Parameters
        ----------
        estimator : AutoNetImageClassification or AutoNetImageRegression
            Fitted.
        X : as in `fit`
        n_images : int, default=4
            The first ones of `X`.
        n_draws : int, default=5
            Random changes of each.
        random_state : int, default=0
        ax : matplotlib.axes.Axes, optional
            Replaced by axes for each image.  Default: those of a new figure.

        Raises
        ------
        NotFittedError
        InvalidOption
            If the estimator is not of images, its best configuration changes none, or a number is not positive.
        InvalidData
            If the images do not fit the model.
        MissingPackage
            If matplotlib is not installed.
        """
        model = _find_model(estimator, cls.__name__, n_images=n_images, n_draws=n_draws)
        data = model.read(estimator._list_rows(X)).rows(slice(0, n_images))  # noqa: SLF001 - of the same package
        return cls.from_data(model, data, n_draws, random_state).plot(ax=ax)

    @classmethod
    def from_data(cls, model: Any, data: Any, n_draws: int, random_state: int = 0) -> Self:
        """Change images that are read; nothing is drawn yet."""
        from autonet.inspection.images import augment_images, to_pixels  # noqa: PLC0415 - imports torch

        augmented = augment_images(model, data, n_draws, random_state)
        together = np.concatenate([data.values[None], augmented])  # in one range of values
        pixels = to_pixels(together.reshape(-1, *together.shape[2:]), model.schema.shown_white)
        pixels = pixels.reshape(len(together), len(data), *pixels.shape[1:])
        return cls(pixels[0], pixels[1:])

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw a row per image: the image, then its changes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
        """
        n_columns = 1 + len(self.augmented)
        ax = make_axes(type(self).__name__, ax, (1.25 * n_columns, 1.25 * len(self.images)))
        self.axes_ = split_axes(ax, n_columns * len(self.images), n_columns)
        for i, axes in enumerate(self.axes_):
            row, column = divmod(i, n_columns)
            _show(axes, self.images[row] if column == 0 else self.augmented[column - 1, row])
        self.axes_[0].set_title("image", fontsize=9)
        self.axes_[1].set_title("in training", fontsize=9)
        self.figure_ = ax.get_figure()
        return self


def mean_image(model: Any, data: Any) -> FloatArray:
    """Return the mean of images that a model reads, up to 200, as pixels (h, w, 3)."""
    from autonet.inspection.images import to_pixels  # noqa: PLC0415 - imports torch

    mean: Array = to_pixels(data.values[:MAX_IMAGES], model.schema.shown_white).mean(0)
    return mean


def _find_model(estimator: Any, display: str, **counts: Any) -> Any:
    """Return the model of an estimator of images; check numbers of images."""
    from autonet.inspection.images import find_reader  # noqa: PLC0415 - imports torch

    model = find_model(estimator, display, KINDS, "images")
    find_reader(model, display)
    for name, value in counts.items():
        if not (is_integer(value) and value > 0):
            raise InvalidOption(f"{name} must be a whole number of at least 1; got {value!r:.60}.")
    return model


def _show(axes: Any, image: FloatArray) -> None:
    axes.imshow(image, interpolation="nearest", vmin=0, vmax=1)
    axes.set_xticks([])
    axes.set_yticks([])

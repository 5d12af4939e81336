"""Methods of fitted estimators that are others for images, which have no columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autonet.core.errors import InvalidOption
from autonet.core.typing import Array
from autonet.estimators.columns import ColumnSummary

if TYPE_CHECKING:
    from autonet.core.resulttable import ResultTable
    from autonet.models.model import FittedModel

__all__ = ["ImageSummary", "InspectedImages"]


class ImageSummary(ColumnSummary):
    """No columns: prints what images are.

    Parameters
    ----------
    facts : sequence of (str, str)
        Names and texts.
    """

    facts: Sequence[tuple[str, str]]

    def __new__(cls, facts: Sequence[tuple[str, str]]) -> ImageSummary:
        """Make an empty tuple of columns."""
        summary = super().__new__(cls)
        summary.facts = facts
        return summary

    def __repr__(self) -> str:
        """Print a line for each fact."""
        width = max(len(name) for name, _ in self.facts)
        return "\n".join(f"{name.ljust(width)}  {text}" for name, text in self.facts)

    def _repr_html_(self) -> str:
        """Show a table in a notebook."""
        return "<table>" + "".join(f"<tr><th>{name}</th><td>{text}</td></tr>" for name, text in self.facts) + "</table>"


class InspectedImages:
    """Methods of a fitted estimator of images."""

    fit_result_: dict[str, Any]
    model_: FittedModel
    optimize_metric: Any
    pos_label: Any

    @property
    def columns_(self) -> ColumnSummary:
        """No columns: an empty tuple that prints shape and values of the images, in a notebook as well."""
        from autonet.inspection.images import describe_reader, find_reader  # noqa: PLC0415 - predictions need none

        return ImageSummary(describe_reader(find_reader(self.model_, "columns_")))

    def transform(self, X: Any) -> Array:
        """Encode images as the network of `get_pytorch_model` sees them.

        Values are standardized by channel, with means and standard deviations of the training images.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        ndarray of shape (n_samples, channels, height, width), float32
        """
        return self.model_.transform(self._list_rows(X), owner=type(self).__name__)  # type: ignore[attr-defined]  # of an estimator

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Array:
        """Fit, then encode the images of the fit; see `fit` and `transform`.

        Parameters
        ----------
        X, y : as in `fit`
        **fit_params
            Further arguments of `fit`.

        Returns
        -------
        ndarray of shape (n_samples, channels, height, width), float32
        """
        fitted: Array = super().fit_transform(X, y, **fit_params)  # type: ignore[misc]  # of the estimator
        return fitted

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Refuse: values of images have no names.

        Parameters
        ----------
        input_features : ignored

        Raises
        ------
        InvalidOption
        """
        _ = self.model_  # raises if there is none
        raise InvalidOption("Values of images have no names; transform(X) has shape (n, channels, height, width).")

    def feature_importance(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        metric: str | None = None,
        n_repeats: int = 5,
        max_rows: int | None = 200,
        random_state: int = 0,
        patch_size: int | None = None,
    ) -> ResultTable:
        """Return the permutation importance of each patch of the images: how much worse the model scores without it.

        Every image gets the patch of another one at the same place.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`
            Images that `fit` has not seen.
        metric : str, optional
            Default: `optimize_metric`.
        n_repeats : int, default=5
            Shuffles of each patch, at least 2.
        max_rows : int or None, default=200
            Images that are drawn if there are more; None for all.
        random_state : int, default=0
            Seed of the draws.
        patch_size : int, optional
            Side of the patches, in pixels.  Default: seven along the longer side.

        Returns
        -------
        ResultTable
            A row per patch, the most important first: ``top``, ``left``, ``height`` and ``width`` in pixels;
            ``importance``, the mean drop of the score, of an error its mean rise; ``std`` from shuffle to shuffle;
            ``noise``, which the importance of a patch of noise exceeds in one of twenty cases; ``above_noise``.

        Raises
        ------
        NotFittedError
        InvalidOption, UnknownName
            If an option is out of range, or the metric does not exist or suit the task.
        InvalidData
            If the images do not fit the model.

        See Also
        --------
        autonet.inspection.PatchImportanceDisplay : Draws it.
        """
        from autonet.inspection.image_importance import patch_importance  # noqa: PLC0415
        from autonet.inspection.scoring import ScoredRows, find_metrics, find_optimized_metric  # noqa: PLC0415

        model, result, given, pos_label = self.model_, self.fit_result_, self.optimize_metric, self.pos_label
        X, y = self._find_rows(X, y)  # type: ignore[attr-defined]  # of an estimator
        rows = ScoredRows.read(model, X, y, sample_weight, owner=type(self).__name__)
        if metric is None:
            scored_by = find_optimized_metric(result, model.targets, given, pos_label)
        else:
            [scored_by] = find_metrics(result, model.targets, [given], pos_label, [metric])
        options: Any = {"patch_size": patch_size, "n_repeats": n_repeats, "max_rows": max_rows}
        return patch_importance(model, scored_by, rows, random_state=random_state, **options)

    def __sklearn_tags__(self) -> Any:
        """Return the tags of scikit-learn."""
        tags = super().__sklearn_tags__()  # type: ignore[misc]  # of the estimator
        inputs = tags.input_tags
        inputs.two_d_array = inputs.sparse = inputs.categorical = inputs.allow_nan = False
        inputs.three_d_array = True
        return tags

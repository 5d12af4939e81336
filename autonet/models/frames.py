"""Predictions as data frames of pandas."""

from collections.abc import Sequence
from typing import Any

from autonet.core.errors import MissingPackage
from autonet.core.typing import Array

__all__ = ["to_frame"]


def to_frame(probabilities: Array, names: Sequence[Any] | Array, X: Any, files: Sequence[str] | None = None) -> Any:
    """Return probabilities as a frame with a column for each class or label.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_classes) or (n, n_labels)
    names : array-like of shape (n_classes,) or (n_labels,)
    X : object
        A frame or series of pandas gives its index.
    files : sequence of str, optional
        Index for others.

    Returns
    -------
    DataFrame

    Raises
    ------
    MissingPackage
        If pandas is not installed.
    """
    try:
        import pandas as pd  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingPackage("as_frame=True", "pandas", "plot") from None
    index = X.index if isinstance(X, pd.DataFrame | pd.Series) else files
    return pd.DataFrame(probabilities, index=index, columns=names)

"""Labels of images in the names of folders and in CSV files: text, numbers or booleans."""

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import InvalidData
from autonet.core.warn import join_first

__all__ = ["LabelKind", "find_label_kind", "find_missing", "to_labels"]

LabelKind = Literal["text", "number"]
"""What the labels of a fit are; booleans are numbers."""

WHOLE = re.compile(r"[+-]?\d{1,18}")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
BOOLEANS = {"true": True, "false": False}
LEADING_ZERO = re.compile(r"[+-]?0\d")
# What pandas reads as missing by default, in lower case.
MISSING = frozenset(
    {"#n/a", "#n/a n/a", "#na", "<na>", "n/a", "na", "nan", "-nan", "none", "null"}
    | {"1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan"}
)


def find_label_kind(labels: Any) -> LabelKind:
    """Return the kind of labels: array-like, a dictionary of columns, or None for those of a regression."""
    columns = [] if labels is None else labels.values() if isinstance(labels, Mapping) else [labels]
    values = list(chain.from_iterable(np.asarray(column, dtype=object).ravel().tolist() for column in columns))
    return "text" if values and all(isinstance(value, str) for value in values) else "number"


def find_missing(texts: Sequence[str]) -> int | None:
    """Return the index of the first text that marks a missing value, such as NA, if all others are numbers."""
    missing = [i for i, text in enumerate(texts) if text.lower() in MISSING]
    others = sum(NUMBER.fullmatch(text) is not None for text in texts) if missing else 0
    return missing[0] if others and others + len(missing) == len(texts) else None


def to_labels(texts: Sequence[str], source: str, kind: LabelKind | None = None) -> NDArray[Any]:
    """Return labels as whole numbers, numbers, booleans or text.

    Parameters
    ----------
    texts : sequence of str
    source : str
        Where they are from, for error messages.
    kind : {"text", "number"}, optional
        Kind of the labels of the fit, for further ones.  Default: numbers if all are, none with a leading zero;
        booleans if all are "true" or "false", in any case.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    InvalidData
        If the labels of the fit are numbers or booleans, and these are not.
    """
    others = [repr(text) for text in dict.fromkeys(texts) if not NUMBER.fullmatch(text)]
    booleans = [BOOLEANS.get(text.lower()) for text in texts]
    if kind != "text" and others and None not in booleans:
        return np.array(booleans, np.bool_)
    if kind == "number" and others:
        raise InvalidData(
            f"{source} has text labels ({join_first(others)}), but those of fit are numbers or booleans; use the "
            "labels of fit."
        )
    if kind == "text" or others or (kind is None and any(map(LEADING_ZERO.match, texts))):
        return np.array(texts, np.str_)
    return np.array(texts, np.int64 if all(map(WHOLE.fullmatch, texts)) else np.float64)

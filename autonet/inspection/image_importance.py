"""Permutation importance of the patches of images, with the importance that noise would reach as yardstick."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autonet.core.errors import InvalidOption
from autonet.core.resulttable import ResultTable
from autonet.core.typing import FloatArray
from autonet.core.validation import is_integer
from autonet.data.images.reader import ImageReader
from autonet.inspection.importance import NOISE_LEVEL, check_options, draw_rows, measure_drop, score
from autonet.inspection.randomness import make_rng
from autonet.inspection.scoring import ScoredRows
from autonet.metrics.metric import Metric
from autonet.models.model import FittedModel

__all__ = ["choose_patch_size", "importance_map", "list_patches", "patch_importance"]

PATCHES = 7  # along the longer side, by default

COLUMNS = ("top", "left", "height", "width", "importance", "std", "noise", "above_noise")

Patch = tuple[int, int, int, int]
"""Top, left, height and width, in pixels."""


def patch_importance(
    model: FittedModel,
    metric: Metric,
    rows: ScoredRows,
    *,
    patch_size: int | None = None,
    n_repeats: int = 5,
    max_rows: int | None = 200,
    random_state: int = 0,
) -> ResultTable:
    """Return how much worse a model scores when a patch of the images is shuffled among them, a row per patch.

    Every image gets the patch of another one at the same place, so that what is there tells nothing any more.

    Parameters
    ----------
    model : FittedModel
        Of images.
    metric : Metric
    rows : ScoredRows
    patch_size : int, optional
        Side of the patches, in pixels.  Default: seven along the longer side.
    n_repeats : int
        Shuffles of each patch.
    max_rows : int or None
        Images that are drawn if there are more; None for all.
    random_state : int

    Raises
    ------
    InvalidOption
        If an option is out of range.
    """
    reader: Any = model.schema
    check_options(n_repeats, max_rows)
    side = choose_patch_size(reader, patch_size)
    rng = make_rng(random_state)
    rows = draw_rows(rows, max_rows, rng)
    whole = score(model, metric, rows)
    orders = [rng.permutation(len(rows.data)) for _ in range(n_repeats)]
    found = [
        dict(zip(COLUMNS, patch, strict=False))
        | measure_drop(whole, [score(model, metric, replace(rows, data=d)) for d in _shuffle(rows.data, patch, orders)])
        for patch in list_patches(reader, side)
    ]
    found.sort(key=lambda row: -row["importance"])
    n = len(rows.data)
    caption = (
        f"{'rise' if metric.optimum is None else 'drop'} of {metric.name} when a patch is shuffled among the images, "
        f"mean of {n_repeats} shuffles of {n:,} image{'' if n == 1 else 's'}; "
        f"noise: what a patch of noise stays below in {NOISE_LEVEL:.0%} of cases"
    )
    return ResultTable(found, COLUMNS, caption)


def choose_patch_size(reader: ImageReader, patch_size: Any = None) -> int:
    """Return the side of the patches of images, in pixels; by default, seven lie along the longer side.

    Raises
    ------
    InvalidOption
        If it is not a number of pixels from 1 to the longer side.
    """
    longest = max(reader.height, reader.width)
    if patch_size is None:
        return math.ceil(longest / PATCHES)
    if not (is_integer(patch_size) and 1 <= patch_size <= longest):
        raise InvalidOption(f"patch_size must be a whole number from 1 to {longest} pixels; got {patch_size!r:.60}.")
    return int(patch_size)


def list_patches(reader: ImageReader, side: int) -> list[Patch]:
    """Divide images into patches, from top to bottom and from left to right; the last ones may be smaller."""
    return [
        (top, left, min(side, reader.height - top), min(side, reader.width - left))
        for top in range(0, reader.height, side)
        for left in range(0, reader.width, side)
    ]


def importance_map(table: ResultTable, *, above_noise: bool = False) -> FloatArray:
    """Return the importance of the patch that each pixel belongs to.

    Parameters
    ----------
    table : ResultTable
        As returned by `patch_importance`.
    above_noise : bool
        Whether to return zero where it is not above noise.

    Returns
    -------
    ndarray of shape (height, width)
    """
    height, width = (max(row[at] + row[side] for row in table) for at, side in (("top", "height"), ("left", "width")))
    result = np.zeros((height, width))
    for row in table:
        if row["above_noise"] or not above_noise:
            at = slice(row["top"], row["top"] + row["height"]), slice(row["left"], row["left"] + row["width"])
            result[at] = row["importance"]
    return result


def _shuffle(data: Any, patch: Patch, orders: list[NDArray[np.intp]]) -> Iterator[Any]:
    """Yield images with the patch of another one, in each of some orders."""
    top, left, height, width = patch
    at = slice(None), slice(None), slice(top, top + height), slice(left, left + width)
    for order in orders:
        values = np.array(data.values)
        values[at] = data.values[at][order]
        yield replace(data, values=values)

"""The parameters of the estimators of images: those of all estimators that do not concern columns, and their own."""

# ruff: noqa: RUF009 - `param` returns a field

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autonet.core.component import ComponentList
from autonet.core.validation import is_integer
from autonet.data.images.roots import ROOTS, are_roots
from autonet.estimators.checks import PATH, PRECISION, PRESET, flag, must_be, one_of
from autonet.estimators.param_fields import components, param
from autonet.estimators.params import Params

__all__ = ["ImageParams"]

# Parameters about the columns of tables.
OF_TABLES = frozenset(
    {
        "tree_ensembles",
        "categorical_features",
        "preprocessors",
        "normalization_strategies",
        "imputation_strategies",
        "embeddings",
        "numeric_embeddings",
        "quantiles",
        "over_sampling_methods",
        "under_sampling_methods",
        "target_size_strategies",
    }
)


def _is_size(value: Any) -> bool:
    sides = value if isinstance(value, Sequence) and not isinstance(value, str) else (value, value)
    return len(sides) == 2 and all(is_integer(side) and side > 0 for side in sides)


@dataclass(frozen=True)
class ImageParams(Params):
    """Values of all parameters of an estimator of images."""

    preset: str | Path | Mapping[str, Any] | None = param(
        "medium_cs",
        "str, Path, dict or None",
        PRESET,
        'Search space to start from: "tiny_cs", "medium_cs", "full_cs", or the path of a TOML file.  A dictionary of '
        "options, or the path of a file of them, ``option=value`` in lines of a ``.txt`` file, sets the options that "
        "are at their defaults; `preset` may be among them.  None stands for everything at its full range, one network "
        "at the end and no portfolio.",
    )
    image_size: int | Sequence[int] | None = param(
        None,
        "int or (int, int)",
        must_be("a number of pixels, a height and a width, or None", lambda value: value is None or _is_size(value)),
        "Height and width, in pixels, that images are resized to; one number for both.  Default: that of arrays; of "
        "files the medians of their heights and widths, scaled down to at most 96 pixels.",
    )
    channels: str | None = param(
        None,
        '{"first", "last"}',
        must_be("'first', 'last' or None", lambda value: value in ("first", "last", None)),
        "Whether arrays of four dimensions are (n, channels, height, width) or (n, height, width, channels).  Default: "
        "the side of 1 to 4 is the channels.",
    )
    on_bad_files: str = param(
        "raise",
        '{"raise", "skip"}',
        one_of("raise", "skip"),
        "Whether `fit` refuses files that cannot be read, or leaves them out, with their targets, weights and groups, "
        "and lists them in a warning; not all of a class.  `predict` always refuses them.",
    )
    root_folders: Sequence[str | Path] | None = param(
        None,
        "list of path-like",
        must_be(ROOTS, are_roots),
        "Folders in which `fit`, and all that predicts or scores, looks for the relative paths of a CSV file.  "
        "Default: that of the file.",
    )
    refit_on_all_rows: bool | str | None = param(
        None,
        'bool or "auto"',
        flag("auto", None),
        "Whether the networks of the smallest plain loss, one per worker, are trained further in the last 60 % of the "
        'time, for up to four times as many further epochs.  With "auto" they learn all images except up to 300 '
        "validation images, or those given as ``X_valid``: these weigh the networks before and after it, and choose "
        "the best one.  True leaves out only ``X_valid``: without it nothing checks the later networks.  With folds "
        '"auto" does nothing.  '
        'Default: the preset\'s choice, "auto" or False.',
    )
    initial_weights: str | Path | None = param(
        None,
        "path-like",
        PATH,
        "Checkpoint whose weights networks begin with, where their names and shapes match: a state dict that "
        "``torch.save`` wrote, or a model file of autonet, of which the best network is taken.  The log says "
        "how many match in the network that most match, of the default configurations of all networks and 30 random "
        "ones.  Default: weights are drawn.",
    )
    precision: str = param(
        "auto",
        '{"auto", "float32", "bfloat16"}',
        PRECISION,
        'Of convolutions in training (``torch.autocast``).  "auto" is "bfloat16" where an epoch of the default network '
        "takes less time with it, for budgets in seconds, without custom components.",
    )
    augmentations: ComponentList | None = components("Augmentations of training images")

    @classmethod
    def names(cls) -> list[str]:
        """Names of all parameters."""
        return [name for name in super().names() if name not in OF_TABLES]

"""The options of Auto-PyTorch 0.0.2 for images, and what becomes of each."""

from collections.abc import Mapping, Sequence
from typing import Any

from autonet.core.errors import InvalidOption
from autonet.core.validation import is_integer
from autonet.estimators.autopytorch.old_option import OldOption, ignored

__all__ = ["IMAGE_OPTIONS"]

IN_MEMORY = "images are decoded once, before the search, and batches are made in memory"
KEPT = "run_dir keeps the weights of every trial"
ONE_DATASET = "a fit has one data set"


def _resize(value: Any) -> Mapping[str, Any]:
    """Resize to the height and width of channels, height and width."""
    sides = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
    if len(sides) != 3 or not all(is_integer(side) and side > 0 for side in sides):
        raise InvalidOption(
            f"images_shape must be the channels, height and width of an image, such as [3, 32, 32]; got {value!r:.60}."
        )
    return {"image_size": (int(sides[1]), int(sides[2]))}


def _validate_on_folds(value: Any) -> Mapping[str, Any]:
    """Validate on so many folds; a single split is a holdout."""
    if not is_integer(value) or value < 1:
        raise InvalidOption(f"cv_splits must be a whole number of at least 1; got {value!r:.60}.")
    return {"cross_validator": int(value)} if value > 1 else {}


OPTIONS = (
    OldOption("images_shape", [3, 32, 32], "translated", translate=_resize),
    OldOption(
        "images_root_folders",
        None,
        "translated",
        "a CSV file has paths relative to its own folder",
        translate=lambda value: {} if value is None else {"root_folders": value},
    ),
    ignored(
        "file_extensions",
        [".png", ".jpg", ".JPEG", ".pgm"],
        "every format of Pillow is read; pass a list of paths to choose among files",
        ([".png", ".jpg", ".JPEG", ".pgm"],),
    ),
    ignored("max_class_size", None, "all images are used; pass fewer", (None,)),
    ignored("default_dataset_download_dir", None, "nothing is downloaded"),
    ignored("dataloader_worker", 1, IN_MEMORY),
    ignored("dataloader_cache_size_mb", 0, IN_MEMORY),
    OldOption("cv_splits", 1, "translated", "a single split is a holdout", translate=_validate_on_folds),
    ignored(
        "use_stratified_cv_split",
        True,
        "folds of a classification are stratified; cross_validator='k_fold' makes others",
        (True,),
    ),
    ignored(
        "half_num_cv_splits_below_budget", 0, "min_budget_for_cv trains on the first fold alone below a budget", (0,)
    ),
    ignored("minimize", False, "the metric says whether smaller values are better", (False,)),
    ignored("save_checkpoints", False, KEPT),
    ignored("keep_only_incumbent_checkpoints", True, KEPT),
    ignored("tensorboard_min_log_interval", 30, "event files are written at the end of the fit"),
    ignored("tensorboard_images_count", 0, "event files have no images", (0,)),
    ignored("evaluate_on_train_data", True, "learning curves have the score of a sample of the training rows"),
    ignored("global_results_dir", None, "result_logger_dir has the results", (None,)),
    ignored("dataset_order", None, ONE_DATASET, (None,)),
    ignored("increase_number_of_trained_datasets", False, ONE_DATASET, (False,)),
)
IMAGE_OPTIONS: Mapping[str, OldOption] = {option.name: option for option in OPTIONS}

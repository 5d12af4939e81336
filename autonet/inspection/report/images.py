"""Parts of a report about images: what they are, how training changes them, mistakes, and patches that matter."""

from __future__ import annotations

from typing import Any

from autonet.core.errors import AutonetError
from autonet.data.images.reader import ImageReader
from autonet.inspection.image_importance import choose_patch_size, list_patches
from autonet.inspection.images import describe_reader
from autonet.inspection.report.blocks import Block, Code, Facts, Section, Text
from autonet.inspection.report.features import choose_sample, count_sample
from autonet.inspection.report.pictures import draw
from autonet.inspection.report.scores import HeldOut
from autonet.inspection.report.words import count, format_value
from autonet.inspection.scoring import optimized_name

__all__ = ["are_images", "describe_images", "describe_patches", "show_mistakes"]

SAMPLES = ((200, 5), (100, 5), (100, 3), (50, 3))  # images of which the importance is computed, and shuffles
LATER = """\
from autonet.inspection import PatchImportanceDisplay

PatchImportanceDisplay.from_estimator(auto, X_test, y_test)"""
N_MISTAKES = 18
N_AUGMENTED = 3
N_DRAWS = 7


def are_images(model: Any) -> bool:
    """Return whether a fitted model is of images."""
    return isinstance(model.schema, ImageReader)


def describe_images(estimator: Any, tested: HeldOut | None, target: str) -> Section:
    """Describe the images of a fit, and how training changes them.

    Parameters
    ----------
    estimator : AutoNetImageClassification or AutoNetImageRegression
        Fitted.
    tested : HeldOut or None
        Images to show the changes of: those of the training are not kept.
    target : str
        What is predicted.
    """
    model = estimator.model_
    facts = [("training images", format_value(model.best[0].task.n_rows)), *describe_reader(model.schema)]
    blocks: list[Block] = [Facts((*facts, ("target", target)))]
    return Section("data", "Data", (*blocks, *(_show_augmentations(model, tested) if tested is not None else ())))


def _show_augmentations(model: Any, tested: HeldOut) -> list[Block]:
    from autonet.inspection.plots.images import AugmentationsDisplay  # noqa: PLC0415 - draws

    data: Any = tested.rows.data
    n = min(N_AUGMENTED, len(data))
    try:
        display = AugmentationsDisplay.from_data(model, data.rows(slice(0, n)), N_DRAWS)
    except AutonetError as error:
        return [Text(str(error))]
    shown = f"{count(n, 'test image')}, each with {N_DRAWS} random changes"
    caption = "Test images, and what the best configuration would make of them in training: it changes each at random."
    return [draw(display.plot, shown, caption, (7.2, 1.0 * n + 0.2))]


def show_mistakes(model: Any, tested: HeldOut) -> list[Block]:
    """Show the test images that are predicted worst."""
    from autonet.inspection.plots.images import MistakesDisplay  # noqa: PLC0415 - draws

    display = MistakesDisplay.from_rows(model, tested.rows, min(N_MISTAKES, len(tested)))
    n = len(display.mistakes)
    if model.targets.kind == "regression":
        caption = "The test images with the largest errors: true → predicted."
        alt = f"The {count(n, 'test image')} with the largest errors"
    else:
        wrong = sum(mistake.is_wrong for mistake in display.mistakes)
        caption = (
            "The test images whose true class is least probable to the model: true → predicted, wrong ones in red."
        )
        alt = f"The {count(n, 'test image')} that the model is least right about, {wrong:,} of them wrong"
    return [draw(display.plot, alt, caption, (7.2, 1.55 * -(-n // 6)))]


def describe_patches(estimator: Any, tested: HeldOut) -> Section:
    """Show the permutation importance of patches of the images, of a sample that takes a few seconds.

    Parameters
    ----------
    estimator : AutoNetImageClassification or AutoNetImageRegression
        Fitted.
    tested : HeldOut
    """
    from autonet.inspection.plots.images import PatchImportanceDisplay, mean_image  # noqa: PLC0415 - draws

    model, name, title = estimator.model_, optimized_name(estimator.fit_result_), "Patches that matter"
    side = choose_patch_size(model.schema)
    n_patches = len(list_patches(model.schema, side))
    sample = choose_sample(model, tested.rows, n_patches, SAMPLES)
    if sample is None:
        text = f"The importance of patches is left out: it would take long for {count(n_patches, 'patch', 'patches')}."
        return Section("features", title, (Text(text, is_caution=True), Code(LATER)))
    n_rows, n_repeats = sample
    table = estimator.feature_importance(tested.X, tested.y, n_repeats=n_repeats, max_rows=n_rows)
    above = sum(row["above_noise"] for row in table)
    text = (
        f"How much worse {name} gets when every image has a patch of {side} × {side} pixels of another image at the "
        f"same place: the mean of {n_repeats} shuffles of {count_sample(n_rows, len(tested), 'test image')}. "
        f"{above:,} of {count(n_patches, 'patch', 'patches')} {'exceeds' if above == 1 else 'exceed'} what a patch of "
        "pure noise would stay below in 19 of 20 cases, and have a color. Patches that tell the same may each seem "
        "unimportant."
    )
    display = PatchImportanceDisplay(table, mean_image(model, tested.rows.data), name)
    alt = f"Map of the importance of {count(n_patches, 'patch', 'patches')}, {above:,} of them above noise"
    caption = "Importance of patches, over the mean of the test images."
    return Section("features", title, (Text(text), draw(display.plot, alt, caption, (5.2, 4.0))))

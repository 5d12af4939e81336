"""Options of Auto-PyTorch 0.0.2 for images, at their old defaults and at other values."""

import logging
from pathlib import Path
from typing import Any

import pytest

from autonet import AutoNetImageClassification
from autonet.core.errors import InvalidOption
from autonet.estimators.autopytorch.image_options import IMAGE_OPTIONS


@pytest.mark.parametrize("name", sorted(IMAGE_OPTIONS))
def test_an_option_at_its_old_default(name: str, caplog: Any) -> None:
    with caplog.at_level(logging.INFO, logger="autonet"):
        AutoNetImageClassification(**{name: IMAGE_OPTIONS[name].default})
    noted = [record.getMessage() for record in caplog.records]
    assert [f"option {name} of Auto-PyTorch is ignored: " in text for text in noted] == [True] * (
        name != "images_shape"
    )


@pytest.mark.parametrize(
    ("option", "translated"),
    [
        ({"images_shape": [3, 32, 40]}, {"image_size": (32, 40)}),
        ({"images_shape": (1, 28, 28), "image_size": 20}, {"image_size": 20}),
        ({"images_root_folders": ["/data"]}, {"root_folders": ["/data"]}),
        ({"cv_splits": 4}, {"cross_validator": 4}),
        ({"dataloader_worker": 8}, {}),
        ({"save_checkpoints": True}, {}),
    ],
    ids="-".join,
)
def test_options_are_translated(option: dict[str, Any], translated: dict[str, Any]) -> None:
    auto = AutoNetImageClassification(**option)
    default = AutoNetImageClassification()
    assert auto.get_params() == {**default.get_params(), **translated}


@pytest.mark.parametrize(
    ("option", "why"),
    [
        (
            {"images_shape": 32},
            r"images_shape must be the channels, height and width of an image, such as \[3, 32, 32\]",
        ),
        ({"images_shape": [3, 0, 32]}, "images_shape must be the channels"),
        ({"cv_splits": 0}, "cv_splits must be a whole number of at least 1; got 0"),
        ({"max_class_size": 10}, "max_class_size of Auto-PyTorch must be None; got 10. Remove it: all images are"),
        ({"use_stratified_cv_split": False}, "must be True; got False.*cross_validator='k_fold' makes others"),
        ({"half_num_cv_splits_below_budget": 3}, "must be 0; got 3.*min_budget_for_cv"),
        ({"minimize": True}, "must be False; got True.*the metric says"),
        ({"dataset_order": [0, 1]}, "a fit has one data set"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_values_that_ask_for_what_there_is_not(option: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidOption, match=why):
        AutoNetImageClassification(**option)


def test_the_migration_page_has_the_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "migration" / "autopytorch.md").read_text(encoding="utf-8")
    section = page.partition("## Options for images\n")[2].partition("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    assert {cell[0].strip("`"): cell[2] for cell in cells if len(cell) == 4} == {
        name: option.fate for name, option in IMAGE_OPTIONS.items()
    }

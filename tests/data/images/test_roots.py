"""Root folders: the same values are refused wherever they are taken."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from autonet import AutoNetImageClassification, list_images
from autonet.core.errors import InvalidData, InvalidOption
from autonet.data.images.roots import are_roots, check_roots

WRONG = ("/tmp", 5, [], [""], [5], b"/tmp", Path("/tmp"), np.array(["/tmp"]))


def test_root_folders_are_a_list_of_paths() -> None:
    assert [len(check_roots(value)) for value in (None, ["a"], (Path("a"), "b"))] == [0, 1, 2]
    assert not any(map(are_roots, WRONG))


@pytest.fixture(scope="module")
def fitted() -> AutoNetImageClassification:
    images = np.arange(40 * 36, dtype=np.uint8).reshape(40, 6, 6)
    quick: dict[str, Any] = {"max_trials": 1, "budget_type": "epochs", "max_budget": 1, "cross_validator": "none"}
    return AutoNetImageClassification("tiny_cs", baseline=False, **quick).fit(images, [0, 1] * 20)


@pytest.mark.parametrize("value", WRONG)
def test_other_root_folders_are_refused_wherever_they_are_taken(
    tmp_path: Path, fitted: AutoNetImageClassification, value: Any
) -> None:
    Image.new("L", (6, 6)).save(tmp_path / "a.png")
    table = tmp_path / "rows.csv"
    table.write_text("a.png,1\n", encoding="utf-8")
    auto = fitted.set_params(root_folders=value)
    for take in (
        lambda: list_images(table, value),
        lambda: list_images(table, value, return_labels=True),
        lambda: auto.predict(table),
        lambda: auto.score(table),
        lambda: auto.fit(table),
    ):
        with pytest.raises(InvalidOption, match=r"^root_folders must be a list of paths, or None; got "):
            take()
    assert len(auto.set_params(root_folders=None).predict(table)) == 1
    assert len(auto.set_params(root_folders=[tmp_path]).predict(table)) == 1


def test_what_is_no_path_is_not_listed() -> None:
    for value in (5, ["a.png"], None):
        with pytest.raises(InvalidData, match=r"path must be that of a folder, a CSV file or an image; got "):
            list_images(value, return_labels=True)  # type: ignore[call-overload]

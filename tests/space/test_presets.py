from pathlib import Path

import pytest

from autonet import AutoNetClassification
from autonet.core.errors import InvalidOption, UnknownName
from autonet.core.task import Task
from autonet.space.presets import list_presets, load_preset

MINE = """
schema = 1
description = "mine"
[components]
NetworkSelector = ["shapedmlpnet"]
[[updates]]
node = "NetworkSelector"
hyperparameter = "shapedmlpnet:num_layers"
values = [2, 4]
"""


def test_three_presets_come_with_a_description() -> None:
    assert list_presets() == ["full_cs", "medium_cs", "tiny_cs"]
    assert all(load_preset(name, Task("regression")).description for name in list_presets())


def test_a_preset_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE, encoding="utf-8")
    space = AutoNetClassification(str(path)).get_hyperparameter_search_space()
    assert space["NetworkSelector:network"].value == "shapedmlpnet"
    assert space["NetworkSelector:shapedmlpnet:num_layers"].upper == 4


def test_updates_may_concern_a_kind_of_task_or_a_size_of_table() -> None:
    def batch_sizes(n_rows: int) -> list[tuple[object, ...]]:
        preset = load_preset("tiny_cs", Task("classification", n_rows=n_rows))
        return [u.value_range for u in preset.updates if u.hyperparameter == "batch_size"]

    assert batch_sizes(5000) == [(32,)]
    assert batch_sizes(5001) == [(125,)]
    regression = load_preset("tiny_cs", Task("regression"))
    assert not any("cross_entropy" in u.hyperparameter for u in regression.updates)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("schema = 2", "has schema 2; this version reads 1"),
        ("schema = ", "cannot be read"),
        ("schema = 1\nupdate = []", "Unknown key in preset mine.toml 'update'. Did you mean 'updates'"),
        (MINE + "lgo = true", "Unknown key in an update of preset mine.toml 'lgo'"),
    ],
)
def test_mistakes_in_a_preset_are_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidOption, match=r"mine\.toml") as caught:
        load_preset(path, Task("classification"))
    assert message in str(caught.value)


def test_an_unknown_preset_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'medium_cs'"):
        load_preset("medium", Task("classification"))

from pathlib import Path
from typing import Any

import pytest

from autonet import AutoNetClassification, HyperparameterSearchSpaceUpdates
from autonet.core.errors import InvalidOption
from autonet.core.task import Task
from autonet.space.presets import load_preset

PRESET = """
schema = 1
[components]
NetworkSelector = ["shapedmlpnet", "shapedresnet"]
OptimizerSelector = ["adamw"]

[[portfolio]]
description = "wide"
values = { "NetworkSelector:network" = "shapedmlpnet", "NetworkSelector:shapedmlpnet:max_units" = 512 }

[[portfolio]]
values = { "NetworkSelector:network" = "shapedresnet", "OptimizerSelector:adamw:learning_rate" = 0.02 }

[[portfolio]]
max_rows = 100
values = { "NetworkSelector:network" = "shapedresnet", "NetworkSelector:shapedresnet:num_groups" = 3 }
"""


@pytest.fixture
def preset(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(PRESET, encoding="utf-8")
    return path


def tried(preset: Path, data: Any, quick: dict[str, Any], *updates: tuple[Any, ...]) -> list[dict[str, Any]]:
    edits = HyperparameterSearchSpaceUpdates()
    for node, hyperparameter, values in updates:
        edits.append(node, hyperparameter, values)
    options = {**quick, "max_budget": 1, "hyperparameter_search_space_updates": edits}
    auto = AutoNetClassification(preset, **options).fit(*data)
    space = auto.get_hyperparameter_search_space()
    assert all(space[name].legal_value(value) for trial in auto.history_ for name, value in trial.config.items())
    return [dict(trial.config) for trial in auto.history_ if trial.origin == "enqueued"]


pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


def test_configurations_of_the_portfolio_come_first_in_their_order(
    preset: Path, iris: Any, quick: dict[str, Any]
) -> None:
    first, second = tried(preset, iris, quick)
    assert first["NetworkSelector:shapedmlpnet:max_units"] == 512
    assert second["NetworkSelector:network"] == "shapedresnet"
    assert second["OptimizerSelector:adamw:learning_rate"] == pytest.approx(0.02)


def test_entries_may_concern_a_size_of_table(preset: Path) -> None:
    assert len(load_preset(preset, Task("classification", n_rows=100)).portfolio) == 3
    assert len(load_preset(preset, Task("classification", n_rows=101)).portfolio) == 2


@pytest.mark.parametrize(("columns", "concerned"), [(9, False), (10, True), (20, True), (21, False)])
def test_entries_may_concern_a_width_of_table(columns: int, concerned: bool, preset: Path) -> None:
    preset.write_text(PRESET.replace("max_rows = 100", "min_columns = 10\nmax_columns = 20"), encoding="utf-8")
    assert len(load_preset(preset, Task("classification", n_features=columns)).portfolio) == 2 + concerned


@pytest.mark.parametrize(("kind", "concerned"), [("classification", True), ("multilabel", True), ("regression", False)])
def test_entries_may_concern_some_tasks(kind: Any, concerned: bool, preset: Path) -> None:
    preset.write_text(PRESET.replace("max_rows = 100", 'task = ["classification", "multilabel"]'), encoding="utf-8")
    assert len(load_preset(preset, Task(kind)).portfolio) == 2 + concerned
    preset.write_text(PRESET.replace("max_rows = 100", 'task = ["classification", "multilabe"]'), encoding="utf-8")
    with pytest.raises(InvalidOption, match=r"'multilabe'\. Did you mean 'multilabel'"):
        load_preset(preset, Task(kind))


def test_the_ranges_of_the_user_win(preset: Path, iris: Any, quick: dict[str, Any]) -> None:
    narrowed = ("NetworkSelector", "shapedmlpnet:max_units", [16, 64])
    fixed = ("OptimizerSelector", "adamw:learning_rate", [0.003])
    first, second = tried(preset, iris, quick, narrowed, fixed)
    assert first["NetworkSelector:shapedmlpnet:max_units"] == 64
    assert second["OptimizerSelector:adamw:learning_rate"] == 0.003


def test_what_the_user_has_excluded_is_not_tried(preset: Path, iris: Any, quick: dict[str, Any]) -> None:
    (only,) = tried(preset, iris, quick, ("NetworkSelector", "network", ["shapedresnet"]))
    assert only["NetworkSelector:network"] == "shapedresnet"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("max_rows = 100", "max_row = 100", r"mine\.toml 'max_row'\. Did you mean 'max_rows'"),
        ("values = { ", "value = { ", r"Unknown key in an entry .* 'value'\. Did you mean 'values'"),
        ('values = { "NetworkSelector:network" = "shapedmlpnet", ', "values = 3 # ", "lacks a table of values"),
        ("[[portfolio]]", "[[portfolios]]", "Did you mean 'portfolio'"),
    ],
)
def test_mistakes_in_a_portfolio_are_named(old: str, new: str, message: str, preset: Path) -> None:
    preset.write_text(PRESET.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidOption, match=message):
        load_preset(preset, Task("classification"))

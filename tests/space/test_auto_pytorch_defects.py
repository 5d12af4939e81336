"""The ten defects of editing ranges in Auto-PyTorch 0.0.2, each with the behaviour that replaces it."""

import warnings
from pathlib import Path
from typing import Any

import pytest
from ConfigSpace import ConfigurationSpace

from autonet import (
    AutoNetClassification,
    AutoNetRegression,
    HyperparameterSearchSpaceUpdates,
    parse_hyperparameter_search_space_updates,
)
from autonet.core.component import Node
from autonet.core.errors import BaselineReturned
from autonet.core.task import Task
from autonet.pipeline.tabular import NODES


def space(*updates: tuple[Any, ...], preset: str = "tiny_cs", **options: Any) -> ConfigurationSpace:
    edits = HyperparameterSearchSpaceUpdates()
    for update in updates:
        edits.append(*update)
    auto = AutoNetClassification(preset, hyperparameter_search_space_updates=edits, **options)
    return auto.get_hyperparameter_search_space()


def test_1_the_learning_rate_can_be_edited_with_four_positional_arguments() -> None:
    rate = space(("OptimizerSelector", "sgd:learning_rate", [1e-3, 1e-1], True))["OptimizerSelector:sgd:learning_rate"]
    assert (rate.lower, rate.upper, rate.log) == (1e-3, 1e-1, True)


@pytest.mark.parametrize(
    ("parent", "children"),
    [("use_dropout", ["dropout_shape", "max_dropout"]), ("use_shake_drop", ["max_shake_drop_probability"])],
)
@pytest.mark.parametrize("values", [[True], [True, False], [False]])
def test_2_children_of_an_edited_parent_are_kept_while_they_can_be_active(
    parent: str, children: list[str], values: list[bool]
) -> None:
    cs = space(("NetworkSelector", f"shapedresnet:{parent}", values))
    for child in children:
        assert (f"NetworkSelector:shapedresnet:{child}" in cs) == (True in values)
    for config in cs.sample_configuration(20):
        used = config[f"NetworkSelector:shapedresnet:{parent}"]
        assert all((f"NetworkSelector:shapedresnet:{child}" in config) == used for child in children)


def test_3_updates_are_merged_over_those_of_the_preset() -> None:
    before = {name: hp for name, hp in space().items() if "num_groups" not in name}
    after = space(("NetworkSelector", "shapedresnet:num_groups", [5, 7]))
    assert after["NetworkSelector:shapedresnet:num_groups"].upper == 7
    assert {name: hp for name, hp in after.items() if "num_groups" not in name} == before


def test_4_a_fresh_object_is_always_empty() -> None:
    HyperparameterSearchSpaceUpdates().append("CreateDataLoader", "batch_size", [32, 64])
    assert len(HyperparameterSearchSpaceUpdates()) == 0


def test_5_ranges_of_several_values_survive_a_file(tmp_path: Path) -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("OptimizerSelector", "sgd:learning_rate", [0.001, 0.1], True)
    updates.append("NetworkSelector", "shapedresnet:activation", ["relu", "gelu"])
    updates.append("NetworkSelector", "shapedresnet:use_dropout", [True, False], default_value=False)
    updates.save_as_file(tmp_path / "updates.txt")
    assert parse_hyperparameter_search_space_updates(tmp_path / "updates.txt") == updates


@pytest.mark.parametrize(
    ("line", "values", "log"),
    [
        ('NetworkSelector shapedresnet:activation ["relu"]', ("relu",), False),
        ("NetworkSelector shapedresnet:activation ['relu', 'tanh']", ("relu", "tanh"), False),
        ("NetworkSelector shapedresnet:activation [relu, tanh]", ("relu", "tanh"), False),
        ("NetworkSelector shapedresnet:use_dropout [False]", (False,), False),
        ("CreateDataLoader batch_size [32, 4096] log", (32, 4096), True),
        ("CreateDataLoader batch_size [125]", (125,), False),
    ],
)
def test_5_files_of_auto_pytorch_are_read(line: str, values: tuple[Any, ...], log: bool, tmp_path: Path) -> None:
    (tmp_path / "updates.txt").write_text(f"# a comment\n\n{line}\n", encoding="utf-8")
    (update,) = parse_hyperparameter_search_space_updates(tmp_path / "updates.txt")
    assert (update.value_range, update.log) == (values, log)


def test_6_mixup_can_be_edited() -> None:
    alpha = space(("TrainNode", "mixup:alpha", [0.1, 0.4]))["TrainNode:mixup:alpha"]
    assert (alpha.lower, alpha.upper) == (0.1, 0.4)


@pytest.mark.parametrize(
    ("node", "selector", "choice"),
    [
        ("NetworkSelector", "network", ["resnet", "mlpnet"]),
        ("Imputation", "strategy", ["mean", "most_frequent"]),
        ("NormalizationStrategySelector", "normalization_strategy", ["minmax", "none"]),
        ("PreprocessorSelector", "preprocessor", ["truncated_svd", "nystroem"]),
        ("LossModuleSelector", "loss_module", ["cross_entropy", "cross_entropy_weighted"]),
        ("OptimizerSelector", "optimizer", ["adam", "rmsprop"]),
        ("LearningrateSchedulerSelector", "lr_scheduler", ["step", "none"]),
        ("InitializationSelector", "initialization_method", ["sparse", "default"]),
        ("TrainNode", "batch_loss_computation_technique", ["standard", "mixup"]),
    ],
)
def test_7_every_selector_can_be_edited(node: str, selector: str, choice: list[str]) -> None:
    cs = space((node, selector, choice))
    assert list(cs[f"{node}:{selector}"].choices) == choice
    others = [name for name in cs if name.startswith(f"{node}:") and name.split(":")[1] not in {*choice, selector}]
    assert not [name for name in others if name.count(":") == 2 and "initializer" not in name]


@pytest.mark.parametrize(
    ("update", "nearest"),
    [
        (("NetworkSelecter", "network", ["resnet"]), "Unknown node 'NetworkSelecter'. Did you mean 'NetworkSelector'"),
        (
            ("NetworkSelector", "netwrk", ["resnet"]),
            "Unknown hyperparameter of NetworkSelector 'netwrk'. Did you mean 'network'",
        ),
        (("NetworkSelector", "network", ["resnett"]), "Did you mean 'resnet'"),
        (("OptimizerSelector", "sgd:momentun", [0.5, 0.9]), "Did you mean 'sgd:momentum'"),
    ],
)
def test_7_unknown_names_are_answered_with_the_nearest(update: tuple[Any, ...], nearest: str) -> None:
    with pytest.raises(ValueError, match="Unknown") as caught:
        space(update)
    assert nearest in str(caught.value)


def test_8_updates_do_not_stick() -> None:
    before = space()
    space(("NetworkSelector", "shapedresnet:num_groups", [5, 7]))
    assert space() == before
    auto = AutoNetClassification("tiny_cs")
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("NetworkSelector", "shapedresnet:num_groups", [5, 7])
    edited = auto.get_hyperparameter_search_space(hyperparameter_search_space_updates=updates)
    assert edited["NetworkSelector:shapedresnet:num_groups"].upper == 7
    assert auto.get_hyperparameter_search_space() == before


def test_9_component_lists_can_be_changed_against_the_preset() -> None:
    cs = space(preprocessors=["power_transformer"], networks=["resnet"], optimizer=["adamw", "sgd"])
    assert cs["PreprocessorSelector:preprocessor"].value == "power_transformer"
    assert cs["NetworkSelector:network"].value == "resnet"
    assert set(cs["OptimizerSelector:optimizer"].choices) == {"adamw", "sgd"}


@pytest.mark.parametrize(
    ("name", "values", "log", "message"),
    [
        ("OptimizerSelector sgd:learning_rate", [-1.0, 0.1], False, "outside the allowed range"),
        ("NetworkSelector shapedresnet:max_dropout", [0.1, 2.0], False, "outside the allowed range"),
        ("NetworkSelector shapedresnet:num_groups", [1, 2, 3], False, "3 numbers; a range has two ends"),
        ("NetworkSelector shapedresnet:num_groups", [4, 2], False, "the low end comes first"),
        ("NetworkSelector shapedresnet:num_groups", [1.5, 2], False, "1.5 is not a whole number"),
        ("NetworkSelector shapedresnet:num_groups", ["two"], False, "'two' is not a number"),
        ("NetworkSelector shapedresnet:num_groups", [True], False, "True is not a number"),
        ("OptimizerSelector sgd:weight_decay", [0.0, 0.1], True, "a log scale needs a low end above 0"),
        ("NetworkSelector shapedresnet:activation", ["relu", "swosh"], False, "'swosh' is not among its choices"),
        ("NetworkSelector shapedresnet:use_dropout", [1], False, "1 is not among its choices"),
        ("NetworkSelector shapedresnet:activation", [], False, "value_range is empty"),
        ("NetworkSelector shapedresnet:activation", "relu", False, "value_range must be a list; got 'relu'"),
        ("NetworkSelector shapedresnet:activation", None, False, "value_range must be a list; got None"),
        ("NetworkSelector shapedresnet:activation", [["relu", "tanh"]], False, "is not among its choices"),
        ("NetworkSelector shapedresnet:activation", [None], False, "None is not among its choices"),
        ("OptimizerSelector sgd:learning_rate", [0.1, float("nan")], False, "nan is not a number"),
        ("OptimizerSelector sgd:learning_rate", [0.1, float("inf")], False, "inf is not a number"),
        ("OptimizerSelector sgd:learning_rate", [[0.01, 0.1]], False, "[0.01, 0.1] is not a number"),
        ("OptimizerSelector sgd:momentum", [0.5, 1.0], False, "outside the allowed range [0, 0.9999]"),
        ("CreateDataLoader batch_size", [0, 64], False, "outside the allowed range"),
        ("CreateDataLoader batch_size", [1], False, "outside the allowed range"),
        ("TrainNode mixup:alpha", [0.0, 0.4], True, "a log scale needs a low end above 0"),
        ("TrainNode mixup:alpha", [0.4, 0.1], False, "the low end comes first"),
        ("NetworkSelector shapedresnet:num_groups", 3, False, "value_range must be a list; got 3"),
    ],
)
def test_10_ranges_are_checked_and_the_error_names_the_hyperparameter(
    name: str, values: Any, log: bool, message: str
) -> None:
    node, hyperparameter = name.split()
    with pytest.raises(ValueError, match="Update of") as caught:
        space((node, hyperparameter, values, log))
    assert message in str(caught.value)
    assert f"{node}:{hyperparameter}" in str(caught.value)


def test_1_the_edited_learning_rate_is_the_one_that_is_sampled() -> None:
    cs = space(("OptimizerSelector", "sgd:learning_rate", [0.25, 0.3], True))
    cs.seed(0)
    assert all(0.25 <= c["OptimizerSelector:sgd:learning_rate"] <= 0.3 for c in cs.sample_configuration(20))


@pytest.mark.parametrize(
    ("network", "parent", "children"),
    [
        ("resnet", "use_dropout", ["dropout_1"]),
        ("resnet", "use_shake_drop", ["max_shake_drop_probability"]),
        ("mlpnet", "use_dropout", ["dropout_1"]),
        ("shapedmlpnet", "use_dropout", ["dropout_shape", "max_dropout"]),
    ],
)
@pytest.mark.parametrize("values", [[True], [True, False], [False]])
def test_2_children_are_kept_in_every_network(
    network: str, parent: str, children: list[str], values: list[bool]
) -> None:
    cs = space(("NetworkSelector", f"{network}:{parent}", values), preset="full_cs", networks=[network])
    cs.seed(0)
    configs = [dict(c) for c in cs.sample_configuration(30)]
    assert {bool(c[f"NetworkSelector:{network}:{parent}"]) for c in configs} == set(values)
    for config in configs:
        used = bool(config[f"NetworkSelector:{network}:{parent}"])
        assert all((f"NetworkSelector:{network}:{child}" in config) == used for child in children)


def test_2_children_of_the_nodes_own_switch_are_kept() -> None:
    for values in ([True], [True, False], [False]):
        cs = space(("TrainNode", "use_gradient_clipping", values))
        assert ("TrainNode:max_gradient_norm" in cs) == (True in values)


@pytest.mark.parametrize("preset", ["tiny_cs", "medium_cs"])
def test_3_an_update_changes_what_it_names_and_nothing_else(preset: str) -> None:
    before = dict(space(preset=preset))
    after = dict(space(("CreateDataLoader", "batch_size", [64, 96]), preset=preset))
    assert after.pop("CreateDataLoader:batch_size") != before.pop("CreateDataLoader:batch_size")
    assert after == before


def test_3_the_users_last_word_counts() -> None:
    cs = space(("CreateDataLoader", "batch_size", [64, 96]), ("CreateDataLoader", "batch_size", [16, 512]))
    assert (cs["CreateDataLoader:batch_size"].lower, cs["CreateDataLoader:batch_size"].upper) == (16, 512)


def test_4_the_list_handed_over_is_copied() -> None:
    rows = list(HyperparameterSearchSpaceUpdates())
    updates = HyperparameterSearchSpaceUpdates(rows)
    updates.append("CreateDataLoader", "batch_size", [32, 64])
    assert rows == []


def test_5_a_saved_file_gives_the_same_space(tmp_path: Path) -> None:
    rows: list[tuple[Any, ...]] = [
        ("OptimizerSelector", "sgd:learning_rate", [0.001, 0.1], True),
        ("NetworkSelector", "shapedresnet:activation", ["relu", "gelu"]),
        ("NetworkSelector", "shapedresnet:use_dropout", [True, False]),
    ]
    updates = HyperparameterSearchSpaceUpdates()
    for row in rows:
        updates.append(*row)
    updates.save_as_file(tmp_path / "updates.txt")
    auto = AutoNetClassification("tiny_cs", hyperparameter_search_space_updates=tmp_path / "updates.txt")
    assert auto.get_hyperparameter_search_space() == space(*rows)


def test_6_mixup_is_sampled_from_the_edited_range_in_every_preset() -> None:
    for preset in ("tiny_cs", "medium_cs"):
        cs = space(("TrainNode", "mixup:alpha", [0.7, 0.9]), preset=preset, batch_loss_computation_techniques=["mixup"])
        cs.seed(0)
        assert all(0.7 <= c["TrainNode:mixup:alpha"] <= 0.9 for c in cs.sample_configuration(10))


def test_7_a_chosen_network_brings_its_hyperparameters() -> None:
    cs = space(("NetworkSelector", "network", ["mlpnet"]))
    assert cs["NetworkSelector:network"].value == "mlpnet"
    assert "NetworkSelector:mlpnet:num_units_1" in cs
    assert not [name for name in cs if "shapedresnet" in name]


def test_7_the_loss_of_another_task_is_refused_with_those_of_this_one() -> None:
    with pytest.raises(ValueError, match="Unknown component of LossModuleSelector for classification 'l1_loss'"):
        space(("LossModuleSelector", "loss_module", ["l1_loss"]))
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("LossModuleSelector", "loss_module", ["l1_loss"])
    auto = AutoNetRegression("tiny_cs", hyperparameter_search_space_updates=updates)
    assert auto.get_hyperparameter_search_space()["LossModuleSelector:loss_module"].value == "l1_loss"


def test_8_an_option_that_is_removed_is_gone_from_the_next_fit(iris: Any, quick: dict[str, Any]) -> None:
    name = "NetworkSelector:shapedresnet:num_groups"
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("NetworkSelector", "shapedresnet:num_groups", [5])
    auto = AutoNetClassification("tiny_cs", **{**quick, "max_trials": 1, "max_budget": 1})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BaselineReturned)
        auto.fit(*iris, hyperparameter_search_space_updates=updates)
        assert auto.search_space_[name].value == 5
        auto.fit(*iris)
        assert (auto.search_space_[name].lower, auto.search_space_[name].upper) == (1, 3)
        auto.set_params(hyperparameter_search_space_updates=updates).fit(*iris)
        assert auto.search_space_[name].value == 5
        auto.set_params(hyperparameter_search_space_updates=None)
    assert auto.get_hyperparameter_search_space(*iris)[name].upper == 3


def test_8_updates_are_not_consumed_and_not_changed() -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("NetworkSelector", "shapedresnet:num_groups", [5, 7])
    auto = AutoNetClassification("tiny_cs", hyperparameter_search_space_updates=updates)
    assert auto.get_hyperparameter_search_space() == auto.get_hyperparameter_search_space()
    assert len(updates) == 1


@pytest.mark.parametrize("node", [n for n in NODES.values() if n.option], ids=lambda n: n.name)
def test_9_every_component_can_be_asked_for_against_tiny_cs(node: Node[Any]) -> None:
    for name in node.names(Task("classification")):
        cs = space(**{node.option: [name]})
        assert cs[f"{node.name}:{node.selector}"].value == name
        assert {key.split(":")[1] for key in cs if key.startswith(f"{node.name}:") and key.count(":") == 2} <= {
            name,
            "initializer",
        }

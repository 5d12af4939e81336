"""The ten defects of editing ranges in Auto-PyTorch 0.0.2, each with the behaviour that replaces it."""

from pathlib import Path
from typing import Any

import pytest
from ConfigSpace import ConfigurationSpace

from autonet import (
    AutoNetClassification,
    HyperparameterSearchSpaceUpdates,
    parse_hyperparameter_search_space_updates,
)


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
        ("OptimizerSelector sgd:learning_rate", [-1.0, 0.1], False, "outside of the sensible interval"),
        ("NetworkSelector shapedresnet:max_dropout", [0.1, 2.0], False, "outside of the sensible interval"),
        ("NetworkSelector shapedresnet:num_groups", [1, 2, 3], False, "3 numbers were given; a range has two ends"),
        ("NetworkSelector shapedresnet:num_groups", [4, 2], False, "the low end comes first"),
        ("NetworkSelector shapedresnet:num_groups", [1.5, 2], False, "1.5 is not a whole number"),
        ("NetworkSelector shapedresnet:num_groups", ["two"], False, "'two' is not a number"),
        ("NetworkSelector shapedresnet:num_groups", [True], False, "True is not a number"),
        ("OptimizerSelector sgd:weight_decay", [0.0, 0.1], True, "a log scale needs a low end above 0"),
        ("NetworkSelector shapedresnet:activation", ["relu", "swosh"], False, "'swosh' is not among its choices"),
        ("NetworkSelector shapedresnet:use_dropout", [1], False, "1 is not among its choices"),
        ("NetworkSelector shapedresnet:activation", [], False, "value_range is empty"),
        ("NetworkSelector shapedresnet:activation", "relu", False, "value_range must be a list; got 'relu'"),
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

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from ConfigSpace import (
    AndConjunction,
    Categorical,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
    ForbiddenAndConjunction,
    ForbiddenEqualsClause,
    GreaterThanCondition,
    Integer,
    LessThanCondition,
    NotEqualsCondition,
    OrConjunction,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet import AutoNetClassification
from autonet.core.component import Component, Components, Node
from autonet.core.errors import InvalidOption, UnknownName
from autonet.core.task import Task
from autonet.nets.modernnca import remember_rows
from autonet.nets.registry import NETWORKS
from autonet.pipeline.tabular import NODES
from autonet.pipeline.trial import build_training
from autonet.search.spaces.encoding import Encoding
from autonet.space.build import build_space, log_idle_updates
from autonet.space.presets import list_presets, load_preset
from autonet.space.updates import HyperparameterSearchSpaceUpdate as Update
from autonet.training.batches import EncodedRows
from autonet.training.loop import train_step
from autonet.training.schedules import SCHEDULES

CLASSIFICATION = Task("classification", n_outputs=3)
MLPNET = "NetworkSelector:mlpnet"
CASES = [(preset, kind) for preset in list_presets() for kind in ("classification", "multilabel", "regression")]


@cache
def space_of(preset: str, task: Task):
    loaded = load_preset(preset, task)
    return build_space(task, loaded.components, loaded.updates)


@settings(max_examples=25)
@given(case=st.sampled_from(CASES), seed=st.integers(0, 2**31), n_in=st.integers(1, 40), n_out=st.integers(1, 5))
def test_every_configuration_of_every_preset_builds_and_takes_a_step(
    case: tuple[str, str], seed: int, n_in: int, n_out: int
) -> None:
    task = Task(case[1], n_outputs=n_out)  # type: ignore[arg-type]
    encoding = Encoding(space_of(case[0], Task(case[1])))  # type: ignore[arg-type]
    config = encoding.decode(encoding.sample(1, np.random.default_rng(seed))[0])
    n = 1000
    targets = {"classification": torch.arange(n) % n_out, "multilabel": torch.randint(2, (n, n_out)).float()}
    every = EncodedRows(torch.randn(n, n_in), targets.get(case[1], torch.randn(n, n_out)))
    rows = every.take(torch.arange(6))
    state, plan = build_training(task, Components.resolve(NODES.values(), config), rows)
    remember_rows([state.network], every.x, every.y)
    state.network.train()
    train_step(state, plan, rows)
    assert state.network.eval()(rows.x).shape == (6, n_out)
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in state.network.parameters())
    if (case[1], n_out) != ("classification", 1):  # of a single class nothing can be learned
        assert any(p.grad is not None and p.grad.any() for p in state.network.parameters())


def test_tiny_cs_has_six_free_hyperparameters_on_repaired_scales() -> None:
    space = space_of("tiny_cs", CLASSIFICATION)
    free = {name.split(":", 1)[1]: hp for name, hp in space.items() if not isinstance(hp, Constant)}
    assert set(free) == {
        "shapedresnet:num_groups",
        "shapedresnet:blocks_per_group",
        "shapedresnet:max_units",
        "sgd:learning_rate",
        "sgd:momentum",
        "sgd:weight_decay",
    }
    decay, momentum = free["sgd:weight_decay"], free["sgd:momentum"]
    assert (decay.lower, decay.upper, decay.log) == (1e-6, 1e-1, True)
    assert (momentum.lower, momentum.upper) == (0.5, 0.99)


def test_full_cs_offers_everything_that_is_registered() -> None:
    space = space_of("full_cs", CLASSIFICATION)
    assert set(space["NetworkSelector:network"].choices) == set(NETWORKS.components)
    assert set(space["OptimizerSelector:optimizer"].choices) == {"adam", "adamw", "sgd", "rmsprop"}
    assert set(space["NumericEmbeddingSelector:numeric_embedding"].choices) == {
        *("none", "pbld", "periodic", "piecewise_linear", "thresholds")
    }
    assert len(space) > 100


def test_children_are_active_exactly_with_their_component() -> None:
    space = space_of("medium_cs", CLASSIFICATION)
    for config in space.sample_configuration(50):
        optimizer = config["OptimizerSelector:optimizer"]
        names = {
            name.split(":")[1] for name in config if name.startswith("OptimizerSelector:") and name.count(":") == 2
        }
        assert names == {optimizer}


def test_layers_follow_an_edited_depth() -> None:
    updates = [Update("NetworkSelector", "mlpnet:num_layers", (2, 3))]
    space = build_space(CLASSIFICATION, {"NetworkSelector": ["mlpnet"]}, updates)
    units = sorted(name for name in space if "mlpnet:num_units" in name)
    assert [u.rsplit("_", 1)[1] for u in units] == ["1", "2", "3"]
    for config in space.sample_configuration(20):
        depth = config["NetworkSelector:mlpnet:num_layers"]
        assert ("NetworkSelector:mlpnet:num_units_3" in config) == (depth == 3)
        assert "NetworkSelector:mlpnet:num_units_2" in config


def test_a_name_without_a_number_stands_for_all_layers() -> None:
    updates = [
        Update("NetworkSelector", "mlpnet:num_layers", (1, 6)),
        Update("NetworkSelector", "mlpnet:num_units", (64, 4096), log=True),
        Update("NetworkSelector", "mlpnet:num_units_2", (8, 16)),
        Update("NetworkSelector", "resnet:num_units", (32,)),
        Update("NetworkSelector", "resnet:dropout", (0.0, 0.3)),
    ]
    space = build_space(CLASSIFICATION, updates=updates)
    ranges = {i: (hp.lower, hp.upper, hp.log) for i in range(1, 7) for hp in [space[f"{MLPNET}:num_units_{i}"]]}
    assert ranges == {i: (8, 16, False) if i == 2 else (64, 4096, True) for i in range(1, 7)}
    assert [space[f"NetworkSelector:resnet:num_units_{i}"].value for i in range(10)] == [32] * 10
    assert {space[f"NetworkSelector:resnet:dropout_{i}"].upper for i in range(1, 10)} == {0.3}
    with pytest.raises(UnknownName, match=r"'mlpnet:num_unit'\. Did you mean 'mlpnet:num_units_"):
        build_space(CLASSIFICATION, updates=[Update("NetworkSelector", "mlpnet:num_unit", (64,))])


def test_updates_without_an_effect_are_noted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="autonet")
    updates = [
        Update("NetworkSelector", "mlpnet:num_units", (64, 128)),
        Update("NetworkSelector", "resnet:num_units", (32,)),
        Update("CreateDataLoader", "batch_size", (32,)),
    ]
    log_idle_updates(build_space(CLASSIFICATION, {"NetworkSelector": ["resnet"]}, updates), updates)
    name = "NetworkSelector:mlpnet:num_units"
    assert caplog.messages == [f"the update of {name} has no effect: no configuration of the search space has it"]


def test_optional_hyperparameters_are_there_if_an_update_names_one_of_their_group(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def hyperparameters(schedule: str, *updates: tuple[str, tuple[float, ...]]) -> set[str]:
        edits = [Update(SCHEDULES.name, f"{schedule}:{name}", values) for name, values in updates]
        space = build_space(CLASSIFICATION, {SCHEDULES.name: [schedule]}, edits)
        return {name.rsplit(":", 1)[1] for name in space if name.startswith(f"{SCHEDULES.name}:{schedule}:")}

    assert hyperparameters("cosine_annealing") == {"cycles", "T_mult", "warmup"}
    assert hyperparameters("cosine_annealing", ("T_mult", (1.0,))) == {"cycles", "T_mult", "warmup"}
    assert hyperparameters("cosine_annealing", ("T_max", (10,))) == {"T_max", "T_mult"}
    assert hyperparameters("alternating_cosine", ("T_mult", (1.0,))) == {"amp_reduction", "T_max", "T_mult"}
    assert hyperparameters("step", ("step_size", (1, 4)), ("gamma", (0.001, 0.9))) == {"step_size", "gamma"}
    assert not caplog.messages
    caplog.set_level("INFO", logger="autonet")
    assert hyperparameters("step", ("steps", (2,)), ("step_size", (1, 4))) == {"step_size", "gamma"}
    node = "LearningrateSchedulerSelector"
    assert caplog.messages == [f"{node}:step:step_size takes the place of {node}:step:steps, which is left out"]


def test_a_later_update_wins_and_may_widen_an_earlier_one() -> None:
    narrow = Update("NetworkSelector", "shapedresnet:activation", ("relu",))
    wide = Update("NetworkSelector", "shapedresnet:activation", ("relu", "gelu", "tanh"))
    space = build_space(CLASSIFICATION, {}, [narrow, wide])
    assert set(space["NetworkSelector:shapedresnet:activation"].choices) == {"relu", "gelu", "tanh"}


def test_defaults_stay_inside_new_ranges() -> None:
    def default(*values: float, log: bool = False, default_value: float | None = None) -> float:
        update = Update("OptimizerSelector", "sgd:learning_rate", values, log, default_value)
        return build_space(CLASSIFICATION, {"NetworkSelector": ["shapedresnet"]}, [update])[
            "OptimizerSelector:sgd:learning_rate"
        ].default_value

    assert default(0.01, 0.1) == pytest.approx(0.03)  # the old default
    assert default(0.1, 0.3) == pytest.approx(0.2)
    assert default(0.1, 10.0, log=True) == pytest.approx(1.0)
    assert default(0.1, 0.3, default_value=0.25) == 0.25
    with pytest.raises(InvalidOption, match=r"the default 0.5 is outside of the range"):
        default(0.1, 0.3, default_value=0.5)


def test_components_of_a_preset_that_do_not_serve_the_task_are_left_out() -> None:
    quantiles = Task("regression", quantiles=(0.1, 0.9))
    space = build_space(quantiles, {"NetworkSelector": ["realmlp", "modernnca"]})
    assert space["NetworkSelector:network"].value == "realmlp"
    with pytest.raises(UnknownName, match="NetworkSelector for regression of quantiles 'modernnca'"):
        build_space(quantiles, {"NetworkSelector": ["modernnca"]})


def test_unkncustom_components_and_nodes_are_refused() -> None:
    with pytest.raises(UnknownName, match="Unknown node 'Networks'"):
        build_space(CLASSIFICATION, {"Networks": ["resnet"]})
    with pytest.raises(UnknownName, match="Unknown component of LossModuleSelector for classification 'mse_loss'"):
        build_space(CLASSIFICATION, {"LossModuleSelector": ["mse_loss"]})


def test_every_hyperparameter_can_be_updated() -> None:
    """Each is given its own values again, which changes nothing, then fixed to its default."""
    space = build_space(CLASSIFICATION)
    same, fixed = [], []
    for name, hp in space.items():
        node, short = name.split(":", 1)
        if isinstance(hp, Constant):
            values = (hp.value,)
        else:
            values = tuple(hp.choices) if hasattr(hp, "choices") else (hp.lower, hp.upper)
        log = getattr(hp, "log", False)
        values = tuple(v.item() if hasattr(v, "item") else v for v in values)
        default = hp.default_value.item() if hasattr(hp.default_value, "item") else hp.default_value
        same.append(Update(node, short, values, log, default))
        fixed.append(Update(node, short, (default,)))
    assert build_space(CLASSIFICATION, {}, same) == space
    constant = build_space(CLASSIFICATION, {}, fixed)
    assert all(isinstance(hp, Constant) for hp in constant.values())
    assert dict(constant.get_default_configuration()) == dict(space.get_default_configuration())


def component_spaces(node: Node[Any], task: Task) -> dict[str, ConfigurationSpace]:
    return {name: space(task) for name in node.names(task) if (space := node.components[name].space) is not None}


def assert_complete(config: dict[str, Any], task: Task) -> None:
    """A configuration holds the hyperparameters of what it chose, as the component's own space would, and no other."""
    expected = set()
    for node in NODES.values():
        if node.optional and node.key not in config:
            continue
        chosen = {node.selector: node.resolve(config).name} if node.names(task) else {}
        parts = {"": node.space(task)} if node.space is not None else {}
        parts |= {name: space for name, space in component_spaces(node, task).items() if name in chosen.values()}
        expected |= {f"{node.name}:{key}" for key in chosen}
        for name, space in parts.items():
            prefix = f"{node.name}:{name}:" if name else f"{node.name}:"
            own = {h: config[prefix + h] for h in space if prefix + h in config}
            for hyperparameter in (name for name in space if "optional" not in (space[name].meta or {})):
                conditions = space.parent_conditions_of[hyperparameter]
                if all(condition.satisfied_by_value(Defaulting(own)) for condition in conditions):
                    expected.add(prefix + hyperparameter)
    assert set(config) == expected


class Defaulting(dict[str, Any]):
    """Values of parents; one that is not active satisfies nothing."""

    def __missing__(self, key: str) -> Any:
        return None


@settings(max_examples=15)
@given(
    data=st.data(), kind=st.sampled_from(["classification", "multilabel", "regression"]), seed=st.integers(0, 2**31 - 1)
)
def test_whatever_is_chosen_a_configuration_holds_what_its_components_need(
    data: st.DataObject, kind: str, seed: int
) -> None:
    task = Task(kind, n_outputs=3)  # type: ignore[arg-type]
    updates = []
    for node in NODES.values():
        if node.names(task):
            names = data.draw(st.lists(st.sampled_from(node.names(task)), min_size=1, max_size=2, unique=True))
            updates.append(Update(node.name, node.selector, tuple(names)))
    depth = data.draw(st.lists(st.integers(1, 9), min_size=2, max_size=2).map(sorted))
    updates += [
        Update("NetworkSelector", "resnet:num_groups", tuple(depth)),
        Update("NetworkSelector", "mlpnet:num_layers", tuple(depth)),
    ]
    booleans = st.sampled_from([(True,), (False,), (True, False), (False, True)])
    for name in ("use_dropout", "use_shake_drop", "use_shake_shake"):
        updates += [
            Update("NetworkSelector", f"{net}:{name}", data.draw(booleans)) for net in ("resnet", "shapedresnet")
        ]
    updates.append(Update("TrainNode", "use_gradient_clipping", data.draw(booleans)))
    space = build_space(task, updates=data.draw(st.permutations(updates)))
    space.seed(seed)
    for config in [space.get_default_configuration(), *space.sample_configuration(3)]:
        assert_complete(dict(config), task)


@pytest.fixture
def mine() -> Iterator[dict[str, Component[Any]]]:
    """The registered networks, to be put back."""
    before = dict(NETWORKS.components)
    yield NETWORKS.components
    NETWORKS.components.clear()
    NETWORKS.components.update(before)


def space_with(components: dict[str, Component[Any]], *parts: Any, updates: tuple[Update, ...] = ()) -> Any:
    def own(task: Task) -> ConfigurationSpace:
        space = ConfigurationSpace()
        space.add(*parts)
        return space

    components["mine"] = Component("mine", lambda n_in, n_out, **_: torch.nn.Linear(n_in, n_out), own)
    space = build_space(CLASSIFICATION, {"NetworkSelector": ["mine", "shapedmlpnet"]}, updates)
    space.seed(0)
    return space


def test_two_conditions_on_the_same_parent_both_count(mine: dict[str, Component[Any]]) -> None:
    n, x = Integer("n", (1, 6)), Float("x", (0.0, 1.0))
    between = AndConjunction(GreaterThanCondition(x, n, 2), LessThanCondition(x, n, 5))
    seen = set()
    for config in space_with(mine, n, x, between).sample_configuration(200):
        if config["NetworkSelector:network"] == "mine":
            seen.add((config["NetworkSelector:mine:n"], "NetworkSelector:mine:x" in config))
    assert seen == {(1, False), (2, False), (3, True), (4, True), (5, False), (6, False)}


def test_two_parents_with_conditions_on_the_same_grandparent_both_count(mine: dict[str, Component[Any]]) -> None:
    n = Integer("n", (1, 3))
    a, b, x = Categorical("a", [True, False]), Categorical("b", [True, False]), Float("x", (0.0, 1.0))
    conditions = [
        EqualsCondition(a, n, 2),
        GreaterThanCondition(b, n, 1),
        AndConjunction(EqualsCondition(x, a, True), EqualsCondition(x, b, True)),
    ]
    always = tuple(Update("NetworkSelector", f"mine:{name}", (True,)) for name in "ab")
    for config in space_with(mine, n, a, b, x, *conditions, updates=always).sample_configuration(100):
        assert ("NetworkSelector:mine:x" in config) == (config.get("NetworkSelector:mine:n") == 2)


def test_a_condition_of_inequality_counts(mine: dict[str, Component[Any]]) -> None:
    kind, x = Categorical("kind", ["a", "b", "c"]), Float("x", (0.0, 1.0))
    for config in space_with(mine, kind, x, NotEqualsCondition(x, kind, "b")).sample_configuration(60):
        assert ("NetworkSelector:mine:x" in config) == (config.get("NetworkSelector:mine:kind") in ("a", "c"))


def test_a_grandchild_goes_with_its_parents(mine: dict[str, Component[Any]]) -> None:
    use, kind, x = Categorical("use", [True, False]), Categorical("kind", ["a", "b"]), Float("x", (0.0, 1.0))
    parts = [use, kind, x, EqualsCondition(kind, use, True), EqualsCondition(x, kind, "a")]
    prefix = "NetworkSelector:mine:"
    assert prefix + "x" not in space_with(mine, *parts, updates=(Update("NetworkSelector", "mine:use", (False,)),))
    assert prefix + "x" not in space_with(mine, *parts, updates=(Update("NetworkSelector", "mine:kind", ("b",)),))
    space = space_with(mine, *parts, updates=(Update("NetworkSelector", "mine:kind", ("a",)),))
    for config in space.sample_configuration(60):
        assert (prefix + "x" in config) == bool(config.get(prefix + "use"))


def test_forbidden_combinations_are_honoured_or_refused_but_not_forgotten(mine: dict[str, Component[Any]]) -> None:
    a, b = Categorical("a", [1, 2]), Categorical("b", [1, 2])
    never = ForbiddenAndConjunction(ForbiddenEqualsClause(a, 2), ForbiddenEqualsClause(b, 2))
    try:
        space = space_with(mine, a, b, never)
    except InvalidOption as error:
        assert "mine" in str(error) or "forbid" in str(error).lower()  # noqa: PT017 - either is right
        return
    pairs = {
        (c.get("NetworkSelector:mine:a"), c.get("NetworkSelector:mine:b")) for c in space.sample_configuration(100)
    }
    assert (1, 2) in pairs
    assert (2, 2) not in pairs


def test_conditions_that_cannot_be_settled_are_refused(mine: dict[str, Component[Any]]) -> None:
    f, n, x = Float("f", (0.0, 1.0)), Integer("n", (1, 3)), Float("x", (0.0, 1.0))
    with pytest.raises(InvalidOption, match="Conditions on f are not supported: it is continuous"):
        space_with(mine, f, x, GreaterThanCondition(x, f, 0.5))
    with pytest.raises(InvalidOption, match="may join conditions by AND only"):
        space_with(mine, n, x, OrConjunction(EqualsCondition(x, n, 1), EqualsCondition(x, n, 3)))


def test_a_space_is_built_the_same_twice_and_owes_nothing_to_the_last_one() -> None:
    before = build_space(CLASSIFICATION)
    build_space(CLASSIFICATION, {"NetworkSelector": ["mlpnet"]}, [Update("NetworkSelector", "mlpnet:num_layers", (2,))])
    assert build_space(CLASSIFICATION) == before


@pytest.mark.parametrize("preset", list_presets())
def test_options_win_over_the_preset(preset: str) -> None:
    auto = AutoNetClassification(preset, normalization_strategies=["robust"], networks=["mlpnet"])
    space = auto.get_hyperparameter_search_space(np.zeros((2000, 3)) + np.arange(3), np.arange(2000) % 2)
    assert space["NormalizationStrategySelector:normalization_strategy"].value == "robust"
    assert space["NetworkSelector:network"].value == "mlpnet"

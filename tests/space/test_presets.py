import random
from itertools import islice
from pathlib import Path
from typing import get_args

import pytest
import torch
from ConfigSpace import Constant

from autonet import AutoNetClassification
from autonet.core.errors import InvalidOption, UnknownName
from autonet.core.task import Task, TaskKind
from autonet.nets.initialization import INITIALIZATION, initialize
from autonet.nets.modernnca import remember_rows
from autonet.nets.registry import NETWORKS
from autonet.space.build import build_space
from autonet.space.presets import list_presets, load_preset
from tests.space.hostile import PRESET, mutations, problem, read_preset, unreadable

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


def test_five_presets_come_with_a_description() -> None:
    assert list_presets() == ["best_cs", "full_cs", "medium_cs", "tiny_cs", "tiny_cs_002"]
    assert all(load_preset(name, Task("regression")).description for name in list_presets())


def test_a_preset_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE, encoding="utf-8")
    space = AutoNetClassification(str(path)).get_hyperparameter_search_space()
    assert space["NetworkSelector:network"].value == "shapedmlpnet"
    assert space["NetworkSelector:shapedmlpnet:num_layers"].upper == 4


def test_a_preset_begins_with_its_base(tmp_path: Path) -> None:
    path, task = tmp_path / "mine.toml", Task("regression")
    path.write_text(
        MINE.replace('"mine"', '"mine"\nbase = "medium_cs"') + "[options]\nensemble_size = 3", encoding="utf-8"
    )
    base, mine = load_preset("medium_cs", task), load_preset(path, task)
    assert (mine.name, mine.description) == ("mine", "mine")
    assert mine.components == {**base.components, "NetworkSelector": ["shapedmlpnet"]}
    assert mine.options == {**base.options, "ensemble_size": 3}
    assert mine.portfolio == base.portfolio
    space = AutoNetClassification(str(path)).get_hyperparameter_search_space()
    assert space["NetworkSelector:shapedmlpnet:num_layers"].upper == 4  # 5 in medium_cs
    assert space["NetworkSelector:shapedmlpnet:max_units"].upper == 512


def test_best_cs_is_medium_cs_with_nearest_neighbours() -> None:
    for kind in ("classification", "multilabel", "regression"):
        for n_rows in (900, 5000):
            best, medium = (load_preset(name, Task(kind, n_rows)) for name in ("best_cs", "medium_cs"))
            networks = [*medium.components["NetworkSelector"], "modernnca"]
            assert best.components == {**medium.components, "NetworkSelector": networks}
            assert best.updates == medium.updates
            n_first = len(best.portfolio) - len(medium.portfolio)
            assert best.portfolio[n_first:] == medium.portfolio
            assert [e["NetworkSelector:network"] for e in best.portfolio[:n_first]] == ["modernnca"] * (n_rows == 5000)


# Hyperparameters of tiny_cs of Auto-PyTorch 0.0.2 for classification, without resampling: (low, high, log, default) of
# the six that are searched, and the values of the others.
TINY_CS_002 = {
    "NetworkSelector:shapedresnet:num_groups": (1, 9, False, 5),
    "NetworkSelector:shapedresnet:blocks_per_group": (1, 4, False, 2),
    "NetworkSelector:shapedresnet:max_units": (10, 1024, True, 101),
    "OptimizerSelector:sgd:learning_rate": (1e-4, 0.1, True, 0.0031623),
    "OptimizerSelector:sgd:momentum": (0.1, 0.99, True, 0.3146),
    "OptimizerSelector:sgd:weight_decay": (1e-5, 0.1, False, 0.050005),
    "CreateDataLoader:batch_size": 125,
    "Imputation:strategy": "median",
    "InitializationSelector:initialization_method": "default",
    "InitializationSelector:initializer:initialize_bias": "No",
    "LearningrateSchedulerSelector:lr_scheduler": "cosine_annealing",
    "LearningrateSchedulerSelector:cosine_annealing:T_max": 10,
    "LearningrateSchedulerSelector:cosine_annealing:T_mult": 2,
    "LossModuleSelector:loss_module": "cross_entropy_weighted",
    "NetworkSelector:network": "shapedresnet",
    "NetworkSelector:shapedresnet:activation": "relu",
    "NetworkSelector:shapedresnet:resnet_shape": "brick",
    "NetworkSelector:shapedresnet:use_dropout": False,
    "NetworkSelector:shapedresnet:use_shake_drop": False,
    "NetworkSelector:shapedresnet:use_shake_shake": False,
    "NormalizationStrategySelector:normalization_strategy": "standardize",
    "OptimizerSelector:optimizer": "sgd",
    "PreprocessorSelector:preprocessor": "truncated_svd",
    "PreprocessorSelector:truncated_svd:target_dim": 100,
    "TrainNode:batch_loss_computation_technique": "standard",
}


@pytest.mark.parametrize("kind", get_args(TaskKind))
def test_tiny_cs_002_is_the_space_of_auto_pytorch(kind: TaskKind) -> None:
    preset = load_preset("tiny_cs_002", Task(kind))
    space = build_space(Task(kind), preset.components, preset.updates)
    losses = {"multilabel": "bce_with_logits_weighted", "regression": "l1_loss"}
    expected = {**TINY_CS_002, "LossModuleSelector:loss_module": losses.get(kind, "cross_entropy_weighted")}
    for name, value in expected.items():
        found = space[name]
        if isinstance(value, tuple):
            searched = (found.lower, found.upper, found.log, found.default_value)
            assert searched == pytest.approx(value, rel=2e-4), name
        else:
            assert found.value == value, name
    rest = [hp for name, hp in space.items() if name not in expected]
    assert all(isinstance(hp, Constant) for hp in rest)
    off = ("none", "constant", False, 0.0)  # what 0.0.2 did not have
    assert all(hp.value in off for hp in rest), rest


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
        ("schema = 1\nbase = 'medium'", "Unknown base in preset mine.toml 'medium'. Did you mean 'medium_cs'"),
        ("schema = 1\nbase = 3", "base must be a text; got 3"),
        (MINE + "lgo = true", "Unknown key in an update of preset mine.toml 'lgo'"),
    ],
)
def test_mistakes_in_a_preset_are_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidOption, match=r"mine\.toml") as caught:
        load_preset(path, Task("classification"))
    assert message in str(caught.value)


def test_a_preset_of_tables_is_none_of_images() -> None:
    said = "The preset 'best_cs' is for tables; those for images are 'full_cs', 'medium_cs', 'tiny_cs'."
    with pytest.raises(InvalidOption, match=f"^{said}$"):
        load_preset("best_cs", Task("classification"), "images")


def test_an_unknown_preset_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'medium_cs'"):
        load_preset("medium", Task("classification"))


@pytest.mark.parametrize("kind", ["classification", "regression"])
@pytest.mark.parametrize("preset", ["tiny_cs", "medium_cs", "full_cs"])
def test_twenty_configurations_of_every_preset_build_networks_that_can_learn(preset: str, kind: TaskKind) -> None:
    torch.manual_seed(0)
    loaded = load_preset(preset, Task(kind))
    space = build_space(Task(kind), loaded.components, loaded.updates)
    space.seed(0)
    for i, config in enumerate([space.get_default_configuration(), *space.sample_configuration(20)]):
        n_in, n_out = (1, 1) if i % 3 == 0 else (3 * i, i % 5 + 1)
        network = NETWORKS.resolve(config).build(n_in=n_in, n_out=n_out)
        initialization = INITIALIZATION.resolve(config)
        initialize(network, initialization.build(), initialization.settings["initializer:initialize_bias"])
        remember_rows([network], torch.randn(1000, n_in), torch.rand(1000, n_out))
        output = network(torch.randn(4, n_in))
        assert output.ndim == 2 or config["NetworkSelector:network"] == "tabm", config
        assert (len(output), output.shape[-1]) == (4, n_out), config
        ((output - torch.randn(output.shape)) ** 2).mean().backward()
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        assert all(torch.isfinite(g).all() for g in gradients), config
        assert any((g != 0).any() for g in gradients), config
        assert torch.isfinite(network.eval()(torch.randn(1, n_in))).all(), config


@pytest.mark.parametrize("kind", ["classification", "regression"])
@pytest.mark.parametrize("preset", ["tiny_cs", "medium_cs", "full_cs"])
@pytest.mark.parametrize("n_rows", [2, 5000, 5001, 10**6])
def test_a_preset_has_its_say_on_a_hyperparameter_once(preset: str, kind: TaskKind, n_rows: int) -> None:
    names = [update.name for update in load_preset(preset, Task(kind, n_rows)).updates]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("preset", "choices"),
    [
        ("tiny_cs", ["none"]),
        ("medium_cs", ["none", "piecewise_linear", "pbld", "thresholds"]),
        ("full_cs", ["none", "pbld", "periodic", "piecewise_linear", "thresholds"]),
    ],
)
def test_numbers_are_embedded_by_choice(preset: str, choices: list[str]) -> None:
    loaded = load_preset(preset, Task("regression"))
    space = build_space(Task("regression"), loaded.components, loaded.updates)
    offered = space["NumericEmbeddingSelector:numeric_embedding"]
    assert list(getattr(offered, "choices", [offered.default_value])) == choices
    assert offered.default_value == "none"


def test_clipping_is_for_regression_in_tiny_cs() -> None:
    for kind, clips in (("classification", False), ("regression", True)):
        loaded = load_preset("tiny_cs", Task(kind))  # type: ignore[arg-type]
        config = build_space(Task(kind), loaded.components, loaded.updates).get_default_configuration()  # type: ignore[arg-type]
        assert bool(config["TrainNode:use_gradient_clipping"]) == clips
        assert config.get("TrainNode:max_gradient_norm") == (1.0 if clips else None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINE.replace('node = "NetworkSelector"', ""), r"mine\.toml.* node"),
        (MINE.replace('hyperparameter = "shapedmlpnet:num_layers"', ""), r"mine\.toml.* hyperparameter"),
        (MINE.replace("values = [2, 4]", ""), r"mine\.toml.* values"),
        (MINE.replace("values = [2, 4]", "values = 2"), "must be a list; got 2"),
        (MINE.replace("values = [2, 4]", "values = []"), "value_range is empty"),
        (MINE + 'task = "clasification"', r"'clasification'\. Did you mean 'classification'"),
        (MINE.replace("[components]", "[classification.component]"), r"'component'\. Did you mean 'components'"),
        (
            MINE.replace('["shapedmlpnet"]', '"shapedmlpnet"'),
            "the components of NetworkSelector must be a list of names; got 'shapedmlpnet'",
        ),
    ],
)
def test_half_written_presets_are_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidOption, match=message):
        AutoNetClassification(path).get_hyperparameter_search_space()


# --- presets from elsewhere


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            b"\xff",
            r"mine\.toml' cannot be read: 'utf-8' codec can't decode byte 0xff in position 0.*; save it as UTF-8",
        ),
        (b"schema = [" + b"[" * 3000, r"mine\.toml' cannot be read: it is nested too deeply"),
        (b"schema = " + b"9" * 4085, r"Preset mine\.toml has schema 9{60}; this version reads 1"),
        (b"a." * 5000 + b"a = 1", r"mine\.toml' has a line of more than 4096 characters"),
        (b"#\n" * 200_000, r"mine\.toml' is larger than 256 KiB"),
        (b'schema = 1\nupdates = "abc"', r"In preset mine\.toml, updates must be a list; got 'abc'"),
        (b"schema = 1\nupdates = [1]", r"updates must be tables, each under a line \[\[updates\]\]; got \[1\]"),
        (b"schema = 1\ncomponents = 'x'", r"In preset mine\.toml, components must be a table; got 'x'"),
        (b"schema = 1\nregression = 1", r"In preset mine\.toml, regression must be a table; got 1"),
        (b"schema = 1\nclassification.components.NetworkSelector = [1]", r"must be a list of names; got \[1\]"),
        (b"schema = 1\noptions = []", r"In preset mine\.toml, options must be a table; got \[\]"),
        (
            b"schema = 1\noptions = {ensemble_size = 'x'}",
            "ensemble_size must be a whole number of at least 1, or None; got 'x'",
        ),
        (b"schema = 1\ndescription = 1", r"In preset mine\.toml, description must be a text; got 1"),
        (MINE.encode() + b"min_rows = 'a'", r"In preset mine\.toml, min_rows must be a number; got 'a'"),
        (MINE.encode() + b"log = 1", r"In an update of preset mine\.toml, log must be true or false; got 1"),
        (MINE.replace('"NetworkSelector"\nh', "1\nh").encode(), r"In an update of .*, node must be a text; got 1"),
        (MINE.replace("[2, 4]", "[2, 1" + "0" * 400 + "]").encode(), "1000.*0000 is not a number"),
        (
            MINE.encode() + b"[[portfolio]]\nvalues = {x = {a = 1}}",
            r"x must be a name, a finite number.*; got \{'a': 1\}",
        ),
        (MINE.encode() + b"[[portfolio]]\nvalues = {x = nan}", r"x must be a name, a finite number.*; got nan"),
    ],
)
def test_wrong_encodings_types_and_sizes_are_named(text: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(text)
    with pytest.raises(InvalidOption, match=message):
        AutoNetClassification(path).fit([[0.0], [1.0]] * 10, [0, 1] * 10)


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE, encoding="utf-8-sig")
    assert load_preset(path, Task("classification")).description == "mine"


def test_damaged_presets_are_read_or_refused_with_a_sentence(tmp_path: Path) -> None:
    assert problem(read_preset, _written(tmp_path, PRESET.encode())) is None
    for data in islice(mutations(PRESET, random.Random(1), structured=True), 150):
        assert problem(read_preset, _written(tmp_path, data)) is None, data


def test_directories_pipes_links_and_devices_are_no_presets(tmp_path: Path) -> None:
    for name, path in unreadable(tmp_path, ".toml").items():
        with pytest.raises(InvalidOption, match=r"cannot be read|larger than 256 KiB"):
            load_preset(path, Task("classification"))
        assert problem(read_preset, path) is None, name


def _written(folder: Path, data: bytes) -> Path:
    (folder / "mine.toml").write_bytes(data)
    return folder / "mine.toml"


def test_what_a_preset_says_of_losses_is_not_for_quantiles(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    losses = """
[regression.components]
LossModuleSelector = ["huber_loss"]
[[updates]]
node = "LossModuleSelector"
hyperparameter = "huber_loss:delta"
values = [0.5, 1.0]
task = "regression"
[[portfolio]]
values = {"LossModuleSelector:loss_module" = "huber_loss", "CreateDataLoader:batch_size" = 64}
"""
    path.write_text(MINE + losses, encoding="utf-8")
    means, quantiles = (load_preset(path, Task("regression", quantiles=levels)) for levels in ((), (0.5,)))
    assert means.portfolio[0]["LossModuleSelector:loss_module"] == "huber_loss"
    assert quantiles.portfolio == ({"CreateDataLoader:batch_size": 64},)
    space = build_space(Task("regression", quantiles=(0.5,)), quantiles.components, quantiles.updates)
    assert list(space["LossModuleSelector:loss_module"].choices) == ["pinball_loss"]

import random
import re
import string
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autonet import (
    HyperparameterSearchSpaceUpdate,
    HyperparameterSearchSpaceUpdates,
    parse_hyperparameter_search_space_updates,
)
from autonet.core.errors import InvalidOption
from autonet.core.task import Task
from autonet.space.build import build_space
from tests.space.hostile import UPDATES as FILE
from tests.space.hostile import mutations, problem, read_updates, unreadable

NAMES = st.text(string.ascii_letters + string.digits + "_:", min_size=1)
VALUES = st.one_of(
    st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
UPDATES = st.lists(
    st.builds(
        HyperparameterSearchSpaceUpdate,
        NAMES,
        NAMES,
        st.lists(VALUES, min_size=1).map(tuple),
        st.booleans(),
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(min_size=1)),
    )
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(updates=UPDATES)
@example(
    updates=[HyperparameterSearchSpaceUpdate("N", "h", ("a b", "[c]", "] log", "ü \u2028 \n", "'", '"', "", "True"))]
)
@example(updates=[HyperparameterSearchSpaceUpdate("N", "h", (True, 1, 1.0, "1", float("inf"), -1e-300), True, False)])
@example(updates=[HyperparameterSearchSpaceUpdate("N", "h", ("] default=1",), False, "] default=2")])
def test_a_file_gives_back_what_was_saved(updates: list[HyperparameterSearchSpaceUpdate], tmp_path: Path) -> None:
    saved = HyperparameterSearchSpaceUpdates(updates)
    saved.save_as_file(tmp_path / "updates.txt")
    parsed = parse_hyperparameter_search_space_updates(tmp_path / "updates.txt")
    assert parsed == saved
    assert [[type(v) for v in u.value_range] for u in parsed] == [[type(v) for v in u.value_range] for u in saved]


@pytest.mark.parametrize(
    ("node", "name", "values"),
    [
        ("No de", "h", [1]),
        ("#N", "h", [1]),
        ("N", "a\nb", [1]),
        ("", "h", [1]),
        ("N", "\ud800", [1]),
        ("N", "h", [(1, 2)]),
        ("N", "h", [1j]),
    ],
)
def test_what_would_not_be_read_back_is_not_saved(node: str, name: str, values: list[Any], tmp_path: Path) -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append(node, name, values)
    with pytest.raises(InvalidOption, match="cannot be written to a file"):
        updates.save_as_file(tmp_path / "updates.txt")
    assert not (tmp_path / "updates.txt").exists()


def test_a_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "updates.txt").write_text(
        "CreateDataLoader batch_size [1, 2]\nNetworkSelector oops\n", encoding="utf-8"
    )
    with pytest.raises(InvalidOption, match="line 2: expected 'NodeName component:hyperparameter"):
        parse_hyperparameter_search_space_updates(tmp_path / "updates.txt")


def test_numpy_values_become_plain_ones() -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("CreateDataLoader", "batch_size", np.array([32, 64]))
    assert [type(v) for v in next(iter(updates)).value_range] == [int, int]


def test_updates_print_as_they_are_saved() -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("OptimizerSelector", "sgd:momentum", [0.5, 0.9], default_value=0.8)
    assert str(updates) == "OptimizerSelector sgd:momentum [0.5, 0.9] default=0.8"
    assert "sgd:momentum" in repr(updates)
    assert updates != HyperparameterSearchSpaceUpdates()


def test_nothing_saved_is_nothing_read(tmp_path: Path) -> None:
    HyperparameterSearchSpaceUpdates().save_as_file(tmp_path / "updates.txt")
    assert len(parse_hyperparameter_search_space_updates(tmp_path / "updates.txt")) == 0


def test_comments_and_blank_lines_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "updates.txt").write_text("# mine\n\n  CreateDataLoader  batch_size  [ 32,64 ]   log  \n\n", "utf-8")
    (update,) = parse_hyperparameter_search_space_updates(tmp_path / "updates.txt")
    assert update == HyperparameterSearchSpaceUpdate("CreateDataLoader", "batch_size", (32, 64), True)


@pytest.mark.parametrize(
    "line",
    [
        "CreateDataLoader batch_size",
        "CreateDataLoader batch_size 32 64",
        "CreateDataLoader batch_size [32, 64] lgo",
        "CreateDataLoader batch_size [32, 64",
        "CreateDataLoader batch_size [32, 64] default=",
        "CreateDataLoader batch_size [32, 64] default=forty",
    ],
)
def test_every_line_that_cannot_be_read_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "updates.txt").write_text(f"# mine\n{line}\n", encoding="utf-8")
    with pytest.raises(InvalidOption, match=r"updates\.txt, line 2"):
        parse_hyperparameter_search_space_updates(tmp_path / "updates.txt")


def test_updates_are_compared_counted_and_walked_through_in_order() -> None:
    first, second = (HyperparameterSearchSpaceUpdate("Node", name, (1,)) for name in "ab")
    updates = HyperparameterSearchSpaceUpdates([first, second])
    assert len(updates) == 2
    assert list(updates) == [first, second]
    assert updates == HyperparameterSearchSpaceUpdates(iter([first, second]))
    assert updates != HyperparameterSearchSpaceUpdates([second, first])
    assert updates != [first, second]


def test_values_may_come_from_anything_that_can_be_walked_through() -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("NetworkSelector", "shapedresnet:activation", (name for name in ("relu", "tanh")))
    updates.append("OptimizerSelector", "sgd:learning_rate", (np.float32(0.5), np.float64(0.75)), np.True_)
    assert [u.value_range for u in updates] == [("relu", "tanh"), (0.5, 0.75)]
    assert [type(v) for u in updates for v in u.value_range] == [str, str, float, float]
    assert [u.log for u in updates] == [False, True]
    assert str(updates).endswith("sgd:learning_rate [0.5, 0.75] log")


@pytest.mark.parametrize(
    ("further", "log", "default"),
    [((True,), True, None), ((32,), False, 32), ((32, True), True, 32), ((32, False), False, 32)],
    ids=["0.0.2", "default", "default, log", "default, not log"],
)
def test_the_fourth_argument_is_log_or_the_default_of_auto_pytorch_0_2_1(
    further: tuple[Any, ...], log: bool, default: int | None
) -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("CreateDataLoader", "batch_size", [16, 64], *further)
    assert [(u.log, u.default_value) for u in updates] == [(log, default)]


@pytest.mark.parametrize(
    ("hyperparameter", "values", "default"),
    [
        ("shapedresnet:num_groups", [1, 3], 4),
        ("shapedresnet:num_groups", [1, 3], 2.5),
        ("shapedresnet:num_groups", [1, 3], "two"),
        ("shapedresnet:max_dropout", [0.1, 0.3], "a little"),
        ("shapedresnet:max_dropout", [0.1, 0.3], float("nan")),
        ("shapedresnet:activation", ["relu", "tanh"], "gelu"),
        ("shapedresnet:activation", ["relu"], "tanh"),
        ("shapedresnet:num_groups", [3], 2),
    ],
)
def test_a_default_that_does_not_fit_is_refused(hyperparameter: str, values: list[Any], default: Any) -> None:
    update = HyperparameterSearchSpaceUpdate("NetworkSelector", hyperparameter, tuple(values), default_value=default)
    with pytest.raises(InvalidOption, match=f"Update of NetworkSelector:{hyperparameter} to .* default"):
        build_space(Task("classification"), updates=[update])


def test_a_default_that_fits_is_taken() -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("NetworkSelector", "shapedresnet:activation", ["relu", "tanh", "gelu"], default_value="gelu")
    updates.append("NetworkSelector", "shapedresnet:use_dropout", [True, False], default_value=False)
    updates.append("CreateDataLoader", "batch_size", [16, 64], True, default_value=32)
    default = build_space(Task("classification"), {"NetworkSelector": ["shapedresnet"]}, updates)
    config = default.get_default_configuration()
    assert config["NetworkSelector:shapedresnet:activation"] == "gelu"
    assert not config["NetworkSelector:shapedresnet:use_dropout"]
    assert "NetworkSelector:shapedresnet:max_dropout" not in config
    assert config["CreateDataLoader:batch_size"] == 32


# --- files from elsewhere


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\xff", r"Updates file '.*updates\.txt' cannot be read: 'utf-8' codec can't decode .*; save it as UTF-8"),
        (b"N h " + b"[" * 4000, r"updates\.txt, line 1: expected 'NodeName component:hyperparameter \[values\] log'"),
        (b"N h " + b"[" * 5000, r"updates\.txt' has a line of more than 4096 characters"),
        (b"#\n" * 200_000, r"updates\.txt' is larger than 256 KiB"),
    ],
)
def test_wrong_encodings_nesting_and_sizes_are_named(text: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "updates.txt").write_bytes(text)
    with pytest.raises(InvalidOption, match=message):
        parse_hyperparameter_search_space_updates(tmp_path / "updates.txt")


def test_damaged_files_are_read_or_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "updates.txt"
    path.write_text(FILE, encoding="utf-8")
    assert problem(read_updates, path) is None
    for data in islice(mutations(FILE, random.Random(1), structured=False), 150):
        path.write_bytes(data)
        assert problem(read_updates, path) is None, data


def test_directories_pipes_links_and_devices_are_no_files_of_updates(tmp_path: Path) -> None:
    for path in unreadable(tmp_path, ".txt").values():
        with pytest.raises(InvalidOption, match=r"cannot be read|larger than 256 KiB"):
            parse_hyperparameter_search_space_updates(path)


@pytest.mark.parametrize("values", [[1, 2], "sgd", b"sgd", 3, None, []])
def test_names_and_values_of_the_wrong_type_are_named(values: Any) -> None:
    if values != [1, 2]:
        with pytest.raises(InvalidOption, match=r"Update of N:h: value_range (must be a list; got|is empty)"):
            HyperparameterSearchSpaceUpdate("N", "h", values)
    with pytest.raises(InvalidOption, match="node_name of an update must be a name; got 1"):
        HyperparameterSearchSpaceUpdate(1, "h", values)  # type: ignore[arg-type]
    with pytest.raises(InvalidOption, match=r"hyperparameter of an update must be a name; got \[1\]"):
        HyperparameterSearchSpaceUpdate("N", [1], values)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [[10**400, 10**401], [0.1, 1e999], [1e-320, 2e-320], [float("nan"), 1]])
@pytest.mark.parametrize("log", [False, True])
def test_numbers_that_no_range_can_hold_are_refused(values: list[Any], log: bool) -> None:
    for name in ("sgd:learning_rate", "sgd:weight_decay"):
        update = HyperparameterSearchSpaceUpdate("OptimizerSelector", name, tuple(values), log)
        with pytest.raises(InvalidOption, match=f"Update of OptimizerSelector:{name}"):
            build_space(Task("classification"), updates=[update])


# Auto-PyTorch 0.0.2, configs/configspace.
FILES = {
    "autonet1": """
CreateDataLoader batch_size [32,4096] log
InitializationSelector initializer:initialize_bias ["Zero"]
NetworkSelector mlpnet:num_layers [1,6]
NetworkSelector mlpnet:num_units [64,4096] log""",
    "minimlp": """
NetworkSelector mlpnet:num_layers [2,4]
CreateDataLoader batch_size [5,10]""",
    "tiny_cs": """
CreateDataLoader batch_size [125]
InitializationSelector initializer:initialize_bias ["No"]
LearningrateSchedulerSelector cosine_annealing:T_max [10]
LearningrateSchedulerSelector cosine_annealing:T_mult [2]
NetworkSelector shapedresnet:activation ["relu"]
NetworkSelector shapedresnet:max_shake_drop_probability [0.0,0.000001]
NetworkSelector shapedresnet:resnet_shape ["brick"]
NetworkSelector shapedresnet:use_dropout [False]
NetworkSelector shapedresnet:use_shake_drop [False]
NetworkSelector shapedresnet:use_shake_shake [False]
PreprocessorSelector truncated_svd:target_dim [100]""",
}


@pytest.mark.parametrize("name", list(FILES))
def test_the_files_of_auto_pytorch_apply(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.txt"
    path.write_text(FILES[name], encoding="utf-8")
    updates = parse_hyperparameter_search_space_updates(path)
    assert len(updates) == FILES[name].count("\n")
    space = build_space(Task("classification"), updates=updates)
    for update in updates:
        if update.hyperparameter.endswith(("num_units", "max_shake_drop_probability")):  # all layers; never active
            continue
        found = space[update.name]
        low_and_high = (found.value,) if hasattr(found, "value") else (found.lower, found.upper)
        assert low_and_high == update.value_range
    layers = {n for n in space if ":mlpnet:num_units_" in n}
    assert len(layers) == {"autonet1": 6, "minimlp": 4, "tiny_cs": 15}[name]


def test_a_prior_is_written_to_files_and_shapes_the_space(tmp_path: Path) -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("OptimizerSelector", "sgd:learning_rate", [1e-3, 1e-1], True, prior=("normal", 1e-2, 0.5))
    updates.append("NetworkSelector", "resnet:num_groups", [1, 9], prior=["beta", 2, 5])
    updates.append("CreateDataLoader", "batch_size", [16, 256], True, 32, prior=("normal", 64, 0.5))
    updates.save_as_file(tmp_path / "updates.txt")
    assert parse_hyperparameter_search_space_updates(tmp_path / "updates.txt") == updates
    space = build_space(Task("classification"), updates=updates)
    assert space["OptimizerSelector:sgd:learning_rate"].default_value == 1e-2
    assert space["NetworkSelector:resnet:num_groups"].default_value == 3  # 1 + 8 / 5, the mode
    assert space["CreateDataLoader:batch_size"].default_value == 32
    space.seed(0)
    drawn = [config["CreateDataLoader:batch_size"] for config in space.sample_configuration(300)]
    assert np.median(drawn) == pytest.approx(64, rel=0.1)
    assert all(type(value.item() if hasattr(value, "item") else value) is int for value in drawn)


@pytest.mark.parametrize(
    ("hyperparameter", "values", "prior", "why"),
    [
        ("resnet:num_groups", [1, 9], ("normal", 1), "prior must be ('normal', mu, sigma) or ('beta', alpha, beta)"),
        ("resnet:num_groups", [1, 9], ("gauss", 1, 1), "prior must be ('normal', mu, sigma)"),
        ("resnet:num_groups", [1, 9], ("beta", 0, 1), "prior must be ('normal', mu, sigma)"),
        ("resnet:num_groups", [1, 9], "normal", "prior must be ('normal', mu, sigma)"),
        ("resnet:num_groups", [1, 9], ("normal", 12, 1), "the mean 12 of the prior is outside of the range"),
        ("resnet:num_groups", [3], ("normal", 3, 1), "a prior needs a range of numbers"),
        ("resnet:activation", ["relu", "gelu"], ("normal", 3, 1), "a prior needs a range of numbers"),
    ],
)
def test_a_prior_that_cannot_be_one_is_refused(hyperparameter: str, values: Any, prior: Any, why: str) -> None:
    with pytest.raises(InvalidOption, match=re.escape(why)):
        build_space(
            Task("classification"),
            updates=[HyperparameterSearchSpaceUpdate("NetworkSelector", hyperparameter, values, prior=prior)],
        )

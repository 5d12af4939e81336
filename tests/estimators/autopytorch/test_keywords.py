"""Code written for Auto-PyTorch 0.0.2 that must run with only its import line changed, on smaller budgets."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from torchviz import make_dot

from autonet import AutoNetClassification, HyperparameterSearchSpaceUpdates

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


@pytest.mark.usefixtures("cpu_clock")
def test_the_book_example(digits: Any) -> None:
    X_train, X_test, y_train, y_test = train_test_split(*digits, random_state=1)
    autoPyTorch = AutoNetClassification("tiny_cs", log_level="info", max_runtime=2, min_budget=0.1, max_budget=1)
    autoPyTorch.fit(X_train, y_train, validation_split=0.1)
    pytorch_model = autoPyTorch.get_pytorch_model()
    x = torch.randn(1, pytorch_model[0].in_features)
    y = pytorch_model(x)
    y_pred = autoPyTorch.predict(X_test)
    assert np.mean(y_pred.reshape(-1) == y_test) > 0.9
    assert "Linear(in_features=" in str(pytorch_model)
    arch = make_dot(y.mean(), params=dict(pytorch_model.named_parameters()))
    arch.format, arch.filename = "pdf", "convnet_arch"
    assert "AddmmBackward" in arch.source
    assert "OptimizerSelector:sgd:learning_rate, Type: UniformFloat" in str(
        autoPyTorch.get_hyperparameter_search_space()
    )


@pytest.mark.usefixtures("cpu_clock")
def test_the_readme_example(iris: Any) -> None:
    X, y = iris
    autoPyTorch = AutoNetClassification("tiny_cs", log_level="info", max_runtime=1.5, min_budget=0.15, max_budget=0.5)
    autoPyTorch.fit(X, y, validation_split=0.3)
    assert accuracy_score(y, autoPyTorch.predict(X)) > 0.8


@pytest.mark.usefixtures("cpu_clock")
def test_configuration(iris: Any, capsys: Any) -> None:
    AutoNetClassification().print_help()
    printed = capsys.readouterr().out
    assert all(
        name in printed
        for name in ("max_runtime", "networks", "validation_split", "hyperparameter_search_space_updates")
    )
    autoPyTorch = AutoNetClassification(log_level="info", max_runtime=2, min_budget=0.2, max_budget=0.6)
    autoPyTorch.fit(*iris, log_level="debug", max_runtime=1.5, min_budget=0.1, max_budget=0.3)
    assert max(r.target for _, r in autoPyTorch.history_.reports) <= 0.3
    AutoNetClassification("full_cs")
    autoPyTorch = AutoNetClassification(networks=["resnet", "shapedresnet", "mlpnet", "shapedmlpnet"])
    space = autoPyTorch.get_hyperparameter_search_space(*iris, validation_split=0.3)
    assert set(space["NetworkSelector:network"].choices) == {"resnet", "shapedresnet", "mlpnet", "shapedmlpnet"}
    assert autoPyTorch.get_current_autonet_config()["cross_validator"] == "auto"  # what the preset chooses


def test_updates_of_the_search_space(iris: Any) -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append(
        node_name="NetworkSelector", hyperparameter="shapedresnet:activation", value_range=["relu", "sigmoid"]
    )
    updates.append(
        node_name="NetworkSelector", hyperparameter="shapedresnet:blocks_per_group", value_range=[2, 5], log=False
    )
    updates.append("OptimizerSelector", "sgd:learning_rate", [1e-3, 1e-1], True)
    autoPyTorch = AutoNetClassification(hyperparameter_search_space_updates=updates)
    space = autoPyTorch.get_hyperparameter_search_space()
    assert set(space["NetworkSelector:shapedresnet:activation"].choices) == {"relu", "sigmoid"}
    blocks, rate = space["NetworkSelector:shapedresnet:blocks_per_group"], space["OptimizerSelector:sgd:learning_rate"]
    assert (blocks.lower, blocks.upper) == (2, 5)
    assert (rate.lower, rate.upper, rate.log) == (1e-3, 1e-1, True)
    autoPyTorch.fit(*iris, budget_type="epochs", min_budget=1, max_budget=3, max_trials=4, random_state=0)
    assert all(2 <= t.config.get("NetworkSelector:shapedresnet:blocks_per_group", 2) <= 5 for t in autoPyTorch.history_)


def test_classification_example(iris: Any) -> None:
    X, y = iris
    autonet = AutoNetClassification(
        "tiny_cs",
        budget_type="epochs",
        min_budget=1,
        max_budget=9,
        num_iterations=1,
        log_level="debug",
        use_pynisher=False,
    )
    res = autonet.fit(X_train=X, Y_train=y, cross_validator="k_fold", cross_validator_args={"n_splits": 3})
    assert "configurations tried" in str(res)
    assert autonet.score(X_test=X, Y_test=y) > 0.8


def test_options_about_servers_are_ignored_with_a_note(iris: Any, quick: dict[str, Any], caplog: Any) -> None:
    auto = AutoNetClassification(config_preset="tiny_cs", run_id="7", cuda=False, **quick)
    assert (auto.preset, auto.device) == ("tiny_cs", "cpu")
    with caplog.at_level(logging.INFO, logger="autonet"):
        auto.fit(*iris, network_interface_name="lo", log_level="info")
    assert "network_interface_name of Auto-PyTorch is ignored" in caplog.text


def test_updates_can_come_from_a_file(iris: Any, tmp_path: Path) -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("NetworkSelector", "shapedresnet:num_groups", [2, 3])
    path = tmp_path / "updates.txt"
    updates.save_as_file(path)
    space = AutoNetClassification(
        "tiny_cs", hyperparameter_search_space_updates=str(path)
    ).get_hyperparameter_search_space()
    assert (
        space["NetworkSelector:shapedresnet:num_groups"].lower,
        space["NetworkSelector:shapedresnet:num_groups"].upper,
    ) == (2, 3)


@pytest.mark.parametrize("name", ["X_train", "y_train"])
def test_alias_keywords_reach_the_search_space(name: str, iris: Any) -> None:
    space = AutoNetClassification("tiny_cs").get_hyperparameter_search_space(X_train=iris[0], y_train=iris[1])
    assert len(space) > 6


def test_the_option_refit_is_understood_under_its_old_name(iris: Any, quick: dict[str, Any], tmp_path: Path) -> None:
    auto = AutoNetClassification("tiny_cs", refit=True, **quick)
    assert auto.get_params()["refit_on_all_rows"] is True
    assert "refit" not in auto.get_params()
    assert clone(auto).refit_on_all_rows is True
    assert auto.set_params(refit=False).refit_on_all_rows is False
    assert AutoNetClassification(refit_on_all_rows=False, refit=True).refit_on_all_rows is False
    expected = clone(auto).fit(*iris, refit_on_all_rows=True).predict_proba(iris[0])
    np.testing.assert_array_equal(clone(auto).fit(*iris, refit=True).predict_proba(iris[0]), expected)
    preset = tmp_path / "mine.toml"
    preset.write_text('schema = 1\n[options]\nrefit = "auto"\n')
    assert AutoNetClassification(preset).get_current_autonet_config()["refit_on_all_rows"] == "auto"

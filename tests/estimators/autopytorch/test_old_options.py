"""Each of the 52 options of Auto-PyTorch 0.0.2, at its old default and at other values."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris

from autonet import AutoNetClassification
from autonet.core.errors import InvalidOption
from autonet.estimators.autopytorch.image_options import IMAGE_OPTIONS
from autonet.estimators.autopytorch.old_options import OLD_OPTIONS
from autonet.estimators.options import Options
from autonet.estimators.params import Params
from tests.estimators.refusals import refused

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

SMALL: dict[str, Any] = {"budget_type": "epochs", "min_budget": 1, "max_budget": 3, "num_iterations": 1}
IGNORED = {
    *("run_id", "task_id", "min_workers", "working_dir", "network_interface_name", "run_worker_on_master_node"),
    *("use_pynisher", "memory_limit_mb", "refit_validation_split", "dataset_name", "final_activation", "initializer"),
    *("torch_num_threads", "full_eval_each_epoch", "best_over_epochs", "early_stopping_reset_parameters"),
}


def rows() -> Any:
    X, y = load_iris(return_X_y=True)
    return X[::3], y[::3]


def notes(caplog: Any) -> set[str]:
    """Return the options that the log says are ignored."""
    found = (record.getMessage() for record in caplog.records)
    return {text.split()[1] for text in found if text.startswith("option ") and "of Auto-PyTorch is ignored: " in text}


def test_the_table_has_every_option_and_the_kept_ones_are_parameters() -> None:
    assert len(OLD_OPTIONS) == 52
    assert {option.fate for option in OLD_OPTIONS.values()} == {"kept", "translated", "ignored"}
    kept = {name for name, option in OLD_OPTIONS.items() if option.fate == "kept"}
    assert kept <= set(Params.names())
    assert all(option.why for option in OLD_OPTIONS.values() if option.fate == "ignored")


@pytest.mark.parametrize("name", sorted(OLD_OPTIONS))
def test_an_option_at_its_old_default(name: str, caplog: Any) -> None:
    with caplog.at_level(logging.INFO, logger="autonet"):
        auto = AutoNetClassification(**{name: OLD_OPTIONS[name].default})
        auto.get_current_autonet_config()
    assert notes(caplog) == {name} & IGNORED
    assert clone(auto).get_params() == auto.get_params()


@pytest.fixture(scope="module")
def of_defaults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A fit with every option at its old default, but for budgets; its notes; its directory."""
    folder, logger, texts = tmp_path_factory.mktemp("defaults"), logging.getLogger("autonet"), list[str]()
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: texts.append(record.getMessage())  # type: ignore[method-assign]
    before = Path.cwd(), logger.level
    os.chdir(folder)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        given = {name: option.default for name, option in OLD_OPTIONS.items() if name not in ("log_level", "cuda")}
        auto = AutoNetClassification("tiny_cs").fit(*rows(), **{**given, **SMALL}, random_state=0, device="cpu")
        yield auto, texts, folder
    finally:
        os.chdir(before[0])
        logger.setLevel(before[1])
        logger.removeHandler(handler)


def test_a_fit_with_all_options_at_their_old_defaults(of_defaults: Any) -> None:
    auto, texts, _ = of_defaults
    noted = {text.split()[1] for text in texts if "of Auto-PyTorch is ignored" in text}
    assert noted == IGNORED
    assert len(auto.history_) == 3
    assert set(auto.predict(rows()[0])) <= {0, 1, 2}


def test_results_are_written_as_hpbandster_writes_them(of_defaults: Any) -> None:
    auto, _, folder = of_defaults
    configs, results = (
        [json.loads(line) for line in (folder / f"{name}.json").read_text().splitlines()]
        for name in ("configs", "results")
    )
    assert [config_id for config_id, _, _ in configs] == [[0, 0, trial.number] for trial in auto.history_]
    assert [config for _, config, _ in configs] == [dict(trial.config) for trial in auto.history_]
    assert [budget for _, budget, *_ in results] == [report.budget for _, report in auto.history_.reports]
    for (config_id, _, times, result, exception), (trial, report) in zip(results, auto.history_.reports, strict=True):
        assert config_id == [0, 0, trial.number]
        assert times["submitted"] <= times["started"] <= times["finished"]
        assert (result["loss"], exception) == (report.loss, None)
        assert result["info"]["val_accuracy"] == report.metrics["val_accuracy"]


def test_the_current_configuration_is_taken_back(of_defaults: Any) -> None:
    auto = of_defaults[0]
    config = {**auto.get_current_autonet_config(), **SMALL, "max_trials": 1, "random_state": 0}
    assert AutoNetClassification(**config).get_current_autonet_config() == config
    again = clone(auto).fit(*rows(), **config)
    assert len(again.history_) == 1
    auto_of_config = clone(auto).refit(*rows(), autonet_config=config, budget=1)
    assert auto_of_config.fit_result["budget"] in (0, 1)


@pytest.mark.parametrize(
    ("option", "translated"),
    [
        ({"random_seed": 7}, {"random_state": 7}),
        ({"cuda": False}, {"device": "cpu"}),
        ({"cuda": True, "device": "cpu"}, {"device": "cpu"}),
        ({"refit_validation_split": 0.2}, {"refit_on_all_rows": False}),
        ({"memory_limit_mb": 1_000_000}, {"memory_limit_mb": None}),
        ({"memory_limit_mb": 500}, {"memory_limit_mb": 500}),
    ],
    ids="-".join,
)
def test_options_are_translated(option: dict[str, Any], translated: dict[str, Any]) -> None:
    auto = AutoNetClassification(**option)
    assert {name: getattr(auto, name) for name in translated} == translated


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"task_id": 3}, "task_id of Auto-PyTorch must be -1 or 1; got 3. Remove it: no server is started, and n_jobs"),
        ({"initializer": "mine"}, "initializer of Auto-PyTorch must be 'simple_initializer'; got 'mine'"),
        ({"final_activation": "tanh"}, "final_activation of Auto-PyTorch must be 'softmax' or 'sigmoid' or 'none'"),
        ({"refit_validation_split": 1.5}, "refit_validation_split must be a number from 0 to below 1; got 1.5"),
        ({"algorithm": "bohbb"}, "Unknown algorithm 'bohbb'. Did you mean 'bohb'"),
        ({"additional_logs": ["tset_result"]}, "Unknown additional_logs 'tset_result'. Did you mean 'test_result'"),
        ({"additional_logs": "test_result"}, "additional_logs must be a list of names, or None; got 'test_result'"),
        ({"additional_logs": ["test_result"]}, "needs rows to score; pass X_test and y_test to fit"),
        ({"early_stopping_patience": 0}, "early_stopping_patience must be a number greater than 0, or None; got 0"),
        ({"result_logger_dir": __file__}, "result_logger_dir must be a directory that can be written; got "),
        ({"use_tensorboard_logger": "no"}, "use_tensorboard_logger must be True or False; got 'no'"),
        ({"validation_split": 0, "refit_on_all_rows": False}, "refit_on_all_rows=False does not; remove one of them"),
        ({"min_budget_for_cv": -1}, "min_budget_for_cv must be a number of at least 0, or None; got -1"),
        (
            {"budget_type": "subset", "max_budget": 2},
            "max_budget must be a share of the rows, at most 1, with budget_typ",
        ),
        ({"budget_type": "seconds"}, "Unknown budget_type 'seconds'"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_values_that_ask_for_what_there_is_not(option: dict[str, Any], message: str) -> None:
    refused(lambda: AutoNetClassification(**option).fit(*rows()), message)


@pytest.mark.parametrize("name", sorted(IMAGE_OPTIONS))
def test_options_of_images_are_refused_for_tables(name: str) -> None:
    with pytest.raises(InvalidOption, match=f"{name} is an option of Auto-PyTorch for images; use AutoNetImageClass"):
        AutoNetClassification(**{name: 1})


def test_training_time_is_another_name_of_the_seconds_of_training() -> None:
    given = {"max_runtime": 90, "min_budget": 10, "max_budget": 30}
    auto = AutoNetClassification(budget_type="training_time", **given)
    options = Options.resolve(auto.get_params())
    assert (auto.budget_type, options.unit, options.plan_time().rungs(0.0).budgets) == (
        "training_time",
        "time",
        (10, 30),
    )
    with pytest.raises(InvalidOption, match="max_budget must not exceed max_runtime"):
        Options.resolve({**auto.get_params(), "max_budget": 100})


def test_no_validation_split_trains_the_final_model_on_all_rows(quick: dict[str, Any]) -> None:
    X, y = rows()
    auto = AutoNetClassification("tiny_cs", **{**quick, "max_trials": 1, "max_budget": 1}, baseline=False)
    expected = clone(auto).fit(X, y, refit_on_all_rows=True)
    np.testing.assert_array_equal(
        clone(auto).fit(X, y, validation_split=0.0).predict_proba(X), expected.predict_proba(X)
    )


def test_an_update_of_one_option_keeps_the_more_precise_one() -> None:
    assert AutoNetClassification().set_params(cuda=False, random_seed=3).random_state == 3


def test_the_migration_page_has_the_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "migration" / "autopytorch.md").read_text(encoding="utf-8")
    section = page.partition("## Options\n")[2].partition("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    assert {cell[0].strip("`"): cell[2] for cell in cells} == {name: o.fate for name, o in OLD_OPTIONS.items()}

"""Arguments of the tasks as options of the estimators."""

import logging
from typing import Any

import pytest

from autonet.compat.autopytorch import TabularClassificationTask
from autonet.compat.autopytorch.search_options import (
    find_categorical,
    find_max_trials,
    to_budget_type,
    to_components,
    to_precision,
    to_training,
)
from autonet.core.errors import InvalidData, InvalidOption, UnknownName

X, Y = [[0.0], [1.0]] * 20, [0, 1] * 20


def test_values() -> None:
    assert [to_budget_type(name) for name in ("epochs", "runtime")] == ["epochs", "time"]
    assert find_categorical(["numerical", "Categorical"], [[0, 1]]) == [1]
    assert find_categorical(None, X) is None
    with pytest.raises(InvalidData, match="feat_types has 2 types, and X_train has 1 columns; pass one per column"):
        find_categorical(["numerical", "categorical"], X)
    assert [to_precision(bits) for bits in (16, 32)] == ["bfloat16", "float32"]
    assert [find_max_trials(given) for given in (None, {"runcount_limit": 3}, {"runcount-limit": 4})] == [None, 3, 4]


def test_options_of_trainings() -> None:
    assert to_training(50, 20) == {}
    assert to_training(3, 5) == {"ensemble_only_consider_n_best": 3, "early_stopping_patience": 5}
    api = TabularClassificationTask(ensemble_nbest=3)
    api.set_pipeline_options(early_stopping=5)
    params = api._make_estimator().get_params()
    assert (params["ensemble_only_consider_n_best"], params["early_stopping_patience"]) == (3, 5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget_type": "time"}, "Unknown budget_type 'time'"),
        ({"feat_types": ["number"]}, "Unknown type in feat_types 'number'. Did you mean 'numerical'"),
        ({"smac_scenario_args": {"runcount": 3}}, "option of smac_scenario_args 'runcount'"),
        ({"get_smac_object_callback": print}, "get_smac_object_callback belongs to SMAC"),
        ({"precision": 64}, "precision must be 16 or 32 bits; got 64"),
        ({"portfolio_selection": "mine.json"}, "portfolio_selection must be 'greedy' or None; got 'mine.json'"),
        ({"optimize_metric": "acuracy"}, "Unknown classification metric 'acuracy'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_cannot_work_is_refused_before_training(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        TabularClassificationTask().search(**{"optimize_metric": "accuracy", "X_train": X, "y_train": Y, **options})


def test_updates_must_be_updates() -> None:
    with pytest.raises(InvalidOption, match="search_space_updates must be a HyperparameterSearchSpaceUpdates, or None"):
        to_components("classification", None, None, "updates.txt")  # type: ignore[arg-type]


def test_what_has_no_effect_is_noted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "autonet"):
        TabularClassificationTask(n_threads=2, max_models_on_disc=10, output_directory="out")
        TabularClassificationTask().set_pipeline_options(use_tensorboard_logger=True, torch_num_threads=1)
    noted = [message.partition(" of Auto-PyTorch is ignored")[0] for message in caplog.messages]
    assert noted == [
        "n_threads",
        "max_models_on_disc",
        "output_directory",
        "the pipeline option use_tensorboard_logger",
    ]
    with pytest.raises(InvalidOption, match="backend belongs to Auto-PyTorch's files"):
        TabularClassificationTask(backend="files")  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="Unknown pipeline option 'early_stop'"):
        TabularClassificationTask().set_pipeline_options(early_stop=5)

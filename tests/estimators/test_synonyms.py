"""Keywords that people know from elsewhere."""

import pickle
from typing import Any

import pytest

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import UnknownName
from autonet.estimators.params import Params
from autonet.estimators.synonyms import OPTIONS, SYNONYMS

KNOWN = {
    "seed": "random_state",
    "time_limit": "max_runtime, in seconds",
    "time_budget": "max_runtime, in seconds",
    "max_time": "max_runtime, in seconds",
    "metric": "optimize_metric",
    "scoring": "optimize_metric",
    "eval_metric": "optimize_metric",
    "cv": "cross_validator: a name, a number of folds or a splitter",
    "verbose": 'log_level ("info") for the log, progress_bar for a bar',
    "epochs": 'max_budget, with budget_type="epochs"',
    "n_epochs": 'max_budget, with budget_type="epochs"',
    "max_epochs": 'max_budget, with budget_type="epochs"',
    "lr": "hyperparameter_search_space_updates",
    "learning_rate": "hyperparameter_search_space_updates",
    "batch_size": "hyperparameter_search_space_updates",
    "gpu": 'device ("auto", "cpu" or "cuda")',
    "n_trials": "max_trials",
}


@pytest.mark.parametrize(("name", "option"), KNOWN.items())
def test_the_sentence_names_the_option_that_does_it(name: str, option: str) -> None:
    calls = [
        lambda: AutoNetClassification(**{name: 1}),
        lambda: AutoNetRegression().fit([[1.0]] * 9, range(9), **{name: 1}),
        lambda: AutoNetClassification().set_params(**{name: 1}),
    ]
    for call in calls:
        with pytest.raises(UnknownName) as caught:
            call()
        assert str(caught.value).startswith(f"Unknown option {name!r}; the option is {option}")
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_names_without_a_hint_have_their_neighbours() -> None:
    for call in (AutoNetClassification, AutoNetClassification().set_params):
        with pytest.raises(UnknownName, match=r"Unknown option 'max_runtimes'\. Did you mean 'max_runtime'"):
            call(max_runtimes=3)


def test_hints_are_of_options_that_exist_and_of_names_that_do_not() -> None:
    names = Params.names()
    assert not set(OPTIONS) & set(names)
    assert sum(len(known.split()) for known in SYNONYMS.values()) == len(OPTIONS)
    for hint in SYNONYMS:
        assert hint.split()[0].strip(",:") in {*names, "X_valid", "sample_weight", "X"}


@pytest.mark.parametrize("hint", [hint for hint in SYNONYMS if "updates.append" in hint])
def test_the_updates_that_hints_show_work(hint: str) -> None:
    from autonet import HyperparameterSearchSpaceUpdates

    updates: Any = HyperparameterSearchSpaceUpdates()
    call = hint[hint.index("updates.append") :].removesuffix(" edits its range")
    exec(call, {"updates": updates})
    AutoNetClassification("full_cs", hyperparameter_search_space_updates=updates).get_hyperparameter_search_space()


def test_options_that_exist_are_set() -> None:
    auto = AutoNetClassification().set_params(max_runtime=3, random_state=1)
    assert auto.get_params()["max_runtime"] == 3

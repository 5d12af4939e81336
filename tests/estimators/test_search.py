"""Time, interrupts, failures and reproducibility of a whole fit."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from ConfigSpace import ConfigurationSpace, Float
from torch import nn

import autonet
from autonet import AutoNetClassification, AutoNetRegression, register_network
from autonet.core.errors import BaselineReturned, SearchFailed, SearchInterrupted
from autonet.nets.registry import NETWORKS

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = [
    pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned"),
    pytest.mark.usefixtures("custom_components"),
]


SAME_SEED = """
import json, sys
from sklearn.datasets import load_iris
from autonet import AutoNetClassification
from autonet.pipeline import trees
trees.FOREST_SIZE, trees.MAX_ITERATIONS = 10, 12
X, y = load_iris(return_X_y=True)
auto = AutoNetClassification("medium_cs", budget_type="epochs", max_trials=3, random_state=7)
auto.fit(X, y, min_budget=1, max_budget=3)
rows = [{k: v for k, v in row.items() if k != "seconds"} for row in auto.history_.to_dicts()]
print(json.dumps([rows, auto.predict_proba(X).tobytes().hex()]))
"""


@pytest.fixture
def broken_network() -> Iterator[None]:
    """A network that works on the toy batch of its registration and on no other."""

    class Broken(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if x.shape[0] != 4:
                raise ArithmeticError("the oven is cold")
            return super().forward(x)

    register_network("broken", lambda n_in, n_out: Broken(nn.Linear(n_in, n_out)))
    yield
    NETWORKS.components.pop("broken")


def test_a_seed_gives_the_same_bits_in_processes_with_different_hash_seeds() -> None:
    def run(hash_seed: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.Popen([sys.executable, "-c", SAME_SEED], env=environment, stdout=subprocess.PIPE, text=True)

    first, second = (json.loads(process.communicate()[0]) for process in [run("1"), run("2")])
    assert len(first[0]) >= 3
    assert first == second


@pytest.mark.usefixtures("cpu_clock")
@pytest.mark.parametrize("preset", ["tiny_cs", "medium_cs"])
def test_fit_keeps_to_max_runtime_and_uses_it(preset: str, digits: Any) -> None:
    began = time.monotonic()
    AutoNetClassification(preset, max_runtime=2, n_jobs=1, random_state=0).fit(*digits)
    assert 0.8 * 2 <= time.monotonic() - began <= 1.02 * 2 + 1


@pytest.fixture
def imported_optimizers() -> None:
    """The first optimizer of a process makes torch import a second's worth of modules."""
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)


@pytest.mark.usefixtures("imported_optimizers", "cpu_clock")
@pytest.mark.parametrize("max_runtime", [0.05, 0.3])
def test_there_is_a_model_however_small_the_limit(max_runtime: float, digits: Any) -> None:
    began = time.monotonic()
    auto = AutoNetClassification("tiny_cs", max_runtime=max_runtime).fit(*digits)
    assert time.monotonic() - began <= 1.02 * max_runtime + 1
    assert auto.score(*digits) > 0.3
    assert isinstance(auto.get_pytorch_model()[0], nn.Linear)


@pytest.mark.usefixtures("imported_optimizers", "cpu_clock")
def test_tenths_of_a_second_are_budgets(iris: Any) -> None:
    auto = AutoNetClassification("tiny_cs", max_runtime=2, min_budget=0.1, max_budget=0.9, random_state=0).fit(*iris)
    assert len(auto.history_) >= 3
    # What has nothing left to learn ends below its budget.
    assert 0.1 < max(t.budget for t in auto.history_) <= 0.9
    assert min(r.target for _, r in auto.history_.reports) >= 0.1 / 3


def test_promoted_configurations_improve_with_their_budget(digits: Any) -> None:
    """Auto-PyTorch scored a configuration the same at 1, 3 and 9 epochs: it kept the weights of the first."""
    options: dict[str, Any] = {"budget_type": "epochs", "min_budget": 1, "max_budget": 9, "num_iterations": 1}
    auto = AutoNetClassification("tiny_cs", **options, random_state=0).fit(digits[0][:500], digits[1][:500])
    climbed = next(t for t in auto.history_ if t.budget == 9)
    losses = [r.loss for r in climbed.reports]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("n_trials", [1, 3])
def test_an_interrupt_returns_the_best_so_far(n_trials: int, digits: Any) -> None:
    def interrupt(study: Any, trial: Any) -> None:
        if len(study.trials) == n_trials:
            os.kill(os.getpid(), signal.SIGINT)

    options = {"min_budget": 0.2, "max_budget": 50, "random_state": 0, "callbacks": [interrupt]}
    auto = AutoNetClassification("tiny_cs", max_runtime=60, **options)
    with _signals_as_interrupts(), pytest.warns(SearchInterrupted, match="best model so far"):
        auto.fit(*digits)
    assert auto.score(*digits) > 0.7


def test_an_interrupt_before_anything_is_fitted_comes_through(digits: Any) -> None:
    class Interrupting:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            os.kill(os.getpid(), signal.SIGINT)
            return np.asarray(digits[0], dtype)

    with _signals_as_interrupts(), pytest.raises(KeyboardInterrupt):
        AutoNetClassification("tiny_cs", max_runtime=60).fit(Interrupting(), digits[1])


class _signals_as_interrupts:  # noqa: N801 - reads as a phrase
    """Restore Python's own handler: some test runners replace it."""

    def __enter__(self) -> None:
        self.before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self.before)


@pytest.mark.usefixtures("broken_network")
def test_when_every_trial_fails_the_baseline_comes_back_with_the_reason(iris: Any, quick: dict[str, Any]) -> None:
    with pytest.warns(BaselineReturned, match="Every trial failed.*ArithmeticError: the oven is cold"):
        auto = AutoNetClassification("tiny_cs", **quick, networks=["broken"]).fit(*iris)
    assert auto.score(*iris) > 0.6
    assert all("the oven is cold" in t.reports[0].error for t in auto.history_)


@pytest.mark.usefixtures("broken_network")
def test_when_everything_fails_the_first_exception_is_the_cause(
    iris: Any, quick: dict[str, Any], monkeypatch: Any
) -> None:
    def no_baseline(*_: Any, **__: Any) -> None:
        raise OSError("no baseline either")

    monkeypatch.setattr("autonet.estimators.baselines.fit_baseline", no_baseline)
    with pytest.raises(SearchFailed, match="ArithmeticError: the oven is cold") as caught:
        AutoNetClassification("tiny_cs", **quick, networks=["broken"]).fit(*iris)
    assert isinstance(caught.value.__cause__, ArithmeticError)


def test_a_network_of_ones_own_is_searched_with_its_space(iris: Any, quick: dict[str, Any]) -> None:
    def build(n_in: int, n_out: int, slope: float) -> nn.Module:
        return nn.Sequential(nn.Linear(n_in, 16), nn.LeakyReLU(slope), nn.Linear(16, n_out))

    def space(task: object) -> ConfigurationSpace:
        cs = ConfigurationSpace()
        cs.add(Float("slope", (0.01, 0.5), default=0.1))
        return cs

    register_network("mine", build, space)
    try:
        auto = AutoNetClassification("tiny_cs", **quick, networks=["mine"]).fit(*iris)
    finally:
        NETWORKS.components.pop("mine")
    assert len({t.config["NetworkSelector:mine:slope"] for t in auto.history_}) == 3
    assert isinstance(auto.get_pytorch_model()[1], nn.LeakyReLU)


def test_divergence_costs_a_trial_and_nothing_else(iris: Any, quick: dict[str, Any]) -> None:
    updates = autonet.HyperparameterSearchSpaceUpdates()
    updates.append("OptimizerSelector", "sgd:learning_rate", [1e-2, 1e3], True, default_value=1e3)
    updates.append("TrainNode", "use_gradient_clipping", [False])
    auto = AutoNetRegression("tiny_cs", **{**quick, "max_trials": 6}, hyperparameter_search_space_updates=updates)
    X, y = iris
    auto.fit(X, y.astype(float))
    assert str(auto.history_.trials[0].reports[0].status) == "diverged"
    assert auto.score(X, y) > 0.4

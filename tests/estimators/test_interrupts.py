"""Ctrl-C and SIGTERM at every step of a fit, with real signals at chosen points."""

import os
import pkgutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from torch import Tensor, nn

from autonet import AutoNetClassification, register_network
from autonet.core.errors import BaselineReturned, SearchInterrupted
from autonet.nets.registry import NETWORKS

X = np.random.default_rng(0).normal(size=(300, 4))
Y = (X[:, 0] > 0).astype(int)
NOT_LINEAR = (X[:, 0] * X[:, 1] > 0).astype(int)
ENDLESS = 10**6  # epochs
TIMED = {"budget_type": "time", "max_runtime": 60, "min_budget": None, "max_budget": 1.0}


@pytest.fixture(autouse=True)
def pythons_own_handlers() -> Iterator[None]:
    """Some test runners ignore Ctrl-C."""
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    for number, handler in before.items():
        signal.signal(number, handler)


def raise_in(
    monkeypatch: pytest.MonkeyPatch, target: str, number: int, call: int = 1, then: Callable[[], None] | None = None
) -> list[int]:
    """Send a signal at the n-th call of a function."""
    real = pkgutil.resolve_name(target)
    calls: list[int] = []

    def function(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == call:
            signal.raise_signal(number)
            if then is not None:
                then()
        return real(*args, **kwargs)

    monkeypatch.setattr(target, function)
    return calls


def auto(**options: Any) -> AutoNetClassification:
    given = {"budget_type": "epochs", "min_budget": 1, "max_budget": 3, "max_trials": 3, "random_state": 0, **options}
    return AutoNetClassification("tiny_cs", **given)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("step", "options", "networks"),
    [
        ("autonet.estimators.search.time_epoch", TIMED, False),
        ("autonet.estimators.search.Study", {}, False),
        ("autonet.pipeline.trial.build_training", {}, False),
        ("autonet.search.storage.journal.Journal.end", {}, True),
        ("autonet.estimators.selection.load_candidates", {}, True),
        ("autonet.estimators.selection.select", {"ensemble_size": 5}, True),
        ("autonet.pipeline.validation_scores.score_fold", {"ensemble_size": 5}, True),
        ("autonet.estimators.selection_refit.refit", {"ensemble_size": 5, "refit_on_all_rows": True}, True),
        ("autonet.pipeline.refit.train_epoch", {"ensemble_size": 5, "refit_on_all_rows": True}, True),
    ],
)
def test_at_every_step_the_best_model_so_far_is_returned(
    step: str, options: dict[str, Any], networks: bool, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = raise_in(monkeypatch, step, number)
    with pytest.warns(SearchInterrupted, match="SIGTERM" if number == signal.SIGTERM else "Interrupted"):
        fitted = auto(**options).fit(X, Y)
    assert calls
    assert fitted.score(X, Y) > 0.7
    assert (fitted.best_config_["NetworkSelector:network"] != "linear") == networks


def test_the_trial_that_runs_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = raise_in(monkeypatch, "autonet.training.loop.train_step", signal.SIGINT, call=300)
    with pytest.warns(SearchInterrupted):
        fitted = auto(min_budget=ENDLESS, max_budget=ENDLESS).fit(X, NOT_LINEAR)
    assert len(calls) == 300  # not a step more
    assert [str(trial.status) for trial in fitted.history_] == ["interrupted"]
    assert fitted.best_config_["NetworkSelector:network"] != "linear"
    assert fitted.score(X, NOT_LINEAR) > 0.7


@pytest.mark.parametrize("step", ["autonet.data.reading.schema.open_table", "autonet.pipeline.baseline.train"])
def test_before_there_is_a_model_it_is_a_keyboard_interrupt(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raise_in(monkeypatch, step, signal.SIGTERM)
    unfitted = auto()
    with pytest.raises(KeyboardInterrupt):
        unfitted.fit(X, Y)
    with pytest.raises(NotFittedError):
        unfitted.predict(X)


def test_a_second_ctrl_c_ends_a_fit_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    raise_in(monkeypatch, "autonet.training.loop.train_step", signal.SIGINT, 50, lambda: signal.raise_signal(2))
    with pytest.raises(KeyboardInterrupt):
        auto().fit(X, Y)


def test_a_handler_of_ones_own_is_put_back_and_called_when_there_is_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = auto()
    scores: list[float] = []
    handler: Any = lambda *_: scores.append(fitted.score(X, Y))  # noqa: E731
    signal.signal(signal.SIGTERM, handler)
    try:
        raise_in(monkeypatch, "autonet.training.loop.train_step", signal.SIGTERM, 50)
        with pytest.warns(SearchInterrupted):
            fitted.fit(X, Y)
        assert signal.getsignal(signal.SIGTERM) is handler
        assert scores == [fitted.score(X, Y)]
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


class Hangs(nn.Module):
    """A network that does not come back from a step."""

    def __init__(self, n_in: int, n_out: int, sent: str) -> None:
        super().__init__()
        self.layer, self.steps = nn.Linear(n_in, n_out), 0

    def forward(self, x: Tensor) -> Tensor:
        self.steps += self.training
        if self.steps == 20:
            signal.raise_signal(signal.SIGINT)
            time.sleep(600)
        output: Tensor = self.layer(x)
        return output


class Signals(nn.Module):
    """A network that sends one Ctrl-C to the process in which `fit` was called."""

    def __init__(self, n_in: int, n_out: int, sent: str) -> None:
        super().__init__()
        self.sent = Path(sent)
        self.layer, self.steps = nn.Sequential(nn.Linear(n_in, 16), nn.ReLU(), nn.Linear(16, n_out)), 0

    def forward(self, x: Tensor) -> Tensor:
        self.steps += self.training
        if self.steps == 400 and not self.sent.exists():
            self.sent.touch()
            os.kill(int(self.sent.name.rpartition("-")[2]), signal.SIGINT)
        output: Tensor = self.layer(x)
        return output


@pytest.fixture
def network(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    build, sent = request.param, str(tmp_path / f"sent-to-{os.getpid()}")
    register_network("test_only", lambda n_in, n_out: build(n_in, n_out, sent))
    yield "test_only"
    NETWORKS.components.pop("test_only")


@pytest.mark.parametrize("network", [Hangs], indirect=True)
def test_a_network_that_does_not_look_at_the_clock_is_left_behind(network: str) -> None:
    with pytest.warns(SearchInterrupted):
        fitted = auto(networks=[network], min_budget=ENDLESS, max_budget=ENDLESS).fit(X, Y)
    assert fitted.best_config_["NetworkSelector:network"] == "linear"
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("network", [Signals], indirect=True)
def test_what_worker_processes_are_training_counts(network: str) -> None:
    with pytest.warns(SearchInterrupted):
        fitted = auto(networks=[network], n_jobs=2, min_budget=400, max_budget=400).fit(X, NOT_LINEAR)
    assert "interrupted" in [str(trial.status) for trial in fitted.history_]
    assert fitted.best_config_["NetworkSelector:network"] == network
    assert fitted.score(X, NOT_LINEAR) > 0.7


class Exits(nn.Module):
    """A network that ends its process."""

    def __init__(self, n_in: int, n_out: int, sent: str) -> None:
        super().__init__()
        self.layer = nn.Linear(n_in, n_out)

    def forward(self, x: Tensor) -> Tensor:
        if self.training and len(x) > 20:
            sys.exit(3)
        output: Tensor = self.layer(x)
        return output


@pytest.mark.parametrize("network", [Exits], indirect=True)
@pytest.mark.parametrize("options", [{}, {**TIMED, "max_runtime": 2}])
def test_a_network_that_calls_exit_fails_alone(network: str, options: dict[str, Any]) -> None:
    with pytest.warns(BaselineReturned, match=r"Every trial failed.*sys.exit\(3\)"):
        fitted = auto(networks=[network], **options).fit(X, Y)
    assert fitted.score(X, Y) > 0.7


def test_gradients_may_be_off_where_fit_is_called() -> None:
    with torch.no_grad():
        fitted = auto().fit(X, Y)
        assert not torch.is_grad_enabled()
    assert any(trial.usable for trial in fitted.history_)

"""Tree ensembles as further members of the ensemble, through the public API."""

import pickle
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import make_multilabel_classification
from torch import nn

from autonet import AutoNetClassification, AutoNetRegression, open_run, register_network
from autonet.core.errors import BaselineReturned, DataWarning, InvalidOption, SearchInterrupted
from autonet.models.ensemble import Ensemble
from autonet.nets.registry import NETWORKS
from autonet.pipeline.tree_fitting import GROWERS
from autonet.pipeline.tree_learners import LEARNERS, TreeLearner
from autonet.pipeline.trees import Boosting
from tests.pipeline.tree_runs import replace_learners

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")

NAMES = set(LEARNERS)
PRESETS = ("tiny_cs", "medium_cs", "full_cs")


@pytest.fixture
def options(quick: dict[str, Any]) -> dict[str, Any]:
    return {
        **quick,
        "preset": "tiny_cs",
        "max_trials": 2,
        "max_budget": 3,
        "ensemble_size": 10,
        "tree_ensembles": True,
    }


@pytest.fixture
def small(monkeypatch: Any) -> None:
    """Learners that are fitted in a moment, under the names of the real ones."""
    quick = TreeLearner("boosting", 0.1, {"learning_rate": 0.5}), TreeLearner("forest", 0.1)
    replace_learners(monkeypatch, dict(zip(LEARNERS, quick, strict=False)))
    monkeypatch.setattr("autonet.pipeline.trees.FOREST_SIZE", 10)
    monkeypatch.setattr("autonet.pipeline.trees.MAX_ITERATIONS", 16)


def board(n: int) -> tuple[Any, Any]:
    """Fields of a board of three by three, black and white, and columns that say nothing: made for trees."""
    X = np.random.default_rng(0).uniform(size=(n, 6))
    return X, (np.floor(3 * X[:, 0]) + np.floor(3 * X[:, 1])).astype(int) % 2


@pytest.mark.usefixtures("small")
def test_where_trees_are_better_they_make_the_ensemble_better(options: dict[str, Any]) -> None:
    X, y = board(800)
    scores = {}
    for chosen in (False, True):
        auto = AutoNetClassification(**{**options, "tree_ensembles": chosen}).fit(X[:500], y[:500])
        scores[chosen] = auto.score(X[500:], y[500:])
        weights = auto.fit_result["ensemble"]
        assert sum(weights.values()) == pytest.approx(1)
        assert bool(NAMES & set(weights)) is chosen
    assert scores[True] > 0.9 > scores[False] + 0.1


@pytest.mark.usefixtures("small")
def test_networks_are_found_and_kept_as_without_learners(options: dict[str, Any]) -> None:
    X, y = board(300)
    without, fitted = (
        AutoNetClassification(**{**options, "tree_ensembles": chosen}).fit(X, y) for chosen in (False, True)
    )
    assert fitted.best_config_ == without.best_config_
    assert fitted.best_config_["NetworkSelector:network"] in ("linear", *NETWORKS.components)
    assert fitted.fit_result["best_network"] == without.fit_result["best_network"]
    assert [t.config for t in fitted.history_] == [t.config for t in without.history_]
    model = fitted.get_pytorch_model()
    assert isinstance(model, nn.Sequential)
    for a, b in zip(model.state_dict().values(), without.get_pytorch_model().state_dict().values(), strict=True):
        assert torch.equal(a, b)
    # The learners' loss is the smallest, and still they are not the winner.
    assert NAMES & set(fitted.fit_result["ensemble"])


@pytest.mark.usefixtures("small")
def test_an_ensemble_of_networks_and_trees_predicts_their_weighted_mean(options: dict[str, Any]) -> None:
    X, black = board(300)
    y = black + 3 * X[:, 3]  # trees are good at the one, networks at the other
    auto = AutoNetRegression(**{**options, "cross_validator": 2, "max_budget": 9}).fit(X, y)
    ensemble, table = auto.model_.ensemble, auto.model_.read(X)
    separate = [Ensemble.from_members("", [m]).predict(table)[:, 0] for m in ensemble.members]
    assert NAMES & set(auto.fit_result["ensemble"]) < set(auto.fit_result["ensemble"])
    np.testing.assert_allclose(auto.predict(X), np.average(separate, axis=0, weights=ensemble.weights))
    np.testing.assert_allclose(auto.predict(X)[:5], auto.predict(X[:5]), rtol=1e-6)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(auto)).predict(X), auto.predict(X))


def targets_of_every_kind() -> dict[str, tuple[type, Any, Any]]:
    random = np.random.default_rng(0)
    X = random.normal(size=(120, 4))
    labelled = make_multilabel_classification(120, 6, n_classes=3, random_state=0)
    return {
        "binary": (AutoNetClassification, X, np.where(X[:, 0] > 0, "yes", "no")),
        "multiclass": (AutoNetClassification, X, np.digitize(X[:, 0], [-1, 0, 1])),
        "rare class": (AutoNetClassification, X, np.where(np.arange(120) == 7, 5, X[:, 0] > 0)),
        "one class": (AutoNetClassification, X, np.ones(120)),
        "multilabel": (AutoNetClassification, *labelled),
        "target": (AutoNetRegression, X, X[:, 0]),
        "targets": (AutoNetRegression, X, X[:, :3]),
    }


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", list(targets_of_every_kind()))
@pytest.mark.parametrize("folds", ["none", 2])
def test_targets_of_every_kind(name: str, folds: Any, options: dict[str, Any]) -> None:
    estimator, X, y = targets_of_every_kind()[name]
    if name == "rare class" and folds == 2:
        folds = "k_fold"  # a stratified splitter warns
    auto = estimator(**{**options, "cross_validator": folds}).fit(X, y, sample_weight=np.linspace(0, 2, len(X)))
    assert auto.predict(X).shape == y.shape
    assert auto.score(X, y) > 0.5
    if estimator is AutoNetClassification:
        probabilities = auto.predict_proba(X)
        assert ((probabilities >= 0) & (probabilities <= 1 + 1e-9)).all()
    assert bool(NAMES & set(auto.fit_result["ensemble"])) is (name != "one class")


@pytest.mark.usefixtures("small")
def test_missing_values_categories_dates_and_texts(options: dict[str, Any]) -> None:
    random = np.random.default_rng(0)
    n = 300
    frame = pd.DataFrame(
        {
            "number": np.where(random.uniform(size=n) < 0.3, np.nan, random.normal(size=n)),
            "word": random.choice(["a", "b", "c", None], n),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 300, n), unit="D"),
            "text": [" ".join(random.choice(["red", "green", "blue", "black"], 8)) for _ in range(n)],
        }
    )
    y = (frame["word"] == "a") ^ frame["number"].isna()
    auto = AutoNetClassification(**options).fit(frame, y)
    assert NAMES & set(auto.fit_result["ensemble"])
    assert auto.score(frame, y) > 0.9
    unseen = pd.DataFrame({"number": [np.nan], "word": ["zebra"], "day": [pd.NaT], "text": [""]})
    with pytest.warns(DataWarning, match="No value of column 'word'"):
        assert np.isfinite(auto.predict_proba(unseen)).all()


@pytest.mark.usefixtures("small")
def test_dates_and_identifiers_keep_their_order_for_trees(options: dict[str, Any]) -> None:
    seconds = 1.7e9 + 3600.0 * np.arange(400)  # beyond what float32 tells apart
    y = np.sin(np.arange(400) // 40)
    auto = AutoNetRegression(**options).fit(seconds.reshape(-1, 1), y)
    assert auto.score(seconds.reshape(-1, 1), y) > 0.8


@pytest.mark.usefixtures("small")
def test_a_seed_repeats_the_ensemble(iris: Any, options: dict[str, Any]) -> None:
    runs = [AutoNetClassification(**{**options, "cross_validator": 3}).fit(*iris) for _ in range(2)]
    assert runs[0].fit_result == runs[1].fit_result
    np.testing.assert_array_equal(*(auto.predict_proba(iris[0]) for auto in runs))


@pytest.mark.usefixtures("cpu_clock")
@pytest.mark.parametrize("seconds", [0.3, 1.0])
def test_fit_returns_in_time(seconds: float, digits: Any) -> None:
    began = time.monotonic()
    auto = AutoNetClassification(max_runtime=seconds, tree_ensembles=True, n_jobs=1, random_state=0)
    auto.fit(*digits)
    assert time.monotonic() - began < 1.02 * seconds + 1
    assert auto.score(*digits) > 0.5


@pytest.mark.parametrize("arguments", [{"preset": "tiny_cs"}, {"ensemble_size": 1}])
def test_an_ensemble_of_one_has_no_place_for_them(arguments: dict[str, Any], iris: Any) -> None:
    with pytest.raises(InvalidOption, match=r"tree_ensembles=True requires ensemble_size > 1; got 1.*ensemble_size=25"):
        AutoNetClassification(**arguments, tree_ensembles=True).fit(*iris)


def test_the_option_is_true_or_false(iris: Any) -> None:
    with pytest.raises(InvalidOption, match="tree_ensembles must be True or False; got 'yes'"):
        AutoNetClassification(tree_ensembles="yes").fit(*iris)
    assert AutoNetClassification().get_params()["tree_ensembles"] is None


def test_presets_choose_them_and_their_old_name_is_understood() -> None:
    chosen = {p: AutoNetClassification(p).get_current_autonet_config()["tree_ensembles"] for p in PRESETS}
    assert chosen == {"tiny_cs": False, "medium_cs": True, "full_cs": True}
    assert AutoNetClassification(traditional_learners=True).tree_ensembles is True
    assert AutoNetClassification(ensemble_size=1).get_current_autonet_config()["tree_ensembles"] is False


class Interrupting(Boosting):
    """The user presses Ctrl-C while it is fitted."""

    def grow(self, size: int, x: Any, y: Any, weights: Any) -> None:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.signal(signal.SIGINT, before)


def test_an_interrupt_returns_what_was_fitted_without_a_search(options: dict[str, Any], monkeypatch: Any) -> None:
    (first, learner), *_ = LEARNERS.items()
    monkeypatch.setitem(GROWERS, "interrupting", Interrupting)
    interrupting: Any = TreeLearner("interrupting", 0.1)  # type: ignore[arg-type]
    replace_learners(monkeypatch, {first: learner, "interrupting": interrupting})
    X, y = board(400)
    with pytest.warns(SearchInterrupted, match="best model so far"):
        auto = AutoNetClassification(**options).fit(X, y)
    assert not any(trial.reports for trial in auto.history_)
    assert first in auto.fit_result["ensemble"]
    assert auto.best_config_ == {"NetworkSelector:network": "linear"}
    assert isinstance(auto.get_pytorch_model()[0], nn.Linear)
    assert auto.score(X, y) > 0.8


@pytest.mark.usefixtures("small")
def test_that_every_trial_failed_is_told_although_learners_did_not(options: dict[str, Any]) -> None:
    class Broken(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if x.shape[0] != 4:
                raise ArithmeticError("the oven is cold")
            return super().forward(x)

    register_network("broken_for_trees", lambda n_in, n_out: Broken(nn.Linear(n_in, n_out)))
    try:
        X, y = board(300)
        with pytest.warns(BaselineReturned, match="Every trial failed, so the linear baseline is the best network"):
            auto = AutoNetClassification(**options, networks=["broken_for_trees"]).fit(X, y)
    finally:
        NETWORKS.components.pop("broken_for_trees")
    assert NAMES & set(auto.fit_result["ensemble"])


@pytest.mark.parametrize("where", ["run_dir", "pool"])
def test_workers_fit_them_beside_networks(where: str, options: dict[str, Any], tmp_path: Path) -> None:
    X, y = board(300)
    options = {**options, "cross_validator": 2, "baseline": False}  # an opened run has no baseline to select from
    with ProcessPoolExecutor(2) if where == "pool" else nullcontext() as pool:
        chosen = {
            "run_dir": {"n_jobs": 2, "run_dir": tmp_path / "run"},
            "pool": {"executor": pool, "n_jobs": "auto"},
        }[where]
        auto = AutoNetClassification(**{**options, **chosen}).fit(X, y)
    assert {"hist_gradient_boosting", "extra_trees"} <= set(auto.fit_result["models"])
    if where == "run_dir":
        again = AutoNetClassification(**{**options, **chosen}).fit(X, y)
        np.testing.assert_allclose(again.predict_proba(X), auto.predict_proba(X), rtol=1e-9)
        (tmp_path / "run" / "model.autonet").unlink()  # a run of which the fit has not ended
        (tmp_path / "run" / "progress.json").unlink()
        found = open_run(tmp_path / "run").best_estimator()
        assert found.fit_result["ensemble"] == auto.fit_result["ensemble"]

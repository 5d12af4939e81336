from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from torch import nn

import autonet
from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import BaselineReturned, InvalidModelFile, InvalidOption, RunUnavailable, SearchFailed
from autonet.search import Study
from autonet.search.storage.store import RunDirectory

X, y = load_iris(return_X_y=True)
EPOCHS: dict[str, Any] = {"budget_type": "epochs", "min_budget": 3, "max_budget": 9, "random_state": 0}


def stage(run_dir: Path, stage: str) -> None:
    """Write the stage of a fit, as if it went on."""
    (run_dir / "progress.json").write_text(f'{{"searched": 1.5, "stage": "{stage}"}}')


def test_a_run_that_goes_on_has_the_best_model_so_far(tmp_path: Path) -> None:
    auto = AutoNetClassification("tiny_cs", max_trials=4, ensemble_size=4, baseline=False, run_dir=tmp_path, **EPOCHS)
    auto.fit(X, y)
    stage(tmp_path, "search")
    with RunDirectory(tmp_path):  # by the process that fits
        run = autonet.open_run(tmp_path)
        best = run.best_estimator()
    assert (
        repr(run) == f"<SavedRun {str(tmp_path)!r}: search, 2 s, {run.history!r:.0}" + repr(run).partition("2 s, ")[2]
    )
    assert len(run.history) == 4
    assert run.search_space == auto.search_space_
    assert run.params["max_trials"] == 4
    np.testing.assert_array_equal(best.predict_proba(X), auto.predict_proba(X))
    assert best.fit_result_["ensemble"] == auto.fit_result_["ensemble"]
    assert best.fit_result_["info"] == {k: v for k, v in auto.fit_result_["info"].items() if not k.startswith("train")}
    assert best.best_config_ == auto.best_config_
    assert run.history.rungs == auto.history_.rungs
    assert best.trajectory() == auto.trajectory()
    assert best.learning_curves() == auto.learning_curves()
    assert best.leaderboard().column("name") == auto.leaderboard().column("name")
    for exporter, name in ((run, "run.csv"), (auto, "auto.csv")):
        exporter.to_csv(tmp_path / name)  # type: ignore[attr-defined]
    assert (tmp_path / "run.csv").read_bytes() == (tmp_path / "auto.csv").read_bytes()


def test_a_run_that_ended_has_the_final_model(tmp_path: Path) -> None:
    auto = AutoNetRegression("tiny_cs", max_trials=2, run_dir=tmp_path, **EPOCHS).fit(X[:, :3], X[:, 3])
    run = autonet.open_run(tmp_path)
    assert run.stage == "ended"
    best = run.best_estimator()
    assert isinstance(best, AutoNetRegression)
    np.testing.assert_array_equal(best.predict(X[:, :3]), auto.predict(X[:, :3]))
    assert [trial.config for trial in best.history_] == [trial.config for trial in auto.history_]
    assert best.search_space_ == auto.search_space_


def test_a_new_estimator_goes_on_with_the_run(tmp_path: Path) -> None:
    AutoNetRegression("tiny_cs", max_trials=1, run_dir=tmp_path / "run", **EPOCHS).fit(X[:, :3], X[:, 3])
    (tmp_path / "run").rename(tmp_path / "moved")
    auto = autonet.open_run(tmp_path / "moved").new_estimator()
    assert isinstance(auto, AutoNetRegression)
    assert auto.get_params()["run_dir"] == str(tmp_path / "moved")
    auto.set_params(max_trials=2).fit(X[:, :3], X[:, 3])
    assert len(auto.history_) == 2
    assert auto.history_.trials[0].reports == autonet.open_run(tmp_path / "moved").history.trials[0].reports


def agreement(y_true: Any, y_pred: Any) -> float:
    return float(np.mean(y_true == y_pred))


def wide(n_in: int, n_out: int, width: int = 7) -> nn.Module:
    return nn.Sequential(nn.Linear(n_in, width), nn.ReLU(), nn.Linear(width, n_out))


def test_own_networks_and_metrics_are_given_again(tmp_path: Path) -> None:
    autonet.register_network("wide", wide)
    try:
        options: dict[str, Any] = {"networks": ["wide"], "optimize_metric": agreement, "baseline": False, **EPOCHS}
        auto = AutoNetClassification("tiny_cs", max_trials=1, run_dir=tmp_path, **options).fit(X, y)
    finally:
        autonet.unregister_network("wide")
    stage(tmp_path, "search")
    run = autonet.open_run(tmp_path)
    with pytest.raises(InvalidModelFile, match="it has the network 'wide', which wide builds; register it, or pass"):
        run.best_estimator(components=[agreement])
    with pytest.raises(InvalidOption, match=r"The fit optimizes the metric 'agreement'; pass it: best_estimator\(comp"):
        run.best_estimator(components=[wide])
    best = run.best_estimator(components=[wide, agreement])
    np.testing.assert_array_equal(best.predict_proba(X), auto.predict_proba(X))


def test_what_holds_no_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunUnavailable, match=r"has no fit.safetensors: it holds no fit of an estimator"):
        autonet.open_run(tmp_path / "nothing")
    for path, got in (("", "is empty"), ("a" * 300, "is longer than the system allows")):
        with pytest.raises(RunUnavailable, match=f"The path of the run {got}"):
            autonet.open_run(path)
    with Study({"x": (0.0, 1.0)}, run_dir=tmp_path / "study") as study:
        study.optimize(lambda trial: trial["x"], max_trials=1)
    with pytest.raises(RunUnavailable, match=r"has no fit\.safetensors"):
        autonet.open_run(tmp_path / "study")


def test_before_the_first_trial_there_is_no_model(tmp_path: Path) -> None:
    auto = AutoNetClassification("tiny_cs", max_runtime=0.01, run_dir=tmp_path, random_state=0)
    with pytest.warns(BaselineReturned):
        auto.fit(X, y)
    stage(tmp_path, "search")
    with pytest.raises(SearchFailed, match="has a value yet; try again later"):
        autonet.open_run(tmp_path).best_estimator()

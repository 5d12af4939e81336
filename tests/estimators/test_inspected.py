"""Methods of fitted estimators that show what a fit came to; see tests/inspection for what they show."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from sklearn.exceptions import NotFittedError

import autonet
from autonet import AutoNetClassification


@pytest.fixture(scope="module")
def fitted(iris: Any) -> AutoNetClassification:
    options = {"budget_type": "epochs", "max_budget": 9, "max_trials": 2, "tree_ensembles": False, "random_state": 0}
    return AutoNetClassification("tiny_cs", **options).fit(*iris)


def test_methods_need_a_fit() -> None:
    with pytest.raises(NotFittedError):
        AutoNetClassification().trajectory()


def test_pickles_and_model_files_with_history_show_the_same(fitted: AutoNetClassification, tmp_path: Path) -> None:
    fitted.save(tmp_path / "with", with_history=True)
    for other in (pickle.loads(pickle.dumps(fitted)), autonet.load(tmp_path / "with")):
        assert other.trajectory() == fitted.trajectory()


def test_a_model_file_without_history_says_so(fitted: AutoNetClassification, tmp_path: Path) -> None:
    fitted.save(tmp_path / "without")
    with pytest.raises(AttributeError, match="save it with with_history=True"):
        autonet.load(tmp_path / "without").trajectory()


EXPORTS = ("to_csv", "to_jsonl", "to_optuna", "to_tensorboard")


@pytest.mark.parametrize("method", EXPORTS)
def test_exports_need_a_fit(method: str, tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        getattr(AutoNetClassification(), method)(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_exports_are_the_same_from_the_estimator_and_from_its_file(
    fitted: AutoNetClassification, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "model", with_history=True)
    loaded = autonet.load(tmp_path / "model")
    for method in ("to_csv", "to_jsonl"):
        for name, estimator in (("fitted", fitted), ("loaded", loaded)):
            getattr(estimator, method)(tmp_path / name)
        assert (tmp_path / "fitted").read_bytes() == (tmp_path / "loaded").read_bytes()
    with (tmp_path / "fitted").open(encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    assert [record["trial"] for record in records] == [t.number for t in fitted.history_ for _ in t.reports]
    assert {"val_accuracy", "epochs", "parameters"} <= set(records[0]["metrics"])
    assert records[0]["details"]["folds"][0]["curve"]["epoch"][-1] == records[0]["budget"]


def test_the_study_of_optuna_has_the_losses_and_the_scores(fitted: AutoNetClassification) -> None:
    pytest.importorskip("optuna", reason="needs the extra optuna")
    study = fitted.to_optuna()
    for trial, theirs in zip(fitted.history_, study.trials, strict=True):
        assert theirs.params == dict(trial.config)
        assert theirs.value == trial.value
        assert theirs.user_attrs["metrics_val_accuracy"] == pytest.approx(1 - theirs.value)
        assert list(theirs.intermediate_values) == [report.budget for report in trial.reports]
    short = fitted.to_optuna(constants=False, short_names=True).trials[0].params
    assert set(short) == {"blocks_per_group", "max_units", "num_groups", "learning_rate", "momentum", "weight_decay"}


def test_tensorboard_has_a_run_for_each_trial(fitted: AutoNetClassification, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="needs the extra tensorboard")
    fitted.to_tensorboard(tmp_path)
    assert len(list(tmp_path.glob("trial_*/*tfevents*"))) == len(fitted.history_)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = EventAccumulator(str(tmp_path / "trial_0000")).Reload()
    rows = [row for row in fitted.learning_curves() if row["trial"] == 0]
    assert [event.step for event in run.Scalars("learning/val_loss")] == [row["epoch"] for row in rows]
    assert [event.value for event in run.Scalars("learning/val_loss")] == pytest.approx([r["val_loss"] for r in rows])

"""Histories as event files, read by TensorBoard's own readers."""

from pathlib import Path
from typing import Any

import pytest

from autonet.core.errors import InvalidOption
from autonet.search import Status
from autonet.search.export.values import value_of
from tests.search.export.histories import MAKERS, make

pytest.importorskip("tensorboard", reason="needs the extra tensorboard")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import api_pb2, metadata

from autonet.search.export.tensorboard import to_tensorboard


def read(folder: Path) -> Any:
    return EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()


def scalars(run: Any, tag: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in run.Scalars(tag)] if tag in run.Tags()["scalars"] else []


@pytest.mark.parametrize("kind", MAKERS)
def test_there_is_a_run_for_each_trial_with_its_values(kind: str, tmp_path: Path) -> None:
    study = make(kind)
    study.to_tensorboard(tmp_path / "events")
    runs = {path.name: read(path) for path in sorted((tmp_path / "events").glob("trial_*"))}
    assert list(runs) == [f"trial_{trial.number:04d}" for trial in study.trials if trial.reports]
    step = (lambda budget: round(1e4 * budget)) if kind == "timed" else round
    for trial in study.trials:
        if not trial.reports:
            continue
        run = runs[f"trial_{trial.number:04d}"]
        valued = [(report, value) for report in trial.reports if (value := value_of(trial, report)) is not None]
        assert scalars(run, "value") == [(step(r.budget), pytest.approx(value)) for r, value in valued]
        curve = [(at, pytest.approx(value, nan_ok=True)) for at, value in trial.curve]
        assert scalars(run, "intermediate_value") == curve
        if any("std" in report.metrics for report in trial.reports):
            assert {value for _, value in scalars(run, "metrics/std")} == {0.5}


def test_the_study_is_a_run_of_its_own(tmp_path: Path) -> None:
    study = make("maximize")
    study.to_tensorboard(tmp_path)
    run = read(tmp_path)
    best = [value for _, value in scalars(run, "study/best_value")]
    assert best == sorted(best)
    assert best[-1] == pytest.approx(study.best.value)
    assert len(best) == sum(report.status is Status.FINISHED for _, report in study.history.reports)
    last = study.history.reports[-1][1]
    assert run.Scalars("study/value")[-1].wall_time <= last.began + last.seconds


@pytest.mark.parametrize("n_folds", [1, 2])
def test_learning_curves_are_scalars_by_epoch(n_folds: int, tmp_path: Path) -> None:
    history = make("minimize").history
    rows = [
        {"trial": 1, "fold": fold, "budget": 9, "epoch": epoch, "seconds": 0.5, "train_loss": 0.25, "val_score": None}
        for fold in range(n_folds)
        for epoch in (1.0, 2.0 if n_folds == 1 else 2.5)
    ]
    to_tensorboard(history, tmp_path, rows)
    run = read(tmp_path / "trial_0001")
    tags = {tag for tag in run.Tags()["scalars"] if tag.startswith("learning/")}
    if n_folds == 1:
        assert tags == {"learning/train_loss"}
        assert scalars(run, "learning/train_loss") == [(1, 0.25), (2, 0.25)]
    else:
        assert tags == {"learning/train_loss/fold_0", "learning/train_loss/fold_1"}
        assert scalars(run, "learning/train_loss/fold_1") == [(1000, 0.25), (2500, 0.25)]
    wall = run.Scalars(min(tags))[0].wall_time
    assert wall == pytest.approx(history.trials[1].reports[0].began + 0.5)


def test_hyperparameters_and_status_are_there_for_the_tab_hparams(tmp_path: Path) -> None:
    study = make("minimize")
    study.to_tensorboard(tmp_path)
    for trial in study.trials[:5]:
        content = read(tmp_path / f"trial_{trial.number:04d}").PluginTagToContent("hparams")
        start = metadata.parse_session_start_info_plugin_data(content[metadata.SESSION_START_INFO_TAG])
        end = metadata.parse_session_end_info_plugin_data(content[metadata.SESSION_END_INFO_TAG])
        assert start.group_name == f"{trial.number:04d}"
        assert set(start.hparams) == set(trial.config)
        assert start.hparams["width"].number_value == trial.config["width"]
        kind = trial.config["kind"]
        assert start.hparams["kind"].string_value == str(kind)
        assert end.status == (api_pb2.STATUS_SUCCESS if trial.usable else api_pb2.STATUS_FAILURE)


def test_a_later_call_replaces_what_an_earlier_one_wrote_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "trial_0000").mkdir()
    (tmp_path / "trial_0000" / "mine").write_text("mine")
    make("minimize").to_tensorboard(tmp_path)
    make("one trial").to_tensorboard(tmp_path)
    runs = sorted(path.parent.name for path in tmp_path.rglob("*tfevents*"))
    assert runs == [tmp_path.name, "trial_0000"]
    assert len(scalars(read(tmp_path), "study/value")) == 1
    assert (tmp_path / "trial_0000" / "mine").read_text() == "mine"


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(InvalidOption, match=r"The history cannot be saved to .*: expected a directory; got a file"):
        make("minimize").to_tensorboard(tmp_path / "a")

"""What a study says of itself: data frames, log lines, in a console and in a notebook."""

import logging
import re
from pathlib import Path

import numpy as np
import pytest

from autonet.core.errors import TrialPruned
from autonet.search import RunningTrial, Study, minimize
from tests.search.objectives import LINE, quadratic


def test_the_data_frame_has_the_columns_of_optuna() -> None:
    pd = pytest.importorskip("pandas")

    def objective(trial: RunningTrial) -> float:
        trial.set_user_attr("square", trial["x"] ** 2)
        if trial.number == 3:
            raise ValueError("broken")
        return quadratic(trial)

    study = minimize(objective, {"x": (-10.0, 10.0), "seed": (0, 1000)}, max_trials=8, random_state=0)
    frame = study.trials_dataframe()
    assert list(frame.columns[:5]) == ["number", "value", "datetime_start", "datetime_complete", "duration"]
    assert frame["state"].tolist() == ["COMPLETE"] * 3 + ["FAIL"] + ["COMPLETE"] * 4
    assert np.array_equal(frame["user_attrs_square"], frame["params_x"] ** 2)
    best = frame.sort_values("value")[["number", "value", "params_seed"]].iloc[0]
    assert best["number"] == study.best.number
    assert (frame["duration"].dropna() >= pd.Timedelta(0)).all()


def test_the_data_frame_says_what_was_returned_why_a_trial_failed_and_its_seed() -> None:
    pytest.importorskip("pandas")

    def objective(trial: RunningTrial) -> dict[str, float]:
        if trial.number == 1:
            raise ValueError("broken\nin the second line")
        return {"value": trial["x"], "std": 0.5}

    study = Study(LINE, random_state=0)
    empty = study.trials_dataframe()
    study.optimize(objective, max_trials=3)
    frame = study.trials_dataframe()
    assert len(empty) == 0
    assert list(empty.columns) == [name for name in frame.columns if name not in ("params_x", "metrics_std")]
    assert list(frame.columns[-7:]) == ["state", "metrics_std", "budget", "status", "origin", "seed", "reason"]
    assert frame["metrics_std"].tolist()[::2] == [0.5, 0.5]
    assert frame["seed"].tolist() == [t.seed for t in study.trials]
    assert frame["reason"].tolist() == ["", "ValueError: broken", ""]


def test_a_study_and_its_history_can_be_read_in_a_console_and_in_a_notebook(tmp_path: Path) -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number == 1:
            raise ValueError("broken")
        return 1 - 0.01 * trial.number

    with Study({"<b>": (0.0, 1.0), "c": ["<i>", "\ud800"]}, random_state=0, run_dir=tmp_path / "run") as study:
        assert repr(study) == f"<Study: minimize, 0 trials, no value yet, run_dir='{tmp_path / 'run'}'>"
        study.optimize(objective, max_trials=15)
        assert "15 trials (14 finished, 1 crashed), best 0.86 (trial 14), run_dir=" in repr(study)
        assert repr(study.history) == "<History: minimize, 15 trials (14 finished, 1 crashed), best 0.86 (trial 14)>"
        for html in (study._repr_html_(), study.history._repr_html_()):
            assert "the best 10 of 15 trials" in html
            assert html.count("<tr>") == 11
            assert "<td>0.86</td>" in html
            assert "&lt;b&gt;" in html
            assert "<b>" not in html
            assert html.encode()


def test_a_line_is_logged_for_each_trial(caplog: pytest.LogCaptureFixture) -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.number == 1:
            raise ValueError("broken")
        if trial.number == 2:
            raise TrialPruned
        return float(trial["x"])

    study = Study(LINE, random_state=0, sampler="random", max_budget=3)
    with caplog.at_level(logging.INFO, "autonet.search"):
        study.optimize(objective, max_trials=3)
        study.log_trials = False
        study.optimize(objective, max_trials=5)
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert lines[0][0] == "INFO"
    assert re.fullmatch(
        r"trial 0 finished: value 0 at budget 3 in [\d.e-]+ s with \{x: 0\}; best: trial 0, 0", lines[0][1]
    )
    assert lines[1] == ("WARNING", "trial 1 crashed: ValueError: broken")
    assert lines[2][1].startswith("trial 2 pruned: no value")
    assert len(lines) == 4
    assert "the study has 3 trials already" in lines[3][1]

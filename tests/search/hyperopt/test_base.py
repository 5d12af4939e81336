"""Trials in Hyperopt's form."""

import pickle
from typing import Any

import pytest

from autonet.core.errors import InvalidOption, SearchFailed
from autonet.search.hyperopt import (
    JOB_STATE_DONE,
    JOB_STATE_ERROR,
    STATUS_FAIL,
    STATUS_OK,
    Trials,
    fmin,
    hp,
    rand,
    space_eval,
)

SPACE = {"x": hp.uniform("x", -1, 1), "c": hp.choice("c", ["linear", {"n": hp.uniformint("n", 1, 3)}])}


def objective(point: dict[str, Any]) -> Any:
    if point["x"] > 0.8:
        raise ValueError("too large")
    if point["x"] < -0.6:
        return {"status": STATUS_FAIL, "reason": "too small"}
    model = object()
    return {"status": STATUS_OK, "loss": point["x"] ** 2, "value": 7, "model": model, "attachments": {"a.txt": b"a"}}


@pytest.fixture(scope="module")
def trials() -> Trials:
    trials = Trials()
    fmin(objective, SPACE, rand.suggest, 40, trials=trials, rstate=1, catch_eval_exceptions=True, verbose=False)
    return trials


def test_trials_without_an_exception_are_listed(trials: Trials) -> None:
    everything = trials._dynamic_trials
    crashed = [trial for trial in everything if trial["state"] == JOB_STATE_ERROR]
    assert len(everything) == 40
    assert crashed
    assert all("ValueError: too large" in trial["misc"]["error"][1] for trial in crashed)
    assert len(trials) == len(trials.trials) == len(list(trials)) == 40 - len(crashed)
    assert trials[:2] == trials.trials[:2]
    assert trials.tids == [trial["tid"] for trial in everything if trial not in crashed]


def test_a_trial_has_the_fields_of_hyperopt(trials: Trials) -> None:
    best = trials.best_trial
    tid = best["tid"]
    assert set(best) == {
        "state",
        "tid",
        "spec",
        "result",
        "misc",
        "exp_key",
        "owner",
        "version",
        "book_time",
        "refresh_time",
    }
    assert best["state"] == JOB_STATE_DONE
    assert best["book_time"] <= best["refresh_time"]
    assert set(best["misc"]) == {"tid", "cmd", "workdir", "idxs", "vals"}
    active = {"x", "c", "n"} if best["misc"]["vals"]["c"] == [1] else {"x", "c"}
    assert {label for label, values in best["misc"]["vals"].items() if values} == active
    assert best["misc"]["idxs"] == {label: [tid] if label in active else [] for label in ("x", "c", "n")}
    trials.refresh()
    assert trials.best_trial == best


def test_results_are_what_the_objective_returned(trials: Trials) -> None:
    assert set(trials.statuses()) == {STATUS_OK, STATUS_FAIL}
    for trial, loss, status in zip(trials, trials.losses(), trials.statuses(), strict=True):
        if status == STATUS_OK:
            assert loss == trial["misc"]["vals"]["x"][0] ** 2
            assert type(trial["result"]["model"]) is object
            assert trial["result"]["value"] == 7
            assert trials.trial_attachments(trial) == {"a.txt": b"a"}
            assert "attachments" not in trial["result"]
        else:
            assert loss is None
            assert trial["result"] == {"status": STATUS_FAIL, "reason": "too small"}
            assert trials.trial_attachments(trial) == {}


def test_columns_hold_the_active_values(trials: Trials) -> None:
    assert len(trials.vals["x"]) == len(trials)
    assert set(trials.vals["c"]) == {0, 1}
    assert trials.idxs["n"] == [tid for tid, c in zip(trials.tids, trials.vals["c"], strict=True) if c == 1]
    assert set(trials.vals["n"]) == {1, 2, 3}
    assert trials.miscs == [trial["misc"] for trial in trials]


def test_argmin_has_indices_and_the_study_values(trials: Trials) -> None:
    assert trials.study is not None
    config, point = trials.study.best.config, space_eval(SPACE, trials.argmin)
    assert min(loss for loss in trials.losses() if loss is not None) == trials.best_trial["result"]["loss"]
    assert point["x"] == config["x"] == trials.argmin["x"]
    assert trials.argmin["c"] in (0, 1)
    assert config["c"] == ("linear" if trials.argmin["c"] == 0 else "option 1")


def test_pickled_trials_go_on_as_the_original() -> None:
    def run(trials: Trials, n: int) -> Trials:
        fmin(lambda point: point["x"] ** 2, SPACE, rand.suggest, n, trials=trials, rstate=1, verbose=False)
        return trials

    original = run(Trials(), 3)
    copy = pickle.loads(pickle.dumps(original))
    assert run(copy, 6).vals == run(original, 6).vals
    assert len(copy) == 6


def test_trials_without_a_search_are_empty() -> None:
    trials = Trials()
    assert len(trials) == 0
    assert (trials.losses(), trials.vals) == ([], {})
    assert trials.trial_attachments({"tid": 0}) == {}
    with pytest.raises(SearchFailed, match="no trial with a loss"):
        _ = trials.argmin


def test_what_is_not_available_is_refused(trials: Trials) -> None:
    with pytest.raises(InvalidOption, match="belongs to MongoDB"):
        Trials(exp_key="exp1")  # type: ignore[arg-type]

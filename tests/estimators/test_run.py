import copy
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris

from autonet import AutoNetClassification, AutoNetRegression, open_run
from autonet.core.errors import InvalidOption, RunCorrupted, RunLocked, RunMismatch, SearchInterrupted
from autonet.search.storage.replay import read_history
from autonet.search.storage.store import RunDirectory

X, y = load_iris(return_X_y=True)
EPOCHS: dict[str, Any] = {"budget_type": "epochs", "min_budget": 3, "max_budget": 9, "random_state": 0}


def classifier(run_dir: Path | None = None, **options: Any) -> AutoNetClassification:
    return AutoNetClassification("tiny_cs", run_dir=run_dir, **{**EPOCHS, "max_trials": 2, **options})


def reports(estimator: Any) -> list[tuple[int, float, float, float]]:
    return [(trial.number, report.start, report.target, report.loss) for trial, report in estimator.history_.reports]


def test_the_same_fit_trains_nothing_again(tmp_path: Path) -> None:
    first = classifier(tmp_path / "run").fit(X, y)
    again = classifier(tmp_path / "run").fit(X, y)
    assert reports(again) == reports(first)
    assert [report.seconds for _, report in again.history_.reports] == [
        report.seconds for _, report in first.history_.reports
    ]
    np.testing.assert_array_equal(again.predict_proba(X), first.predict_proba(X))
    assert again.fit_result_ == first.fit_result_


def test_a_larger_limit_continues_the_search(tmp_path: Path) -> None:
    first = classifier(tmp_path / "run").fit(X, y)
    more = classifier(tmp_path / "run", max_trials=4, ensemble_size=3, n_jobs=2).fit(X, y)
    assert len(more.history_) == 4
    assert reports(more)[: len(reports(first))] == reports(first)


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"optimize_metric": "f1_macro"}, ["optimize_metric was 'None', now \"'f1_macro'\""]),
        ({"random_state": 1}, ["random_state was 0, now 1"]),
        (
            {"validation_split": 0.25, "shuffle": False},
            ["validation_split was 'None', now '0.25'", "shuffle was 'True'"],
        ),
        ({"networks": ["mlpnet"]}, ["networks was 'None', now \"['mlpnet']\""]),
    ],
)
def test_other_options_are_refused_with_their_differences(
    tmp_path: Path, changes: dict[str, Any], sentences: list[str]
) -> None:
    classifier(tmp_path / "run", max_trials=1).fit(X, y)
    with pytest.raises(RunMismatch) as caught:
        classifier(tmp_path / "run", **changes).fit(X, y)
    assert [sentence in str(caught.value) for sentence in sentences] == [True] * len(sentences)
    assert len(caught.value.differences) == len(sentences)


def test_other_data_are_refused_by_name(tmp_path: Path) -> None:
    classifier(tmp_path / "run", max_trials=1).fit(X, y)
    with pytest.raises(RunMismatch, match=r"X was .*, now .*\n  - sample_weight was 'none', now") as caught:
        classifier(tmp_path / "run").fit(X + 1.0, y, np.ones(len(y)))
    assert len(caught.value.differences) == 2
    with pytest.raises(RunMismatch, match=r"- y was ") as caught:
        classifier(tmp_path / "run").fit(X, y[::-1])
    assert len(caught.value.differences) == 1
    with pytest.raises(RunMismatch, match="estimator was 'AutoNetClassification', now 'AutoNetRegression'"):
        AutoNetRegression("tiny_cs", run_dir=tmp_path / "run", max_trials=1, **EPOCHS).fit(X, y)


def test_without_a_seed_any_seed_continues(tmp_path: Path) -> None:
    first = classifier(tmp_path / "run", random_state=None).fit(X, y)
    again = classifier(tmp_path / "run", random_state=None).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), first.predict_proba(X))


def test_a_longer_runtime_keeps_folds_and_rungs(tmp_path: Path) -> None:
    options: dict[str, Any] = {"budget_type": "time", "min_budget": None, "max_budget": None, "cross_validator": "auto"}
    short = classifier(tmp_path / "run", max_runtime=2, max_trials=1, **options).fit(X, y)
    longer = classifier(tmp_path / "run", max_runtime=100, max_trials=1, **options).fit(X, y)  # five folds anew
    assert longer.history_.rungs == short.history_.rungs
    assert len(longer.model_.best) == 1
    assert reports(longer) == reports(short)


def test_tree_ensembles_are_kept(tmp_path: Path) -> None:
    options: dict[str, Any] = {"tree_ensembles": True, "ensemble_size": 5, "max_trials": 1}
    first = classifier(tmp_path / "run", **options).fit(X, y)
    written = (tmp_path / "run" / "trees.safetensors").stat().st_mtime_ns
    again = classifier(tmp_path / "run", **options).fit(X, y)
    assert (tmp_path / "run" / "trees.safetensors").stat().st_mtime_ns == written
    assert again.fit_result_["models"] == first.fit_result_["models"]
    np.testing.assert_array_equal(again.predict_proba(X), first.predict_proba(X))


def test_one_fit_at_a_time(tmp_path: Path) -> None:
    with RunDirectory(tmp_path / "run"), pytest.raises(RunLocked, match="is in use by another study of this process"):
        classifier(tmp_path / "run").fit(X, y)
    classifier(tmp_path / "run").fit(X, y)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    classifier(tmp_path / "run", max_trials=1).fit(X, y)
    progress = tmp_path / "run" / "progress.json"
    before = progress.read_text()
    progress.write_text("{")
    with pytest.raises(RunCorrupted, match=r"progress.json cannot be read .*; remove it"):
        classifier(tmp_path / "run").fit(X, y)
    progress.write_text(before)
    (tmp_path / "run" / "fit.safetensors").write_bytes(b"no fit")
    with pytest.raises(RunCorrupted, match=r"fit.safetensors cannot be read: it is not a model file"):
        classifier(tmp_path / "run").fit(X, y)


def test_the_directory_is_checked_before_the_data_are_read() -> None:
    with pytest.raises(InvalidOption, match="run_dir must be a path, or None; got 3"):
        classifier(3).fit(None, None)  # type: ignore[arg-type]


SCRIPT = """
import sys
from sklearn.datasets import load_iris
from autonet import AutoNetClassification
AutoNetClassification("tiny_cs", run_dir=sys.argv[1], max_trials=5, log_level="info", {options}).fit(
    *load_iris(return_X_y=True)
)
"""


def run_script(run_dir: Path, *, kill_at: str) -> list[str]:
    """Run the script until a line of its log contains a text; return the lines about trials."""
    options = ", ".join(f"{name}={value!r}" for name, value in EPOCHS.items())
    command = [sys.executable, "-c", SCRIPT.format(options=options), str(run_dir)]
    lines = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if " INFO trial " in line:
                lines.append(line)
            if kill_at in line:
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    return lines


@pytest.mark.skipif(os.name != "posix", reason="kills a process group")
def test_after_a_kill_nothing_is_lost_and_nothing_trained_again(tmp_path: Path, caplog: Any) -> None:
    killed = run_script(tmp_path / "run", kill_at="trial 1 ")
    ended = [(trial.number, report.target) for trial, report in read_history(tmp_path / "run").reports]
    assert len(ended) >= len(killed)
    classifier(tmp_path / "run", max_trials=5, log_level="info").fit(X, y)
    rest = [message for message in caplog.messages if message.startswith("trial ")]
    history = read_history(tmp_path / "run")
    assert [(trial.number, report.target) for trial, report in history.reports][: len(ended)] == ended
    assert len(history.reports) == len(ended) + len(rest)
    assert len(history) == 5
    undisturbed = classifier(max_trials=5).fit(X, y)
    assert reports(undisturbed) == [(t.number, r.start, r.target, r.loss) for t, r in history.reports]


@pytest.mark.parametrize("end", [lambda: signal.raise_signal(signal.SIGTERM), lambda: 1 / 0], ids=["SIGTERM", "error"])
def test_whatever_ends_a_fit_it_goes_on(tmp_path: Path, end: Any) -> None:
    calls = []

    def callback(study: Any, trial: Any) -> None:
        calls.append(trial.number)
        if len(calls) == 3:
            end()

    auto = classifier(tmp_path, max_trials=5)
    with pytest.warns(SearchInterrupted) if "SIGTERM" in end.__code__.co_names else pytest.raises(ZeroDivisionError):
        auto.fit(X, y, callbacks=[callback])
    if hasattr(auto, "classes_"):  # there is a model after SIGTERM
        np.testing.assert_array_equal(open_run(tmp_path).best_estimator().predict(X), auto.predict(X))
    assert len(open_run(tmp_path).history.reports) == 3
    auto.fit(X, y)
    assert reports(auto) == reports(classifier(max_trials=5).fit(X, y))


def test_a_warm_start_continues_the_search_in_memory() -> None:
    auto = classifier(warm_start=True).fit(X, y)
    first = reports(auto)
    auto.set_params(max_trials=4).fit(X, y)
    assert reports(auto)[: len(first)] == first
    assert len(auto.history_) == 4
    whole = classifier(max_trials=4).fit(X, y)
    assert {report[0] for report in reports(whole)} == {report[0] for report in reports(auto)}


def test_a_warm_start_refuses_other_data_and_options() -> None:
    auto = classifier(warm_start=True, max_trials=1).fit(X, y)
    with pytest.raises(RunMismatch, match=r"The earlier fit, which warm_start=True continues, .*\n  - y was"):
        auto.fit(X, y[::-1])
    with pytest.raises(RunMismatch, match="- eta was '3', now '4'"):
        auto.set_params(eta=4).fit(X, y)
    auto.set_params(warm_start=False).fit(X, y[::-1])
    assert len(auto.history_) == 1


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda auto: pickle.loads(pickle.dumps(auto))])
def test_a_copy_begins_a_search_of_its_own(make: Any) -> None:
    auto = classifier(warm_start=True).fit(X, y)
    other = make(auto)
    assert len(other.set_params(max_trials=1).fit(X, y).history_) == 1
    assert len(other.set_params(max_trials=2).fit(X, y).history_) == 2  # which it continues
    assert other.history_ is not auto.history_
    assert len(auto.set_params(max_trials=3).fit(X, y).history_) == 3


def test_a_larger_ensemble_keeps_more_networks_from_then_on() -> None:
    options = {"min_budget": 1, "max_budget": 1, "warm_start": True, "baseline": False}
    auto = classifier(max_trials=1, ensemble_size=1, **options).fit(X, y)
    auto.set_params(max_trials=14, ensemble_size=5).fit(X, y)
    assert {int(name) for name in auto.fit_result["models"] if name.isdigit()} == set(range(14))


def test_copies_do_not_continue_a_warm_start() -> None:
    auto = classifier(warm_start=True).fit(X, y)
    copied = pickle.loads(pickle.dumps(auto))
    np.testing.assert_array_equal(copied.predict_proba(X), auto.predict_proba(X))
    assert len(pickle.dumps(copied)) < 1.5 * len(pickle.dumps(classifier().fit(X, y)))
    assert len(copied.set_params(max_trials=1).fit(X, y).history_) == 1
    assert len(auto.set_params(max_trials=1).fit(X, y).history_) == 2

"""A run directory that is opened again: to look at it, to go on, after kills."""

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ConfigSpace import Beta, ConfigurationSpace, Float, ForbiddenEqualsClause, GreaterThanCondition, Integer

from autonet.core.errors import InvalidOption, RunCorrupted, RunLocked, RunMismatch, RunUnavailable, UnknownName
from autonet.search import Processes, RunningTrial, Status, Study, read_history
from autonet.search.samplers.random import RandomSampler
from autonet.search.storage.store import RunDirectory

LINE = {"x": (0.0, 1.0)}


def saving(trial: RunningTrial) -> float:
    trial.checkpoint.save({"x": trial["x"]})
    return float(trial["x"])


def files(directory: Path) -> set[str]:
    return {path.name for path in (directory / "checkpoints").iterdir()}


# --- Study.open


def test_a_study_is_opened_with_what_it_was_made_with(tmp_path: Path) -> None:
    options: dict[str, Any] = {"min_budget": 1, "max_budget": 9.5, "eta": 2, "sampler": "kde", "scheduler": "hyperband"}
    with Study(LINE, direction="maximize", run_dir=tmp_path / "run", keep_best=5, random_state=3, **options) as study:
        study.optimize(saving, max_trials=8)
        whole = [
            (t.config, t.value)
            for t in Study(LINE, direction="maximize", random_state=3, **options).optimize(saving, max_trials=12).trials
        ]
        expected = (study.space, study.direction, study.rungs, study.checkpoints, study.trials, study.best)
        parts = type(study.sampler), type(study.scheduler)
    before = files(tmp_path / "run")
    with Study.open(tmp_path / "run") as again:
        assert (again.space, again.direction, again.rungs, again.checkpoints, again.trials, again.best) == expected
        assert (type(again.sampler), type(again.scheduler)) == parts
        assert again.load_checkpoint(again.best) == {"x": again.best.config["x"]}
        assert files(tmp_path / "run") == before
        again.optimize(saving, max_trials=12)
        assert [(t.config, t.value) for t in again.trials] == whole
        assert len(again.checkpoints) >= 5


def test_spaces_of_all_kinds_come_back(tmp_path: Path) -> None:
    space = ConfigurationSpace({"o": [(1, 2), "b", None, 2.5], "k": 7})
    depth, rate = Integer("depth", (1, 8), log=True), Float("rate", (0.0, 1.0), distribution=Beta(2, 3))
    space.add(depth, rate, GreaterThanCondition(rate, depth, 2), ForbiddenEqualsClause(space["o"], "b"))
    with Study(space, run_dir=tmp_path / "run", random_state=0) as study:
        study.optimize(lambda t: t["depth"], max_trials=4)
    for opened in (Study.open(tmp_path / "run"), None):
        with opened or Study(run_dir=tmp_path / "run") as again:
            assert str(again.space) == str(study.space)
            again.optimize(lambda t: t["depth"], max_trials=len(again.trials) + 2)
    assert [t.config for t in again.trials] == [
        t.config for t in Study(space, random_state=0).optimize(lambda t: t["depth"], max_trials=8).trials
    ]


def test_a_study_whose_objective_defines_the_space_is_opened(tmp_path: Path) -> None:
    with Study(run_dir=tmp_path / "run", random_state=0) as study:
        study.optimize(lambda t: t.suggest_float("x", 0, 1), max_trials=3)
    with Study.open(tmp_path / "run") as again:
        again.optimize(lambda t: t.suggest_float("x", 0, 1), max_trials=5)
        assert len(again.trials) == 5
        assert list(again.space) == ["x"]


def test_opening_to_look_deletes_nothing_and_the_space_need_not_be_repeated(tmp_path: Path) -> None:
    with Study(LINE, run_dir=tmp_path / "run", keep_best=5, random_state=0) as study:
        study.optimize(saving, max_trials=20)
        kept = {t.number: study.load_checkpoint(t) for t in study.trials}
    before = files(tmp_path / "run")
    for options in ({"space": LINE}, {}, {"space": LINE, "keep_best": 1}):
        with Study(run_dir=tmp_path / "run", **options) as again:
            assert {t.number: again.load_checkpoint(t) for t in again.trials} == kept
            assert files(tmp_path / "run") == before
    with Study(LINE, run_dir=tmp_path / "run") as again:
        again.optimize(saving, max_trials=21)  # keep_best as it was
        assert {t.number for t in list(again.history.ranked())[:5]} <= set(again.checkpoints)
    with pytest.raises(RunMismatch, match="direction was 'minimize', now 'maximize'"):
        Study(run_dir=tmp_path / "run", direction="maximize")


def test_parts_of_ones_own_are_asked_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Study(LINE, run_dir=tmp_path / "run", sampler=RandomSampler()) as study:
        study.optimize(saving, max_trials=2)
    with Study.open(tmp_path / "run", sampler=RandomSampler(), keep_best=3) as study:
        assert isinstance(study.sampler, RandomSampler)
    assert not caplog.text
    with Study.open(tmp_path / "run"):
        assert "created with a custom sampler; pass it to open() to continue with it" in caplog.text


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunUnavailable, match=r"There is no study in .*; create one with Study\(space, run_dir=...\)"):
        Study.open(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with Study(LINE, run_dir=tmp_path / "run"), pytest.raises(RunLocked, match=r"close\(\) that study"):
        Study.open(tmp_path / "run")
    with pytest.raises(UnknownName, match="Unknown sampler 'bohp'"):
        Study.open(tmp_path / "run", sampler="bohp")
    Study.open(tmp_path / "run").close()  # the failures before have let go of it
    with pytest.raises(InvalidOption, match="The path run_dir has a NUL character"):
        Study(LINE, run_dir="a\0b")
    with pytest.raises(InvalidOption, match="The path run_dir is empty; name a file or folder"):
        Study(LINE, run_dir="")
    with pytest.raises(InvalidOption, match=r"run_dir must be a path or a Store; got int"):
        Study(LINE, run_dir=3)  # type: ignore[arg-type]


# --- kills

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes that it forks")


def killed(work: Any) -> None:
    """Run work in a process of its own that kills itself on the way."""
    pid = os.fork()
    if not pid:
        try:
            work()
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


@needs_fork
def test_a_trial_that_saves_goes_on_after_any_number_of_kills(tmp_path: Path) -> None:
    def objective(trial: RunningTrial) -> float:
        state = trial.checkpoint.load() or {"step": 0, "seen": []}
        for step in range(state["step"] + 1, 11):
            trial.set_user_attr(f"step {step}", step)
            trial.report(1 / step, step)
            trial.checkpoint.save({"step": step, "seen": [*state["seen"], step]})
            if step % 2 == 0 and step < 10:
                trial.report(100.0, 50)  # this attempt does not live to tell
                os.kill(os.getpid(), signal.SIGKILL)
        return 1.0

    def script() -> None:
        with Study(LINE, run_dir=tmp_path / "run", random_state=0, sampler="random") as study:
            study.optimize(objective, max_trials=1)

    for _ in range(4):
        killed(script)
        assert files(tmp_path / "run") == {"0-0.0-1.0.safetensors"}
    with Study.open(tmp_path / "run") as study:
        assert files(tmp_path / "run") == {"0-0.0-1.0.safetensors"}
        study.optimize(objective, max_trials=1)
        [trial] = study.trials
        assert trial.status is Status.FINISHED
        assert trial.curve == [(step, 1 / step) for step in range(1, 11)]
        assert trial.attributes == {f"step {step}": step for step in range(1, 11)}
        assert study.load_checkpoint(trial)["step"] == 10


@needs_fork
def test_a_trial_that_gets_no_further_is_given_up_after_two_kills(tmp_path: Path) -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.checkpoint.load() is None:
            trial.checkpoint.save(1)
        os.kill(os.getpid(), signal.SIGKILL)
        return 1.0

    def script() -> None:
        with Study(LINE, run_dir=tmp_path / "run", random_state=0) as study:
            study.optimize(objective, max_trials=1)

    for _ in range(3):  # the first one has saved something
        killed(script)
    with Study.open(tmp_path / "run") as study:
        study.optimize(saving, max_trials=2)
        assert study.trials[0].status is Status.CRASHED
        assert study.trials[0].reports[0].reason == "the process died while the trial was running, 2 times"
        assert study.trials[1].status is Status.FINISHED
        assert "0-0.0-1.0.safetensors" not in files(tmp_path / "run")


@needs_fork
def test_trials_in_other_processes_and_those_beside_them_are_not_blamed_for_a_kill(tmp_path: Path) -> None:
    def workers() -> None:
        class Dies(Processes):
            def wait(self) -> Any:
                self.close()
                os.kill(os.getpid(), signal.SIGKILL)

        with Study(LINE, run_dir=tmp_path / "run", random_state=0) as study:
            study.optimize(saving, max_trials=4, executor=Dies(2))

    def asked() -> None:
        with Study(LINE, run_dir=tmp_path / "asked", random_state=0) as study:
            assert [study.ask() is not None for _ in range(3)] == [True] * 3
            os.kill(os.getpid(), signal.SIGKILL)

    for _ in range(3):
        killed(workers)
        killed(asked)
    for name in ("run", "asked"):
        with Study.open(tmp_path / name) as study:
            assert len(study.history.running) >= 2
            study.optimize(saving, max_trials=4)
            assert [t.status for t in study.trials] == [Status.FINISHED] * 4


def test_a_trial_whose_worker_is_killed_goes_on_from_what_it_has_saved(tmp_path: Path) -> None:
    def objective(trial: RunningTrial) -> float:
        step = trial.checkpoint.load() or 0
        while step < 4:
            step += 1
            trial.report(step, step)
            trial.checkpoint.save(step)
            if trial.number == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        if trial.number == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return 1.0

    executor = Processes(1)
    with Study(LINE, run_dir=tmp_path / "run", random_state=0, sampler="random") as study:
        try:
            study.optimize(objective, max_trials=3, executor=executor)
        finally:
            executor.close()
        assert [t.status for t in study.trials] == [Status.FINISHED, Status.CRASHED, Status.FINISHED]
        assert study.trials[0].curve == [(step, step) for step in (1, 2, 3, 4)]
        assert "1-0.0-1.0.safetensors" not in files(tmp_path / "run")


@needs_fork
def test_a_kill_while_a_checkpoint_is_written_leaves_nothing_behind(tmp_path: Path) -> None:
    def objective(trial: RunningTrial) -> float:
        trial.checkpoint.save(0)
        write = os.fsync
        os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
        try:
            trial.checkpoint.save(np.zeros(100_000))
        finally:
            os.fsync = write
        return 1.0

    def script() -> None:
        with Study(LINE, run_dir=tmp_path / "run", random_state=0) as study:
            study.optimize(objective, max_trials=1)

    killed(script)
    assert files(tmp_path / "run") == {"0-0.0-1.0.safetensors", "0-0.0-1.0.part"}
    with Study.open(tmp_path / "run") as study:
        assert files(tmp_path / "run") == {"0-0.0-1.0.safetensors"}
        study.optimize(saving, max_trials=1)
        assert study.load_checkpoint(study.best) == {"x": 0.5}


# --- what stands in the place of files


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes pipes")
@pytest.mark.parametrize("name", ["study.sqlite", "study.sqlite-journal", "lock", "owner", "checkpoints", "0-0-1"])
@pytest.mark.parametrize("kind", ["pipe", "directory", "hard link"])
def test_what_is_no_file_is_refused_and_nothing_outside_is_touched(name: str, kind: str, tmp_path: Path) -> None:
    with Study(LINE, run_dir=tmp_path / "run", random_state=0) as study:
        study.optimize(saving, max_trials=1)
    place = tmp_path / "run" / (f"checkpoints/{name}.safetensors" if name == "0-0-1" else name)
    outside = tmp_path / "outside"
    if place.is_dir():
        place.rename(tmp_path / "moved")
    elif place.exists():
        place.rename(outside)
    else:
        outside.write_bytes(b"mine")
    if kind == "directory" and name == "checkpoints":
        return
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "directory":
        place.mkdir()
    else:
        outside.touch()
        place.hardlink_to(outside)
    before = outside.read_bytes() if outside.exists() else b""
    for work in (lambda: Study.open(tmp_path / "run"), lambda: read_history(tmp_path / "run")):
        with pytest.raises(RunCorrupted, match=rf"{place} (is a|has another hard link)"):
            work()
    assert (outside.read_bytes() if outside.exists() else b"") == before


def test_a_journal_that_would_delete_a_file_elsewhere_is_refused(tmp_path: Path) -> None:
    Study(LINE, run_dir=tmp_path / "run").close()
    (tmp_path / "run" / "study.sqlite-journal").write_bytes(b"\0" * 512 + bytes.fromhex("d9d505f920a163d7"))
    with pytest.raises(RunCorrupted, match="refers to a file elsewhere, which SQLite would delete"):
        RunDirectory(tmp_path / "run")

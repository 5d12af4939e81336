"""What Optuna's tutorials do, under Optuna and under autonet: the same code, results of the same shapes."""

import logging
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import autonet.search.optuna as ours

optuna = pytest.importorskip("optuna", reason="needs the extra optuna")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


@pytest.fixture(params=["optuna", "autonet"])
def library(request: pytest.FixtureRequest) -> Any:
    return optuna if request.param == "optuna" else ours


def quadratic(trial: Any) -> float:
    x = trial.suggest_float("x", -10, 10)
    return float((x - 2) ** 2)


def conditional(trial: Any) -> float:
    """Two classifiers, each with a hyperparameter of its own."""
    if trial.suggest_categorical("classifier", ["svc", "forest"]) == "svc":
        return float(trial.suggest_float("svc_c", 1e-6, 1e6, log=True) ** 0.01)
    return float(trial.suggest_int("max_depth", 2, 32, log=True) + trial.suggest_int("units", 4, 12, step=4))


def test_first_study(library: Any) -> None:
    study = library.create_study()
    study.optimize(quadratic, n_trials=20)
    assert study.optimize(quadratic, n_trials=10) is None
    assert len(study.trials) == 30
    assert study.best_params == study.best_trial.params
    assert study.best_value == study.best_trial.value == pytest.approx((study.best_params["x"] - 2) ** 2)
    assert study.best_value < 5
    assert study.direction == library.study.StudyDirection.MINIMIZE


def test_attributes_of_trials_have_the_same_shapes(library: Any) -> None:
    study = library.create_study(direction="maximize", sampler=library.samplers.RandomSampler(seed=0))
    study.optimize(conditional, n_trials=12)
    for number, trial in enumerate(study.trials):
        assert trial.number == number
        assert trial.state == library.trial.TrialState.COMPLETE
        assert trial.state.is_finished()
        assert trial.values == [trial.value]
        assert trial.params.keys() == trial.distributions.keys() >= {"classifier"}
        assert isinstance(trial.datetime_start, datetime)
        assert trial.duration == trial.datetime_complete - trial.datetime_start >= timedelta(0)
        assert (trial.intermediate_values, trial.user_attrs, trial.last_step) == ({}, {}, None)
    assert study.trials[0] == study.trials[0] != study.trials[1]
    assert study.best_value == max(trial.value for trial in study.trials)
    of_forest = next(trial for trial in study.trials if "units" in trial.params)
    units = of_forest.distributions["units"]
    assert (units.low, units.high, units.step, units.log) == (4, 12, 4, False)
    assert of_forest.distributions["classifier"].choices == ("svc", "forest")
    assert isinstance(units, library.distributions.IntDistribution)


def test_pruning(library: Any) -> None:
    def objective(trial: Any) -> float:
        x = trial.suggest_float("x", 0, 1)
        for step in range(6):
            trial.report(x + 1 / (step + 1), step)
            if trial.should_prune():
                raise library.TrialPruned
        return float(x)

    pruner = library.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2, interval_steps=2)
    study = library.create_study(sampler=library.samplers.RandomSampler(seed=0), pruner=pruner)
    study.optimize(objective, n_trials=30)
    pruned = study.get_trials(deepcopy=False, states=[library.trial.TrialState.PRUNED])
    complete = study.get_trials(deepcopy=False, states=(library.trial.TrialState.COMPLETE,))
    assert len(pruned) + len(complete) == 30
    assert len(pruned) >= 5
    assert min(trial.number for trial in pruned) >= 5
    for trial in pruned:
        assert trial.last_step in (2, 4)
        assert trial.value == trial.intermediate_values[trial.last_step]
    assert all(list(trial.intermediate_values) == list(range(6)) for trial in complete)


def test_nothing_is_pruned_by_the_nop_pruner(library: Any) -> None:
    def objective(trial: Any) -> float:
        trial.report(trial.number, 0)
        assert not trial.should_prune()
        return float(trial.number)

    study = library.create_study(pruner=library.pruners.NopPruner())
    study.optimize(lambda trial: objective(trial) + 0 * trial.suggest_float("x", 0, 1), n_trials=8)
    assert [trial.value for trial in study.trials] == list(range(8))


def test_user_attributes_and_data_frame(library: Any) -> None:
    def objective(trial: Any) -> float:
        trial.set_user_attr("accuracy", 1 - quadratic(trial) / 200)
        return quadratic(trial)

    study = library.create_study(study_name="with attributes")
    study.set_user_attr("contributors", ["Ann", "Bo"])
    study.optimize(objective, n_trials=4, callbacks=[])
    assert study.user_attrs == {"contributors": ["Ann", "Bo"]}
    assert study.best_trial.user_attrs["accuracy"] == 1 - study.best_value / 200
    assert study.study_name == "with attributes"
    frame = study.trials_dataframe(attrs=("number", "value", "params", "state"))
    assert list(frame.columns) == ["number", "value", "params_x", "state"]
    assert list(frame["state"]) == ["COMPLETE"] * 4
    pairs = study.trials_dataframe(attrs=("number", "params", "user_attrs"), multi_index=True)
    assert list(pairs.columns) == [("number", ""), ("params", "x"), ("user_attrs", "accuracy")]
    whole = study.trials_dataframe()
    assert {"user_attrs_accuracy", "datetime_start", "datetime_complete", "duration"} <= set(whole.columns)
    assert (whole["datetime_complete"][0], whole["value"][3]) == (
        study.trials[0].datetime_complete,
        study.trials[3].value,
    )


def test_ask_and_tell(library: Any) -> None:
    study = library.create_study()
    for _ in range(3):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        study.tell(trial, x)
    distributions = {
        "x": library.distributions.FloatDistribution(0, 1),
        "y": library.distributions.IntDistribution(1, 9),
        "z": library.distributions.CategoricalDistribution(["a", "b"]),
    }
    trial = study.ask(distributions)
    assert trial.params.keys() == distributions.keys() == trial.distributions.keys()
    told = study.tell(trial.number, 0.5)
    assert (told.number, told.value) == (3, 0.5)
    assert study.tell(3, 0.7, skip_if_finished=True).value == 0.5
    with pytest.raises(ValueError, match=r"trial|Trial"):
        study.tell(3, 0.7)
    states = library.trial.TrialState
    trial = study.ask()
    trial.report(0.3, 1)
    study.tell(trial, state=states.PRUNED)
    study.tell(study.ask(), state=states.FAIL)
    assert [trial.state for trial in study.trials[3:]] == [states.COMPLETE, states.PRUNED, states.FAIL]
    assert study.trials[4].value == 0.3


def test_enqueued_and_added_trials(library: Any) -> None:
    states = library.trial.TrialState
    study = library.create_study()
    study.enqueue_trial({"x": 1.0})
    study.enqueue_trial({"x": 1.0}, skip_if_exists=True)
    study.enqueue_trial({"x": 3.0})
    waiting = study.get_trials(states=(states.WAITING,))
    assert [(trial.number, trial.params) for trial in waiting] == [(0, {}), (1, {})]
    study.optimize(quadratic, n_trials=2)
    assert [trial.params for trial in study.trials] == [{"x": 1.0}, {"x": 3.0}]
    added = library.trial.create_trial(
        params={"x": 2.0},
        distributions={"x": library.distributions.FloatDistribution(-10, 10)},
        value=0.0,
        user_attrs={"from": "a paper"},
        intermediate_values={0: 0.5, 1: 0.1},
    )
    study.add_trial(added)
    study.add_trials([library.create_trial(state=states.FAIL)])
    assert (study.best_trial.number, study.best_value, study.best_trial.user_attrs) == (2, 0.0, {"from": "a paper"})
    assert study.best_trial.intermediate_values == {0: 0.5, 1: 0.1}
    assert study.trials[3].state == states.FAIL
    study.optimize(quadratic, n_trials=3)
    assert len(study.trials) == 7


def test_the_best_trial_and_fixed_trials_run_an_objective_again(library: Any) -> None:
    study = library.create_study()
    study.optimize(quadratic, n_trials=5)
    assert quadratic(study.best_trial) == study.best_value
    fixed = library.trial.FixedTrial({"x": 5.0})
    assert quadratic(fixed) == 9.0
    fixed.report(1.0, 1)
    fixed.set_user_attr("a", 1)
    assert (fixed.should_prune(), fixed.user_attrs, fixed.params, fixed.number) == (False, {"a": 1}, {"x": 5.0}, 0)
    with pytest.raises(ValueError, match="x"):
        quadratic(library.trial.FixedTrial({}))


def test_callbacks_stop_and_see_trials(library: Any) -> None:
    seen = []

    def stop_at_three(study: Any, trial: Any) -> None:
        seen.append((trial.number, trial.value == study.trials[trial.number].value))
        if trial.number >= 2:
            study.stop()

    study = library.create_study()
    study.optimize(quadratic, n_trials=50, timeout=600, callbacks=[stop_at_three], gc_after_trial=True)
    assert seen == [(0, True), (1, True), (2, True)]
    study.optimize(quadratic, n_trials=50, callbacks=[library.study.MaxTrialsCallback(7)])
    assert len(study.trials) == 7


def test_exceptions_end_the_search_unless_they_are_caught(library: Any) -> None:
    def objective(trial: Any) -> float:
        if trial.number in (1, 2):
            raise ZeroDivisionError("no number")
        return quadratic(trial)

    study = library.create_study()
    study.optimize(objective, n_trials=2, catch=(ZeroDivisionError,))
    with pytest.raises(ZeroDivisionError, match="no number"):
        study.optimize(objective, n_trials=5, catch=(KeyError,))
    failed = study.get_trials(states=(library.trial.TrialState.FAIL,))
    assert [(trial.number, trial.value) for trial in failed] == [(1, None), (2, None)]
    study = library.create_study()
    study.optimize(lambda trial: 1 / 0, n_trials=2, catch=ZeroDivisionError)
    assert len(study.trials) == 2
    with pytest.raises(ValueError, match=r"[Nn]o trial|[Rr]ecord"):
        _ = study.best_value


def test_storage_resumes(library: Any, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/example.db"
    study = library.create_study(study_name="example", storage=storage, direction="maximize")
    study.optimize(quadratic, n_trials=3)
    study.set_user_attr("owner", "Ann")
    study.enqueue_trial({"x": 1.0}, user_attrs={"memo": "kept"})
    with pytest.raises(library.exceptions.DuplicatedStudyError):
        library.create_study(study_name="example", storage=storage)
    again = library.create_study(study_name="example", storage=storage, load_if_exists=True)
    again.optimize(quadratic, n_trials=1)
    again.enqueue_trial({"x": 2.0}, user_attrs={"memo": "waits"})
    if library is ours:
        study.close()
    del study, again
    loaded = library.load_study(study_name="example", storage=storage)
    assert [trial.user_attrs for trial in loaded.trials[3:]] == [{"memo": "kept"}, {"memo": "waits"}]
    loaded.optimize(quadratic, n_trials=1)
    assert loaded.trials[4].user_attrs == {"memo": "waits"}
    assert (len(loaded.trials), loaded.user_attrs) == (5, {"owner": "Ann"})
    assert loaded.direction == library.study.StudyDirection.MAXIMIZE
    assert library.get_all_study_names(storage) == ["example"]
    library.delete_study(study_name="example", storage=storage)
    assert library.get_all_study_names(storage) == []
    with pytest.raises(KeyError):
        library.load_study(study_name="example", storage=storage)


def test_grid(library: Any) -> None:
    space = {"x": [-1, 0, 1], "y": [3.0, 5.0]}
    study = library.create_study(sampler=library.samplers.GridSampler(space, seed=0))
    study.optimize(lambda trial: trial.suggest_int("x", -9, 9) + trial.suggest_float("y", 0, 9), n_trials=100)
    found = sorted((trial.params["x"], trial.params["y"]) for trial in study.trials)
    assert found == [(x, y) for x in space["x"] for y in space["y"]]
    assert study.best_value == 2.0


def test_a_seed_gives_the_same_trials_again(library: Any) -> None:
    def run() -> list[dict[str, float]]:
        study = library.create_study(sampler=library.samplers.TPESampler(seed=42))
        study.optimize(quadratic, n_trials=8)
        return [trial.params for trial in study.trials]

    assert run() == run()


def test_log_lines_of_trials(library: Any, capsys: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler(sys.stdout)
    logger = library.logging.get_logger("optuna")
    before = logger.level
    logger.addHandler(handler)
    try:
        library.logging.set_verbosity(library.logging.INFO)
        library.create_study().optimize(quadratic, n_trials=2)
        assert "rial 1 finished" in capsys.readouterr().out
        library.logging.set_verbosity(library.logging.ERROR)
        assert library.logging.get_verbosity() == library.logging.ERROR
        library.create_study().optimize(quadratic, n_trials=2)
        assert capsys.readouterr().out == ""
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def test_a_seed_as_a_hyperparameter_in_data_frame_and_plots(library: Any) -> None:
    def objective(trial: Any) -> float:
        layers = [trial.suggest_categorical(f"layer_{i}", [7, 11]) for i in range(trial.suggest_int("layers", 1, 2))]
        rate = trial.suggest_float("lr", 1e-3, 1e-1, log=True)
        return sum(layers) + rate + 1e-9 * trial.suggest_int("seed", 0, 2**31 - 2)

    study = library.create_study(direction="minimize", sampler=library.samplers.RandomSampler(seed=42))
    study.optimize(objective, n_trials=10)
    best = study.trials_dataframe().sort_values("value")[["number", "value", "params_seed"]]
    assert tuple(best.iloc[0]) == (study.best_trial.number, study.best_value, study.best_params["seed"])
    assert library.visualization.plot_parallel_coordinate(study, params=["lr", "seed"]).data
    assert library.visualization.plot_contour(study, params=["layers", "seed"]).data


def test_plots(library: Any) -> None:
    study = library.create_study()
    study.optimize(quadratic, n_trials=6)
    assert len(library.visualization.plot_slice(study, params=["x"]).data[0].x) == 6
    assert library.visualization.plot_optimization_history(study).data


def test_enqueued_trials_have_user_attributes(library: Any) -> None:
    study = library.create_study()
    study.enqueue_trial({"x": 1.0}, user_attrs={"memo": "a guess", "rank": 1})
    study.enqueue_trial({"x": 2.0})
    study.enqueue_trial({"x": 3.0}, user_attrs={"memo": "another"})
    assert study.trials[2].user_attrs == {"memo": "another"}
    study.optimize(quadratic, n_trials=2)
    trial = study.ask()
    study.tell(trial, quadratic(trial))
    attributes = [{"memo": "a guess", "rank": 1}, {}, {"memo": "another"}]
    assert [trial.user_attrs for trial in study.trials] == attributes


def test_a_journal_is_a_storage(library: Any, tmp_path: Path) -> None:
    backend = library.storages.journal.JournalFileBackend(str(tmp_path / "journal.log"))
    storage = library.storages.JournalStorage(backend)
    library.create_study(study_name="a", storage=storage).optimize(quadratic, n_trials=2)
    assert len(library.load_study(study_name="a", storage=storage).trials) == 2


def test_efficient_optimization_algorithms(library: Any) -> None:
    """A linear classifier, trained step by step under pruners, with one sampler after the other."""
    from sklearn.datasets import load_iris
    from sklearn.linear_model import SGDClassifier
    from sklearn.model_selection import train_test_split

    X, y = load_iris(return_X_y=True)
    X_train, X_valid, y_train, y_valid = train_test_split(X, y, test_size=0.25, random_state=0)

    def objective(trial: Any) -> float:
        classifier = SGDClassifier(alpha=trial.suggest_float("alpha", 1e-5, 1e-1, log=True), random_state=0)
        for step in range(8):
            classifier.partial_fit(X_train, y_train, classes=[0, 1, 2])
            trial.report(1.0 - classifier.score(X_valid, y_valid), step)
            if trial.should_prune():
                raise library.TrialPruned
        return float(1.0 - classifier.score(X_valid, y_valid))

    pruners = (
        library.pruners.MedianPruner(),
        library.pruners.SuccessiveHalvingPruner(),
        library.pruners.HyperbandPruner(min_resource=1, max_resource=8, reduction_factor=3),
        library.pruners.ThresholdPruner(upper=0.7),
        library.pruners.PercentilePruner(25.0, n_startup_trials=2),
    )
    samplers = (
        library.samplers.TPESampler(seed=0),
        library.samplers.RandomSampler(seed=0),
        library.samplers.BruteForceSampler(seed=0) if library is ours else library.samplers.RandomSampler(seed=1),
        optuna.samplers.RandomSampler(seed=2),
        optuna.samplers.TPESampler(seed=1),
    )
    states = library.trial.TrialState
    for sampler, pruner in zip(samplers, pruners, strict=True):
        study = library.create_study(sampler=sampler, pruner=pruner)
        assert (study.sampler, study.pruner) == (sampler, pruner)
        study.optimize(objective, n_trials=7, timeout=600)
        complete = study.get_trials(states=[states.COMPLETE])
        pruned = study.get_trials(states=[states.PRUNED])
        assert len(complete) + len(pruned) == 7
        assert study.best_value == min(trial.value for trial in complete) < 0.5

"""Histories as studies of Optuna, which draws them, saves them and shows them in its dashboard."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from autonet.core.errors import InvalidOption
from autonet.search import Status, Study, minimize
from tests.search.export.histories import MAKERS, make, make_running

optuna = pytest.importorskip("optuna", reason="needs the extra optuna")

pytestmark = [
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore:Attempting to set identical low and high"),  # matplotlib, of a single value
    pytest.mark.filterwarnings("ignore:No artists with labels found"),  # matplotlib, of no trial
    pytest.mark.filterwarnings("ignore:Contour plot will not be displayed"),  # of two that are never active together
    pytest.mark.filterwarnings("ignore:.*importance"),  # of few trials
]

COMPLETE, PRUNED, FAIL, RUNNING = "COMPLETE", "PRUNED", "FAIL", "RUNNING"

# Plots of one objective, but for `plot_terminator_improvement`, which takes seconds.
PLOTS = (
    *("contour", "edf", "intermediate_values", "optimization_history", "parallel_coordinate", "param_importances"),
    *("rank", "slice", "timeline"),
)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


@pytest.fixture
def backend(request: Any) -> Any:
    """A module of plots."""
    if request.param == "plotly":
        pytest.importorskip("plotly", reason="needs plotly")
        from optuna import visualization

        return visualization
    pytest.importorskip("matplotlib", reason="needs matplotlib").use("Agg")
    from optuna.visualization import matplotlib

    return matplotlib


def states(study: Any) -> list[str]:
    return [trial.state.name for trial in study.trials]


@pytest.mark.parametrize("backend", ["plotly", "matplotlib"], indirect=True)
@pytest.mark.parametrize("kind", MAKERS)
def test_every_plot_of_one_objective_draws_every_history(kind: str, backend: Any) -> None:
    study = make(kind).to_optuna()
    params = list(dict.fromkeys(name for trial in study.trials for name in trial.params))
    for name in PLOTS:
        options = {"params": params[:3]} if name in ("contour", "rank") else {}  # one panel for each pair
        drawn = getattr(backend, f"plot_{name}")(study, **options)
        assert hasattr(drawn, "data") or "matplotlib" in backend.__name__
    if "matplotlib" in backend.__name__:
        from matplotlib import pyplot

        pyplot.close("all")


def test_the_plots_show_the_values_of_the_history() -> None:
    visualization = pytest.importorskip("plotly", reason="needs plotly") and optuna.visualization
    ours = make("maximize")
    study = ours.to_optuna()
    values, best, *_ = visualization.plot_optimization_history(study).data
    shown = [(t.number, t.value) for t in ours.trials if t.usable]
    assert list(zip(values.x, values.y, strict=True)) == shown
    assert best.y[-1] == ours.best.value
    curves = {line.name: line for line in visualization.plot_intermediate_values(study).data}
    first = curves["Trial0"]
    assert list(first.x) == [1, 3, 9]
    assert list(first.y) == [-report.loss for report in ours.trials[0].reports]


def test_the_terminator_draws_from_it() -> None:
    visualization = pytest.importorskip("plotly", reason="needs plotly") and optuna.visualization
    study = minimize(lambda trial: trial["x"] ** 2, {"x": (-1.0, 1.0)}, max_trials=5, random_state=0).to_optuna()
    (line, *_) = visualization.plot_terminator_improvement(study, min_n_trials=2).data
    assert list(line.x) == [0, 1, 2]


@pytest.mark.parametrize("kind", MAKERS)
def test_trials_are_those_of_the_history(kind: str) -> None:
    ours, study = make(kind), make(kind).to_optuna()
    assert study.direction.name.lower() == ours.direction
    assert [t.number for t in study.trials] == [t.number for t in ours.trials]
    assert [t.value for t in study.trials] == [t.value for t in ours.trials]
    for trial, theirs in zip(ours.trials, study.trials, strict=True):
        config = {name: str(value) if isinstance(value, tuple) else value for name, value in trial.config.items()}
        assert theirs.params == config
        assert theirs.user_attrs["autonet:seed"] == trial.seed
        assert all(distribution == global_ranges(study)[name] for name, distribution in theirs.distributions.items())
    if ours.history.best is not None:
        assert study.best_trial.number == ours.best.number


def global_ranges(study: Any) -> dict[str, Any]:
    """The distributions of a study: one for each parameter, or its database would refuse them."""
    return {name: range_ for trial in study.trials for name, range_ in trial.distributions.items()}


def test_states_are_those_of_optuna() -> None:
    expected = [COMPLETE] * 3 + [FAIL, FAIL, PRUNED, COMPLETE]
    assert states(make("minimize").to_optuna())[:7] == expected
    assert states(make("failed").to_optuna()) == [FAIL] * 3
    assert states(make("pruned").to_optuna()) == [PRUNED] * 3
    assert states(make("undefined").to_optuna()) == []


@pytest.mark.parametrize("kind", MAKERS)
def test_the_data_frame_has_the_same_states(kind: str) -> None:
    pytest.importorskip("pandas")
    assert make(kind).trials_dataframe()["state"].tolist() == states(make(kind).to_optuna())


def test_a_trial_that_runs_is_complete_if_it_has_a_value_already() -> None:
    ours = make_running()
    study = ours.to_optuna()
    running = [trial.number for trial in ours.trials if trial.running]
    assert len(running) == 2
    assert [study.trials[number].state.name for number in running] == [COMPLETE, RUNNING]
    assert [study.trials[number].user_attrs["autonet:status"] for number in running] == ["running", "running"]
    assert study.trials[running[1]].datetime_start <= datetime.now()


def test_a_failure_after_a_value_keeps_the_value() -> None:
    def objective(trial: Any) -> float:
        if trial.budget > 1:
            raise ValueError("broken")
        return float(trial["x"])

    ours = Study({"x": (0.0, 1.0)}, min_budget=1, max_budget=3, random_state=0).optimize(objective, max_trials=4)
    failed = [trial for trial in ours.trials if trial.status is Status.CRASHED]
    assert failed
    theirs = ours.to_optuna().trials[failed[0].number]
    assert (theirs.state.name, theirs.value) == (COMPLETE, failed[0].value)
    assert theirs.user_attrs["autonet:status"] == "crashed"
    assert theirs.user_attrs["autonet:reason"] == "ValueError: broken"
    assert [job.partition(":")[0] for job in theirs.user_attrs["autonet:jobs"]] == ["budget 1", "budget 0"]


def test_times_are_local_and_span_all_jobs() -> None:
    ours = make("resumed")
    trial = next(trial for trial in ours.trials if len(trial.reports) > 1)
    theirs = ours.to_optuna().trials[trial.number]
    assert theirs.datetime_start == datetime.fromtimestamp(trial.reports[0].began)
    last = trial.reports[-1]
    assert theirs.datetime_complete == datetime.fromtimestamp(last.began + last.seconds)


def test_intermediate_values_are_by_budget_unless_the_objective_reports_some() -> None:
    ours = make("timed")
    study = ours.to_optuna()
    for trial, theirs in zip(ours.trials, study.trials, strict=True):
        assert theirs.intermediate_values == {round(1e4 * r.budget): r.loss for r in trial.reports}
    assert study.user_attrs == {
        "autonet:budgets": list(ours.rungs.budgets),
        "autonet:step of intermediate values": "0.0001 s",
    }
    defined = make("defined")
    assert [t.intermediate_values for t in defined.to_optuna().trials] == [dict(t.curve) for t in defined.trials]


def test_trials_can_be_compared_at_one_budget() -> None:
    ours = make("resumed")
    study = ours.to_optuna(budget=9)
    for trial, theirs in zip(ours.trials, study.trials, strict=True):
        at_nine = [report.loss for report in trial.reports if report.budget == 9 and not report.failed]
        assert theirs.value == (at_nine[0] if at_nine else None)
        if not at_nine and trial.usable:
            assert theirs.state.name == PRUNED
    assert COMPLETE in states(study)
    with pytest.raises(InvalidOption, match="got 5, and the rungs are 1 - 3 - 9 epochs"):
        ours.to_optuna(budget=5)
    with pytest.raises(InvalidOption, match="got 1, and the study has no budgets"):
        make("minimize").to_optuna(budget=1)


def test_a_trial_that_needs_no_more_budget_counts_at_every_budget() -> None:
    from autonet.search import Result

    ours = Study({"x": (0.0, 1.0)}, min_budget=1, max_budget=9, random_state=0)
    ours.optimize(lambda trial: Result(trial["x"], complete=True), max_trials=3)
    assert [t.value for t in ours.to_optuna(budget=9).trials] == [t.value for t in ours.trials]


def test_constants_can_be_left_out_and_names_shortened() -> None:
    space = {"net": {"mlp": {"units": (1, 9)}, "linear": {}}, "sgd:rate": (0.0, 1.0), "adam:rate": (0.0, 1.0), "c": 1}
    ours = minimize(lambda trial: trial["sgd:rate"], space, max_trials=8, random_state=0)
    study = ours.to_optuna(constants=False, short_names=True)
    assert set(global_ranges(study)) == {"net", "units", "sgd:rate", "adam:rate"}
    assert set(global_ranges(ours.to_optuna())) == {"net", "net:mlp:units", "sgd:rate", "adam:rate", "c"}
    assert [t.params.get("units") for t in study.trials] == [t.config.get("net:mlp:units") for t in ours.trials]


def test_what_runs_in_a_space_that_the_objective_defines_has_no_parameters_yet() -> None:
    ours = Study(random_state=0)
    for i in range(3):
        trial = ours.ask()
        assert trial is not None
        if i < 2:
            ours.tell(trial, trial.suggest_float("x", 0, 1))
    *ended, running = ours.to_optuna().trials
    assert [set(trial.params) for trial in ended] == [{"x"}, {"x"}]
    assert running.params == {}


def test_attributes_and_metrics_are_user_attributes() -> None:
    first = make("minimize").to_optuna().trials[0].user_attrs
    assert first["shape"] == [0, 2]
    assert (first["metrics_std"], first["metrics_gap"]) == (0.5, "nan")
    assert first["autonet:origin"] == "default"


def test_importance_finds_what_matters_among_conditional_decoys() -> None:
    space = {"x": (-1.0, 1.0), "kind": {"a": {"decoy": (0.0, 1.0)}, "b": {"other": (0.0, 1.0)}}, "noise": (0, 1000)}
    ours = minimize(lambda trial: trial["x"] ** 2, space, max_trials=40, sampler="random", random_state=0)
    importances = optuna.importance.get_param_importances(ours.to_optuna())
    assert next(iter(importances)) == "x"
    assert importances["x"] > 2 * max(share for name, share in importances.items() if name != "x")


@pytest.mark.parametrize("kind", ["resumed", "running", "empty"])
def test_storages_return_what_was_written(kind: str, tmp_path: Path) -> None:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    expected = make(kind).to_optuna().trials
    url = f"sqlite:///{tmp_path / 'a.db'}"
    make(kind).to_optuna(url, "mine")
    make("one trial").to_optuna(tmp_path / "a.log", "other")
    make(kind).to_optuna(str(tmp_path / "a.log"), "mine")  # beside it
    journal = JournalStorage(JournalFileBackend(str(tmp_path / "a.log")))
    for storage in (url, journal):
        read = optuna.load_study(study_name="mine", storage=storage).trials
        for field in ("state", "value", "params", "distributions", "user_attrs", "intermediate_values"):
            assert [getattr(t, field) for t in read] == [getattr(t, field) for t in expected], field
        assert [t.datetime_complete for t in read] == [t.datetime_complete for t in expected]


def test_a_storage_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    study = make("one trial")
    study.to_optuna(tmp_path / "a.log", "mine")
    with pytest.raises(InvalidOption, match="The storage has a study 'mine' already; pass another study_name"):
        study.to_optuna(tmp_path / "a.log", "mine")
    with pytest.raises(InvalidOption, match=r"The study cannot be saved to .*: there is no directory"):
        study.to_optuna(tmp_path / "none" / "a.log")
    study.to_jsonl(tmp_path / "a.jsonl")
    for name, text in (("a.csv", "a,b\n1,2\n"), ("a.txt", "note"), ("a.json", "[1]\n"), ("a.jsonl", None)):
        if text is not None:
            (tmp_path / name).write_text(text)
        before = (tmp_path / name).read_bytes()
        with pytest.raises(InvalidOption, match="is not a journal file of Optuna; pass another path"):
            study.to_optuna(tmp_path / name)
        assert (tmp_path / name).read_bytes() == before
    with pytest.raises(InvalidOption, match=r"storage must be a path to a journal file, .* got int"):
        study.to_optuna(3)


def test_a_study_that_is_not_written_completely_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    storage = optuna.storages.InMemoryStorage()
    monkeypatch.setattr(optuna.Study, "add_trials", interrupt)
    with pytest.raises(KeyboardInterrupt):
        make("minimize").to_optuna(storage)
    assert storage.get_all_studies() == []


def test_optuna_goes_on_from_it() -> None:
    study = make("defined").to_optuna()
    study.optimize(lambda trial: trial.suggest_float("x", -10, 10) ** 2, n_trials=2)
    assert states(study)[-2:] == [COMPLETE, COMPLETE]


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Write nothing to standard error."""


def test_the_dashboard_opens_the_journal_file(tmp_path: Path) -> None:
    dashboard = pytest.importorskip("optuna_dashboard", reason="needs optuna-dashboard")
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    ours = make("resumed")
    ours.to_optuna(tmp_path / "a.log", "mine")
    application = dashboard.wsgi(JournalStorage(JournalFileBackend(str(tmp_path / "a.log"))))
    with make_server("127.0.0.1", 0, application, handler_class=_Silent) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}"
            pages = {path: urlopen(f"{address}{path}").read() for path in ("/dashboard", "/api/studies/0")}
        finally:
            server.shutdown()
            thread.join()
    assert b"<html" in pages["/dashboard"]
    study = json.loads(pages["/api/studies/0"])
    assert study["name"] == "mine"
    assert [trial["state"] for trial in study["trials"]] == [s.capitalize() for s in states(ours.to_optuna())]
    best = study["trials"][ours.best.number]
    assert best["values"] == [ours.best.value]

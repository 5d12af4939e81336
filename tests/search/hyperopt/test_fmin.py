"""fmin: all of its arguments, and the listings of Hyperopt's tutorial."""

import functools
import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autonet.core.errors import InvalidOption
from autonet.search import hyperopt
from autonet.search.hyperopt import (
    STATUS_FAIL,
    STATUS_OK,
    Trials,
    anneal,
    atpe,
    early_stop,
    exceptions,
    fmin,
    generate_trials_to_calculate,
    hp,
    rand,
    space_eval,
    tpe,
)

LINE = hp.uniform("x", -10, 10)


def parabola(x: float) -> float:
    return (x - 3) ** 2


def search(**options: Any) -> Trials:
    """Minimize a parabola at random, unless the options say otherwise."""
    trials = options.pop("trials", Trials())
    given = {"fn": parabola, "space": LINE, "algo": rand.suggest, "max_evals": 6, "rstate": 0, "verbose": False}
    fmin(**{**given, **options}, trials=trials)
    return trials


def test_the_first_listing_of_the_tutorial() -> None:
    best = fmin(fn=lambda x: (x - 3) ** 2, space=LINE, algo=tpe.suggest, max_evals=60, rstate=0, verbose=False)
    assert list(best) == ["x"]
    assert abs(best["x"] - 3) < 0.5


def test_the_conditional_space_of_the_tutorial() -> None:
    space = hp.choice("a", [("case 1", 1 + hp.lognormal("c1", 0, 1)), ("case 2", hp.uniform("c2", -10, 10))])

    def objective(args: Any) -> Any:
        case, value = args
        return value if case == "case 1" else value**2

    best = fmin(objective, space, max_evals=40, rstate=0, verbose=False)
    assert best["a"] == 1
    case, value = space_eval(space, best)
    assert case == "case 2"
    assert abs(value) < 0.1


@pytest.mark.parametrize("algo", [tpe.suggest, atpe.suggest, anneal.suggest, rand.suggest, None, "gp"])
def test_algorithms(algo: Any, caplog: pytest.LogCaptureFixture) -> None:
    trials = search(algo=algo, max_evals=25)
    assert trials.study is not None
    assert trials.best_trial["result"]["loss"] < 4
    name = getattr(getattr(algo, "__self__", None), "name", "")
    noted = [record.message for record in caplog.records if "runs instead of" in record.message]
    assert len(noted) == (name in ("atpe", "anneal"))
    enqueued = sum(trial.origin == "enqueued" for trial in trials.study.trials)
    assert enqueued == {"tpe": 20, "rand": 1}.get(name, 0)


def test_options_of_tpe(caplog: pytest.LogCaptureFixture) -> None:
    trials = search(algo=functools.partial(tpe.suggest, n_startup_jobs=3, gamma=0.4, prior_weight=2.0))
    assert trials.study is not None
    assert [trial.origin for trial in trials.study.trials] == ["enqueued"] * 3 + ["sampler"] * 3
    assert trials.study.sampler.good_share == 0.4  # type: ignore[attr-defined]
    assert "algo=tpe.suggest: not used: prior_weight" in caplog.messages
    with pytest.raises(InvalidOption, match="n_startup_jobs must be an integer of at least 0; got -1"):
        search(algo=functools.partial(tpe.suggest, n_startup_jobs=-1))
    with pytest.raises(InvalidOption, match=r"Pass algo=tpe.suggest to fmin"):
        tpe.suggest([0], None, None, 0)


def test_random_trials_follow_the_law_from_the_first() -> None:
    first = [search(rstate=seed, max_evals=1).vals["x"][0] for seed in range(30)]
    assert len(set(first)) == 30
    assert min(first) < -5 < 5 < max(first)


def test_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    by_int = search(rstate=5, algo=tpe.suggest, max_evals=23).vals
    assert search(rstate=5, algo=tpe.suggest, max_evals=23).vals == by_int
    monkeypatch.setenv("HYPEROPT_FMIN_SEED", "5")
    assert search(rstate=None, algo=tpe.suggest, max_evals=23).vals == by_int
    by_generator = search(rstate=np.random.default_rng(5)).vals
    assert search(rstate=np.random.default_rng(5)).vals == by_generator
    assert search(rstate=6).vals != by_generator


def test_points_come_first_and_on_top() -> None:
    space = [LINE, hp.choice("c", ["a", "b"])]
    points = [{"x": 0.5, "c": 1}, {"x": 9.0, "c": 0}]
    options: dict[str, Any] = {"fn": lambda p: p[0] ** 2, "space": space, "max_evals": 3}
    for trials in (
        search(points_to_evaluate=points, **options),
        search(trials=generate_trials_to_calculate(points), **options),
    ):
        assert trials.vals["x"][:2] == [0.5, 9.0]
        assert trials.vals["c"][:2] == [1, 0]
        assert len(trials) == 5
    branches = hp.choice("c", [hp.uniform("a", 0, 1), hp.uniform("b", 0, 1)])
    trials = search(fn=float, space=branches, points_to_evaluate=[{"c": 1, "a": 0.2, "b": 0.7}], max_evals=1)
    assert trials.losses()[0] == 0.7
    with pytest.raises(InvalidOption, match=r"'x' = 11\.0 is not in its range"):
        search(points_to_evaluate=[{"x": 11.0}])
    with pytest.raises(InvalidOption, match="points_to_evaluate must be a list of dicts; got"):
        search(points_to_evaluate={"x": 1.0})


def test_trials_are_continued() -> None:
    trials = search(max_evals=4)
    before = trials.vals["x"]
    search(trials=trials, max_evals=9, algo=tpe.suggest)
    assert trials.vals["x"][:4] == before
    assert len(trials) == 9
    with pytest.raises(InvalidOption, match=r"These trials belong to another space; pass new Trials\(\)"):
        search(trials=trials, space=hp.uniform("x", 0, 1))


def test_a_search_stops_at_its_thresholds() -> None:
    trials = search(loss_threshold=4.0, max_evals=500)
    losses = trials.losses()
    assert losses[-1] <= 4.0 < min(losses[:-1])
    assert len(search(early_stop_fn=lambda trials, n=0: (n == 3, [n + 1]), max_evals=50)) == 4
    assert len(search(timeout=0, max_evals=50, return_argmin=False)) == 0


def test_no_progress() -> None:
    stop = early_stop.no_progress_loss(4)
    trials = search(early_stop_fn=stop, max_evals=500)
    best = int(np.argmin(trials.losses()))
    assert len(trials) == best + 5
    assert stop(trials) == (True, [min(trials.losses()), 4])
    strict = search(early_stop_fn=early_stop.no_progress_loss(4, percent_increase=100), max_evals=500)
    assert len(strict) == 5  # no loss is better than 0


def test_exceptions_stop_the_search_unless_caught() -> None:
    def fail(x: float) -> Any:
        if x > 0:
            raise ArithmeticError("no")
        return {"status": STATUS_OK, "loss": x}

    with pytest.raises(ArithmeticError, match="no"):
        search(fn=fail, max_evals=30)
    assert 0 < len(search(fn=fail, max_evals=30, catch_eval_exceptions=True)) < 30


def test_without_a_loss() -> None:
    options: dict[str, Any] = {"fn": lambda _: {"status": STATUS_FAIL}}
    with pytest.raises(exceptions.AllTrialsFailed, match="All 6 trials failed"):
        search(**options)
    assert fmin(**options, space=LINE, max_evals=3, return_argmin=False, verbose=False) is None
    with pytest.raises(TypeError, match=r"a dict with the keys \['status'\]; expected 'loss' among them"):
        search(fn=lambda _: {"status": STATUS_OK})
    with pytest.raises(ValueError, match="returned the status 'new'; expected 'ok' or 'fail'"):
        search(fn=lambda _: {"status": "new", "loss": 1.0})


def test_the_best_point_instead_of_indices() -> None:
    space = {"x": LINE, "c": hp.choice("c", [(1, 2), hp.randint("r", 3)])}
    best = fmin(lambda p: p["x"] ** 2, space, max_evals=5, return_argmin=False, rstate=0, verbose=False)
    assert set(best) == {"x", "c"}
    assert best["c"] == (1, 2) or best["c"] in range(3)


def test_annotated_arguments() -> None:
    def objective(x: hp.uniform("x", -1, 1), n: hp.choice("n", [1, 2])) -> float:  # type: ignore[valid-type]
        return abs(x) * n

    assert set(fmin(objective, "annotated", max_evals=10, rstate=0, verbose=False)) == {"x", "n"}

    def wrong(x: float) -> float:
        return x

    with pytest.raises(InvalidOption, match="The argument 'x' is annotated with <class 'float'>"):
        fmin(wrong, "annotated", max_evals=1)
    with pytest.raises(InvalidOption, match="space must be 'annotated' or made of hyperparameters; got 'x'"):
        fmin(wrong, "x", max_evals=1)


def test_saved_trials_are_resumed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    space = {"x": hp.normal("x", 0, 1), "q": hp.qlognormal("q", 0, 1, 0.5), "c": hp.choice("c", [None, {"r": 1}])}

    def objective(point: Any) -> Any:
        return {"loss": point["x"] ** 2, "status": STATUS_OK, "note": (1, "a"), "attachments": {"b": b"c"}}

    options: dict[str, Any] = {"fn": objective, "space": space, "trials_save_file": tmp_path / "trials"}
    with caplog.at_level(logging.ERROR):
        first = search(**options, max_evals=4, rstate=np.random.default_rng(3))
        second = search(**options, max_evals=7)
        third = search(**options, max_evals=8, trials=second)
    assert second.vals["x"][:4] == first.vals["x"]
    assert second.trials[0] == first.trials[0]
    assert third is second
    assert len(third) == 8
    assert third.trial_attachments(third.trials[0]) == {"b": b"c"}
    (tmp_path / "trials.p").write_bytes(b"")
    with pytest.raises(InvalidOption, match="is a file, perhaps a pickle of Hyperopt"):
        search(trials_save_file=str(tmp_path / "trials.p"))


def test_progress_is_shown_if_both_options_ask_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    search(show_progressbar=False, verbose=True)
    search(show_progressbar=True, verbose=False)
    assert capsys.readouterr() == ("", "")
    search(show_progressbar=True, verbose=True)
    assert "6/6 trials" in capsys.readouterr().err


def test_a_finite_space_ends() -> None:
    for algo in (rand.suggest, tpe.suggest, None):
        trials = search(fn=lambda n: (n - 7) ** 2, space=hp.choice("n", range(10)), max_evals=100, algo=algo)
        assert sorted(trials.vals["n"]) == list(range(10))
        assert trials.argmin == {"n": 7}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_evals": 0}, "max_evals must be an integer of at least 1; got 0"),
        ({"timeout": -1}, "timeout must be a non-negative number"),
        ({"loss_threshold": "x"}, "loss_threshold must be a number; got 'x'"),
        ({"pass_expr_memo_ctrl": True}, "pass_expr_memo_ctrl is not supported"),
        ({"show_progressbar": print}, "show_progressbar must be True or False"),
        ({"fn": 3}, "fn must be callable; got 3"),
        ({"trials": []}, "trials must be Trials of autonet.search.hyperopt; got list"),
        ({"early_stop_fn": lambda _: True}, "early_stop_fn returned True; expected whether to stop, and a list"),
        ({"algo": 3}, "sampler must be one of"),
        ({"space": {}}, "The space has no hyperparameter"),
    ],
)
def test_invalid_arguments_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        search(**options)


def test_what_hyperopt_has_in_addition_is_refused_by_name() -> None:
    for name in ("SparkTrials", "mongoexp", "mix", "plotting", "trials_from_docs"):
        with pytest.raises(ImportError, match=f"{name} of Hyperopt is not available in autonet; "):
            getattr(hyperopt, name)
    assert not hasattr(hyperopt, "nothing")
    assert math.isfinite(hyperopt.pyll.stochastic.sample(LINE))

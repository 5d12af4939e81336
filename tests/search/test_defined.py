"""Spaces that an objective defines: what changes, conditions, duplicates, enqueued values, cost."""

import itertools
import logging
import math
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Float
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.errors import EnqueuedIgnored, InvalidOption
from autonet.core.jsonvalues import from_text, to_text
from autonet.search import RunningTrial, Study, minimize, read_history
from autonet.search.records import Event
from autonet.search.spaces.distributions import (
    CategoricalDistribution,
    Distribution,
    FloatDistribution,
    IntDistribution,
    from_dict,
    merge,
)
from autonet.search.spaces.encoding import Encoding
from autonet.search.spaces.suggestions import SuggestionTree
from autonet.search.storage.store import RunDirectory

Objective = Callable[[RunningTrial], float]


def reopen(run_dir: Path, objective: Objective, n_trials: int) -> Study:
    """Run more trials in a run directory."""
    with Study(run_dir=run_dir, random_state=0) as study:
        return study.optimize(objective, max_trials=n_trials)


def different(study: Study) -> int:
    """Count different configurations."""
    return len({repr(sorted(t.config.items())) for t in study.trials})


# --- suggestions that change


def test_a_scale_that_changes_fails_its_trials_and_the_run_directory_goes_on(tmp_path: Path) -> None:
    def objective(**options: Any) -> Objective:
        return lambda trial: trial.suggest_float("lr", 1e-3, 1.0, **options)

    reopen(tmp_path, objective(), 3)
    edited = reopen(tmp_path, objective(log=True), 5)
    assert [str(t.status) for t in edited.trials[3:]] == ["crashed"] * 2
    assert "'lr' was suggested as float [0.001, 1.0] in earlier trials and now as float [0.001, 1.0], log=True" in (
        edited.trials[3].reports[0].reason
    )
    back = reopen(tmp_path, objective(), 8)
    assert [str(t.status) for t in back.trials[5:]] == ["finished"] * 3
    assert len(read_history(tmp_path)) == 8


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (lambda t: t.suggest_float("x", 0, 1), lambda t: t.suggest_int("x", 0, 1)),
        (lambda t: t.suggest_int("x", 1, 9), lambda t: t.suggest_int("x", 1, 9, log=True)),
        (lambda t: t.suggest_float("x", 0, 1), lambda t: len(t.suggest_categorical("x", ["a", "b"]))),
        (lambda t: len(t.suggest_categorical("x", ["a", "b"])), lambda t: t.suggest_int("x", 1, 9)),
    ],
)
def test_a_type_that_changes_between_trials_at_once_fails_the_later_one(
    first: Objective, second: Objective, tmp_path: Path
) -> None:
    with Study(run_dir=tmp_path, random_state=0) as study:
        one, other = study.ask(), study.ask()
        assert one is not None
        assert other is not None
        values = first(one), second(other)
        assert str(study.tell(one, values[0]).status) == "finished"
        failed = study.tell(other, values[1])
        assert str(failed.status) == "crashed"
        assert failed.config == {}
        assert "'x' was suggested as" in failed.reports[0].reason
    assert len(read_history(tmp_path)) == 2
    assert len(reopen(tmp_path, first, 4).trials) >= 3


@pytest.mark.parametrize(
    "objective",
    [
        lambda t: t.suggest_int("units", 8, 16 * t.suggest_int("layers", 1, 4), step=8),
        lambda t: t.suggest_float("b", 0.0, 1.0 + t.suggest_float("a", 0.0, 1.0, step=0.25), step=0.25),
        lambda t: t.suggest_float("b", 0.0, 1.0, step=[0.1, 0.25, None][t.number % 3]),
        lambda t: t.suggest_int("b", (a := t.suggest_int("a", 0, 5)), 5 if t.number > 3 else a),
        lambda t: len(t.suggest_categorical("net", ["resnet", "vit"] if t.suggest_int("deep", 0, 1) else ["mlp", ""])),
        lambda t: float(t.suggest_categorical("n", list(range(1 + t.number)))),
        lambda t: t.suggest_float("x", 0, t.number),
        lambda t: len(t.suggest_categorical("c", [[1, [2]], ("a", [1, 2]), {"k": [1]}, [[]]][: 1 + t.number])),
    ],
)
def test_ranges_steps_and_choices_may_change(objective: Objective, tmp_path: Path) -> None:
    for n_trials in (7, 15):
        study = reopen(tmp_path, objective, n_trials)
        assert {str(t.status) for t in study.trials} == {"finished"}
    known = study.history.definitions
    assert all(known[name].is_legal(value) for t in study.trials for name, value in t.config.items())
    encoding = Encoding(study.space)
    for trial in study.trials:
        back = encoding.decode(encoding.encode(trial.config))
        assert back == pytest.approx(trial.config) if all(isinstance(v, float) for v in back.values()) else True


def test_a_run_directory_with_a_conflict_that_was_written_opens(tmp_path: Path) -> None:
    reopen(tmp_path, lambda t: t.suggest_float("lr", 1e-3, 1.0), 2)
    old = {"type": "uniform_float", "name": "lr", "lower": 0.001, "upper": 1.0, "default_value": 0.03, "log": True}
    report = {
        "start": 0.0,
        "target": 1.0,
        "budget": 1.0,
        "loss": 0.5,
        "status": "finished",
        "seconds": 0.1,
        "cost": 1.0,
    }
    with RunDirectory(tmp_path) as store:  # as it was written before conflicts were refused
        store.append(
            Event("propose", 2, {"config": {}, "seed": 1, "origin": "sampler"}),
            Event("start", 2, {"start": 0.0, "target": 1.0}),
            Event("define", 2, {"config": {"lr": 0.5}, "hyperparameters": [old]}),
            Event("end", 2, {"report": report, "attributes": {}, "checkpoint": None}),
            Event("propose", 3, {"config": {}, "seed": 1, "origin": "sampler"}),
            Event("start", 3, {"start": 0.0, "target": 1.0}),
            Event(
                "define",
                3,
                {"config": {"lr": "high"}, "hyperparameters": [{"type": "constant", "name": "lr", "value": "high"}]},
            ),
            Event("end", 3, {"report": report, "attributes": {}, "checkpoint": None}),
        )
    assert len(read_history(tmp_path)) == 4
    study = reopen(tmp_path, lambda t: t.suggest_float("lr", 1e-3, 1.0), 15)
    assert len(study.trials) == 15
    assert [t.config["lr"] for t in study.trials[2:4]] == [0.5, "high"]


# --- distributions


# ConfigSpace loses characters of value 0 at the end of a text.
WORDS = st.text(st.characters(exclude_characters="\0"), max_size=3)
NUMBERS = st.one_of(st.integers(-50, 50), st.floats(-1e3, 1e3).map(lambda v: round(v, 3)))


@st.composite
def distributions(draw: st.DrawFn) -> Distribution:
    """Draw a distribution of any kind."""
    kind = draw(st.sampled_from(["float", "int", "categorical"]))
    if kind == "categorical":
        values = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS, st.lists(st.integers(), max_size=2))
        choices = draw(st.lists(values, min_size=1, max_size=5))
        return CategoricalDistribution(tuple(c for i, c in enumerate(choices) if c not in choices[:i]))
    log = draw(st.booleans())
    if kind == "int":
        low = draw(st.integers(1 if log else -50, 50))
        return IntDistribution(low, low + draw(st.integers(0, 60)), 1 if log else draw(st.integers(1, 7)), log)
    low = round(draw(st.floats(1e-3 if log else -10, 10)), 4)
    step = None if log else draw(st.sampled_from([None, 0.1, 0.25, 1e-3, 1 / 3]))
    return FloatDistribution(low, low + round(draw(st.floats(0, 10)), 3), step, log)


@settings(max_examples=150)
@given(distributions(), st.integers(0, 2**31))
def test_samples_are_legal_and_survive_text_and_vectors(distribution: Distribution, seed: int) -> None:
    rng = np.random.default_rng(seed)
    back = from_dict(from_text(to_text(distribution.to_dict())))
    assert back == distribution
    space = ConfigurationSpace()
    space.add(distribution.hyperparameter("x"))
    encoding = Encoding(space)
    for value in [distribution.sample(rng) for _ in range(5)]:
        assert distribution.is_legal(value)
        assert distribution.cast(value) == value
        row = encoding.encode({"x": value})
        assert np.array_equal(encoding.canonicalize(row[None])[0], row)
        decoded = encoding.decode(row)["x"]
        assert repr(decoded) == repr(value) if distribution.size < math.inf else decoded == pytest.approx(value)
    if distribution.size <= 1000:
        assert len(distribution.values()) == distribution.size
        assert all(distribution.is_legal(value) for value in distribution.values())


@settings(max_examples=150)
@given(distributions(), distributions(), st.integers(0, 2**31))
def test_merged_distributions_have_the_values_of_both_or_are_refused(
    one: Distribution, other: Distribution, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    try:
        merged = merge("x", one, other)
    except InvalidOption as error:
        assert type(one) is not type(other) or getattr(one, "log", None) != getattr(other, "log", None)
        assert "'x' was suggested as" in str(error)  # noqa: PT017
        return
    for distribution in (one, other):
        assert all(merged.is_legal(distribution.sample(rng)) for _ in range(5))
    assert merge("x", merged, one) == merged


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "ordinal", "sequence": [0.0, 0.1, 0.2, 0.30000000000000004]}, FloatDistribution(0, 0.3, 0.1)),
        ({"type": "ordinal", "sequence": [8, 16, 24]}, IntDistribution(8, 24, 8)),
        ({"type": "constant", "value": 3}, IntDistribution(3, 3)),
        ({"type": "constant", "value": 0.5}, FloatDistribution(0.5, 0.5)),
        ({"type": "constant", "value": "a"}, CategoricalDistribution(("a",))),
        ({"type": "uniform_int", "lower": 1, "upper": 9, "log": True}, IntDistribution(1, 9, log=True)),
        ({"type": "categorical", "choices": ["a", (1, 2)]}, CategoricalDistribution(("a", (1, 2)))),
    ],
)
def test_definitions_of_earlier_versions_are_read(old: Mapping[str, Any], new: Distribution) -> None:
    read = from_dict(old)
    assert read.size == new.size
    assert repr(read) == repr(new)


def test_values_of_a_grid_are_the_numbers_that_people_write() -> None:
    distribution = FloatDistribution(0, 1, 0.1)
    assert distribution.values() == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    space = distribution.hyperparameter("x")
    assert [space.to_value(k / 10) for k in range(11)] == distribution.values()


@pytest.mark.parametrize(
    ("suggest", "sentence"),
    [
        (lambda t: t.suggest_float("x", 1, 0), r"'x': expected low <= high; got low=1, high=0"),
        (lambda t: t.suggest_float("x", 0, 1, log=True), r"'x': a logarithmic range requires low > 0; got low=0"),
        (lambda t: t.suggest_float("x", 0, 1, step=0.0), r"'x': step must be positive; got step=0.0"),
        (
            lambda t: t.suggest_float("x", 1, 2, step=0.1, log=True),
            r"'x': step and log=True exclude each other; got step=0.1",
        ),
        (lambda t: t.suggest_float("x", 0, math.inf), r"'x': high must be a finite number; got inf"),
        (lambda t: t.suggest_int("x", 0.5, 3), r"'x': low must be an integer; got 0.5"),
        (
            lambda t: t.suggest_int("x", 1, 9, step=2, log=True),
            r"'x': step and log=True exclude each other; got step=2",
        ),
        (lambda t: t.suggest_categorical("x", []), r"'x': expected at least one choice; got none"),
        (lambda t: t.suggest_categorical("x", ["a", "b", "a"]), r"'x': the choices must differ; got 'a' twice"),
        (
            lambda t: t.suggest_float("x", 0, 1) + t.suggest_float("x", 5, 6),
            r"'x' was suggested twice in one trial: its value is 0\.\d+, which is not in float \[5.0, 6.0\]",
        ),
    ],
)
def test_suggestions_that_cannot_be_are_refused(suggest: Objective, sentence: str) -> None:
    with pytest.raises(InvalidOption, match=sentence):
        minimize(suggest, max_trials=1, on_error="raise", random_state=0)


# --- conditions and duplicates


NAMES = [("kernel", "gamma", "width"), ("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a")]


@pytest.mark.parametrize("names", NAMES)
def test_conditions_are_found_in_any_order_of_the_alphabet(names: tuple[str, str, str]) -> None:
    parent, child, other = names

    def objective(trial: RunningTrial) -> float:
        if trial.suggest_categorical(parent, ["rbf", "linear", "poly"]) == "rbf":
            return trial.suggest_float(child, 0, 1)
        return trial.suggest_float(other, 0, 1) if trial[parent] == "poly" else 0.5

    study = minimize(objective, max_trials=40, random_state=0)
    conditions = sorted(str(c) for c in study.space.conditions)
    assert conditions == sorted([f"{child} | {parent} in {{'rbf'}}", f"{other} | {parent} in {{'poly'}}"])
    assert next(iter(study.history.definitions)) == parent
    assert different(study) == 40
    assert max(Counter(t.config[parent] for t in study.trials if len(t.config) == 1).values()) == 1


def two_parents(trial: RunningTrial) -> float:
    a, b = trial.suggest_categorical("z", ["on", "off"]), trial.suggest_int("y", 1, 4)
    return trial.suggest_float("x", 0, 1) if a == "on" and b > 2 else 0.5 + b / 10


def a_threshold(trial: RunningTrial) -> float:
    return trial.suggest_float("a", 0, 1) if trial.suggest_float("b", 0, 1) > 0.5 else 1.0


def a_range(trial: RunningTrial) -> float:
    return trial.suggest_float("a", 0, 1) if trial.suggest_int("n", 0, 9) in (2, 3, 7) else 1.0


def nested(trial: RunningTrial) -> float:
    if trial.suggest_categorical("z", ["net", "tree"]) == "tree":
        return 1.0
    if trial.suggest_categorical("y", [(8, 8), (16,), None]) is None:
        return 0.5
    return trial.suggest_float("x", 0, 1)


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        (two_parents, {"x": "(x | z in {'on'} && x | y > 2)"}),
        (a_range, {"a": "a | n in {2, 3, 7}"}),
        (nested, {"x": "x | y in {(16,), (8, 8)}", "y": "y | z in {'net'}"}),
    ],
)
def test_conditions_of_several_kinds_are_found(objective: Objective, expected: Mapping[str, str]) -> None:
    study = minimize(objective, max_trials=60, random_state=1, sampler="random")
    assert {c.child.name if hasattr(c, "child") else "": str(c) for c in study.space.conditions} == expected


def test_a_threshold_of_a_float_is_found_and_narrows() -> None:
    study = minimize(a_threshold, max_trials=60, random_state=0, sampler="random")
    (condition,) = study.space.conditions
    assert condition.value == pytest.approx(0.5, abs=0.1)


def either(trial: RunningTrial) -> float:
    a, b = trial.suggest_categorical("a", [0, 1]), trial.suggest_categorical("b", [0, 1])
    return trial.suggest_int("c", 1, 3) if a or b else 0.0


def depends_on_a_sum(trial: RunningTrial) -> float:
    n = sum(trial.suggest_int(f"n{i}", 0, 1) for i in range(3))
    return sum(trial.suggest_categorical(f"w{i}", ["s", "m"]) == "s" for i in range(n)) + n


def layers(trial: RunningTrial) -> float:
    n = trial.suggest_categorical("num_layers", [2, 3])
    return -sum(trial.suggest_categorical(f"num_hidden_layer_{i}_neurons", [7, 11]) for i in range(n))


@pytest.mark.parametrize(("objective", "size"), [(either, 10), (depends_on_a_sum, 27), (layers, 12)])
@pytest.mark.parametrize("sampler", ["random", "bohb", "kde"])
def test_whatever_the_conditions_every_configuration_runs_once(
    objective: Objective, size: int, sampler: str, caplog: pytest.LogCaptureFixture
) -> None:
    study = minimize(objective, max_trials=60, random_state=0, sampler=sampler)
    assert different(study) == len(study.trials) == size
    assert f"stopping the search: all {size} configurations have been tried" in caplog.text


def test_where_all_was_tried_an_edited_objective_is_looked_at(tmp_path: Path) -> None:
    def objective(choices: list[str]) -> Objective:
        return lambda trial: len(trial.suggest_categorical("c", choices))

    assert len(reopen(tmp_path, objective(["a", "bb"]), 9).trials) == 2
    assert {t.config["c"] for t in reopen(tmp_path, objective(["a", "bb", "ccc", "dddd"]), 9).trials} == {
        "a",
        "bb",
        "ccc",
        "dddd",
    }
    study = reopen(tmp_path, lambda t: t.suggest_float("x", 0, 1), 20)
    assert len(study.trials) == 20


def test_an_objective_that_suggests_nothing_runs_as_often_as_asked() -> None:
    assert len(minimize(lambda _: 1.0, max_trials=5).trials) == 5


def test_a_single_failure_before_the_last_suggestion_hides_nothing() -> None:
    def flaky(trial: RunningTrial) -> float:
        if trial.number == 0:
            raise OSError("for once")
        kernel = trial.suggest_categorical("kernel", ["rbf", "linear"])
        if trial.number == 1:
            raise OSError("once more")
        return trial.suggest_int("c", 1, 3) + len(kernel)

    study = minimize(flaky, max_trials=20, random_state=0)
    assert len({repr(t.config) for t in study.trials if str(t.status) == "finished"}) == 6


def test_several_workers_do_not_run_the_same_configuration() -> None:
    study = Study(random_state=0)
    study.optimize(either, max_trials=6)
    while asked := [trial for _ in range(3) if (trial := study.ask()) is not None]:
        for trial in asked:
            study.tell(trial, either(trial))
    assert different(study) == len(study.trials) == 10


def test_an_interrupted_study_proposes_what_it_would_have(tmp_path: Path) -> None:
    whole = Study(random_state=0).optimize(two_parents, max_trials=30)
    for n_trials in (11, 30):
        parts = reopen(tmp_path, two_parents, n_trials)
    assert [t.config for t in parts.trials] == [t.config for t in whole.trials]
    assert [str(c) for c in parts.space.conditions] == [str(c) for c in whole.space.conditions]


def test_a_later_job_that_crashes_at_once_keeps_the_configuration() -> None:
    def objective(trial: RunningTrial) -> float:
        if trial.start or trial.budget == 9:
            raise ValueError("at the top")
        return trial.suggest_float("x", 0, 1)

    study = minimize(objective, max_trials=12, min_budget=1, max_budget=9, random_state=0)
    assert any(len(t.reports) > 1 for t in study.trials)
    assert all("x" in t.config for t in study.trials)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 2)] * 4), max_size=40), st.integers(0, 2**31))
def test_the_tree_knows_what_ran_and_draws_what_did_not(paths: list[tuple[int, ...]], seed: int) -> None:
    def steps(values: tuple[int, ...]) -> dict[str, int]:
        d, c, b, a = values
        return {"d": d, "c": c} | ({"b": b} if d else {}) | ({"a": a} if c > 1 else {})

    tree, rng = SuggestionTree(), np.random.default_rng(seed)
    ran = [steps(values) for values in paths]
    for config in ran:
        tree.add(config, {name: IntDistribution(0, 2) for name in config}, complete=True)
    everything = {repr(steps(v)) for v in itertools.product(range(3), repeat=4)}
    for values in itertools.product(range(3), repeat=4):
        proposal = {"d": values[0], "c": values[1], "b": values[2], "a": values[3]}
        completed, new = tree.complete(proposal, rng)
        if not new:
            assert completed in ran
        elif ran:
            assert steps(values) not in ran
    sampled = tree.sample(rng)
    if {repr(config) for config in ran} == everything:
        assert sampled is None
    else:
        assert sampled is not None
        assert not any(sampled.items() <= config.items() and sampled for config in ran)


# --- enqueued values


def stepped(trial: RunningTrial) -> float:
    return trial.suggest_float("x", 0, 1, step=0.1)


@pytest.mark.parametrize(
    ("config", "value"),
    [({"x": 0.3}, 0.3), ({"x": 0.1 + 0.2}, 0.3), ({"x": np.float32(1)}, 1.0), ({"x": np.int64(0)}, 0.0)],
)
def test_what_is_enqueued_runs_as_it_was_asked_for(config: Any, value: float) -> None:
    study = Study(random_state=0)
    study.enqueue(config)
    study.optimize(stepped, max_trials=2)
    assert study.trials[0].config == {"x": value}
    assert study.trials[0].origin == "enqueued"


@pytest.mark.parametrize("rate", [0.3, 1e-3, 0.07, 1 / 3])
def test_what_is_enqueued_in_a_given_space_runs_to_the_last_bit(rate: float) -> None:
    from ConfigSpace import ConfigurationSpace

    space = ConfigurationSpace()
    space.add(Float("rate", (1e-4, 1.0), log=True))
    study = Study(space, random_state=0)
    study.enqueue({"rate": rate})
    assert study.optimize(lambda t: t["rate"], max_trials=1).trials[0].config == {"rate": rate}


@pytest.mark.parametrize(
    ("objective", "config", "sentence"),
    [
        (stepped, {"x": 5.0}, r"trial 0: 'x' = 5.0 is not in float \[0.0, 1.0\], step=0.1; 0\.\d was used instead"),
        (stepped, {"x": 0.35}, r"'x' = 0.35 is not in float"),
        (stepped, {"x": math.nan}, r"'x' = nan is not in float"),
        (stepped, {"x": "high"}, r"'x' = 'high' is not in float"),
        (stepped, {"X": 0.5}, r"trial 0: 'X' = 0.5 was not used: the objective suggested 'x'"),
        (nested, {"z": "tree", "x": 0.5}, r"'x' = 0.5 was not used: the objective suggested 'z'"),
        (
            lambda t: len(t.suggest_categorical("c", ["adam", "sgd"])),
            {"c": "rmsprop"},
            r"'c' = 'rmsprop' is not in categorical \['adam', 'sgd'\]; '\w+' was used instead",
        ),
        (lambda t: t.suggest_int("n", 1, 9), {"n": 2.5}, r"'n' = 2.5 is not in int \[1, 9\]"),
    ],
)
def test_what_is_enqueued_and_cannot_be_used_is_warned_of(objective: Objective, config: Any, sentence: str) -> None:
    study = Study(random_state=0)
    study.enqueue(config)
    with pytest.warns(EnqueuedIgnored, match=sentence):
        study.optimize(objective, max_trials=1)
    assert str(study.trials[0].status) == "finished"


@pytest.mark.parametrize("given", [None, "x", [("x", 0.5)], {1: 2}], ids=str)
@pytest.mark.parametrize("space", [None, {"x": (0.0, 1.0)}])
def test_what_is_no_configuration_cannot_be_enqueued(given: Any, space: Any) -> None:
    with pytest.raises(InvalidOption, match=r"enqueue\(\) expects a mapping from names to values; got"):
        Study(space).enqueue(given)


@pytest.mark.parametrize(
    ("entry", "values"),
    [
        ((0.0, 1.0), [[0.5], "0.5", None, 1j, 2.0, math.nan, {}]),
        ((1, 9), [2.5, [1, 2], "1", np.array([1, 2])]),
        (["a", "b"], [["a"], ["a", "b"], "c", None, {"a": 1}]),
        ([[1], [2]], [1, [3], [[1], [2]]]),
        ("k", ["x", ["k"], None]),
    ],
)
def test_values_of_any_type_are_refused_by_a_given_space(entry: Any, values: list[Any]) -> None:
    study = Study({"x": entry})
    for value in values:
        with pytest.raises(InvalidOption, match=r"'x' = .* is not in its range"):
            study.enqueue({"x": value})


# --- choices that objectives change


def test_a_choice_that_the_objective_changes_stays_as_it_is(tmp_path: Path) -> None:
    choices: list[Any] = [[64], [64, [64]], {"units": [8]}]

    def change(layers: Any) -> float:
        inner = layers["units"] if isinstance(layers, dict) else layers[-1]
        (inner if isinstance(inner, list) else layers).append(10)
        return float(len(repr(layers)))

    for objective, space in (
        (lambda t: change(t["layers"]), {"layers": choices, "x": (0.0, 1.0)}),
        (lambda t: change(t.suggest_categorical("layers", choices)) + t.suggest_float("x", 0, 1), None),
        (lambda t: change(dict(**t)["layers"]) + change(t.params["layers"]), {"layers": choices, "x": (0.0, 1.0)}),
    ):
        study = Study(space, random_state=0).optimize(objective, max_trials=12)
        assert {str(t.status) for t in study.trials} == {"finished"}
        assert all(t.config["layers"] in [[64], [64, [64]], {"units": [8]}] for t in study.trials)
    assert choices == [[64], [64, [64]], {"units": [8]}]


@pytest.mark.parametrize(
    "choices",
    [
        [("a", [1, 2]), ("b", [3])],
        [("a", {"k": [1]}), None],
        [[1], [1, 2], 3],
        [{"a": 1}, {"a": 2}],
        [True, 2, 0.5, "x"],
        [None, False, "None"],
        [1, 2.5],
    ],
    ids=str,
)
@pytest.mark.parametrize("sampler", ["bohb", "kde", "forest", "random"])
def test_choices_of_every_kind_come_back_as_they_are(choices: Any, sampler: str, tmp_path: Path) -> None:
    def objective(trial: RunningTrial) -> float:
        choice = trial.suggest_categorical("c", choices)
        assert any(repr(choice) == repr(c) for c in choices)
        return trial.suggest_float("x", 0, 1) + (trial.suggest_float("y", 0, 1) if choice == choices[0] else 0.5)

    with Study(run_dir=tmp_path, random_state=0, sampler=sampler) as study:
        study.optimize(objective, max_trials=20, on_error="raise")
        assert [c.child.name for c in study.space.conditions] == ["y"]
    assert len(reopen(tmp_path, objective, 22).trials) == 22


# --- cost


def test_a_small_step_costs_no_more_than_a_large_one() -> None:
    space = FloatDistribution(0, 1, 1e-7).hyperparameter("x")
    assert space.size == 10_000_001
    study = minimize(lambda t: abs(t.suggest_float("x", 0, 1, step=1e-7) - 0.3), max_trials=30, random_state=0)
    assert len(to_text(study.history.definitions["x"].to_dict())) < 100
    assert study.best.value is not None
    assert study.best.value < 0.05


def test_a_trial_encodes_what_is_new_and_not_the_history_again(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counter[str]()
    original = Encoding.encode

    def row(self: Encoding, config: Mapping[str, Any], **options: Any) -> Any:
        counted["rows"] += 1
        return original(self, config, **options)

    study = Study(random_state=0, sampler="random")

    def objective(trial: RunningTrial) -> float:
        if trial.suggest_categorical("a", [0, 1]) or trial.suggest_categorical("b", [0, 1]):
            trial.suggest_float("c", 0, 1)
        return sum(trial.suggest_float(f"x{i}", -1, 1) ** 2 for i in range(5))

    study.optimize(objective, max_trials=300)
    monkeypatch.setattr(Encoding, "encode", row)
    study.optimize(objective, max_trials=350)
    assert counted["rows"] < 50 * 5 + 4 * 350  # a few for each trial, and the whole history where conditions change


def test_the_run_directory_names_who_was_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "autonet.search")
    reopen(tmp_path, lambda t: t.suggest_float("x", 0, 1), 2)
    reopen(tmp_path, lambda t: t.suggest_int("x", 0, 1), 3)
    assert "trial 2 crashed: InvalidOption: 'x' was suggested as float [0.0, 1.0] in earlier trials" in caplog.text

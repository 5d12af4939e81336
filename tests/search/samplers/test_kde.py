"""Kernel densities: what went wrong in BOHB."""

import time
from typing import Any

import numpy as np
import pytest
from ConfigSpace import Categorical, ConfigurationSpace, Constant, Float
from scipy.integrate import quad

from autonet.search import RunningTrial, Study
from autonet.search.history import History
from autonet.search.records import Event
from autonet.search.samplers.kde import Density, KernelDensitySampler
from autonet.search.spaces.encoding import Encoding
from autonet.search.spaces.priors import NormalHyperparameter
from tests.search.samplers.records import end, history, mixed


def only(choices: int) -> Encoding:
    space = ConfigurationSpace()
    space.add(Categorical("c", list(range(choices))))
    return Encoding(space)


@pytest.mark.parametrize("observed", [[0], [0, 0, 0], [0, 1] * 6, [0, 0, 1, 2] * 3])
def test_a_category_that_was_seen_is_never_less_likely_than_one_that_was_not(observed: list[int]) -> None:
    density = np.exp(Density(only(8), np.array(observed, float)[:, None], 0.1).log(np.arange(8.0)[:, None]))
    assert np.isfinite(density).all()
    assert density.mean() == pytest.approx(1), "relative to the uniform distribution"
    assert density[sorted(set(observed))].min() > density[max(observed) + 1 :].max()


def test_densities_of_numbers_integrate_to_one_and_ends_are_not_thin() -> None:
    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 1.0)))
    density = Density(Encoding(space), np.array([[0.0], [0.02], [0.7]]), 0.1)

    def at(x: float) -> float:
        return float(np.exp(density.log(np.array([[x]]))[0]))

    assert quad(at, 0, 1, points=[0, 0.02, 0.7])[0] == pytest.approx(1, abs=1e-3)
    assert at(0.0) > at(0.7) > at(0.4)


def test_inactive_entries_in_any_column_leave_the_density_finite() -> None:
    encoding = Encoding(mixed())
    rows = encoding.sample(40, np.random.default_rng(0))
    assert np.isnan(rows[:, encoding.free]).any(axis=0).sum() == 3
    density = Density(encoding, rows, 0.1)
    assert np.isfinite(density.log(encoding.sample(100, np.random.default_rng(1)))).all()
    nothing = rows.copy()
    nothing[:, :] = np.nan
    np.testing.assert_allclose(Density(encoding, nothing, 0.1).log(rows), 0.0, atol=1e-12)


def test_draws_follow_the_density() -> None:
    encoding = Encoding(mixed())
    row = encoding.encode({"kind": "b", "size": "l", "n": 30})
    drawn = [
        encoding.decode(r) for r in Density(encoding, np.tile(row, (30, 1)), 0.1).draw(400, np.random.default_rng(0))
    ]
    assert np.mean([c["kind"] == "b" for c in drawn]) > 0.8
    assert np.median([c["n"] for c in drawn if "n" in c]) == pytest.approx(30, abs=3)
    assert all(encoding.is_legal(encoding.encode(c)) for c in drawn)


def good_and_bad(record: History, space: ConfigurationSpace) -> Any:
    return KernelDensitySampler()._good_and_bad(record.table(space), record)


def test_results_at_lower_budgets_are_used_until_a_higher_one_has_enough_and_are_never_lost() -> None:
    space = mixed()
    low, high = list(np.linspace(0, 1, 30)), [0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.6, 0.4]
    record = history(space, {1: low, 3: high[:7]})
    good, bad = good_and_bad(record, space)
    assert set(good) | set(bad) == set(range(30)), "with d = 3, seven results at a budget of 3 are too few for a model"
    end(record, 7, 3, high[7])
    good, bad = good_and_bad(record, space)
    assert sorted([*good, *bad]) == list(range(8))
    assert list(good) == [1, 3]


def test_failed_and_running_trials_are_bad_at_every_budget() -> None:
    space = mixed()
    record = history(space, {1: list(np.linspace(0, 1, 20))}, failed=3)
    record.apply(Event("propose", 23, {"config": record.trials[0].config, "seed": 0, "origin": "sampler"}))
    record.apply(Event("start", 23, {"start": 0.0, "target": 1}))
    good, bad = good_and_bad(record, space)
    assert {20, 21, 22, 23} <= set(bad)
    assert list(good) == [0, 1, 2], "15 %"


def test_constants_and_inactive_hyperparameters_do_not_delay_the_model() -> None:
    space, more = mixed(), mixed()
    more.add(*(Constant(f"k{i}", i) for i in range(20)))
    for n in range(6, 10):
        few = good_and_bad(history(space, {1: list(np.arange(n))}), space)
        many = good_and_bad(history(more, {1: list(np.arange(n))}), more)
        assert (few is None) == (many is None)
    assert good_and_bad(history(space, {1: list(np.arange(8))}), space) is not None


@pytest.mark.parametrize("seed", [12, 14])
def test_a_branch_is_left_that_is_better_at_random_and_worse_at_its_best(seed: int) -> None:
    space = {"a": {"case 1": {"c1": NormalHyperparameter("c1", 0, 1, log=True)}, "case 2": {"c2": (-10.0, 10.0)}}}

    def objective(trial: RunningTrial) -> float:
        return 1 + float(trial["a:case 1:c1"]) if trial["a"] == "case 1" else float(trial["a:case 2:c2"]) ** 2

    best = Study(space, sampler="tpe", random_state=seed).optimize(objective, max_trials=100).best
    assert best is not None
    assert best.config["a"] == "case 2"
    assert best.value is not None
    assert best.value < 1e-2


def test_ten_thousand_trials_are_no_burden() -> None:
    space = mixed()
    space.add(Float("wide", (0.0, 1.0)))
    record = history(space, {1: list(np.random.default_rng(0).random(10_000))})
    sampler = KernelDensitySampler(random_share=0)
    sampler.propose(space, record, np.random.default_rng(0))
    began = time.thread_time()
    for seed in range(3):
        assert sampler.propose(space, record, np.random.default_rng(seed)) is not None
    assert (time.thread_time() - began) / 3 < 0.5

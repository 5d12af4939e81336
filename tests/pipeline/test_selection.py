from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autonet.core.clock import TimeLimit
from autonet.nets.registry import LINEAR
from autonet.pipeline.baseline import fit_baseline
from autonet.pipeline.context import TrialContext
from autonet.pipeline.selection import Candidate, EnsembleLimits, load_candidates, select
from autonet.pipeline.trained import TrainedFold
from autonet.pipeline.trial import run_trial
from autonet.pipeline.validation_scores import score_fold
from autonet.search.records import Trial
from autonet.search.running_trial import RunningTrial
from tests.pipeline.trials import chosen, context, default, job

Trained = dict[int, list[TrainedFold]]

LATER: dict[str, Any] = {"seconds": 1.0, "limit": TimeLimit()}


def trained(space: TrialContext, n_trials: int = 3) -> tuple[list[Trial], Trained]:
    """Trials, and their networks: the more epochs, the better they are."""
    runs = [RunningTrial(replace(job(space, 0, 10 * n).job, seed=n)) for n in range(n_trials, 0, -1)]
    trials = [Trial(number, default(space.task), number, "default") for number in range(n_trials)]
    return trials, {trial.number: run_trial(space, run).checkpoint for trial, run in zip(trials, runs, strict=True)}


def test_limits_count_a_trial_once_whatever_its_epochs() -> None:
    found = [Candidate(name, {}, 0.0, (0.0, 0.0), [], list) for name in (4, 4, "trees", 7)]
    assert [c.name for c in EnsembleLimits(5, considered=2).restrict(found)] == [4, 4, "trees"]
    assert EnsembleLimits(5, initial=2).initial_positions(found) == [0, 2]
    assert list(EnsembleLimits(5).restrict(found)) == found
    assert [limits.n_loaded for limits in (EnsembleLimits(1, 50), EnsembleLimits(2, 5), EnsembleLimits(2, 50))] == [
        1,
        30,
        50,
    ]


@pytest.mark.parametrize("most", [1, 2])
def test_the_next_best_trial_takes_the_place_of_one_without_checkpoint(iris: Any, most: int) -> None:
    space = context(iris)
    trials, networks = trained(space)
    loaded = []

    def load(trial: Trial) -> list[TrainedFold] | None:
        loaded.append(trial.number)
        return networks[trial.number] if trial.number > 0 else None

    found = load_candidates(trials, load, space, None, max_trials=most)
    assert {c.name for c in found} == set(range(1, 1 + most))
    assert loaded == list(range(1 + most))  # no network in vain


def test_candidates_are_ranked_by_what_they_predict_for_the_validation_rows(iris: Any) -> None:
    space = context(iris, folds=3)
    trials, networks = trained(space)
    baseline = fit_baseline(space, chosen(space), **LATER)
    found = load_candidates(trials, lambda trial: networks[trial.number], space, baseline)
    assert [c.rank for c in found] == sorted(c.rank for c in found)
    assert {c.name for c in found} == {0, 1, 2, LINEAR}
    for candidate in found:
        right = [
            (p.argmax(1) == space.y[f.valid]).mean() for p, f in zip(candidate.predictions, space.folds, strict=True)
        ]
        assert sum(right) / 3 == pytest.approx(1 - candidate.rank[0])
    encoders = {m.encoder for c in found if c.name != LINEAR for m in c.members()}
    assert len(encoders) == 3  # one per fold, whatever the trial


def test_a_baseline_of_fewer_folds_is_no_candidate(iris: Any) -> None:
    space = context(iris, folds=3)
    trials, networks = trained(space, 1)
    hurried = fit_baseline(space, chosen(space), seconds=1.0, limit=TimeLimit(0.0))
    assert len(hurried.members) < 3
    assert LINEAR not in [c.name for c in load_candidates(trials, lambda t: networks[t.number], space, hurried)]
    assert [c.name for c in load_candidates([], lambda t: networks[t.number], space, hurried)] == [LINEAR]


def test_a_baseline_of_more_folds_is_compared_on_those_of_the_trials(iris: Any) -> None:
    """No trial has reached `min_budget_for_cv`."""
    space = context(iris, folds=3)
    baseline = fit_baseline(space, chosen(space), **LATER)
    trials, networks = trained(replace(space, min_budget_for_cv=99.0), 2)
    found = load_candidates(trials, lambda trial: networks[trial.number], space, baseline)
    assert {c.name for c in found} == {0, 1, LINEAR}
    assert {len(c.predictions) for c in found} == {len(c.members()) for c in found} == {1}
    [linear] = (c for c in found if c.name == LINEAR)
    assert linear.rank == pytest.approx(score_fold(space, space.folds[0].valid, linear.predictions[0]))
    assert set(select(space, found, EnsembleLimits(25), limit=TimeLimit())[0].shares) & {0, 1}


@pytest.mark.parametrize(("error_of_trees", "share"), [(4.0, 0.2), (19.0, 0.0)])
def test_trees_of_little_weight_are_left_out(diabetes: Any, error_of_trees: float, share: float) -> None:
    """Of errors 1 and -b the mean is 0 if the second has a weight of 1 / (1 + b): a fifth, a twentieth."""
    space = context(diabetes, metric="rmse")
    rows = space.folds[0].valid

    def candidate(name: int | str, error: float) -> Candidate[Any]:
        prediction = space.y[rows] + error
        return Candidate(name, {}, 0.0, score_fold(space, rows, prediction), [prediction], lambda: [object()])

    found = [candidate(0, 1.0), candidate("extra_trees", -error_of_trees)]
    ensemble, predictions, chosen = select(space, found, EnsembleLimits(25), limit=TimeLimit())
    assert ensemble.shares == pytest.approx({0: 1 - share, "extra_trees": share} if share else {0: 1.0})
    assert [c.name for _, c in chosen] == [0, "extra_trees"][: len(chosen)]
    np.testing.assert_allclose(predictions[0], space.y[rows] + (0.0 if share else 1.0), atol=1e-9)
    linear = [found[0], replace(found[1], name=LINEAR)]
    assert len(select(space, linear, EnsembleLimits(25), limit=TimeLimit())[0].shares) == 2


def test_networks_at_chance_level_are_left_out_and_overconfident_ones_are_not(iris: Any) -> None:
    space = context(iris, metric="accuracy")
    rows = space.folds[0].valid
    truth = np.eye(3)[space.y[rows]]

    def candidate(name: int, prediction: Any) -> Candidate[Any]:
        return Candidate(name, {}, 0.0, score_fold(space, rows, prediction), [prediction], lambda: [object()])

    wrong = np.roll(truth, 1, axis=1)
    is_missed = np.arange(len(rows)) < 3
    good = 0.6 * truth + 0.2  # 0.8 and 0.2, except for three rows:
    good[is_missed] = (0.48 * wrong + 0.46 * truth + 0.02)[is_missed]
    good /= good.sum(axis=1, keepdims=True)
    chance = np.full_like(truth, 1 / 3)
    chance[is_missed] = truth[is_missed]  # it would correct them
    chance[~is_missed] = (0.4 * wrong + 0.3 * (1 - wrong))[~is_missed]
    is_other = np.arange(len(rows)) >= len(rows) - 2
    overconfident = np.where(is_other[:, None], wrong, truth)  # log-loss above that of a constant, two rows wrong

    found = [candidate(0, good), candidate(1, chance)]
    assert set(select(space, found, EnsembleLimits(25), limit=TimeLimit())[0].shares) == {0}
    found = [candidate(0, good), candidate(2, overconfident)]
    assert found[1].rank[1] > np.log(3)
    assert set(select(space, found, EnsembleLimits(25), limit=TimeLimit())[0].shares) == {0, 2}

import math
import time

import pytest
from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, Integer

from autonet.search.records import Job, Result, Status
from autonet.search.rungs import Rungs
from autonet.search.study import Study

EPOCHS = Rungs.geometric(1, 9, 3, "epochs")


def quadratic_space() -> ConfigurationSpace:
    space = ConfigurationSpace()
    space.add(Float("x", (-10.0, 10.0), default=0.0))
    return space


def mixed_space() -> ConfigurationSpace:
    space = ConfigurationSpace()
    kind = Categorical("kind", ["a", "b"], default="a")
    rate, depth = Float("rate", (1e-4, 1.0), log=True, default=0.1), Integer("depth", (1, 8), default=2)
    space.add(kind, rate, depth, EqualsCondition(rate, kind, "a"), EqualsCondition(depth, kind, "b"))
    return space


def quadratic(job: Job) -> Result:
    return Result(
        (job.config["x"] - 3) ** 2 + 1 / job.target, job.target, cost=job.target - job.start, checkpoint=job.target
    )


def test_the_default_configuration_is_tried_first() -> None:
    study = Study(quadratic_space(), EPOCHS, seed=0, max_trials=3).optimize(quadratic)
    assert study.history.trials[0].config == {"x": 0.0}
    assert study.history.trials[0].origin == "default"


def test_a_promoted_trial_goes_on_from_its_checkpoint() -> None:
    seen: list[tuple[float, object]] = []

    def objective(job: Job) -> Result:
        seen.append((job.start, job.checkpoint))
        return quadratic(job)

    Study(quadratic_space(), EPOCHS, seed=0, max_trials=9).optimize(objective)
    assert all(checkpoint == (start or None) for start, checkpoint in seen)
    assert sum(start == 1 for start, _ in seen) >= 3
    assert sum(start == 3 for start, _ in seen) >= 1


def test_the_model_finds_the_optimum_better_than_chance() -> None:
    def distance(share: float) -> float:
        from autonet.search.sampler import GaussianProcessSampler

        total = 0.0
        for seed in range(4):
            sampler = GaussianProcessSampler(random_share=share)
            study = Study(
                quadratic_space(), Rungs.geometric(1, 1, 3, "epochs"), seed=seed, max_trials=30, sampler=sampler
            )
            best = study.optimize(quadratic).history.best
            assert best is not None
            total += abs(best.config["x"] - 3)
        return total / 4

    assert distance(0.15) < 0.2 * distance(1.0)


def test_conditional_spaces_are_searched_with_inactive_hyperparameters_absent() -> None:
    def objective(job: Job) -> Result:
        config = job.config
        assert set(config) == ({"kind", "rate"} if config["kind"] == "a" else {"kind", "depth"})
        assert all(type(v) in (str, int, float) for v in config.values())
        return Result(abs(math.log10(config["rate"]) + 2) if config["kind"] == "a" else 5 + config["depth"], job.target)

    study = Study(mixed_space(), EPOCHS, seed=1, max_trials=25).optimize(objective)
    best = study.history.best
    assert best is not None
    assert best.config["kind"] == "a"
    assert best.config["rate"] == pytest.approx(0.01, rel=1)


def test_no_configuration_is_tried_twice_and_a_small_space_is_exhausted() -> None:
    space = ConfigurationSpace()
    space.add(Integer("n", (1, 3), default=1), Categorical("c", ["a", "b"], default="a"))
    study = Study(space, EPOCHS, seed=0, max_trials=50)
    study.optimize(lambda job: Result(float(job.config["n"]), job.target))
    assert sorted((t.config["n"], t.config["c"]) for t in study.history) == [(n, c) for n in (1, 2, 3) for c in "ab"]


def test_one_seed_gives_one_history() -> None:
    def run(seed: int) -> list[dict[str, object]]:
        study = Study(mixed_space(), EPOCHS, seed=seed, max_trials=20)
        study.optimize(
            lambda job: Result(hash(job.config["kind"] == "a") + job.config.get("rate", 1.0), job.target, cost=1.0)
        )
        return [{k: v for k, v in row.items() if k != "seconds"} for row in study.history.to_dicts()]

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_crashes_and_divergences_are_recorded_and_never_win() -> None:
    def objective(job: Job) -> Result:
        if job.trial % 3 == 1:
            raise ValueError("no such luck")
        return Result(math.nan if job.trial % 3 == 2 else 1.0, job.target)

    study = Study(quadratic_space(), EPOCHS, seed=0, max_trials=9).optimize(objective)
    status = [t.reports[0].status for t in study.history]
    assert status == [Status.FINISHED, Status.CRASHED, Status.DIVERGED] * 3
    assert "no such luck" in study.history.trials[1].reports[0].error
    best = study.history.best
    assert best is not None
    assert best.number % 3 == 0


def test_a_search_in_which_everything_fails_gives_up_after_ten() -> None:
    def objective(job: Job) -> Result:
        raise RuntimeError("broken")

    study = Study(quadratic_space(), EPOCHS, seed=0, max_trials=500).optimize(objective)
    assert len(study.history) == 10
    assert str(study.errors[0]) == "broken"


def test_the_deadline_ends_the_search() -> None:
    def objective(job: Job) -> Result:
        time.sleep(min(job.target - job.start, max(job.deadline - time.monotonic(), 0)))
        return Result(job.config["x"] ** 2, job.target)

    began = time.monotonic()
    Study(quadratic_space(), Rungs.geometric(0.05, 0.45), seed=0, max_runtime=1.5).optimize(objective)
    assert 1.3 < time.monotonic() - began < 1.7


def test_an_interrupt_keeps_what_is_finished() -> None:
    def objective(job: Job) -> Result:
        if job.trial == 2:
            raise KeyboardInterrupt
        return quadratic(job)

    study = Study(quadratic_space(), EPOCHS, seed=0, max_trials=9).optimize(objective)
    assert study.interrupted
    assert [t.number for t in study.history] == [0, 1]


def test_checkpoints_of_hopeless_trials_are_dropped() -> None:
    study = Study(quadratic_space(), EPOCHS, seed=0, max_trials=40).optimize(quadratic)
    assert len(study.checkpoints) < 30
    assert study.history.best is not None
    assert study.history.best.number in study.checkpoints


def test_the_trajectory_only_improves() -> None:
    study = Study(quadratic_space(), EPOCHS, seed=0, max_trials=15).optimize(quadratic)
    losses = [row["loss"] for row in study.history.trajectory]
    assert losses == sorted(losses, reverse=True)
    assert study.history.best is not None
    assert study.history.best.last is not None
    assert losses[-1] == study.history.best.last.loss

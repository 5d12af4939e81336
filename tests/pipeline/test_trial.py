import pickle
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch

from autonet.data.table import Table
from autonet.pipeline.context import TrialContext
from autonet.pipeline.trial import build_training, run_trial
from autonet.search.records import Job, Status
from autonet.search.running_trial import RunningTrial
from tests.clocks import FakeClock
from tests.pipeline.trials import chosen, context, default, embedding_defaults, job, predicted, rebuilt


def test_a_result_describes_its_checkpoint(iris: Any) -> None:
    space = context(iris)
    result = run_trial(space, job(space, 0, 9))
    assert (result.status, result.budget) == (Status.FINISHED, 9)
    assert result.metrics["epochs"] == 9
    valid = space.folds[0].valid
    codes = predicted(space, rebuilt(space, result.checkpoint), valid).argmax(axis=1)
    assert np.mean(codes == iris[1][valid]) == pytest.approx(1 - result.loss)


@pytest.mark.parametrize("target", [0.37037037037037035, 2 / 3, 0.1 + 0.2])
def test_a_budget_in_seconds_is_reached_to_the_last_bit_however_many_folds_share_it(target: float, iris: Any) -> None:
    space = context(iris, unit="time", folds=5)
    result = run_trial(space, job(space, 0.0, target))
    assert result.status is Status.FINISHED
    assert result.budget == target  # or it would not stand at its rung


def test_a_trial_that_has_learned_all_it_can_is_complete_and_costs_what_it_took(iris: Any, clock: FakeClock) -> None:
    space, clock.tick = context(iris, unit="time", folds=2), 0.001
    began = clock.now
    result = run_trial(space, job(space, 0.0, 60.0, **{"OptimizerSelector:sgd:learning_rate": 1e-12}))
    took = clock.now - began
    assert result.complete
    assert (result.status, result.budget) == (Status.FINISHED, 60.0)
    assert took < 30
    assert 0 < result.cost <= took  # type: ignore[operator]
    assert not run_trial(space, job(space, 0.0, 0.1)).complete


def test_stopping_and_going_on_gives_the_same_bits_as_doing_so_again(iris: Any) -> None:
    space = context(iris)
    first = run_trial(space, job(space, 0, 3))
    runs = []
    for _ in range(2):
        torch.rand(5)
        runs.append(run_trial(space, job(space, 3, 9, first.checkpoint)))
    for a, b in zip(
        runs[0].checkpoint[0].state["network"].values(), runs[1].checkpoint[0].state["network"].values(), strict=True
    ):
        assert torch.equal(a, b)
    assert runs[0].metrics["epochs"] == 9
    assert runs[0].loss <= first.loss


REALMLP = {
    "NetworkSelector:network": "realmlp",
    "NetworkSelector:realmlp:num_layers": 2,
    "NetworkSelector:realmlp:num_units": 16,
    "NetworkSelector:realmlp:activation": "selu",
    "NetworkSelector:realmlp:parametric_activation": True,
    "NetworkSelector:realmlp:use_dropout": False,
    "NetworkSelector:realmlp:zero_head": False,
    "NetworkSelector:realmlp:learning_rate_factor": 10.0,
    "NetworkSelector:realmlp:front_scale_factor": 6.0,
    "LearningrateSchedulerSelector:regularization_schedule": "flat_cos",
}
STANDING_STILL = {"OptimizerSelector:sgd:learning_rate": 1e-12}


@pytest.mark.parametrize("schedule", ["coslog4", "none"])
def test_a_new_trial_initializes_its_network_from_its_training_rows(schedule: str, iris: Any) -> None:
    space = context(iris, folds=2)
    changes = {**REALMLP, **STANDING_STILL, "LearningrateSchedulerSelector:lr_scheduler": schedule}
    first, again = (run_trial(space, job(space, 0, 1, **changes)) for _ in range(2))
    networks = []
    for fold, part in enumerate(rebuilt(space, first.checkpoint, **changes)):
        x = space.encode_fold(chosen(space), fold).rows.x[:]
        outputs = x @ part.network[1].weight.T
        torch.testing.assert_close(outputs.std(0, correction=0), torch.ones(16), rtol=1e-3, atol=0)
        networks.append(part.network)
    assert not torch.equal(networks[0][1].weight, networks[1][1].weight)
    assert first.loss == again.loss


def test_a_trial_that_goes_on_keeps_its_weights(iris: Any) -> None:
    space = context(iris)
    first = run_trial(space, job(space, 0, 2, **REALMLP))
    second = run_trial(space, job(space, 2, 3, first.checkpoint, **REALMLP, **STANDING_STILL))
    before, after = (result.checkpoint[0].state["network"] for result in (first, second))
    for name, value in before.items():
        torch.testing.assert_close(after[name], value)


def test_a_job_and_its_workspace_cross_a_process_boundary(iris: Any) -> None:
    space = context(iris)
    here = run_trial(space, job(space, 0, 2))
    there = run_trial(*pickle.loads(pickle.dumps((space, job(space, 0, 2)))))
    assert (here.loss, here.tie_breaker) == (there.loss, there.tie_breaker)


def test_folds_share_seconds_but_not_epochs(iris: Any, clock: FakeClock) -> None:
    timed, clock.tick = context(iris, unit="time", folds=3), 0.001
    began = clock.now
    result = run_trial(timed, job(timed, 0.0, 0.6))
    assert 0.5 < clock.now - began < 0.65
    assert result.budget == pytest.approx(0.6)
    assert [t.state["position"]["seconds"] for t in result.checkpoint] == pytest.approx([0.2] * 3, abs=0.02)
    counted = context(iris, folds=3)
    assert [t.state["position"]["epochs"] for t in run_trial(counted, job(counted, 0, 4)).checkpoint] == [4, 4, 4]


def test_a_deadline_cuts_a_job_with_a_model(iris: Any, clock: FakeClock) -> None:
    space, clock.tick = context(iris, unit="time"), 0.001
    late = RunningTrial(Job(0, default(space.task), 0.0, 60.0, seed=0, deadline=clock.now + 0.3))
    result = run_trial(space, late)
    assert result.status is Status.CUT
    assert 0.2 < result.budget < 0.32
    assert np.isfinite(result.loss)


def test_a_diverging_trial_says_why(diabetes: Any) -> None:
    space = context(diabetes, metric="r2")
    wild = {"OptimizerSelector:sgd:learning_rate": 1e20, "TrainNode:use_gradient_clipping": False}
    result = run_trial(space, job(space, 0, 9, **wild))
    assert result.status is Status.DIVERGED
    assert "became" in result.metrics["reason"] or "not finite" in result.metrics["reason"]


def test_regression_predicts_in_the_units_of_the_target(diabetes: Any) -> None:
    space = context(diabetes, metric="rmse")
    result = run_trial(space, job(space, 0, 27))
    valid = space.folds[0].valid
    error = predicted(space, rebuilt(space, result.checkpoint), valid)[:, 0] - diabetes[1][valid]
    assert np.sqrt(np.mean(error**2)) == pytest.approx(result.loss, rel=1e-4)
    assert result.loss < diabetes[1].std()


@pytest.mark.parametrize("choice", ["pbld", "periodic", "piecewise_linear", "thresholds"])
def test_a_network_that_embeds_numbers_is_trained_continued_and_rebuilt(choice: str, diabetes: Any) -> None:
    space = context(diabetes, metric="rmse")
    changes = {"NumericEmbeddingSelector:numeric_embedding": choice, **embedding_defaults(choice)}
    first = run_trial(space, job(space, 0, 3, **changes))
    result = run_trial(space, job(space, 3, 9, first.checkpoint, **changes))
    assert result.loss <= first.loss < diabetes[1].std()
    assert result.metrics["epochs"] == 9
    (part,) = rebuilt(space, result.checkpoint, **changes)
    assert part.network[0].in_features == 10
    assert part.network[0].out_features == part.network[1].in_features > 10
    valid = space.folds[0].valid
    error = predicted(space, [part], valid)[:, 0] - diabetes[1][valid]
    assert np.sqrt(np.mean(error**2)) == pytest.approx(result.loss, rel=1e-4)


@pytest.mark.parametrize("choice", ["piecewise_linear", "thresholds"])
def test_bins_are_fitted_on_encoded_training_rows_only(choice: str, diabetes: Any) -> None:
    pieces = {"NumericEmbeddingSelector:numeric_embedding": choice, **embedding_defaults(choice)}
    X = diabetes[0].copy()
    space = context((X, diabetes[1]), metric="r2")
    networks = []
    for shift in (0, 1000):
        X[space.folds[0].valid] += shift
        moved = TrialContext(
            **{**vars(space), "data": Table.from_numbers(X), "y": space.y.copy(), "_encoded": OrderedDict()}
        )
        moved.y[space.folds[0].valid] += shift
        encoded = moved.encode_fold(chosen(space), 0)
        torch.manual_seed(0)
        state, _ = build_training(space.task, chosen(space, **pieces), encoded.rows, encoded.encoder.layout)
        networks.append(state.network[0])
    for name, value in networks[0].state_dict().items():
        assert torch.equal(value, networks[1].state_dict()[name]), name
    x = encoded.rows.x[:]
    n_numbers = encoded.encoder.layout.n_numbers  # one column of the table has two values only
    assert torch.equal(networks[0].left[:, 0, 0], x[:, :n_numbers].min(dim=0).values)


def test_additional_metrics_are_recorded(iris: Any) -> None:
    space = context(iris, folds=2, additional=("balanced_accuracy", "cross_entropy"))
    metrics = run_trial(space, job(space, 0, 3)).metrics
    assert 0 < metrics["val_balanced_accuracy"] <= 1
    assert 0 < metrics["val_cross_entropy"] < 2

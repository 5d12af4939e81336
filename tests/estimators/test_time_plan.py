"""Several configurations at once, in processes of their own."""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autonet import AutoNetClassification, AutoNetImageClassification
from autonet.core.errors import InvalidOption
from autonet.estimators.options import Options
from autonet.estimators.time_plan import TimePlan
from autonet.pipeline.tabular import TABLES
from tests.clocks import FakeClock

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


def test_what_two_processes_train_comes_back_as_one_model(iris: Any, quick: dict[str, Any]) -> None:
    frame = pd.DataFrame(iris[0], columns=list("abcd")).assign(word=np.where(iris[0][:, 0] > 5.5, "long", "short"))
    options = {**quick, "max_trials": 4, "max_budget": 27, "n_jobs": 2, "cross_validator": 3, "ensemble_size": 8}
    auto = AutoNetClassification(**options, networks=["shapedmlpnet"]).fit(frame, iris[1])
    assert len(auto.history_) == 4
    assert not any(report.error for trial in auto.history_ for report in trial.reports)
    assert auto.score(frame, iris[1]) > 0.6  # which of the four trains longest depends on who of the two is done first
    encoders = {id(member.encoder) for member in auto.model_.ensemble.members}
    configs = {str(auto.history_.trials[int(n)].config) for n in auto.fit_result["ensemble"] if n != "linear"}
    assert len(encoders) <= 3 * (len(configs) + 1)  # those of one configuration and fold are one


def divided(estimator: Any = AutoNetClassification, **options: Any) -> TimePlan:
    """How the options divide the time."""
    auto = estimator(**options)
    resolved: Options = auto._options().resolve(auto.get_params())
    return resolved.plan_time()


def chosen(n_bytes: int = 1000, estimator: Any = AutoNetClassification, **options: Any) -> int:
    """How many workers the options come to."""

    class Sized:
        nbytes = n_bytes

    return divided(estimator, **options).workers(Sized())  # type: ignore[arg-type]


def test_all_cores_are_used_where_that_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autonet.core.cores.cpu_count", lambda: 4)
    long = {"max_runtime": 15}
    assert chosen(**long) == 4
    assert chosen(preset="tiny_cs", **long) == 1
    assert chosen(max_runtime=14.9) == 1
    assert chosen(**long, budget_type="epochs") == 1
    assert chosen(2**29 + 1, **long) == 1
    assert chosen(2**33, AutoNetImageClassification, device="cpu", **long) == (4 if sys.platform == "linux" else 1)
    assert chosen(2**33 + 1, AutoNetImageClassification, **long) == 1
    assert chosen(**long, n_jobs=2) == 2
    assert chosen(n_jobs=-1) == 4
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)  # where each worker has a copy
    assert chosen(2**29 + 1, AutoNetImageClassification, **long) == 1


@pytest.mark.parametrize(
    ("epoch_seconds", "budgets"),
    [
        (0.1, (4.0, 20.0)),  # 40 epochs at the lowest rung; the top one takes a third of the time
        (0.2, (20.0,)),  # a rung of 8 s would be too close to the top one
        (0.52, (20.8,)),
        (0.6, (55.0,)),  # one configuration per worker
        (5.0, (55.0,)),
    ],
)
def test_networks_that_need_their_epochs_get_them(
    epoch_seconds: float, budgets: tuple[float, ...], clock: FakeClock
) -> None:
    plan = divided(max_runtime=60)
    assert plan.rungs(epoch_seconds, compared_epochs=40.0).budgets == pytest.approx(budgets, rel=0.01)


def test_where_networks_lack_epochs_the_time_of_the_refit_is_for_the_search(clock: FakeClock) -> None:
    plan = replace(divided(max_runtime=60), refits=True)
    assert plan.without_refit_if_short(0.5, 40.0) is plan
    assert plan.rungs(0.5, compared_epochs=40.0).top < 0.5 * plan.limit("search").left()
    longer = plan.without_refit_if_short(5.0, 40.0)
    assert longer.rungs(5.0, compared_epochs=40.0).top - plan.rungs(5.0, compared_epochs=40.0).top == pytest.approx(
        0.95 * 7.2
    )
    assert replace(plan, max_budget=20.0).without_refit_if_short(5.0, 40.0).refits
    assert replace(plan, runtime=None).without_refit_if_short(5.0, 40.0).refits


def test_a_search_that_begins_late_has_rungs(clock: FakeClock) -> None:
    plan = divided(max_runtime=60)
    clock.now += 59.0
    assert plan.rungs(5.0, compared_epochs=40.0).top == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("epoch_seconds", "lowest"), [(0.001, 20 / 27), (0.1, 2.0), (1.0, 20 / 3), (4.0, 16.0), (9.0, 20)]
)
def test_the_top_rung_is_a_third_of_the_time_and_the_lowest_gives_time_for_epochs(
    epoch_seconds: float, lowest: float
) -> None:
    budgets = divided(max_runtime=60).rungs(epoch_seconds).budgets
    assert (budgets[0], budgets[-1]) == pytest.approx((lowest, 20))


@pytest.mark.parametrize(("runtime", "seconds"), [(2, 0.1), (60, 1.2), (600, 2.0)])
def test_the_baseline_gets_a_fiftieth_of_the_time(runtime: float, seconds: float) -> None:
    assert divided(max_runtime=runtime).baseline_seconds == pytest.approx(seconds)


@pytest.mark.parametrize(("n_rows", "seconds"), [(0, 0.0), (10_000, 1.0), (10**6, 6.0)])
def test_predictions_of_test_rows_have_time_of_their_own(n_rows: int, seconds: float) -> None:
    plan = divided(max_runtime=60)
    asked = TABLES.testing_seconds * n_rows
    assert plan.testing_seconds(asked) == pytest.approx(seconds)
    with_rows = replace(plan, testing=plan.testing_seconds(asked))
    assert plan.limit("refit").at - with_rows.limit("refit").at == pytest.approx(seconds)
    assert plan.limit("closing") == with_rows.limit("closing")
    assert divided(max_trials=3).testing_seconds(asked) == 0.0  # without a limit there is time


@pytest.mark.parametrize("n_jobs", [0, -2, 1.5, "all", float("nan")])
def test_numbers_of_processes_that_cannot_be(n_jobs: Any, iris: Any, quick: dict[str, Any]) -> None:
    with pytest.raises(
        InvalidOption, match=r"n_jobs must be a whole number from 1 to 999, -1 for one per core, .auto., or"
    ):
        AutoNetClassification(**{**quick, "n_jobs": n_jobs}).fit(*iris)

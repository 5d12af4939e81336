"""Importance of hyperparameters, against known ground truth."""

import numpy as np
import pytest

from autonet import AutoNetClassification
from autonet.core.errors import InvalidOption, NoFinishedTrial
from autonet.inspection import HyperparameterImportance, hyperparameter_importance
from autonet.search import History, Seed, Study
from tests.inspection.histories import DECOYS, search_budgets, search_conditional, search_failing, search_one


def importance(study: Study) -> HyperparameterImportance:
    return hyperparameter_importance(study.history, study.space)


def total(found: HyperparameterImportance, name: str) -> float:
    return float(found.total_effects[found.names.index(name)])


def test_main_effects_of_a_sum_are_shares_of_its_variance() -> None:
    space = {"a": (0.0, 1.0), "b": (0.0, 1.0), "unused": (0.0, 1.0)}
    study = Study(space, sampler="random", random_state=0).optimize(lambda t: 2 * t["a"] + t["b"], max_trials=300)
    found = importance(study)
    assert found.names[:2] == found.important == ("a", "b")
    assert found.main_effects[:2] == pytest.approx([0.8, 0.2], abs=0.05)  # variances of 4/12 and 1/12
    assert found.total_effects[:2] == pytest.approx([0.8, 0.2], abs=0.05)


def test_the_row_of_a_seed_is_the_noise_floor() -> None:
    study = Study({"a": (0.0, 1.0), "seed": Seed()}, sampler="random", random_state=0)
    study.optimize(lambda t: t["a"] + 1e-3 * np.random.default_rng(t["seed"]).normal(), max_trials=60)
    found = importance(study)
    assert found.names == found.important == ("a",)
    row = found.table[1]
    assert (row["hyperparameter"], row["total_effect"], row["above_noise"]) == (
        "seed (noise floor)",
        found.noise_floor,
        False,
    )
    alone = Study({"seed": Seed()}, sampler="random", random_state=0)
    found = importance(alone.optimize(lambda t: np.random.default_rng(t["seed"]).normal(), max_trials=10))
    assert (found.names, found.noise_floor, len(found.table)) == ((), 1.0, 1)


def test_an_interaction_is_in_the_total_effects_alone() -> None:
    space = {"a": (0.0, 1.0), "kind": ["up", "down"]}
    study = Study(space, sampler="random", random_state=0)
    study.optimize(lambda t: t["a"] if t["kind"] == "up" else 1 - t["a"], max_trials=200)
    found = importance(study)
    assert found.total_effects.min() > 0.5
    assert found.main_effects.max() < 0.2


@pytest.mark.parametrize(("sampler", "n"), [("random", 30), ("random", 100), ("forest", 60)])
def test_decoys_stay_below_the_noise_floor_conditional_ones_too(sampler: str, n: int) -> None:
    found = importance(search_conditional(n, sampler=sampler))
    assert not set(found.important) & set(DECOYS)
    assert "network" in found.important


def test_nothing_is_important_of_random_values() -> None:
    rng = np.random.default_rng(0)
    study = Study({f"x{i}": (0.0, 1.0) for i in range(5)}, sampler="random", random_state=0)
    found = importance(study.optimize(lambda _: float(rng.random()), max_trials=60))
    assert found.important == ()


def test_a_conditional_hyperparameter_counts_where_it_is_active() -> None:
    found = importance(search_conditional(150))
    # Widths of a third of the configurations: 1/12 / 3 of the variance, of .31 in all.
    assert total(found, "network:wide:width") == pytest.approx(0.3, abs=0.1)
    assert total(found, "network") == pytest.approx(0.75, abs=0.15)


def test_what_only_low_budgets_have_seen_counts_at_the_top() -> None:
    study = search_budgets(80)
    at_top = [trial for trial in study.trials if trial.budget == 27]
    assert {trial.config["network"] for trial in at_top} == {"wide"}  # the others were not promoted
    found = importance(study)
    assert found.budget == 27
    assert found.n_trials == 80
    assert "network" in found.important
    assert not set(found.important) & {"network:narrow:decoy", "network:wide:choice", "choice"}


def test_failures_are_bad_values() -> None:
    assert set(importance(search_failing(60)).important) == {"rate", "size"}


def test_outliers_do_not_hide_the_rest() -> None:
    study = Study({"x": (0.0, 1.0), "unused": (0.0, 1.0)}, sampler="random", random_state=0, direction="maximize")
    found = importance(study.optimize(lambda t: t["x"] if t.number % 40 else -1e12, max_trials=120))
    assert found.names[0] == "x"


def test_equal_values_have_no_variance_to_explain() -> None:
    study = Study({"x": (0.0, 1.0)}, sampler="random", random_state=0).optimize(lambda _: 3.0, max_trials=8)
    found = importance(study)
    assert found.total_effects == pytest.approx([0.0])
    assert found.important == ()


def test_effects_are_a_table_that_prints(conditional: Study) -> None:
    found = importance(conditional)
    assert found.table.column("hyperparameter") == list(found.names)
    assert found.table.column("total_effect") == found.total_effects.tolist()
    assert [row["hyperparameter"] for row in found.table if row["above_noise"]] == list(found.important)
    assert "by chance\nhyperparameter" in repr(found)
    assert "<td" in found._repr_html_()


def test_an_estimator_computes_it_of_its_search(classifier: AutoNetClassification) -> None:
    found = classifier.hyperparameter_importance(random_state=1)
    expected = hyperparameter_importance(classifier.history_, classifier.search_space_, random_state=1)
    assert found.table == expected.table
    assert found.n_trials == len(classifier.history_)


def test_a_seed_repeats_the_result(conditional: Study) -> None:
    first, second, other = (
        hyperparameter_importance(conditional.history, conditional.space, random_state=seed) for seed in (0, 0, 1)
    )
    assert first.total_effects.tolist() == second.total_effects.tolist() != other.total_effects.tolist()


def test_too_few_trials_are_refused() -> None:
    with pytest.raises(InvalidOption, match="at least 4 different configurations with a result; the search has 1"):
        importance(search_one())
    with pytest.raises(NoFinishedTrial, match="No trial has a value yet"):
        hyperparameter_importance(History(), Study({"x": (0.0, 1.0)}).space)

"""Hyperparameters as distributions of Optuna."""

import pytest
from ConfigSpace import ConfigurationSpace, Constant
from ConfigSpace.hyperparameters import BetaIntegerHyperparameter, NormalFloatHyperparameter

from autonet.search import Study
from autonet.search.spaces.distributions import FloatDistribution, IntDistribution
from tests.search.export.histories import defined, mixed_space

optuna = pytest.importorskip("optuna", reason="needs the extra optuna")

from autonet.search.export.distributions import make_parameters  # noqa: E402 - needs optuna

Categorical, Float, Int = (
    optuna.distributions.CategoricalDistribution,
    optuna.distributions.FloatDistribution,
    optuna.distributions.IntDistribution,
)


def test_every_kind_of_hyperparameter_has_its_distribution() -> None:
    space = mixed_space()
    space.add(
        NormalFloatHyperparameter("normal", mu=0, sigma=1, lower=-3, upper=3),
        BetaIntegerHyperparameter("beta", alpha=2, beta=2, lower=1, upper=5),
    )
    assert {name: parameter.distribution for name, parameter in make_parameters(space, {}).items()} == {
        "activation": Categorical(["relu"]),
        "kind": Categorical(["a", "b", None, "(1, 2)"]),
        "width": Int(8, 512, log=True),
        "depth": Int(1, 8),
        "rate": Float(1e-4, 1.0, log=True),
        "units": Categorical([16, 32, 64, 128]),
        "normal": Float(-3.0, 3.0),
        "beta": Int(1, 5),
    }


def test_suggestions_have_the_distributions_that_they_have_in_optuna() -> None:
    ours = Study(random_state=0).optimize(defined, max_trials=8)
    theirs = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0), pruner=optuna.pruners.NopPruner())
    theirs.optimize(defined, n_trials=8)
    expected = {name: range_ for trial in theirs.trials for name, range_ in trial.distributions.items()}
    assert "scale" in expected
    found = make_parameters(ours.space, ours.history.definitions)
    assert {name: parameter.distribution for name, parameter in found.items()} == expected


def test_a_value_that_its_distribution_does_not_contain_is_refused_but_not_for_rounding() -> None:
    definitions = {"x": FloatDistribution(0.0, 1.0), "n": IntDistribution(1, 9)}
    x, n = make_parameters(ConfigurationSpace(), definitions).values()
    assert (x.convert(1.0 + 1e-12), n.convert(3)) == (1.0, 3)
    for parameter, value in ((x, 1.1), (x, "a"), (x, float("nan")), (n, 10), (n, True)):
        with pytest.raises(LookupError):
            parameter.convert(value)
    kind = make_parameters(mixed_space(), {})["kind"]
    assert kind.convert((1, 2)) == "(1, 2)"
    with pytest.raises(LookupError):
        kind.convert("c")


def test_a_range_ends_on_its_grid() -> None:
    found = make_parameters(
        ConfigurationSpace(), {"n": IntDistribution(1, 8, 2), "x": FloatDistribution(0.0, 1.0, 0.3)}
    )
    assert found["n"].distribution == Int(1, 7, step=2)
    assert found["x"].distribution == Float(0.0, 0.9, step=0.3)


def test_single_values_are_constants() -> None:
    space = ConfigurationSpace()
    space.add(Constant("one", 1), Constant("two", "a"))
    assert [parameter.is_constant for parameter in make_parameters(space, {}).values()] == [True, True]
    assert make_parameters(ConfigurationSpace(), {"n": IntDistribution(1, 1)})["n"].is_constant
    assert not make_parameters(mixed_space(), {})["kind"].is_constant

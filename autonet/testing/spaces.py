"""Example spaces with every feature that a sampler must support."""

from typing import Any

from ConfigSpace import (
    AndConjunction,
    BetaIntegerHyperparameter,
    Categorical,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
    ForbiddenAndConjunction,
    ForbiddenEqualsClause,
    ForbiddenLessThanRelation,
    GreaterThanCondition,
    InCondition,
    Integer,
    NormalFloatHyperparameter,
    OrConjunction,
    OrdinalHyperparameter,
)

__all__ = ["example_spaces", "finite_spaces"]


def example_spaces() -> dict[str, ConfigurationSpace]:
    """Return example spaces with every feature that a sampler must support.

    Returns
    -------
    dict of str to ConfigurationSpace
    """
    rate, kind = Float("rate", (1e-5, 1.0), log=True), Categorical("kind", ["linear", "tree", "net"])
    layers, width = Integer("layers", (1, 6)), Integer("width", (8, 1024), log=True)
    dropout, depth = Float("dropout", (0.0, 0.8)), OrdinalHyperparameter("depth", [1, 2, 4, 8])
    low, high = Float("low", (0.0, 1.0), default=0.2), Float("high", (0.0, 1.0), default=0.7)
    mode = Categorical("mode", ["slow", "fast"])
    return {
        "numbers": _space(Float("x", (-5.0, 10.0)), Float("rate", (1e-5, 1.0), log=True), Integer("n", (1, 9)), width),
        "conditions": _space(
            *(kind, rate, layers, width, dropout, depth),
            InCondition(rate, kind, ["linear", "net"]),
            EqualsCondition(layers, kind, "net"),
            EqualsCondition(depth, kind, "tree"),
            AndConjunction(EqualsCondition(width, kind, "net"), GreaterThanCondition(width, layers, 2)),
            OrConjunction(GreaterThanCondition(dropout, width, 64), EqualsCondition(dropout, depth, 8)),
        ),
        "forbidden clauses": _space(
            *(low, high, mode, Integer("n", (1, 4), default=2)),
            ForbiddenLessThanRelation(high, low),
            lambda space: ForbiddenAndConjunction(
                ForbiddenEqualsClause(mode, "fast"), ForbiddenEqualsClause(space["n"], 4)
            ),
        ),
        "priors": _space(
            NormalFloatHyperparameter("x", mu=0.0, sigma=1.0, lower=-4.0, upper=4.0),
            BetaIntegerHyperparameter("n", alpha=3, beta=2, lower=0, upper=9),
            Categorical("c", ["often", "seldom"], weights=[0.9, 0.1]),
        ),
        "one number": _space(Float("x", (0.0, 1.0))),
        **finite_spaces(),
    }


def finite_spaces() -> dict[str, ConfigurationSpace]:
    """Return spaces without continuous hyperparameters."""
    kind, a, b = Categorical("kind", ["a", "b", "none"]), Integer("a", (1, 5)), OrdinalHyperparameter("b", [0.5, 1, 2])
    flag = Categorical("flag", [True, False])
    return {
        "choices": _space(
            Categorical("any", [None, "text", 7, (1, 2)]),
            OrdinalHyperparameter("size", ["s", "m", "l"]),
            Categorical("flag", [True, False]),
            Constant("fixed", 3),
        ),
        "a grid": _space(
            *(kind, a, b, flag),
            EqualsCondition(a, kind, "a"),
            EqualsCondition(b, kind, "b"),
            ForbiddenAndConjunction(ForbiddenEqualsClause(a, 2), ForbiddenEqualsClause(flag, False)),
        ),
        "one configuration": _space(Constant("fixed", "only")),
    }


def _space(*parts: Any) -> ConfigurationSpace:
    space = ConfigurationSpace()
    for part in parts:
        space.add(part(space) if callable(part) else part)
    return space

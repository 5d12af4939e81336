"""The spaces that samplers are tested in have what a space can have."""

import numpy as np
import pytest
from ConfigSpace import Configuration

from autonet.search.spaces.encoding import Encoding
from autonet.testing.spaces import example_spaces, finite_spaces

SPACES = example_spaces()


def test_spaces_have_every_feature_that_a_sampler_must_support() -> None:
    kinds = {type(hyperparameter).__name__ for space in SPACES.values() for hyperparameter in space.values()}
    assert kinds == {
        "BetaIntegerHyperparameter",
        "CategoricalHyperparameter",
        "Constant",
        "NormalFloatHyperparameter",
        "OrdinalHyperparameter",
        "UniformFloatHyperparameter",
        "UniformIntegerHyperparameter",
    }
    conditions = {type(c).__name__ for space in SPACES.values() for c in space.conditions}
    assert conditions >= {"AndConjunction", "EqualsCondition", "InCondition", "OrConjunction"}
    clauses = {type(c).__name__ for space in SPACES.values() for c in space.forbidden_clauses}
    assert clauses == {"ForbiddenAndConjunction", "ForbiddenLessThanRelation"}
    assert any(hyperparameter.log for hyperparameter in SPACES["numbers"].values())
    choices = [value for hp in SPACES["choices"].values() for value in getattr(hp, "choices", ())]
    assert {type(value) for value in choices} >= {type(None), str, int, tuple, bool}


@pytest.mark.parametrize("name", finite_spaces())
def test_finite_spaces_can_be_listed(name: str) -> None:
    encoding = Encoding(finite_spaces()[name])
    rows = encoding.all_legal()
    assert rows is not None
    assert len(rows) == {"choices": 4 * 3 * 2, "a grid": 2 * 5 + 2 * 3 + 2 - 1, "one configuration": 1}[name]
    assert name in SPACES


@pytest.mark.parametrize("name", SPACES)
def test_defaults_and_samples_are_legal(name: str) -> None:
    space = SPACES[name]
    encoding = Encoding(space)
    for config in [
        dict(space.get_default_configuration()),
        *map(encoding.decode, encoding.sample_legal(20, np.random.default_rng(0))),
    ]:
        Configuration(space, values=config)  # legal, or it raises

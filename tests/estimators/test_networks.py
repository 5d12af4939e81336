"""Networks that are chosen by name, through the public API."""

from typing import Any

import numpy as np
import torch

from autonet import AutoNetClassification, AutoNetRegression
from autonet.nets.realmlp import FrontScale


def test_a_realmlp_classifies(iris: Any, quick: dict[str, Any]) -> None:
    options = {**quick, "min_budget": 30, "max_budget": 90, "networks": ["realmlp"], "optimizer": ["adamw"]}
    auto = AutoNetClassification("medium_cs", **options, numeric_embeddings=["none"]).fit(*iris)
    assert auto.score(*iris) > 0.9
    model = auto.get_pytorch_model()
    assert isinstance(model[0], FrontScale)
    assert model(torch.randn(2, model[0].in_features)).shape == (2, 3)


def test_a_realmlp_regresses_by_its_recipe_and_a_seed_repeats_it(diabetes: Any, quick: dict[str, Any]) -> None:
    options = {**quick, "max_trials": 1, "networks": ["realmlp"], "lr_scheduler": ["coslog4"], "optimizer": ["adamw"]}
    first, second = (AutoNetRegression("medium_cs", **options).fit(*diabetes) for _ in range(2))
    assert first.best_config_["NetworkSelector:realmlp:activation"] == "mish"
    assert first.score(*diabetes) > 0.4
    np.testing.assert_array_equal(first.predict(diabetes[0]), second.predict(diabetes[0]))


def test_many_valued_categories_are_embedded_before_the_front_scale(quick: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 20, 300), rng.normal(size=300)])
    options = {**quick, "max_trials": 1, "networks": ["realmlp"], "embeddings": ["learned"]}
    options["numeric_embeddings"] = ["none"]
    auto = AutoNetRegression("medium_cs", categorical_features=[0], **options).fit(X, X[:, 0] % 3 + X[:, 1])
    assert [type(layer).__name__ for layer in auto.get_pytorch_model()][:2] == ["CategoryEmbedding", "FrontScale"]

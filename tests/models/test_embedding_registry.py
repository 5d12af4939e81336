from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autonet import register_embedding
from autonet.core.errors import InvalidOption, UnknownName
from autonet.core.task import Task
from autonet.data.encoding.preprocessors import EMBEDDING
from autonet.models.embedding_registry import (
    build_category_embedding,
    make_custom_embedding,
    make_custom_numeric_embedding,
)
from autonet.nets.embedding import CategoryEmbedding
from autonet.nets.numeric import NUMERIC_EMBEDDING

pytestmark = pytest.mark.usefixtures("custom_components")


class Scaled(nn.Module):
    """All columns, times a learned number each."""

    def __init__(self, n_in: int, vocabularies: tuple[int, ...] = (), n_numbers: int = 0) -> None:
        super().__init__()
        self.scale, self.out_features, self.rows = nn.Parameter(torch.ones(n_in)), n_in, 0

    def fit(self, rows: Tensor, y: Tensor | None) -> None:
        self.rows = len(rows)

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x


def test_an_embedding_of_categories_gets_the_number_of_levels_as_a_hyperparameter() -> None:
    register_embedding("scaled", Scaled)
    component = EMBEDDING.components["scaled"]
    assert component.space is not None
    assert list(component.space(Task("regression"))) == ["min_unique_values_for_embedding"]
    choice = EMBEDDING.choose("scaled", min_unique_values_for_embedding=5)
    assert choice.build() == 5
    embedding = build_category_embedding(choice, 4, (3, 2))
    assert embedding.out_features == 4
    assert embedding.embeds_inputs
    learned = build_category_embedding(EMBEDDING.choose("learned", dimension=6), 4, (3, 2))
    assert isinstance(learned, CategoryEmbedding)


def test_an_embedding_of_numbers_is_fitted_to_rows() -> None:
    register_embedding("scaled", Scaled, of="numbers")
    embedding: Any = NUMERIC_EMBEDDING.components["scaled"].build(n_in=4, n_numbers=3)
    embedding.fit(torch.zeros(9, 4), None)
    assert (embedding.out_features, embedding.module.rows) == (4, 9)
    with pytest.raises(UnknownName, match="Unknown value of of 'words'"):
        register_embedding("mine", Scaled, of="words")  # type: ignore[arg-type]


def test_an_embedding_may_have_nothing_to_learn() -> None:
    make_custom_numeric_embedding("sines", Sines)


class Sines(nn.Module):
    def __init__(self, n_in: int, n_numbers: int) -> None:
        super().__init__()
        self.out_features = 2 * n_in

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, x.sin()], dim=1)


@pytest.mark.parametrize(
    ("builder", "why"),
    [
        (lambda n_in, vocabularies: nn.Identity(), "no attribute 'out_features'"),
        (lambda n_in, vocabularies: nn.Linear(n_in + 1, 2), "mat1 and mat2"),
        (lambda n_in: nn.Linear(n_in, 2), "unexpected keyword argument 'vocabularies'"),
    ],
    ids=["width", "columns", "keywords"],
)
def test_an_embedding_that_cannot_work_is_refused_by_name(builder: Any, why: str) -> None:
    with pytest.raises(InvalidOption, match=rf"Embedding 'mine' fails on toy rows of shape \(12, 5\): .*{why}"):
        make_custom_embedding("mine", builder)
    with pytest.raises(InvalidOption, match="'pbld' is a built-in embedding"):
        make_custom_numeric_embedding("pbld", builder)

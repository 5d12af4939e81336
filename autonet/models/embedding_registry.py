"""Registration of custom embeddings of categories and numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from autonet.core.component import Choice, Component
from autonet.core.lazy import configspace as cs
from autonet.core.registration import Space, check_name, default_params, find_space, register, trying
from autonet.core.task import Task
from autonet.core.validation import check_choice
from autonet.data.encoding.preprocessors import EMBEDDING
from autonet.nets.embedding import CategoryEmbedding
from autonet.nets.numeric import NUMERIC_EMBEDDING

__all__ = [
    "CustomCategoryEmbedding",
    "CustomNumericEmbedding",
    "build_category_embedding",
    "make_custom_embedding",
    "make_custom_numeric_embedding",
    "register_embedding",
]

MIN_LEVELS = "min_unique_values_for_embedding"
N_ROWS, N_NUMBERS = 12, 3  # of toy data, and beside the numbers:
VOCABULARIES = (4, 6)


class _Embedding(nn.Module):
    """Embedding of the user's, whose output mixup averages."""

    embeds_inputs = True

    def __init__(self, module: nn.Module, n_in: int) -> None:
        super().__init__()
        self.module, self.in_features, self.out_features = module, n_in, int(module.out_features)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, in_features) to (n, out_features)."""
        output: Tensor = self.module(x)
        return output

    def fit(self, rows: Any, y: Tensor | None = None) -> None:
        """Fit the embedding to encoded training rows (n, n_in) and their targets, if it has a method ``fit``."""
        if hasattr(self.module, "fit"):
            self.module.fit(rows, y)  # type: ignore[operator]


@dataclass(frozen=True)
class CustomCategoryEmbedding:
    """Embedding of categories of the user's: as a component, the number of levels from which a column is embedded."""

    builder: Callable[..., nn.Module]

    def __call__(self, *, min_unique_values_for_embedding: int, **params: Any) -> int:
        """Return the number of levels."""
        return min_unique_values_for_embedding

    def make(self, n_in: int, vocabularies: Sequence[int], params: dict[str, Any]) -> nn.Module:
        """Build the embedding."""
        others = {name: value for name, value in params.items() if name != MIN_LEVELS}
        return _Embedding(self.builder(n_in=n_in, vocabularies=tuple(vocabularies), **others), n_in)


@dataclass(frozen=True)
class CustomNumericEmbedding:
    """Builds a custom embedding of numbers."""

    builder: Callable[..., nn.Module]

    def __call__(self, *, n_in: int, n_numbers: int, **params: Any) -> nn.Module:
        """Build the embedding."""
        return _Embedding(self.builder(n_in=n_in, n_numbers=n_numbers, **params), n_in)


def build_category_embedding(choice: Choice[Any], n_in: int, vocabularies: Sequence[int]) -> nn.Module:
    """Build the chosen embedding of categories, for n_in columns of which the last are indices."""
    build, params = choice.node.components[choice.name].build, dict(choice.params)
    if isinstance(build, CustomCategoryEmbedding):
        return build.make(n_in, vocabularies, params)
    return CategoryEmbedding(n_in, vocabularies, params["dimension"])


def register_embedding(
    name: str,
    builder: Callable[..., nn.Module],
    space: Space | None = None,
    *,
    of: Literal["categories", "numbers"] = "categories",
    overwrite: bool = False,
) -> None:
    """Add an embedding to those that every estimator can choose.

    One of categories is chosen by ``embeddings=[name]``, one of numbers by ``numeric_embeddings=[name]``; both by the
    preset ``full_cs``.

    Parameters
    ----------
    name : str
    builder : callable
        Returns a module that maps encoded rows (n, n_in) to (n, k), with k as its attribute ``out_features``: all
        columns pass through it, the embedded ones as well as the others.  Of categories:
        ``builder(n_in=..., vocabularies=..., **hyperparameters)``, where the last ``len(vocabularies)`` columns are
        indices from 0, unknown, to ``vocabularies[j] - 1``.  Of numbers:
        ``builder(n_in=..., n_numbers=..., **hyperparameters)``, where the first `n_numbers` columns are numbers; if it
        has a method ``fit(rows, y)``, that is called with the encoded training rows first.
    space : callable, optional
        ``space(task)`` returns the ConfigurationSpace of the hyperparameters.  Default: the function ``space`` of the
        builder, if it has one, else no hyperparameters.  Embeddings of categories get
        ``min_unique_values_for_embedding`` in addition: columns with fewer levels are one-hot.
    of : {"categories", "numbers"}, default="categories"
    overwrite : bool, default=False
        Whether to replace a registered embedding of this name.

    Raises
    ------
    InvalidOption
        If the embedding of toy rows has another shape, or its parameters no gradients, or if the name is taken or
        invalid.

    See Also
    --------
    autonet.unregister_component : Remove a registered component.

    Examples
    --------
    >>> from torch import nn
    >>> from autonet import unregister_component
    >>> class Squares(nn.Module):
    ...     def __init__(self, n_in, n_numbers):
    ...         super().__init__()
    ...         self.n_numbers, self.out_features = n_numbers, n_in + n_numbers
    ...         self.scale = nn.Parameter(torch.ones(n_numbers))
    ...     def forward(self, x):
    ...         return torch.cat([self.scale * x[:, : self.n_numbers] ** 2, x], dim=1)
    >>> register_embedding("squares", Squares, of="numbers")
    >>> unregister_component("numeric_embeddings", "squares")
    """
    if check_choice("value of of", of, ("categories", "numbers")) == "categories":
        register(EMBEDDING, make_custom_embedding(name, builder, space), what="embedding", overwrite=overwrite)
    else:
        component = make_custom_numeric_embedding(name, builder, space)
        register(NUMERIC_EMBEDDING, component, what="embedding", overwrite=overwrite)


def make_custom_embedding(name: str, builder: Any, space: Space | None = None) -> Component[int | None]:
    """Make a component of an embedding of categories, after a try; see `register_embedding`."""
    check_name(EMBEDDING, name, "embedding")
    custom, build = find_space(builder, space), CustomCategoryEmbedding(builder)
    n_in = N_NUMBERS + len(VOCABULARIES)
    indices = [torch.arange(N_ROWS) % size for size in VOCABULARIES]
    x = torch.cat([_numbers(N_NUMBERS), torch.stack(indices, dim=1).float()], dim=1)
    _try_embedding(name, lambda params: build.make(n_in, VOCABULARIES, params), custom, x)

    def with_levels(task: Task) -> cs.ConfigurationSpace:
        result = custom(task) if custom else cs.ConfigurationSpace()
        if MIN_LEVELS not in result:
            result.add(cs.Integer(MIN_LEVELS, (3, 300), log=True, default=9, meta={"limits": (3, 2**16)}))
        return result

    return Component(name, build, with_levels)


def make_custom_numeric_embedding(name: str, builder: Any, space: Space | None = None) -> Component[Any]:
    """Make a component of an embedding of numbers, after a try; see `register_embedding`."""
    check_name(NUMERIC_EMBEDDING, name, "embedding")
    space, build = find_space(builder, space), CustomNumericEmbedding(builder)
    n_in = N_NUMBERS + 1
    _try_embedding(name, lambda params: build(n_in=n_in, n_numbers=N_NUMBERS, **params), space, _numbers(n_in))
    return Component(name, build, space)


def _numbers(width: int) -> Tensor:
    return torch.arange(float(N_ROWS * width)).view(N_ROWS, width).sin()


def _try_embedding(name: str, build: Callable[[dict[str, Any]], nn.Module], space: Space | None, x: Tensor) -> None:
    """Raise unless an embedding of toy rows has the shape that it says, and gradients."""
    with trying("embedding", name, f"toy rows of shape {tuple(x.shape)}") as expect:
        module = build(default_params(space, Task("classification")))
        module.fit(x, torch.arange(len(x)) % 2)  # type: ignore[operator]
        output, shape = module(x), (len(x), module.out_features)
        expect(tuple(output.shape) == shape, f"its output has shape {tuple(output.shape)}, not {shape}")
        if any(parameter.requires_grad for parameter in module.parameters()):
            output.sum().backward()

"""Learned embeddings of categorical features."""

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn

from autonet.nets.modernnca import NearestNeighbors

__all__ = ["CategoryEmbedding", "prepend_embeddings"]

# Probability of masking a category as unknown during training, which trains the embedding of unknown categories.
UNKNOWN_PROBABILITY = 0.01
# Initial standard deviation of embeddings: small compared to standardized numbers, and better than torch's 1
# (docs/benchmarks/log.md).
INITIAL_STD = 0.1


class CategoryEmbedding(nn.Module):
    """Replace the last input columns, which hold indices of categories, by learned vectors.

    Parameters
    ----------
    n_in : int
        Number of input columns.
    vocabularies : sequence of int
        Number of indices of each of the last columns; index 0 is the unknown category.  Values out of range are
        clipped.
    dimension : int
        Length of an embedding vector.

    Attributes
    ----------
    in_features, out_features : int
        Width of input and output.
    generator : torch.Generator or None
        Source of random numbers for masking; None: torch's global generator.
    """

    embeds_inputs = True
    takes_generator = True

    def __init__(self, n_in: int, vocabularies: Sequence[int], dimension: int) -> None:
        super().__init__()
        self.generator: torch.Generator | None = None
        self.in_features, self.n_numbers = n_in, n_in - len(vocabularies)
        self.out_features = self.n_numbers + len(vocabularies) * dimension
        # One table for all columns, and so a single lookup: the rows of a column start at its offset.
        self.vectors = nn.Embedding(sum(vocabularies), dimension)
        nn.init.normal_(self.vectors.weight, std=INITIAL_STD)
        self.offsets: Tensor
        self.register_buffer("offsets", torch.tensor([0, *accumulate(vocabularies[:-1])]))
        self.largest: Tensor
        self.register_buffer("largest", torch.tensor([size - 1 for size in vocabularies]))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, in_features) to (n, out_features)."""
        indices = torch.minimum(x[:, self.n_numbers :].long().clamp(min=0), self.largest)
        if self.training:
            indices = indices * (
                torch.rand(indices.shape, device=x.device, generator=self.generator) >= UNKNOWN_PROBABILITY
            )
        vectors: Tensor = self.vectors(indices + self.offsets)
        return torch.cat([x[:, : self.n_numbers], vectors.flatten(1)], dim=1)

    def extra_repr(self) -> str:
        """Show the widths."""
        return f"in_features={self.in_features}, out_features={self.out_features}"


def prepend_embeddings(embeddings: Sequence[nn.Module], network: nn.Module) -> nn.Module:
    """Prepend embeddings to a network; the layers of a Sequential join them in one Sequential."""
    if not embeddings:
        return network
    if isinstance(network, NearestNeighbors):
        network.prepend(embeddings)
        return network
    return nn.Sequential(*embeddings, *(network if isinstance(network, nn.Sequential) else [network]))

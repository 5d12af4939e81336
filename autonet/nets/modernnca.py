"""ModernNCA: soft nearest neighbours among training rows, in a learned space.

Ye, Yin, Zhan & Chao, "Revisiting Nearest Neighbor for Tabular Data: A Deep Tabular Baseline Two Decades Later" (2025),
arXiv 2407.03257.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from autonet.core.component import Component
from autonet.core.lazy import configspace as cs
from autonet.core.modality import Inputs
from autonet.core.task import Task
from autonet.core.validation import check_choice
from autonet.nets.activations import ACTIVATIONS
from autonet.nets.batch_ensemble import POOLINGS
from autonet.nets.blocks import ResBlock
from autonet.nets.realmlp import FrontScale

__all__ = ["MODERNNCA", "NearestNeighbors", "build_modernnca", "modernnca_space", "remember_rows"]

# Candidates at most: rows beyond them are worth little, and cost time for every row that is predicted
# (docs/benchmarks/log.md).
MAX_CANDIDATES = 4096
# Encoded values of candidates at most, for the size of the model: 4 MiB.
MAX_VALUES = 2**20
# Rows whose distances to all candidates are computed at a time in evaluation: they stay in the cache.
QUERIED_ROWS = 128
# Keeps the logarithm of a probability finite, as in the paper.
MIN_PROBABILITY = 1e-7
# Logarithm of the weight of a candidate that does not count; infinity would turn EMA weights into NaN.
UNUSED = -1e30
# Difference of fingerprints up to which rows are equal: more than what encoding the same row in another batch changes.
FINGERPRINT_TOLERANCE = 1e-4


class NearestNeighbors(nn.Module):
    """Predict the mean label of candidates, weighted by the softmax of their negative distances in a learned space.

    In training, a random part of the candidates counts in each step, and no row sees its own label: candidates equal
    to a row do not count for it.

    Parameters
    ----------
    encoder : nn.Module
        Maps rows, or what embeddings make of them, to the learned space.
    n_in, n_out : int
    n_candidates : int
        Training rows that are remembered, at most.
    n_sampled : int
        Candidates of a training step.
    pooling : {"softmax", "sigmoid", "identity"}
        Whether labels are averaged as class probabilities, label probabilities or values.  The output is the logarithm
        or logit of the mean probability, or the mean value.

    Attributes
    ----------
    candidates : Tensor of shape (n_candidates, n_in)
        Encoded training rows; a buffer, as the following two.
    labels : Tensor of shape (n_candidates, n_out)
        One-hot classes, labels or values.
    log_weights : Tensor of shape (n_candidates,)
        Logarithms of their row weights.
    generator : torch.Generator or None
        Source of random numbers; None: torch's global generator.

    Examples
    --------
    >>> network = NearestNeighbors(nn.Identity(), n_in=1, n_out=2, n_candidates=3, n_sampled=3, pooling="softmax")
    >>> remember_rows([network], torch.tensor([[0.0], [1.0], [9.0]]), torch.tensor([0, 1, 1]))
    >>> network.eval()(torch.tensor([[0.5]])).exp()
    tensor([[0.4999, 0.5001]])
    """

    takes_generator = True

    candidates: Tensor
    labels: Tensor
    log_weights: Tensor

    def __init__(
        self, encoder: nn.Module, *, n_in: int, n_out: int, n_candidates: int, n_sampled: int, pooling: str
    ) -> None:
        super().__init__()
        self.generator: torch.Generator | None = None
        self.embeddings, self.encoder = nn.Sequential(), encoder
        self.n_sampled, self.pooling = n_sampled, check_choice("pooling", pooling, _POOL)
        self.register_buffer("candidates", torch.zeros(n_candidates, n_in))
        self.register_buffer("labels", torch.zeros(n_candidates, n_out))
        self.register_buffer("log_weights", torch.full((n_candidates,), UNUSED))
        self._encoded: tuple[Any, Tensor] | None = None

    def prepend(self, embeddings: Sequence[nn.Module]) -> None:
        """Put embeddings of inputs before the encoder: candidates are remembered as they were before."""
        self.embeddings = nn.Sequential(*embeddings)
        width: Any = self.embeddings[0].in_features
        self.candidates = torch.zeros(len(self.candidates), width)

    @torch.no_grad()
    def remember(self, x: Tensor, y: Tensor, weights: Tensor | None = None) -> None:
        """Make training rows the candidates.

        Parameters
        ----------
        x : Tensor of shape (n, n_in)
            At most `n_candidates` rows.
        y : Tensor of shape (n,) or (n, n_out)
            Class codes; or labels, or values.
        weights : Tensor of shape (n,), optional
            Row weights: one of 2 counts as two equal rows.
        """
        labels = functional.one_hot(y, self.labels.shape[1]) if y.ndim == 1 else y
        self.log_weights.fill_(UNUSED)[: len(x)] = 0.0 if weights is None else weights.log().clamp(min=UNUSED)
        self.candidates[: len(x)], self.labels[: len(x)] = x, labels

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, n_in) to (n, n_out)."""
        hidden = _fingerprint(x).unsqueeze(1) if self.training else None
        return self._predict(self.embeddings(x), hidden)

    def split_embeddings(self, x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Apply the embeddings; return their output, and the rest of the network for mixtures with the previous row."""
        own = _fingerprint(x)
        return self.embeddings(x), partial(self._predict, hidden=torch.stack([own, own.roll(1)], dim=1))

    def _predict(self, embedded: Tensor, hidden: Tensor | None) -> Tensor:
        """Predict embedded rows; candidates with the fingerprints (n, k) that are hidden from a row do not count."""
        if not self.training:
            # In float64, or a candidate that equals a row would seem to be at a distance of up to 0.001.
            queries, keys = self.encoder(embedded).double(), self._encode_candidates()
            # A graph that is exported has no loop over rows.
            parts = [queries] if torch.compiler.is_compiling() else queries.split(QUERIED_ROWS)
            return torch.cat([self._average(part, keys, self.log_weights, self.labels) for part in parts])
        n = len(self.candidates)
        chosen = torch.randperm(n, generator=self.generator, device=embedded.device)[: self.n_sampled]
        candidates, log_weights = self.candidates[chosen], self.log_weights[chosen]
        # Together, so that batch normalization treats both alike.
        encoded = self.encoder(torch.cat([embedded, self.embeddings(candidates)]))
        if hidden is not None:
            difference = (hidden.unsqueeze(2) - _fingerprint(candidates)).abs_()
            is_hidden = (difference < FINGERPRINT_TOLERANCE).any(dim=1)
            log_weights = log_weights.masked_fill(is_hidden, UNUSED)
        return self._average(encoded[: len(embedded)], encoded[len(embedded) :], log_weights, self.labels[chosen])

    def _average(self, queries: Tensor, keys: Tensor, log_weights: Tensor, labels: Tensor) -> Tensor:
        """Average labels (k, n_out) by the distances of keys (k, dim) to queries (n, dim), and pool them."""
        distances = torch.cdist(queries, keys, compute_mode="use_mm_for_euclid_dist")
        return _POOL[self.pooling]((log_weights - distances.to(labels.dtype)).softmax(dim=1) @ labels)

    def _encode_candidates(self) -> Tensor:
        """Encode the candidates in float64, or return what they were encoded to by the same weights.

        Threads that predict at the same time may encode them twice.
        """
        if torch.is_grad_enabled() or torch.compiler.is_compiling():
            return self.encoder(self.embeddings(self.candidates)).double()  # type: ignore[no-any-return]
        tensors = (*self.parameters(), *self.buffers())
        version = [(t.data_ptr(), 0 if t.is_inference() else t._version) for t in tensors]  # noqa: SLF001
        kept = self._encoded
        if kept is None or kept[0] != version:
            kept = self._encoded = version, self.encoder(self.embeddings(self.candidates)).double()
        return kept[1]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out encoded candidates, from copies too."""
        return {**super().__getstate__(), "_encoded": None}  # type: ignore[no-untyped-call]

    def extra_repr(self) -> str:
        """Show the sizes."""
        n, n_in = self.candidates.shape
        return f"in_features={n_in}, out_features={self.labels.shape[1]}, n_candidates={n}, n_sampled={self.n_sampled}"


def _fingerprint(x: Tensor) -> Tensor:
    """Map rows (n, n_in) to numbers (n,), which are equal for equal rows and hardly ever for others."""
    directions = torch.arange(1, x.shape[1] + 1, device=x.device, dtype=torch.float64).square().cos()
    return x.detach().double() @ directions


def _log(probabilities: Tensor) -> Tensor:
    return (probabilities.clamp(min=0.0) + MIN_PROBABILITY).log()  # 1 minus a mean of ones may be below 0


_POOL: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": _log,
    "sigmoid": lambda mean: _log(mean) - _log(1 - mean),
    "identity": lambda mean: mean,
}


def remember_rows(networks: Sequence[nn.Module], x: Inputs, y: Tensor, weights: Tensor | None = None) -> None:
    """Make training rows the candidates of networks of nearest neighbours; others are left unchanged.

    If there are more rows than candidates, random ones are chosen, the same for all networks.

    Parameters
    ----------
    networks : sequence of nn.Module
        A network and copies of it.
    x, y, weights
        See `NearestNeighbors.remember`; any number of rows.
    """
    for i, network in enumerate(n for n in networks if isinstance(n, NearestNeighbors)):
        if i == 0:
            chosen = torch.randperm(len(x))[: len(network.candidates)].to(x.device)
        network.remember(x[chosen], y[chosen], None if weights is None else weights[chosen])


def build_modernnca(
    *,
    n_in: int,
    n_out: int,
    num_blocks: int,
    dim: int,
    n_candidates: int,
    n_sampled: int,
    pooling: str,
    activation: str = "relu",
    dropout: float = 0.0,
) -> NearestNeighbors:
    """Build an encoder of a Linear, residual blocks, BatchNorm and a scale, and nearest neighbours in its space.

    Parameters
    ----------
    n_in, n_out : int
    num_blocks, dim : int
        Depth of the encoder, and dimension of blocks and space.
    n_candidates, n_sampled, pooling
        See `NearestNeighbors`.
    activation : str
    dropout : float
        Of the blocks.

    Returns
    -------
    NearestNeighbors
    """
    blocks = [ResBlock(dim, dim, activation_name=activation, dropout=dropout) for _ in range(num_blocks)]
    # A shift of the whole space changes no distance, so that there is none to learn.
    encoder = nn.Sequential(nn.Linear(n_in, dim), *blocks, nn.BatchNorm1d(dim, affine=False), FrontScale(dim))
    return NearestNeighbors(
        encoder, n_in=n_in, n_out=n_out, n_candidates=n_candidates, n_sampled=n_sampled, pooling=pooling
    )


def modernnca_space(task: Task) -> cs.ConfigurationSpace:
    """Define the encoder and the number of candidates; how labels are averaged depends on the task."""
    n_candidates = max(min(task.n_rows, MAX_CANDIDATES, MAX_VALUES // max(task.n_features, 1)), 1)
    space = cs.ConfigurationSpace()
    num_blocks = cs.Integer("num_blocks", (0, 2), default=0, meta={"limits": (0, 100)})
    activation = cs.Categorical("activation", list(ACTIVATIONS), default="relu")
    dropout = cs.Float("dropout", (0.0, 0.5), default=0.3, meta={"limits": (0.0, 0.99)})
    space.add(
        num_blocks,
        cs.Integer("dim", (32, 256), log=True, default=128, meta={"limits": (1, 2**16)}),
        cs.Constant("n_candidates", n_candidates),
        cs.Integer("n_sampled", (256, MAX_CANDIDATES), log=True, default=2048, meta={"limits": (1, 2**20)}),
        cs.Constant("pooling", POOLINGS[task.kind]),
        activation,
        dropout,
        cs.GreaterThanCondition(activation, num_blocks, 0),
        cs.GreaterThanCondition(dropout, num_blocks, 0),
    )
    return space


# Means of labels are not quantiles.
MODERNNCA: Component[nn.Module] = Component("modernnca", build_modernnca, modernnca_space, quantiles=False)

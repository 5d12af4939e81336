"""Batches of rows, and the loss of a batch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import takewhile

import torch
from scipy.special import betaincinv
from torch import Tensor, nn

from autonet.core.component import Component, Node, make_space
from autonet.core.lazy import configspace as cs
from autonet.core.modality import Inputs
from autonet.core.task import Task

__all__ = [
    "BATCH_LOSSES",
    "IMAGE_BATCH_LOSSES",
    "LOADER",
    "BatchLoss",
    "EncodedRows",
    "count_batches",
    "shuffled_batches",
]


@dataclass(frozen=True)
class EncodedRows:
    """Encoded rows with targets and weights, on the device.

    Attributes
    ----------
    x : Tensor or Inputs of shape (n, n_in)
    y : Tensor
        Class codes (n,) int64; labels (n, n_labels) or targets (n, n_targets) float32.
    weights : Tensor of shape (n,) or None
        Row weights, with mean 1 over the training rows.
    """

    x: Inputs
    y: Tensor
    weights: Tensor | None = None

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.x)

    def take(self, batch: Tensor) -> EncodedRows:
        """Return the rows of an index tensor (n_batch,)."""
        return EncodedRows(self.x[batch], self.y[batch], None if self.weights is None else self.weights[batch])

    def subset(self, rows: Tensor) -> EncodedRows:
        """Return the rows of an index tensor (n,), for many batches: those encoded on demand remain so."""
        x: Inputs = self.x.subset(rows) if hasattr(self.x, "subset") else self.x[rows]
        return EncodedRows(x, self.y[rows], None if self.weights is None else self.weights[rows])

    def roll_targets(self) -> EncodedRows:
        """Give every row the target and weight of the previous row, and the first those of the last."""
        return EncodedRows(self.x, self.y.roll(1, 0), None if self.weights is None else self.weights.roll(1, 0))

    def mix_targets(self, share: float) -> EncodedRows:
        """Average target and weight of every row with those of `roll_targets`; its own have this share."""
        other = self.roll_targets()
        weights = None if self.weights is None else torch.lerp(other.weights, self.weights, share)  # type: ignore[arg-type]
        return EncodedRows(self.x, torch.lerp(other.y, self.y, share), weights)


BatchLoss = Callable[[nn.Module, nn.Module, EncodedRows], Tensor]
"""Maps a network, a loss and a batch to the loss of the batch."""


def _compute_loss(loss: nn.Module, output: Tensor, rows: EncodedRows) -> Tensor:
    value: Tensor = loss(output, rows.y) if rows.weights is None else loss(output, rows.y, rows.weights)
    return value


def shuffled_batches(
    n_rows: int, batch_size: int, device: torch.device | None = None, generator: torch.Generator | None = None
) -> list[Tensor]:
    """Shuffle row indices and split them into batches on a device.

    No batch has a single row, because BatchNorm cannot train on one: a single last row joins the previous batch, and
    a table of one row is repeated.

    Parameters
    ----------
    n_rows, batch_size : int
    device : torch.device, optional
    generator : torch.Generator, optional
        Default: torch's global generator.

    Returns
    -------
    list of Tensor of shape (n_batch,)
    """
    batches = list(torch.split(torch.randperm(n_rows, generator=generator).to(device), batch_size))
    if len(batches[-1]) == 1:
        single = batches.pop()
        batches.append(torch.cat([batches.pop() if batches else single, single]))
    return batches


def count_batches(n_rows: int, batch_size: int) -> int:
    """Count the batches that `shuffled_batches` makes.

    >>> [count_batches(n, 4) for n in (1, 4, 5, 6, 8)]
    [1, 1, 1, 2, 2]
    """
    full, rest = divmod(n_rows, batch_size)
    return max(full + (rest > 1), 1)


def _standard() -> BatchLoss:
    return lambda network, loss, rows: _compute_loss(loss, network(rows.x), rows)


def _mixup(*, alpha: float) -> BatchLoss:
    # Beta(0, 0) selects one of the two rows, which is standard training.
    return _standard() if alpha == 0.0 else Mixup(alpha)


class Mixup:
    """Train on convex mixtures of pairs of rows: Zhang et al., "mixup" (2018), arXiv 1710.09412.

    Parameters
    ----------
    alpha : float
        The mixing weight is drawn from Beta(alpha, alpha).

    Attributes
    ----------
    generator : torch.Generator or None
        Source of random numbers; None: torch's global generator.
    """

    takes_generator = True

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha
        self.generator: torch.Generator | None = None

    def __call__(self, network: nn.Module, loss: nn.Module, rows: EncodedRows) -> Tensor:
        """Return the loss of a batch."""
        # Sampling by inversion takes one random number, and a tenth of the time of torch.distributions.  Rows are
        # shuffled, so the previous row is a random partner.
        number = torch.rand((), generator=self.generator).item()
        share = float(betaincinv(self.alpha, self.alpha, number))
        x, layers = _split_embeddings(network, rows.x)
        output = layers(torch.lerp(x.roll(1, 0), x, share))
        return _mix_losses(loss, output, rows, share)


def _cutmix(*, alpha: float) -> BatchLoss:
    return _standard() if alpha == 0.0 else CutMix(alpha)


class CutMix:
    """Train on images with a box of another image: Yun et al., "CutMix" (2019), arXiv 1905.04899.

    Parameters
    ----------
    alpha : float
        The share of the image that is kept is drawn from Beta(alpha, alpha).

    Attributes
    ----------
    generator : torch.Generator or None
        Source of random numbers; None: torch's global generator.
    """

    takes_generator = True

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha
        self.generator: torch.Generator | None = None

    def __call__(self, network: nn.Module, loss: nn.Module, rows: EncodedRows) -> Tensor:
        """Return the loss of a batch of images (n, channels, h, w)."""
        numbers = torch.rand(3, generator=self.generator).tolist()
        images = rows.x[:]
        height, width = images.shape[-2:]
        side = math.sqrt(1 - float(betaincinv(self.alpha, self.alpha, numbers[0])))
        (top, bottom), (left, right) = (
            _span(center, side, size) for center, size in zip(numbers[1:], (height, width), strict=True)
        )
        mixed = images.clone()
        mixed[..., top:bottom, left:right] = images.roll(1, 0)[..., top:bottom, left:right]
        return _mix_losses(loss, network(mixed), rows, 1 - (bottom - top) * (right - left) / (height * width))


def _span(center: float, side: float, size: int) -> tuple[int, int]:
    """Return the first pixel of a box and the one after it; `center` and `side` are shares of the size."""
    return round(max(center - side / 2, 0.0) * size), round(min(center + side / 2, 1.0) * size)


def _mix_losses(loss: nn.Module, output: Tensor, rows: EncodedRows, share: float) -> Tensor:
    """Return the loss of mixed rows, which have this share of their own, and the rest of the previous ones."""
    if getattr(loss, "mixes_targets", False):
        return _compute_loss(loss, output, rows.mix_targets(share))
    return share * _compute_loss(loss, output, rows) + (1 - share) * _compute_loss(loss, output, rows.roll_targets())


def _split_embeddings(network: nn.Module, x: Inputs) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Apply the embeddings of a network; return their output and the remaining layers.

    Mixup averages embedding vectors: indices of categories cannot be averaged.
    """
    split = getattr(network, "split_embeddings", None)  # of networks that are not a stack of layers
    if split is not None:
        return split(x)  # type: ignore[no-any-return]
    if isinstance(network, nn.Sequential) and _embeds_inputs(network[0]):
        n = sum(1 for _ in takewhile(_embeds_inputs, network))
        return network[:n](x), network[n:]
    return x, network  # type: ignore[return-value]  # batches are tensors


def _embeds_inputs(layer: nn.Module) -> bool:
    return getattr(layer, "embeds_inputs", False)


def _clipping_space(task: Task) -> cs.ConfigurationSpace:
    space = cs.ConfigurationSpace()
    use = cs.Categorical("use_gradient_clipping", [True, False], default=False)
    norm = cs.Float("max_gradient_norm", (0.1, 10.0), log=True, default=1.0, meta={"limits": (1e-6, 1e9)})
    space.add(use, norm, cs.EqualsCondition(norm, use, True))
    return space


def _alpha(default: float) -> Callable[[Task], cs.ConfigurationSpace]:
    return make_space(lambda: cs.Float("alpha", (0.0, 1.0), default=default, meta={"limits": (0.0, 100.0)}))


BATCH_LOSSES: Node[BatchLoss] = Node.from_components(
    "TrainNode",
    [Component("standard", _standard), Component("mixup", _mixup, _alpha(0.2))],
    selector="batch_loss_computation_technique",
    option="batch_loss_computation_techniques",
    space=_clipping_space,
    reserved=["cutmix"],
)
IMAGE_BATCH_LOSSES = replace(
    BATCH_LOSSES, components={**BATCH_LOSSES.components, "cutmix": Component("cutmix", _cutmix, _alpha(1.0))}
)

LOADER: Node[None] = Node(
    "CreateDataLoader",
    space=make_space(lambda: cs.Integer("batch_size", (32, 500), log=True, default=125, meta={"limits": (2, 2**20)})),
)

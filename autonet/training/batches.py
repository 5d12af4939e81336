"""How rows become batches, and how a batch becomes a loss."""

from collections.abc import Callable

import torch
from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float, Integer
from scipy.special import betaincinv
from torch import Tensor, nn

from autonet.core.component import Component, Node
from autonet.core.task import Task

__all__ = ["BATCH_LOSSES", "LOADER", "BatchLoss", "count_batches", "shuffled_batches"]

BatchLoss = Callable[[nn.Module, nn.Module, Tensor, Tensor], Tensor]


def shuffled_batches(n_rows: int, batch_size: int, device: torch.device | None = None) -> list[Tensor]:
    """Split a random order of the rows into batches of indices on a device.

    No batch has a single row, because BatchNorm cannot train on one: a lone last row joins the batch before it,
    and a table of one row is taken twice.
    """
    batches = list(torch.split(torch.randperm(n_rows).to(device), batch_size))
    if len(batches[-1]) == 1:
        lone = batches.pop()
        batches.append(torch.cat([batches.pop() if batches else lone, lone]))
    return batches


def count_batches(n_rows: int, batch_size: int) -> int:
    """Count the batches that `shuffled_batches` makes.

    >>> [count_batches(n, 4) for n in (1, 4, 5, 6, 8)]
    [1, 1, 1, 2, 2]
    """
    full, rest = divmod(n_rows, batch_size)
    return max(full + (rest > 1), 1)


def _standard() -> BatchLoss:
    return lambda network, loss, x, y: loss(network(x), y)


def _mixup(*, alpha: float) -> BatchLoss:
    """Train on convex mixtures of pairs of rows: Zhang et al., "mixup" (2018), arXiv 1710.09412."""
    if alpha == 0.0:  # Beta(0, 0): one of the two rows, which is a row either way
        return _standard()

    def batch_loss(network: nn.Module, loss: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        # Beta(alpha, alpha) by inversion: one number of the global generator, which checkpoints keep, and a tenth of
        # the time of torch.distributions.  The rows come in random order, so the next row is a random partner.
        share = float(betaincinv(alpha, alpha, torch.rand(()).item()))
        output = network(torch.lerp(x.roll(1, 0), x, share))
        mixed: Tensor = share * loss(output, y) + (1 - share) * loss(output, y.roll(1, 0))
        return mixed

    return batch_loss


def _mixup_space(task: Task) -> ConfigurationSpace:
    space = ConfigurationSpace()
    space.add(Float("alpha", (0.0, 1.0), default=0.2, meta={"limits": (0.0, 100.0)}))
    return space


def _clipping_space(task: Task) -> ConfigurationSpace:
    space = ConfigurationSpace()
    use = Categorical("use_gradient_clipping", [True, False], default=False)
    norm = Float("max_gradient_norm", (0.1, 10.0), log=True, default=1.0, meta={"limits": (1e-6, 1e9)})
    space.add(use, norm, EqualsCondition(norm, use, True))
    return space


def _batch_size(task: Task) -> ConfigurationSpace:
    space = ConfigurationSpace()
    space.add(Integer("batch_size", (32, 500), log=True, default=125, meta={"limits": (2, 2**20)}))
    return space


BATCH_LOSSES: Node[BatchLoss] = Node.of(
    "TrainNode",
    [Component("standard", _standard), Component("mixup", _mixup, _mixup_space)],
    selector="batch_loss_computation_technique",
    option="batch_loss_computation_techniques",
    space=_clipping_space,
)

LOADER: Node[None] = Node("CreateDataLoader", space=_batch_size)

"""Losses of torch, averaged over weighted rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from autonet.core.component import Component, Node, make_space
from autonet.core.lazy import configspace as cs
from autonet.core.task import Task

__all__ = ["LOSSES", "MeanLoss", "PinballLoss"]


class MeanLoss(nn.Module):
    """Mean of weight times loss over the rows of a batch.

    Unlike torch's class weights, it is not divided by the weights of the batch: a rare row keeps its weight even in a
    batch where it is the only one.

    Parameters
    ----------
    make : callable
        Takes ``reduction="mean"`` or ``"none"``, returns the loss.
    class_weights : Tensor of shape (n_classes,), optional
        Row weights by class, multiplied by the rows' own weights.
    mixes_targets : bool
        Whether mixup and CutMix mix targets, as they are defined, instead of losses.  The same for losses that are
        linear in the targets, and for the gradient of squared errors; class codes cannot be mixed.
    """

    def __init__(
        self,
        make: Callable[..., nn.Module],
        class_weights: Tensor | None = None,
        *,
        mixes_targets: bool = False,
    ) -> None:
        super().__init__()
        self.mixes_targets = mixes_targets
        self.mean, self.per_row = make(reduction="mean"), make(reduction="none")
        self.class_weights: Tensor | None
        self.register_buffer("class_weights", class_weights)

    def forward(self, output: Tensor, y: Tensor, weights: Tensor | None = None) -> Tensor:
        """Compute the mean loss.

        Parameters
        ----------
        output : Tensor of shape (n, n_out) or (n, k, n_out)
            The loss of k members is the mean of their losses.
        y : Tensor of shape (n,), (n, n_out), or (n, 1) for quantiles
        weights : Tensor of shape (n,), optional
            Row weights, with mean 1 over the training rows.
        """
        if output.ndim == 3:
            k = output.shape[1]
            output, y = output.flatten(0, 1), y.repeat_interleave(k, dim=0)
            weights = None if weights is None else weights.repeat_interleave(k)
        if self.class_weights is not None:
            by_class = self.class_weights[y]
            weights = by_class if weights is None else weights * by_class
        if weights is None:
            mean: Tensor = self.mean(output, y)
            return mean
        losses = self.per_row(output, y)
        if losses.ndim == 2:
            losses = losses.mean(dim=1)
        weighted: Tensor = (weights * losses).mean()
        return weighted


class PinballLoss(nn.Module):
    """Pinball loss of quantiles: Koenker & Bassett, "Regression quantiles" (1978).

    Parameters
    ----------
    quantiles : sequence of float
        Levels.
    reduction : {"mean", "none"}
        "mean" is the mean over rows and levels.
    """

    levels: Tensor

    def __init__(self, quantiles: Sequence[float], reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("levels", torch.tensor(quantiles))

    def forward(self, output: Tensor, y: Tensor) -> Tensor:
        """Compute the loss of predicted quantiles (n, n_quantiles) for targets (n, 1)."""
        below = y - output
        losses = torch.maximum(self.levels * below, (self.levels - 1) * below)
        return losses.mean() if self.reduction == "mean" else losses


# Builders get the targets and weights (or None) of the training rows, and the task.


def _cross_entropy_weighted(*, y: Tensor, weights: Tensor | None, task: Task, label_smoothing: float) -> nn.Module:
    """Weight class k by n / (K n_k), so that all classes have the same total weight."""
    counts = torch.bincount(y, weights, minlength=task.n_outputs)
    balanced = counts.sum() / (task.n_outputs * counts.clamp(min=counts[counts > 0].min()))
    return MeanLoss(
        lambda reduction: nn.CrossEntropyLoss(label_smoothing=label_smoothing, reduction=reduction), balanced.float()
    )


def _bce_with_logits_weighted(*, y: Tensor, weights: Tensor | None, task: Task) -> nn.Module:
    """Weight the positive rows of every label so that their total weight equals that of the negative rows."""
    counted = y if weights is None else y * weights[:, None]
    positive = counted.sum(dim=0).clamp(min=1.0)
    total = len(y) if weights is None else float(weights.sum())
    balanced = ((total - positive) / positive).clamp(min=1 / total, max=float(total))
    return MeanLoss(lambda reduction: nn.BCEWithLogitsLoss(pos_weight=balanced, reduction=reduction))


def _pinball(*, y: Tensor, weights: Tensor | None, task: Task) -> nn.Module:
    """Mix targets in mixup: a quantile of mixed losses is one of the targets of all rows, which lie further apart."""
    return MeanLoss(lambda reduction: PinballLoss(task.quantiles, reduction), mixes_targets=True)


_LABEL_SMOOTHING = make_space(
    lambda: cs.Float("label_smoothing", (0.0, 0.2), default=0.0, meta={"limits": (0.0, 0.99)})
)


# In standard deviations of the target.
_DELTA = make_space(lambda: cs.Float("delta", (0.1, 3.0), log=True, default=1.0, meta={"limits": (1e-3, 1e3)}))


def _plain(loss: type[nn.Module], *, mixes_targets: bool = False) -> Any:
    def build(y: Tensor, weights: Tensor | None, task: Task, **hyperparameters: float) -> nn.Module:
        return MeanLoss(lambda reduction: loss(reduction=reduction, **hyperparameters), mixes_targets=mixes_targets)

    return build


LOSSES: Node[nn.Module] = Node.from_components(
    "LossModuleSelector",
    [
        Component("cross_entropy", _plain(nn.CrossEntropyLoss), _LABEL_SMOOTHING, ("classification",)),
        Component("cross_entropy_weighted", _cross_entropy_weighted, _LABEL_SMOOTHING, ("classification",)),
        Component("bce_with_logits", _plain(nn.BCEWithLogitsLoss), tasks=("multilabel",)),
        Component("bce_with_logits_weighted", _bce_with_logits_weighted, tasks=("multilabel",)),
        Component("mse_loss", _plain(nn.MSELoss), tasks=("regression",), quantiles=False),
        Component("l1_loss", _plain(nn.L1Loss, mixes_targets=True), tasks=("regression",), quantiles=False),
        Component("huber_loss", _plain(nn.HuberLoss, mixes_targets=True), _DELTA, ("regression",), quantiles=False),
        Component("pinball_loss", _pinball, tasks=("regression",), quantiles=True),
    ],
    selector="loss_module",
    option="loss_modules",
)

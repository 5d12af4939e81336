"""Losses of torch, averaged over weighted rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from autonet.core.component import Component, Node, make_space
from autonet.core.lazy import configspace as cs

__all__ = ["LOSSES", "MeanLoss"]


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
    """

    def __init__(self, make: Callable[..., nn.Module], class_weights: Tensor | None = None) -> None:
        super().__init__()
        self.mean, self.per_row = make(reduction="mean"), make(reduction="none")
        self.class_weights: Tensor | None
        self.register_buffer("class_weights", class_weights)

    def forward(self, output: Tensor, y: Tensor, weights: Tensor | None = None) -> Tensor:
        """Compute the mean loss.

        Parameters
        ----------
        output : Tensor of shape (n, n_out) or (n, k, n_out)
            The loss of k members is the mean of their losses.
        y : Tensor of shape (n,) or (n, n_out)
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


# Builders get the targets and weights (or None) of the training rows, and the number of network outputs.


def _cross_entropy_weighted(*, y: Tensor, weights: Tensor | None, n_outputs: int, label_smoothing: float) -> nn.Module:
    """Weight class k by n / (K n_k), so that all classes have the same total weight."""
    counts = torch.bincount(y, weights, minlength=n_outputs)
    balanced = counts.sum() / (n_outputs * counts.clamp(min=counts[counts > 0].min()))
    return MeanLoss(
        lambda reduction: nn.CrossEntropyLoss(label_smoothing=label_smoothing, reduction=reduction), balanced.float()
    )


def _bce_with_logits_weighted(*, y: Tensor, weights: Tensor | None, n_outputs: int) -> nn.Module:
    """Weight the positive rows of every label so that their total weight equals that of the negative rows."""
    counted = y if weights is None else y * weights[:, None]
    positive = counted.sum(dim=0).clamp(min=1.0)
    total = len(y) if weights is None else float(weights.sum())
    balanced = ((total - positive) / positive).clamp(min=1 / total, max=float(total))
    return MeanLoss(lambda reduction: nn.BCEWithLogitsLoss(pos_weight=balanced, reduction=reduction))


_LABEL_SMOOTHING = make_space(
    lambda: cs.Float("label_smoothing", (0.0, 0.2), default=0.0, meta={"limits": (0.0, 0.99)})
)


# In standard deviations of the target.
_DELTA = make_space(lambda: cs.Float("delta", (0.1, 3.0), log=True, default=1.0, meta={"limits": (1e-3, 1e3)}))


def _plain(loss: type[nn.Module]) -> Any:
    def build(y: Tensor, weights: Tensor | None, n_outputs: int, **hyperparameters: float) -> nn.Module:
        return MeanLoss(lambda reduction: loss(reduction=reduction, **hyperparameters))

    return build


LOSSES: Node[nn.Module] = Node.from_components(
    "LossModuleSelector",
    [
        Component("cross_entropy", _plain(nn.CrossEntropyLoss), _LABEL_SMOOTHING, ("classification",)),
        Component("cross_entropy_weighted", _cross_entropy_weighted, _LABEL_SMOOTHING, ("classification",)),
        Component("bce_with_logits", _plain(nn.BCEWithLogitsLoss), tasks=("multilabel",)),
        Component("bce_with_logits_weighted", _bce_with_logits_weighted, tasks=("multilabel",)),
        Component("mse_loss", _plain(nn.MSELoss), tasks=("regression",)),
        Component("l1_loss", _plain(nn.L1Loss), tasks=("regression",)),
        Component("huber_loss", _plain(nn.HuberLoss), _DELTA, ("regression",)),
    ],
    selector="loss_module",
    option="loss_modules",
)

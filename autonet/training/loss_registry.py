"""Registration of custom losses and batch techniques."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, get_args

import torch
from torch import Tensor, nn

from autonet.core.component import Component, Node
from autonet.core.errors import InvalidOption
from autonet.core.registration import (
    Space,
    check_free,
    check_name,
    default_params,
    find_space,
    parameter_names,
    register,
    trying,
)
from autonet.core.task import Task, TaskKind
from autonet.core.validation import check_choice
from autonet.training.batches import BATCH_LOSSES, IMAGE_BATCH_LOSSES, BatchLoss, EncodedRows
from autonet.training.losses import LOSSES, MeanLoss
from autonet.training.registry import N_ROWS, make_toy

__all__ = [
    "make_custom_batch_technique",
    "make_custom_image_technique",
    "make_custom_loss",
    "register_batch_technique",
    "register_loss",
]

IMAGE_SHAPE = (3, 8, 8)  # of toy images
TOLERANCE = 1e-4  # between the loss of a batch and the mean over its rows


# --- losses


@dataclass(frozen=True)
class CustomLoss:
    """Builds a loss of the user's, averaged over weighted rows."""

    builder: Callable[..., nn.Module]
    has_reduction: bool

    def __call__(self, *, y: Tensor, weights: Tensor | None, task: Task, **params: Any) -> nn.Module:
        """Build the loss; targets, weights and task are those of the training rows."""
        return MeanLoss(lambda reduction: self._make(reduction, params), mixes_targets=task.kind == "regression")

    def _make(self, reduction: str, params: dict[str, Any]) -> nn.Module:
        if self.has_reduction:
            return self.builder(reduction=reduction, **params)
        loss = self.builder(**params)
        return loss if reduction == "mean" else RowByRow(loss)


class RowByRow(nn.Module):
    """The loss of each row, of a loss that is a mean over rows."""

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, output: Tensor, y: Tensor) -> Tensor:
        """Compute the losses (n,) of outputs (n, n_out) for targets (n, ...)."""
        return torch.stack([self.loss(output[i : i + 1], y[i : i + 1]) for i in range(len(output))])


def register_loss(
    name: str,
    builder: Callable[..., nn.Module],
    space: Space | None = None,
    *,
    tasks: tuple[TaskKind, ...] | None = None,
    overwrite: bool = False,
) -> None:
    """Add a loss to those that every estimator can choose (``loss_modules=[name]``, preset ``full_cs``).

    Parameters
    ----------
    name : str
    builder : callable
        ``builder(**hyperparameters)`` returns a module that is called with outputs (n, n_out) and targets: class codes
        (n,), int64, for logits; labels (n, n_labels) of 0 and 1 for logits; standardized targets (n, n_targets), which
        mixup averages.  It returns a scalar, the mean over the rows of the batch.  If the builder has a parameter
        ``reduction``, as the losses of torch do, it is also called with ``reduction="none"`` and must return losses
        (n,) or (n, n_targets); if not, weighted rows are passed to it one by one, which is slower.  A class such as
        ``torch.nn.SmoothL1Loss`` is a builder.
    space : callable, optional
        ``space(task)`` returns the ConfigurationSpace of the hyperparameters.  Default: the function ``space`` of the
        builder, if it has one, else no hyperparameters.
    tasks : tuple of {"classification", "multilabel", "regression"}, optional
        Kinds of task that it is for.  Default: those on whose toy data it works.
    overwrite : bool, default=False
        Whether to replace a registered loss of this name.

    Raises
    ------
    InvalidOption
        If the loss of toy data is not a finite scalar with gradients, or not the mean over rows; or if the name is
        taken or invalid.

    See Also
    --------
    autonet.unregister_component : Remove a registered component.

    Examples
    --------
    >>> from torch import nn
    >>> from autonet import unregister_component
    >>> register_loss("smooth_l1", nn.SmoothL1Loss, tasks=("regression",))
    >>> unregister_component("loss_modules", "smooth_l1")
    """
    register(LOSSES, make_custom_loss(name, builder, space, tasks), what="loss", overwrite=overwrite)


def make_custom_loss(
    name: str, builder: Any, space: Space | None = None, tasks: tuple[TaskKind, ...] | None = None
) -> Component[nn.Module]:
    """Make a component of a loss, after a try on each kind of task; see `register_loss`."""
    check_name(LOSSES, name, "loss")
    space, errors, fits = find_space(builder, space), list[InvalidOption](), list[TaskKind]()
    loss = CustomLoss(builder, "reduction" in parameter_names(builder))
    if isinstance(tasks, str) or (not tasks and tasks is not None):
        raise InvalidOption(
            f"tasks must be a tuple of kinds of task, such as ('regression',), or None; got {tasks!r:.60}."
        )
    for kind in get_args(TaskKind) if tasks is None else tasks:
        check_choice("kind of task", kind, get_args(TaskKind))
        try:
            _try_loss(name, loss, space, kind)
            fits.append(kind)
        except InvalidOption as error:
            errors.append(error)
    if errors and (tasks is not None or not fits):
        raise errors[0]
    return Component(name, loss, space, tuple(fits), quantiles=False)


def _try_loss(name: str, build: CustomLoss, space: Space | None, kind: TaskKind) -> None:
    """Raise unless a loss of toy data is a finite scalar with gradients, and the mean over rows."""
    network, x, y = make_toy(kind)
    with trying("loss", name, f"toy data of a {kind}") as expect:
        loss = build(y=y, weights=None, task=Task(kind), **default_params(space, Task(kind)))
        output = network(x)
        value = loss(output, y)
        expect(isinstance(value, Tensor) and value.ndim == 0, f"it returns {_shape(value)}, not a scalar")
        expect(bool(torch.isfinite(value)), f"it is {value.item():g}")
        (gradient,) = torch.autograd.grad(value, output)
        expect(bool(torch.isfinite(gradient).all() and gradient.any()), "its gradient is 0 or not finite")
        weighted = loss(output, y, torch.ones(N_ROWS))
        close = math.isclose(weighted.item(), value.item(), rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        expect(
            close, f"it is {value.item():.4g}, and the mean over rows {weighted.item():.4g}; return a mean over rows"
        )


def _shape(value: Any) -> str:
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__


# --- batch techniques


def register_batch_technique(
    name: str, builder: Callable[..., BatchLoss], space: Space | None = None, *, overwrite: bool = False
) -> None:
    """Add a technique of training on a batch, such as mixup, to those that every estimator can choose.

    It is chosen by ``batch_loss_computation_techniques=[name]``, or the preset ``full_cs``; by estimators of tables, of
    images, or of both: those on whose toy batch it works.

    Parameters
    ----------
    name : str
    builder : callable
        ``builder(**hyperparameters)`` returns a function ``technique(network, loss, batch)``, which returns the scalar
        to minimize.  `batch` has ``x``, rows (n, n_in) or images (n, channels, height, width), targets ``y`` and
        ``weights`` (n,) or None; ``loss(outputs, y)`` and ``loss(outputs, y, weights)`` return means over rows.  What
        it draws with torch is repeated by a seed.
    space : callable, optional
        ``space(task)`` returns the ConfigurationSpace of the hyperparameters.  Default: the function ``space`` of the
        builder, if it has one, else no hyperparameters.
    overwrite : bool, default=False
        Whether to replace a registered technique of this name.

    Raises
    ------
    InvalidOption
        If it returns a finite scalar with gradients neither for a toy batch of a table nor of images, with and without
        weights, or if the name is taken or invalid.

    See Also
    --------
    autonet.unregister_component : Remove a registered component.
    autonet.testing.batch_techniques.check_batch_technique : Check what a batch technique promises.

    Examples
    --------
    >>> import torch
    >>> from autonet import unregister_component
    >>> def noisy():
    ...     def technique(network, loss, batch):
    ...         return loss(network(batch.x + 0.1 * torch.randn_like(batch.x)), batch.y, batch.weights)
    ...     return technique
    >>> register_batch_technique("noisy", noisy)
    >>> unregister_component("batch_loss_computation_techniques", "noisy")
    """
    made, errors = list[tuple[Node[BatchLoss], Component[BatchLoss]]](), list[InvalidOption]()
    for node, make in ((BATCH_LOSSES, make_custom_batch_technique), (IMAGE_BATCH_LOSSES, make_custom_image_technique)):
        try:
            made.append((node, make(name, builder, space)))
        except InvalidOption as error:
            errors.append(error)
    if not made:
        raise errors[0]
    for node, _ in made:  # at both or at none
        check_free(node, name, "batch technique", overwrite=overwrite)
    for node, component in made:
        register(node, component, what="batch technique", overwrite=overwrite)


def make_custom_batch_technique(name: str, builder: Any, space: Space | None = None) -> Component[BatchLoss]:
    """Make a component of a batch technique, after a try on rows; see `register_batch_technique`."""
    network, x, y = make_toy("classification")
    return _make_technique(name, builder, space, network, EncodedRows(x, y), "a toy batch")


def make_custom_image_technique(name: str, builder: Any, space: Space | None = None) -> Component[BatchLoss]:
    """Make a component of a batch technique, after a try on images; see `register_batch_technique`."""
    _, x, y = make_toy("classification")
    with torch.random.fork_rng(devices=[]):
        network = nn.Sequential(nn.Flatten(), nn.Linear(math.prod(IMAGE_SHAPE), int(y.max()) + 1))
    images = x.mean(1)[:, None, None, None].expand(-1, *IMAGE_SHAPE).contiguous()
    return _make_technique(name, builder, space, network, EncodedRows(images, y), "a toy batch of images")


def _make_technique(
    name: str, builder: Any, space: Space | None, network: nn.Module, batch: EncodedRows, on: str
) -> Component[BatchLoss]:
    """Make a component of a batch technique that returns a finite scalar with gradients for a batch."""
    check_name(BATCH_LOSSES, name, "batch technique")
    space = find_space(builder, space)
    params = default_params(space, Task("classification"))
    for weights in (None, torch.ones(N_ROWS)):
        where = f"{on} with{'out' if weights is None else ''} weights"
        with trying("batch technique", name, where) as expect, torch.random.fork_rng(devices=[]):
            value = builder(**params)(network, MeanLoss(nn.CrossEntropyLoss), replace(batch, weights=weights))
            expect(isinstance(value, Tensor) and value.ndim == 0, f"it returns {_shape(value)}, not a scalar")
            expect(bool(torch.isfinite(value)), f"the loss is {value.item():g}")
            value.backward()
    return Component(name, builder, space)

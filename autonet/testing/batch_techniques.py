"""Conformance suite for batch techniques, of tables and of images.

With pytest, each check of each configuration is a test of its own::

    @pytest.mark.parametrize("check", batch_technique_checks(Component("mine", build_mine, mine_space)), ids=str)
    def test_my_technique(check):
        check()

Elsewhere, `check_batch_technique` runs all of them.
"""

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from autonet.core.component import Component
from autonet.core.task import TaskKind
from autonet.core.validation import check_choice
from autonet.testing.assertions import expect, expect_no_error, run_checks
from autonet.testing.checks import ComponentCheck, list_configurations
from autonet.training.batches import BatchLoss, EncodedRows
from autonet.training.losses import MeanLoss
from autonet.training.random import bind_generator, draw_from

__all__ = ["CHECKS", "ToyTechnique", "batch_technique_checks", "check_batch_technique"]

# Shapes of an input, by modality: columns, or channels, height and width.
SHAPES: dict[str, tuple[int, ...]] = {"tables": (5,), "images": (3, 9, 8)}

# Sizes of toy data.
N_ROWS = 8
N_OUT = 3
N_HIDDEN = 16

# Seeds of the checks whose outcome depends on the draws.
SEEDS = range(4)

LOSSES: Mapping[TaskKind, Callable[..., nn.Module]] = {
    "classification": nn.CrossEntropyLoss,
    "multilabel": nn.BCEWithLogitsLoss,
    "regression": nn.MSELoss,
}


@dataclass(frozen=True)
class ToyTechnique:
    """Batch technique in one configuration, with a network and batches for it.

    Attributes
    ----------
    component : Component
    config : mapping
        Hyperparameters of the component.
    shape : tuple of int
        Of an input.
    """

    component: Component[BatchLoss]
    config: Mapping[str, Any]
    shape: tuple[int, ...]

    def network(self) -> nn.Module:
        """Build a perceptron, in training mode."""
        n_in = math.prod(self.shape)
        return nn.Sequential(nn.Flatten(), nn.Linear(n_in, N_HIDDEN), nn.Tanh(), nn.Linear(N_HIDDEN, N_OUT))

    def batch(self, kind: TaskKind, n_rows: int = N_ROWS) -> EncodedRows:
        """Draw a batch with targets of a kind of task, without weights."""
        x, y = torch.randn(n_rows, *self.shape), torch.randn(n_rows, N_OUT)
        if len(self.shape) > 1:
            x = x.to(memory_format=torch.channels_last)
        return EncodedRows(x, {"classification": y.argmax(1), "multilabel": (y > 0).float(), "regression": y}[kind])

    def loss(self, network: nn.Module, batch: EncodedRows, kind: TaskKind, seed: int = 0) -> Any:
        """Build the technique, and return its loss for a batch, as a training step does."""
        generator = torch.Generator().manual_seed(seed)
        technique = self.component.build(**self.config)
        bind_generator(generator, technique)
        with draw_from(generator), expect_no_error(f"For {len(batch)} rows of a {kind}, the batch technique"):
            return technique(network, MeanLoss(LOSSES[kind]), batch)


def batch_technique_checks(
    component: Component[BatchLoss], *, modality: Literal["tables", "images"] = "tables"
) -> list[ComponentCheck]:
    """List the checks of a batch technique: in its default configuration, and in two sampled ones.

    Parameters
    ----------
    component : Component
        A builder ``build(**hyperparameters)`` of a function of network, loss and batch, as
        `autonet.register_batch_technique` takes it, and the space of its hyperparameters.
    modality : {"tables", "images"}, default="tables"
        Kind of data.

    Returns
    -------
    list of ComponentCheck

    Examples
    --------
    >>> from autonet.core.component import Component
    >>> def plain():
    ...     return lambda network, loss, batch: loss(network(batch.x), batch.y, batch.weights)
    >>> print(batch_technique_checks(Component("plain", plain))[0])
    the_loss_is_a_finite_scalar in its only configuration
    """
    shape = SHAPES[check_choice("modality", modality, SHAPES)]
    return [
        ComponentCheck(component, check, ToyTechnique(component, config, shape), "batch technique", where)
        for where, config in list_configurations(component).items()
        for check in CHECKS
    ]


def check_batch_technique(component: Component[BatchLoss], *, modality: Literal["tables", "images"] = "tables") -> None:
    """Run all checks of a batch technique; see `batch_technique_checks`.

    Raises
    ------
    AssertionError
        From the first check that fails.

    Examples
    --------
    >>> from autonet.core.component import Component
    >>> def plain():
    ...     return lambda network, loss, batch: loss(network(batch.x), batch.y, batch.weights)
    >>> check_batch_technique(Component("plain", plain), modality="images")
    """
    run_checks(batch_technique_checks(component, modality=modality))


# --- the checks


def the_loss_is_a_finite_scalar(toy: ToyTechnique) -> None:
    """Take every kind of targets, with and without weights, from two rows on."""
    for kind in toy.component.tasks:
        for n_rows in (2, N_ROWS):
            for weights in (None, torch.ones(n_rows), torch.rand(n_rows)):
                loss = toy.loss(toy.network(), replace(toy.batch(kind, n_rows), weights=weights), kind)
                is_scalar = isinstance(loss, Tensor) and loss.ndim == 0
                found = f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
                expect(is_scalar, f"For a batch of a {kind}, it must return a scalar; got {found}.")
                expect(bool(torch.isfinite(loss)), f"For a batch of a {kind}, the loss is {loss.item():g}.")


def every_parameter_has_a_gradient(toy: ToyTechnique) -> None:
    """Expect gradients that are finite, and not all zero."""
    for kind in toy.component.tasks:
        network = toy.network()
        toy.loss(network, toy.batch(kind), kind).backward()
        for name, parameter in network.named_parameters():
            gradient = parameter.grad
            expect(
                gradient is not None and bool(torch.isfinite(gradient).all() and gradient.any()),
                f"For a batch of a {kind}, the gradient of the network's parameter {name!r} is missing, 0 or not "
                "finite.",
            )


def the_batch_stays_as_it_is(toy: ToyTechnique) -> None:
    """Expect inputs, targets and weights to have their values."""
    for kind in toy.component.tasks:
        batch = replace(toy.batch(kind), weights=torch.rand(N_ROWS))
        before = copy.deepcopy(batch)
        toy.loss(toy.network(), batch, kind).backward()
        for name in ("x", "y", "weights"):
            same = torch.equal(getattr(batch, name), getattr(before, name))
            expect(same, f"It changes {name!r} of the batch in place; make a changed copy.")


def the_network_stays_as_it_is(toy: ToyTechnique) -> None:
    """Leave steps of the optimizer to the training loop."""
    for kind in toy.component.tasks:
        network = toy.network()
        before = copy.deepcopy(network.state_dict())
        toy.loss(network, toy.batch(kind), kind)
        same = all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
        expect(same, "It changes parameters of the network; the optimizer does that.")
        expect(network.training, "It leaves the network in evaluation mode.")


def a_seed_repeats_the_loss(toy: ToyTechnique) -> None:
    """Expect all that is random to come from torch's generator."""
    for kind in toy.component.tasks:
        network, batch = toy.network(), toy.batch(kind)
        for seed in SEEDS:
            first, again = (toy.loss(network, batch, kind, seed) for _ in range(2))
            remedy = "draw with functions of torch, without a generator of your own."
            expect(torch.equal(first, again), f"Called twice with one seed, it returns different losses; {remedy}")


def weights_are_used(toy: ToyTechnique) -> None:
    """Expect weights of 1 to be no weights, and others to make a difference."""
    for kind in toy.component.tasks:
        network, batch = toy.network(), toy.batch(kind)
        plain, ones, halves = (
            toy.loss(network, replace(batch, weights=weights), kind).item()
            for weights in (None, torch.ones(N_ROWS), torch.full((N_ROWS,), 0.5))
        )
        same = math.isclose(plain, ones, rel_tol=1e-4, abs_tol=1e-6)
        expect(same, f"The loss is {plain:.4g} without weights, and {ones:.4g} with weights of 1.")
        differs = not math.isclose(ones, halves, rel_tol=1e-4, abs_tol=1e-6)
        expect(differs, "The weights of rows make no difference; call loss(outputs, batch.y, batch.weights).")


CHECKS: tuple[Callable[[ToyTechnique], None], ...] = (
    the_loss_is_a_finite_scalar,
    every_parameter_has_a_gradient,
    the_batch_stays_as_it_is,
    the_network_stays_as_it_is,
    a_seed_repeats_the_loss,
    weights_are_used,
)

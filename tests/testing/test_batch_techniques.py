"""The conformance suite of batch techniques catches broken ones."""

from typing import Any

import pytest
import torch
from torch import nn

from autonet.core.component import Component
from autonet.core.errors import UnknownName
from autonet.testing.batch_techniques import CHECKS, batch_technique_checks, check_batch_technique
from autonet.training.batches import EncodedRows

MODALITIES = ("tables", "images")


def noisy() -> Any:
    def technique(network: nn.Module, loss: nn.Module, batch: EncodedRows) -> Any:
        return loss(network(batch.x + 0.1 * torch.randn_like(batch.x)), batch.y, batch.weights)

    return technique


def per_row() -> Any:
    return lambda network, loss, batch: network(batch.x).square().mean(1)


def first_layers_only() -> Any:
    return lambda network, loss, batch: loss(network[-1](network[:-1](batch.x).detach()), batch.y, batch.weights)


def in_place() -> Any:
    return lambda network, loss, batch: loss(network(batch.x.mul_(1.5)), batch.y, batch.weights)


def decaying() -> Any:
    def technique(network: nn.Module, loss: nn.Module, batch: EncodedRows) -> Any:
        network[1].weight.data.mul_(0.99)
        return loss(network(batch.x), batch.y, batch.weights)

    return technique


def evaluating() -> Any:
    return lambda network, loss, batch: loss(network.eval()(batch.x), batch.y, batch.weights)


def own_generator() -> Any:
    def technique(network: nn.Module, loss: nn.Module, batch: EncodedRows) -> Any:
        generator = torch.Generator()
        generator.seed()
        return loss(network(batch.x + torch.randn(batch.x.shape, generator=generator)), batch.y, batch.weights)

    return technique


def without_weights() -> Any:
    return lambda network, loss, batch: loss(network(batch.x), batch.y)


BROKEN = {
    "the_loss_is_a_finite_scalar": per_row,
    "every_parameter_has_a_gradient": first_layers_only,
    "the_batch_stays_as_it_is": in_place,
    "the_network_stays_as_it_is": decaying,
    "a_seed_repeats_the_loss": own_generator,
    "weights_are_used": without_weights,
}


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_sound_technique_conforms(modality: Any) -> None:
    check_batch_technique(Component("noisy", noisy), modality=modality)


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
def test_every_check_catches_a_technique_that_breaks_it(check: Any, modality: Any) -> None:
    component = Component("broken", BROKEN[check.__name__])
    (one,) = [c for c in batch_technique_checks(component, modality=modality) if c.check is check]
    with pytest.raises(AssertionError):
        one()


@pytest.mark.parametrize(
    ("builder", "why"),
    [
        (per_row, r"For a batch of a classification, it must return a scalar; got a tensor of shape \(2,\)"),
        (lambda: lambda network, loss, batch: 1.0, "it must return a scalar; got float"),
        (lambda: lambda network, loss, batch: loss(network(batch.x) / 0, batch.y), "the loss is nan"),
        (
            lambda: lambda network, loss, batch: nn.functional.cross_entropy(network(batch.x), batch.y.long()),
            "For 2 rows of a multilabel, the batch technique raises",
        ),
        (first_layers_only, r"the gradient of the network's parameter '1.weight' is missing"),
        (in_place, "It changes 'x' of the batch in place; make a changed copy"),
        (decaying, "It changes parameters of the network; the optimizer does that"),
        (evaluating, "It leaves the network in evaluation mode"),
        (own_generator, "Called twice with one seed, it returns different losses"),
        (without_weights, "The weights of rows make no difference"),
    ],
    ids=["rows", "float", "nan", "classes", "gradient", "in place", "steps", "mode", "seed", "weights"],
)
def test_a_broken_promise_is_a_sentence(builder: Any, why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        check_batch_technique(Component("broken", builder), modality="images")


def test_the_kind_of_data_is_checked() -> None:
    with pytest.raises(UnknownName, match="Unknown modality 'image'"):
        check_batch_technique(Component("noisy", noisy), modality="image")  # type: ignore[arg-type]

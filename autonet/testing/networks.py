"""Conformance suite for networks, of tables and of images.

With pytest, each check of each configuration is a test of its own::

    @pytest.mark.parametrize("check", network_checks(Component("mine", build_mine, mine_space)), ids=str)
    def test_my_network(check):
        check()

Elsewhere, `check_network` runs all of them.
"""

import copy
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from autonet.core.component import Component
from autonet.core.pickling import pickle_arrays
from autonet.core.task import Task
from autonet.core.validation import check_choice
from autonet.nets.embedding import CategoryEmbedding, prepend_embeddings
from autonet.nets.images.layers import Shape
from autonet.nets.initialization import INITIALIZATION, initialize, initialize_from_rows
from autonet.nets.modernnca import remember_rows
from autonet.testing.assertions import expect, expect_no_error, run_checks
from autonet.testing.checks import ComponentCheck, list_configurations

__all__ = ["CHECKS", "IMAGE_SHAPES", "ToyNetworks", "check_network", "network_checks"]

# Columns of toy tables; what does not depend on their number is checked with the first.
TABLE_SHAPES = ((5,), (1,), (7,))

# Channels, height and width of toy images: odd sides, portrait and landscape; the first as above.
IMAGE_SHAPES: tuple[Shape, ...] = ((3, 32, 24), (1, 28, 28), (3, 33, 47), (4, 31, 32))

# Parameters above which a sampled network is skipped, to save time.
MAX_PARAMETERS = 200_000

# Sizes for checks that do not depend on them.
N_OUT = 3
N_ROWS = 12

LEARNING_RATE = 1e-2


# --- what to run


@dataclass(frozen=True)
class ToyNetworks:
    """Networks of one configuration, and inputs for them.

    Attributes
    ----------
    component : Component
    config : mapping
        Hyperparameters of the component.
    shapes : sequence of tuple of int
        Shapes of an input: the number of columns of a row, or channels, height and width of an image.
    """

    component: Component[nn.Module]
    config: Mapping[str, Any]
    shapes: Sequence[tuple[int, ...]]

    @property
    def is_for_images(self) -> bool:
        """Whether the inputs are images."""
        return len(self.shapes[0]) > 1

    def build(self, n_out: int = N_OUT, shape: tuple[int, ...] | None = None) -> nn.Module:
        """Build the network for inputs of a shape, by default the first."""
        shape = self.shapes[0] if shape is None else shape
        sizes: dict[str, Any] = {"shape": shape} if self.is_for_images else {"n_in": shape[0]}
        network = self.component.build(**sizes, n_out=n_out, **self.config)
        if self.is_for_images:
            return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
        _remember(network, torch.arange(N_ROWS * shape[0]).view(N_ROWS, *shape).sin(), n_out)
        return network

    def inputs(self, n_rows: int = N_ROWS, shape: tuple[int, ...] | None = None) -> Tensor:
        """Draw standard normal inputs (n_rows, *shape); images have their channels last in memory, as in a fit."""
        x = torch.randn(n_rows, *(self.shapes[0] if shape is None else shape))
        return x.to(memory_format=torch.channels_last) if self.is_for_images else x

    def describe(self, n_rows: int, shape: tuple[int, ...]) -> str:
        """Describe inputs, such as "9 images of shape (3, 33, 47)"."""
        if self.is_for_images:
            return f"{_count(n_rows, 'image')} of shape {shape}"
        return f"{_count(n_rows, 'row')} of {_count(shape[0], 'column')}"


def network_checks(
    component: Component[nn.Module],
    *,
    modality: Literal["tables", "images"] = "tables",
    shapes: Sequence[Shape] = IMAGE_SHAPES,
) -> list[ComponentCheck]:
    """List the checks of a network: in the default configuration of every kind of task, and in two sampled ones.

    Parameters
    ----------
    component : Component
        A builder ``build(n_in=..., n_out=..., **hyperparameters)``, or for images ``build(shape=..., n_out=...,
        **hyperparameters)``, and the space of its hyperparameters.
    modality : {"tables", "images"}, default="tables"
        Kind of data.
    shapes : sequence of tuple of int
        Channels, height and width of the images that the network is checked on; those of tables are given.  Default:
        1, 3 and 4 channels, even and odd sides from 24 to 47 pixels.

    Returns
    -------
    list of ComponentCheck

    Examples
    --------
    >>> from autonet.core.component import Component
    >>> checks = network_checks(Component("linear", lambda n_in, n_out: nn.Linear(n_in, n_out)))
    >>> print(checks[0])
    outputs_are_one_row_per_row in its only configuration
    """
    is_table = check_choice("modality", modality, ("tables", "images")) == "tables"
    shaped: Sequence[tuple[int, ...]] = TABLE_SHAPES if is_table else tuple(shapes)

    def is_small(config: Mapping[str, Any]) -> bool:
        try:
            with torch.random.fork_rng(devices=[]):
                network = ToyNetworks(component, config, shaped).build()
        except Exception:  # noqa: BLE001 - the checks report it
            return True
        return sum(p.numel() for p in network.parameters()) <= MAX_PARAMETERS

    return [
        ComponentCheck(component, check, ToyNetworks(component, config, shaped), "network", where)
        for where, config in list_configurations(component, is_small).items()
        for check in CHECKS[modality]
    ]


def check_network(
    component: Component[nn.Module],
    *,
    modality: Literal["tables", "images"] = "tables",
    shapes: Sequence[Shape] = IMAGE_SHAPES,
) -> None:
    """Run all checks of a network; see `network_checks`.

    Raises
    ------
    AssertionError
        From the first check that fails.

    Examples
    --------
    >>> from autonet.core.component import Component
    >>> check_network(Component("linear", lambda n_in, n_out: nn.Linear(n_in, n_out)))
    >>> def mean_color(shape, n_out):
    ...     return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(shape[0], n_out))
    >>> check_network(Component("mean_color", mean_color), modality="images")
    """
    run_checks(network_checks(component, modality=modality, shapes=shapes))


# --- the checks


def outputs_are_one_row_per_row(toy: ToyNetworks) -> None:
    """Take any shape of inputs, and any number of outputs and rows, one included."""
    for shape, n_out, n_rows in product(toy.shapes, (1, 4), (1, 9)):
        where, expected = f"For {toy.describe(n_rows, shape)} and {_count(n_out, 'output')}", (n_rows, n_out)
        with expect_no_error(f"{where}, the network"):
            output = _predict(toy.build(n_out, shape), toy.inputs(n_rows, shape))
        found = tuple(output.shape)
        expect(found == expected, f"{where}, the network's output must have the shape {expected}; got {found}.")
        expect(output.dtype == torch.float32, f"The output must be float32; got {output.dtype}.")
        expect(bool(torch.isfinite(output).all()), "The output for standard normal inputs is not finite.")


def every_parameter_is_trained(toy: ToyNetworks) -> None:
    """Expect finite gradients, and that nothing stays where it was."""
    network = toy.build()
    before = copy.deepcopy(network.state_dict())
    _train(network, toy.inputs(), steps=5)
    for name, parameter in network.named_parameters():
        gradient = parameter.grad
        expect(gradient is not None, f"The parameter {name!r} has no gradient.")
        expect(gradient is None or bool(torch.isfinite(gradient).all()), f"The gradient of {name!r} is not finite.")
        expect(not torch.equal(parameter, before[name]), f"The parameter {name!r} did not move in five steps of Adam.")


def two_rows_are_enough_to_train(toy: ToyNetworks) -> None:
    """Train on the smallest batch there is."""
    for shape, n_out in product(toy.shapes, (1, 4)):
        network = toy.build(n_out, shape)
        with expect_no_error(f"Training on {toy.describe(2, shape)}"):
            _train(network, toy.inputs(2, shape), steps=1)
        expect(bool(torch.isfinite(_predict(network, toy.inputs(2, shape))).all()), "Training on two rows diverges.")


def evaluation_is_deterministic(toy: ToyNetworks) -> None:
    """Expect the same outputs for the same rows, and neither the network nor the rows to change."""
    network, x = toy.build(), toy.inputs()
    _train(network, toy.inputs())
    before, rows = copy.deepcopy(network.state_dict()), x.clone()
    first = _predict(network, x)
    expect(torch.equal(first, _predict(network, x)), "In evaluation, two outputs for the same rows differ.")
    expect(torch.equal(x, rows), "In evaluation, the network changed its input.")
    expect(_same(before, network.state_dict()), "In evaluation, the network changed its own state.")


def rows_are_predicted_independently(toy: ToyNetworks) -> None:
    """Predict a row without the rows beside it."""
    network, x = toy.build(), toy.inputs()
    _train(network, toy.inputs())
    one_by_one = torch.cat([_predict(network, row) for row in torch.split(x, 1)])
    close = torch.allclose(_predict(network, x), one_by_one, rtol=1e-3, atol=1e-4)
    expect(close, "In evaluation, outputs for rows one by one differ from those for the batch.")


def the_state_dict_is_all_there_is(toy: ToyNetworks) -> None:
    """Rebuild a trained network from its configuration and its state dict."""
    network, other, x = toy.build(), toy.build(), toy.inputs()
    _train(network, toy.inputs())
    other.load_state_dict(network.state_dict())
    same = torch.equal(_predict(network, x), _predict(other, x))
    expect(same, "A network of the same configuration with the same state dict has other outputs.")


def copies_are_independent(toy: ToyNetworks) -> None:
    """Expect a deep copy and a pickle to predict the same and to learn by themselves."""
    network, x = toy.build(), toy.inputs()
    _train(network, toy.inputs())
    before = _predict(network, x)
    copies: dict[str, Callable[[], nn.Module]] = {
        "A deep copy": lambda: copy.deepcopy(network),
        "A pickle": lambda: pickle.loads(pickle_arrays(network)),  # noqa: S301 - of the network itself
    }
    for what, make in copies.items():
        with expect_no_error(f"{what} of the network"):
            twin = make()
        expect(torch.equal(before, _predict(twin, x)), f"{what} has other outputs.")
        _train(twin, toy.inputs())
        expect(torch.equal(before, _predict(network, x)), f"Training {what.lower()} changes the original.")


def a_seed_repeats_the_network(toy: ToyNetworks) -> None:
    """Build and train twice: all that is random comes from torch's generator."""
    x, outputs = toy.inputs(), []
    for _ in range(2):
        torch.manual_seed(1)
        network = toy.build()
        initialize_from_rows(network, x)
        _train(network, toy.inputs())
        outputs.append(_predict(network, x))
    expect(torch.equal(*outputs), "Built and trained twice under one seed, the network has different outputs.")


def every_initialization_works(toy: ToyNetworks) -> None:
    """Initialize by every choice of InitializationSelector, then from rows."""
    x = toy.inputs()
    for name, component in INITIALIZATION.components.items():
        hyperparameters = component.space(Task("classification")).get_default_configuration() if component.space else {}
        for bias in ("Yes", "No", "Zero"):
            network = toy.build()
            initialize(network, component.build(**hyperparameters), bias)
            initialize_from_rows(network, x)
            finite = bool(torch.isfinite(_predict(network, x)).all())
            expect(finite, f"Initialized by {name!r}, with {bias!r} for biases, the network's outputs are not finite.")


def it_works_behind_embedded_categories(toy: ToyNetworks) -> None:
    """Put an embedding of categories before the network."""
    embedding = CategoryEmbedding(3, [4, 6], 2)
    network = prepend_embeddings([embedding], toy.build(shape=(embedding.out_features,)))
    categories = [torch.randint(n, (N_ROWS, 1)).float() for n in (4, 6)]
    x = torch.cat([torch.randn(N_ROWS, 1), *categories], dim=1)
    initialize_from_rows(network, x)
    _remember(network, x, N_OUT)
    _train(network, x, steps=3)  # a head of zeros lets no gradient through in the first
    gradient = embedding.vectors.weight.grad
    trained = gradient is not None and bool((gradient != 0).any())
    expect(trained, "No gradient reaches an embedding of categories before the network.")
    output = _predict(network, x)
    expect(tuple(output.shape) == (N_ROWS, N_OUT), f"Behind an embedding, the output has the shape {output.shape}.")


def layouts_in_memory_make_no_difference(toy: ToyNetworks) -> None:
    """Predict the same for images whose channels are first in memory, as those of users and services are."""
    network, x = toy.build(), toy.inputs()
    _train(network, toy.inputs())
    close = torch.allclose(_predict(network, x), _predict(network, x.contiguous()), rtol=1e-3, atol=1e-4)
    expect(close, "Outputs for images with the channels first in memory differ from those with the channels last.")


COMMON: tuple[Callable[[ToyNetworks], None], ...] = (
    outputs_are_one_row_per_row,
    every_parameter_is_trained,
    two_rows_are_enough_to_train,
    evaluation_is_deterministic,
    rows_are_predicted_independently,
    the_state_dict_is_all_there_is,
    copies_are_independent,
    a_seed_repeats_the_network,
    every_initialization_works,
)

CHECKS: Mapping[str, tuple[Callable[[ToyNetworks], None], ...]] = {
    "tables": (*COMMON, it_works_behind_embedded_categories),
    "images": (*COMMON, layouts_in_memory_make_no_difference),
}


# --- tools


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _remember(network: nn.Module, x: Tensor, n_out: int) -> None:
    """Let a network that remembers training rows remember these, of one class each."""
    remember_rows([network], x, functional.one_hot(torch.arange(len(x)) % n_out, n_out).to(x.dtype))


def _train(network: nn.Module, x: Tensor, *, steps: int = 2) -> None:
    """Take a few steps of Adam towards outputs of 1; in training, outputs may have any shape."""
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE, fused=True)
    network.train()
    for _ in range(steps):
        optimizer.zero_grad()
        (network(x) - 1).square().mean().backward()
        optimizer.step()


@torch.no_grad()
def _predict(network: nn.Module, x: Tensor) -> Tensor:
    output: Tensor = network.eval()(x)
    return output


def _same(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)

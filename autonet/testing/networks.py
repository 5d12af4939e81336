"""Conformance suite for networks.

With pytest, each check of each configuration is a test of its own::

    @pytest.mark.parametrize("check", network_checks(Component("mine", build_mine, mine_space)), ids=str)
    def test_my_network(check):
        check()

Elsewhere, `check_network` runs all of them.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from autonet.core.component import Component
from autonet.core.task import Task
from autonet.nets.embedding import CategoryEmbedding, prepend_embeddings
from autonet.nets.initialization import INITIALIZATION, initialize, initialize_from_rows
from autonet.nets.modernnca import remember_rows
from autonet.testing.assertions import expect

__all__ = ["CHECKS", "NetworkCheck", "check_network", "network_checks"]

Build = Callable[[int, int], nn.Module]
"""Builds the network from the numbers of inputs and outputs."""

# Sampled configurations that are checked besides the defaults.
N_SAMPLED = 2

# Configurations sampled to find these.
MAX_SAMPLED = 10

# Parameters above which a sampled network is skipped, to save time.
MAX_PARAMETERS = 200_000

# Sizes for checks that do not depend on them.
N_IN = 5
N_OUT = 3
N_ROWS = 12

LEARNING_RATE = 1e-2


# --- what to run


@dataclass(frozen=True)
class NetworkCheck:
    """Check of a network; calling it raises AssertionError if it fails.

    Attributes
    ----------
    component : Component
    check : callable
    config : mapping
        Hyperparameters of the component.
    where : str
    """

    component: Component[nn.Module]
    check: Callable[[Build], None]
    config: Mapping[str, Any]
    where: str

    def __call__(self) -> None:
        """Run the check without changing torch's global random state."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.check(self._build)

    def _build(self, n_in: int, n_out: int) -> nn.Module:
        network = self.component.build(n_in=n_in, n_out=n_out, **self.config)
        _remember(network, torch.arange(N_ROWS * n_in).view(N_ROWS, n_in).sin(), n_out)
        return network

    def __str__(self) -> str:
        """Name the check and the configuration."""
        return f"{self.check.__name__} in {self.where}"


def network_checks(component: Component[nn.Module]) -> list[NetworkCheck]:
    """List the checks of a network: in the default configuration of every kind of task, and in two sampled ones.

    Parameters
    ----------
    component : Component
        A builder ``build(n_in=..., n_out=..., **hyperparameters)`` and the space of its hyperparameters.

    Returns
    -------
    list of NetworkCheck

    Examples
    --------
    >>> from autonet.core.component import Component
    >>> checks = network_checks(Component("linear", lambda n_in, n_out: nn.Linear(n_in, n_out)))
    >>> print(checks[0])
    outputs_are_one_row_per_row in its only configuration
    """
    return [
        NetworkCheck(component, check, config, where)
        for where, config in _configurations(component).items()
        for check in CHECKS
    ]


def check_network(component: Component[nn.Module]) -> None:
    """Run all checks of a network; see `network_checks`.

    Raises
    ------
    AssertionError
        From the first check that fails.

    Examples
    --------
    >>> from autonet.core.component import Component
    >>> check_network(Component("linear", lambda n_in, n_out: nn.Linear(n_in, n_out)))
    """
    for check in network_checks(component):
        try:
            check()
        except AssertionError as error:
            error.add_note(f"in the check: {check}")
            raise


def _configurations(component: Component[nn.Module]) -> dict[str, dict[str, Any]]:
    """Return different configurations by description."""
    if component.space is None:
        return {"its only configuration": {}}
    found: dict[str, dict[str, Any]] = {}
    for kind in component.tasks:
        default = dict(component.space(Task(kind)).get_default_configuration())
        if default not in found.values():
            found[f"the default for {kind}"] = default
    space = component.space(Task(component.tasks[0]))
    space.seed(0)
    sampled: list[dict[str, Any]] = []
    for config in map(dict, space.sample_configuration(MAX_SAMPLED)):
        network = component.build(n_in=N_IN, n_out=N_OUT, **config)
        if sum(p.numel() for p in network.parameters()) <= MAX_PARAMETERS:
            sampled.append(config)
        if len(sampled) == N_SAMPLED:
            break
    return found | {f"sampled configuration {i}": config for i, config in enumerate(sampled, start=1)}


# --- the checks


def outputs_are_one_row_per_row(build: Build) -> None:
    """Take any number of inputs, outputs and rows, one included."""
    for n_in, n_out, n_rows in product((1, 7), (1, 4), (1, 9)):
        with torch.no_grad():
            output = build(n_in, n_out).eval()(torch.randn(n_rows, n_in))
        expected = (n_rows, n_out)
        expect(
            tuple(output.shape) == expected,
            f"For {n_rows} rows of {n_in} columns and {n_out} outputs, the output must have the shape {expected}; "
            f"got {tuple(output.shape)}.",
        )
        expect(output.dtype == torch.float32, f"The output must be float32; got {output.dtype}.")
        expect(bool(torch.isfinite(output).all()), "The output for standard normal inputs is not finite.")


def every_parameter_is_trained(build: Build) -> None:
    """Expect finite gradients, and that nothing stays where it was."""
    network = build(N_IN, N_OUT)
    before = copy.deepcopy(network.state_dict())
    _train(network, steps=5)
    for name, parameter in network.named_parameters():
        gradient = parameter.grad
        expect(gradient is not None, f"The parameter {name!r} has no gradient.")
        expect(gradient is None or bool(torch.isfinite(gradient).all()), f"The gradient of {name!r} is not finite.")
        expect(not torch.equal(parameter, before[name]), f"The parameter {name!r} did not move in five steps of Adam.")


def two_rows_are_enough_to_train(build: Build) -> None:
    """Train on the smallest batch there is."""
    for n_in, n_out in product((1, 7), (1, 4)):
        network = build(n_in, n_out)
        _train(network, torch.randn(2, n_in), steps=1)
        expect(bool(torch.isfinite(_predict(network, torch.randn(2, n_in))).all()), "Training on two rows diverges.")


def evaluation_is_deterministic(build: Build) -> None:
    """Expect the same outputs for the same rows, and neither the network nor the rows to change."""
    network, x = build(N_IN, N_OUT), torch.randn(N_ROWS, N_IN)
    _train(network)
    before, rows = copy.deepcopy(network.state_dict()), x.clone()
    first = _predict(network, x)
    expect(torch.equal(first, _predict(network, x)), "In evaluation, two outputs for the same rows differ.")
    expect(torch.equal(x, rows), "In evaluation, the network changed its input.")
    expect(_same(before, network.state_dict()), "In evaluation, the network changed its own state.")


def rows_are_predicted_independently(build: Build) -> None:
    """Predict a row without the rows beside it."""
    network, x = build(N_IN, N_OUT), torch.randn(N_ROWS, N_IN)
    _train(network)
    one_by_one = torch.cat([_predict(network, row) for row in torch.split(x, 1)])
    close = torch.allclose(_predict(network, x), one_by_one, rtol=1e-3, atol=1e-4)
    expect(close, "In evaluation, outputs for rows one by one differ from those for the batch.")


def the_state_dict_is_all_there_is(build: Build) -> None:
    """Rebuild a trained network from its configuration and its state dict."""
    network, other, x = build(N_IN, N_OUT), build(N_IN, N_OUT), torch.randn(N_ROWS, N_IN)
    _train(network)
    other.load_state_dict(network.state_dict())
    same = torch.equal(_predict(network, x), _predict(other, x))
    expect(same, "A network of the same configuration with the same state dict has other outputs.")


def copies_are_independent(build: Build) -> None:
    """Expect a deep copy to predict the same and to learn by itself."""
    network, x = build(N_IN, N_OUT), torch.randn(N_ROWS, N_IN)
    _train(network)
    twin, before = copy.deepcopy(network), _predict(network, x)
    expect(torch.equal(before, _predict(twin, x)), "A deep copy has other outputs.")
    _train(twin)
    expect(torch.equal(before, _predict(network, x)), "Training a deep copy changes the original.")


def a_seed_repeats_the_network(build: Build) -> None:
    """Build and train twice: all that is random comes from torch's generator."""
    x, outputs = torch.randn(N_ROWS, N_IN), []
    for _ in range(2):
        torch.manual_seed(1)
        network = build(N_IN, N_OUT)
        initialize_from_rows(network, x)
        _train(network)
        outputs.append(_predict(network, x))
    expect(torch.equal(*outputs), "Built and trained twice under one seed, the network has different outputs.")


def every_initialization_works(build: Build) -> None:
    """Initialize by every choice of InitializationSelector, then from rows."""
    x = torch.randn(N_ROWS, N_IN)
    for name, component in INITIALIZATION.components.items():
        hyperparameters = component.space(Task("classification")).get_default_configuration() if component.space else {}
        for bias in ("Yes", "No", "Zero"):
            network = build(N_IN, N_OUT)
            initialize(network, component.build(**hyperparameters), bias)
            initialize_from_rows(network, x)
            finite = bool(torch.isfinite(_predict(network, x)).all())
            expect(finite, f"Initialized by {name!r}, with {bias!r} for biases, the network's outputs are not finite.")


def it_works_behind_embedded_categories(build: Build) -> None:
    """Put an embedding of categories before the network."""
    embedding = CategoryEmbedding(3, [4, 6], 2)
    network = prepend_embeddings([embedding], build(embedding.out_features, N_OUT))
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


CHECKS: tuple[Callable[[Build], None], ...] = (
    outputs_are_one_row_per_row,
    every_parameter_is_trained,
    two_rows_are_enough_to_train,
    evaluation_is_deterministic,
    rows_are_predicted_independently,
    the_state_dict_is_all_there_is,
    copies_are_independent,
    a_seed_repeats_the_network,
    every_initialization_works,
    it_works_behind_embedded_categories,
)


# --- tools


def _remember(network: nn.Module, x: Tensor, n_out: int) -> None:
    """Let a network that remembers training rows remember these, of one class each."""
    remember_rows([network], x, functional.one_hot(torch.arange(len(x)) % n_out, n_out).to(x.dtype))


def _train(network: nn.Module, x: Tensor | None = None, *, steps: int = 2) -> None:
    """Take a few steps of Adam towards outputs of 1; in training, outputs may have any shape."""
    x = torch.randn(N_ROWS, N_IN) if x is None else x
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

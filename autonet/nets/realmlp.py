"""RealMLP: an MLP with a scaling layer, parametric activations and data-driven initialization.

Holzmueller, Grinsztajn & Steinwart, "Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on Tabular Data"
(2024), arXiv 2407.04491.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from autonet.core.component import Component
from autonet.core.lazy import configspace as cs
from autonet.core.task import Task
from autonet.nets.activations import build_activation
from autonet.nets.optimizer_factors import set_optimizer_factors

__all__ = ["REALMLP", "DataInitializedLinear", "FrontScale", "ParametricActivation", "build_realmlp"]

# Learning rate of biases, as a factor of the network's.
BIAS_FACTOR = 0.1
# Learning rate of parametric activations, as a factor of the network's.
ACTIVATION_FACTOR = 0.1
# Number of training rows that the bias of a unit is drawn from.
BIAS_ROWS = 5
# Standard deviation over the training rows below which a unit is not rescaled.
MIN_STD = 1e-3


class FrontScale(nn.Module):
    """Multiply each input column by a learned factor: soft feature selection.

    Parameters
    ----------
    n : int
        Number of columns.

    Attributes
    ----------
    in_features, out_features : int
    """

    def __init__(self, n: int) -> None:
        super().__init__()
        self.in_features = self.out_features = n
        self.weight = nn.Parameter(torch.ones(n))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, in_features) to the same shape."""
        return x * self.weight

    def extra_repr(self) -> str:
        """Show the width."""
        return f"in_features={self.in_features}"


class ParametricActivation(nn.Module):
    """Activation f mixed with the identity by a learned alpha per unit, initially 1: ``x + alpha * (f(x) - x)``.

    Parameters
    ----------
    name : str
    n : int
        Number of units.
    """

    def __init__(self, name: str, n: int) -> None:
        super().__init__()
        self.activation = build_activation(name)
        self.alpha = nn.Parameter(torch.ones(n))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, units) to the same shape."""
        return torch.lerp(x, self.activation(x), self.alpha.to(x.dtype))


class DataInitializedLinear(nn.Linear):
    """Linear layer whose weight scale and biases are initialized from training rows.

    The initialization method of the configuration draws the directions of the weights, by default from N(0, 1/n_in).

    Parameters
    ----------
    in_features, out_features : int
    zero : bool
        Whether to initialize weights and biases with zeros instead.
    """

    def __init__(self, in_features: int, out_features: int, *, zero: bool = False) -> None:
        self.zero = zero
        super().__init__(in_features, out_features)

    def reset_parameters(self) -> None:
        """Draw weights from N(0, 1/n_in) and set biases to zero."""
        nn.init.normal_(self.weight, std=0.0 if self.zero else 1 / math.sqrt(self.in_features))
        nn.init.zeros_(self.bias)

    @torch.no_grad()
    def initialize_from(self, x: Tensor) -> None:
        """Scale each unit to outputs of standard deviation 1, and draw its bias from the range of its outputs.

        The bias is minus a random convex combination of the unit's outputs for five rows, so that the kink of its
        activation lies within the data.

        Parameters
        ----------
        x : Tensor of shape (n, in_features)
            Inputs of the layer for training rows.
        """
        if self.zero:
            self.reset_parameters()
            return
        outputs = x @ self.weight.T
        std = outputs.std(dim=0, correction=0)
        scale = torch.where(std > MIN_STD, 1 / std, 1.0)
        self.weight *= scale[:, None]
        # Draw on the CPU, so that a seed gives the same network on every device.
        rows = torch.randint(len(x), (BIAS_ROWS, self.out_features)).to(x.device)
        share = torch.empty(BIAS_ROWS, self.out_features).exponential_().to(x.device)
        self.bias.copy_(-(share / share.sum(dim=0) * (outputs * scale).gather(0, rows)).sum(dim=0))


def build_realmlp(
    *,
    n_in: int,
    n_out: int,
    num_layers: int,
    num_units: int,
    activation: str,
    parametric_activation: bool,
    use_dropout: bool,
    zero_head: bool,
    learning_rate_factor: float,
    front_scale_factor: float,
    dropout: float = 0.0,
) -> nn.Sequential:
    """Stack a front scale, layers of Linear, activation and dropout, and a Linear head.

    Parameters
    ----------
    n_in, n_out : int
    num_layers, num_units : int
    activation : str
    parametric_activation, use_dropout : bool
    zero_head : bool
        Whether to initialize the head with zeros.
    learning_rate_factor : float
        Factor of the learning rates of all parameters.
    front_scale_factor : float
        Further factor of the front scale's learning rate.
    dropout : float

    Returns
    -------
    nn.Sequential
        FrontScale; Linear, activation and, if used, Dropout for each layer; Linear.

    Notes
    -----
    Layers emulate the neural tangent parametrization, ``W x / sqrt(n_in) + b``, with ``W / sqrt(n_in)`` as their
    weight.  For Adam, whose steps do not depend on the scale of the gradient, this is equivalent to a learning rate
    divided by ``sqrt(n_in)``, and a decoupled weight decay multiplied by it, since it is multiplied by the learning
    rate.  For other optimizers only the learning rates differ.

    Weight decay applies to matrices only.  In the paper it applies to the front scale and the activations, too; with
    strong decay that was worse on most tables (docs/benchmarks/log.md).
    """
    scale = FrontScale(n_in)
    set_optimizer_factors(scale.weight, learning_rate=learning_rate_factor * front_scale_factor)
    layers: list[nn.Module] = [scale]
    for d_in in (n_in, *[num_units] * (num_layers - 1)):
        layers.append(_linear(d_in, num_units, learning_rate_factor, zero=False))
        if parametric_activation:
            parametric = ParametricActivation(activation, num_units)
            set_optimizer_factors(parametric.alpha, learning_rate=learning_rate_factor * ACTIVATION_FACTOR)
            layers.append(parametric)
        else:
            layers.append(build_activation(activation))
        if use_dropout and dropout > 0:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, _linear(num_units, n_out, learning_rate_factor, zero=zero_head))


def _linear(d_in: int, d_out: int, learning_rate_factor: float, *, zero: bool) -> DataInitializedLinear:
    layer = DataInitializedLinear(d_in, d_out, zero=zero)
    root = math.sqrt(d_in)
    set_optimizer_factors(layer.weight, learning_rate=learning_rate_factor / root, weight_decay=root)
    set_optimizer_factors(layer.bias, learning_rate=learning_rate_factor * BIAS_FACTOR, weight_decay=0.0)
    return layer


def realmlp_space(task: Task) -> cs.ConfigurationSpace:
    """Define depth, width, activation, dropout and factors of learning rates."""
    space = cs.ConfigurationSpace()
    use_dropout = cs.Categorical("use_dropout", [True, False], default=True)
    dropout = cs.Float("dropout", (0.0, 0.5), default=0.15, meta={"limits": (0.0, 0.99)})
    factor = {"limits": (1e-6, 1e6)}
    space.add(
        cs.Integer("num_layers", (2, 5), default=3, meta={"limits": (1, 100)}),
        cs.Integer("num_units", (32, 512), log=True, default=128, meta={"limits": (1, 2**16)}),
        cs.Categorical(
            "activation", ["selu", "mish", "relu", "silu"], default="mish" if task.kind == "regression" else "selu"
        ),
        cs.Categorical("parametric_activation", [True, False], default=True),
        use_dropout,
        dropout,
        cs.Categorical("zero_head", [True, False], default=False),
        # A factor of 10, about the root of the width, brings the paper's learning rates, 0.02 to 0.3, into the range
        # of the other networks.
        cs.Float("learning_rate_factor", (1.0, 20.0), log=True, default=10.0, meta=factor),
        cs.Float("front_scale_factor", (2.0, 10.0), log=True, default=6.0, meta=factor),
        cs.EqualsCondition(dropout, use_dropout, True),
    )
    return space


REALMLP: Component[nn.Module] = Component("realmlp", build_realmlp, realmlp_space)

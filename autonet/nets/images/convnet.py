"""Plain convolutional network, ``convnet``: convolutions with pooling, then linear layers."""

from __future__ import annotations

from torch import nn

from autonet.core.component import Component
from autonet.core.lazy import configspace as cs
from autonet.core.task import Task
from autonet.nets.activations import build_activation
from autonet.nets.images.layers import Shape, stem_stride

__all__ = ["CONVNET"]

MAX_CONVOLUTIONS = 4
MAX_LINEAR = 2
# Longer side of the maps of the first convolution, in pixels.
MAX_MAP_SIDE = 64


def build_convnet(
    *,
    shape: Shape,
    n_out: int,
    conv_layers: int,
    linear_layers: int,
    kernel_size: int,
    use_batch_norm: bool,
    activation: str,
    conv_dropout: float,
    **per_layer: float,
) -> nn.Sequential:
    """Stack convolutions of ``filters_0``, ... channels, each with pooling, and linear layers of ``units_0``, ...

    The first convolution has the smallest stride that makes maps of at most `MAX_MAP_SIDE` pixels a side,
    and a kernel that leaves out no pixel.

    Parameters
    ----------
    shape : tuple of int
        Channels, height and width of an image.
    n_out, conv_layers, linear_layers : int
    kernel_size : int
        Odd, in pixels.
    use_batch_norm : bool
        Whether BatchNorm follows each convolution.
    activation : str
    conv_dropout : float
        Dropout rate after the convolutions.
    **per_layer : float
        ``filters_i``, ``units_i`` and the dropout rate ``dropout_i``, from i = 0.
    """
    channels, height, width = shape
    layers: list[nn.Module] = []
    for i in range(conv_layers):
        filters, stride = int(per_layer[f"filters_{i}"]), 1 if i else stem_stride(shape, MAX_MAP_SIDE)
        kernel = max(kernel_size, 2 * stride - 1)
        layers.append(nn.Conv2d(channels, filters, kernel, stride=stride, padding=kernel // 2, bias=not use_batch_norm))
        layers += [nn.BatchNorm2d(filters)] if use_batch_norm else []
        layers += [build_activation(activation), nn.MaxPool2d(2, ceil_mode=True)]
        height, width = -(-height // stride), -(-width // stride)
        channels, height, width = filters, -(-height // 2), -(-width // 2)
    layers += [nn.Flatten(), nn.Dropout(conv_dropout)]
    features = channels * height * width
    for i in range(linear_layers):
        units = int(per_layer[f"units_{i}"])
        layers += [nn.Linear(features, units), build_activation(activation), nn.Dropout(per_layer[f"dropout_{i}"])]
        features = units
    return nn.Sequential(*layers, nn.Linear(features, n_out))


def convnet_space(task: Task) -> cs.ConfigurationSpace:
    """Define numbers and widths of convolutional and linear layers, and dropout rates."""
    space = cs.ConfigurationSpace()
    convolutions = cs.Integer("conv_layers", (1, MAX_CONVOLUTIONS), default=3, meta={"limits": (1, MAX_CONVOLUTIONS)})
    linear = cs.Integer("linear_layers", (1, MAX_LINEAR), default=1, meta={"limits": (0, MAX_LINEAR)})
    space.add(
        convolutions,
        linear,
        cs.Categorical("kernel_size", [3, 5], default=3, ordered=True),
        cs.Categorical("use_batch_norm", [True, False], default=True),
        cs.Categorical("activation", ["relu", "silu", "gelu"], default="relu"),
        cs.Float("conv_dropout", (0.0, 0.4), default=0.1, meta={"limits": (0.0, 0.99)}),
    )
    for i in range(MAX_CONVOLUTIONS):
        filters = cs.Integer(f"filters_{i}", (16, 64), log=True, default=32, meta={"limits": (1, 1024)})
        space.add(filters, *([cs.GreaterThanCondition(filters, convolutions, i)] if i else []))
    for i in range(MAX_LINEAR):
        units = cs.Integer(f"units_{i}", (16, 128), log=True, default=64, meta={"limits": (1, 2**14)})
        dropout = cs.Float(f"dropout_{i}", (0.0, 0.4), default=0.1, meta={"limits": (0.0, 0.99)})
        conditions = [cs.GreaterThanCondition(hp, linear, i) for hp in (units, dropout)] if i else []
        space.add(units, dropout, *conditions)
    return space


CONVNET: Component[nn.Module] = Component("convnet", build_convnet, convnet_space)

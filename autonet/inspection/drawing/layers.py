"""Layers of a network as a forward pass ran them, with shapes and numbers of parameters."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from torch import nn

__all__ = ["INPUT", "Category", "Function", "Layer", "Shape", "Step", "categorize", "describe_layer", "format_shape"]

Shape = tuple[int | str, ...]
"""Shape of a tensor; the number of rows is "n"."""

Category = Literal["linear", "embedding", "normalization", "activation", "dropout", "pooling", "block", "other"]

# Source of a step that takes the input of its layer.
INPUT = -1


@dataclass(frozen=True)
class Function:
    """A function that a layer calls on tensors, such as an addition.

    Attributes
    ----------
    name : str
        Of torch's function, such as "add".
    operands : tuple of str
        Numbers, parameters and buffers that it takes.
    output : Shape or None
        Of the first tensor that it returned.
    """

    name: str
    operands: tuple[str, ...] = ()
    output: Shape | None = None


@dataclass(frozen=True)
class Step:
    """A call of a layer or function while another layer runs.

    Attributes
    ----------
    called : Layer or Function
    sources : tuple of int
        Earlier steps whose outputs it takes; `INPUT` is the input of the layer that runs.
    """

    called: "Layer | Function"
    sources: tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """A module with what its first call took, ran and returned.

    Attributes
    ----------
    path : str
        Name in the network, such as "1.0.branch"; empty for the network itself.
    kind : str
        Name of the class.
    detail : str
        Sizes and options in short.
    category : str
    input, output : Shape or None
        Of the first tensor; None if there is none, or the module was not called.
    n_parameters, n_trainable, n_buffered : int
        Values of parameters, of those that are trained, and of buffers; those of layers within it are included.
    n_bytes : int
        Size of parameters and buffers.
    n_members : int
        Members of an ensemble within the network that it runs in parallel; else 1.
    steps : tuple of Step
        What it ran, in this order; nothing for a layer that calls no other.
    results : tuple of int
        Steps whose outputs it returned.
    unused : tuple of Layer
        Layers with parameters that were not called.
    """

    path: str
    kind: str
    detail: str
    category: Category
    input: Shape | None = None
    output: Shape | None = None
    n_parameters: int = 0
    n_trainable: int = 0
    n_buffered: int = 0
    n_bytes: int = 0
    n_members: int = 1
    steps: tuple[Step, ...] = ()
    results: tuple[int, ...] = ()
    unused: tuple["Layer", ...] = ()

    @property
    def layers(self) -> Iterator["Layer"]:
        """Layers within this one: those that it called, each once, then the others."""
        called = {step.called.path: step.called for step in self.steps if isinstance(step.called, Layer)}
        yield from called.values()
        yield from self.unused

    @property
    def depth(self) -> int:
        """Number of levels of layers within this one."""
        return max((1 + layer.depth for layer in self.layers), default=0)


def format_shape(shape: Shape | None) -> str:
    """Write a shape as Python does; "" for None.

    >>> format_shape(("n", 1200))
    '(n, 1200)'
    """
    if shape is None:
        return ""
    return f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"


_BY_CLASS: tuple[tuple[Category, tuple[type[nn.Module], ...]], ...] = (
    ("block", (nn.Sequential, nn.MultiheadAttention)),
    ("linear", (nn.Linear, nn.Bilinear, nn.modules.conv._ConvNd)),  # noqa: SLF001 - their only common base
    ("embedding", (nn.Embedding, nn.EmbeddingBag)),
    ("dropout", (nn.modules.dropout._DropoutNd,)),  # noqa: SLF001 - their only common base
)
# Of classes that are known by their names alone, those of users included; the first that is part of the name counts.
_BY_NAME: tuple[tuple[str, Category], ...] = (
    ("Block", "block"),
    ("Embedding", "embedding"),
    ("Norm", "normalization"),
    ("Scale", "normalization"),
    ("Activation", "activation"),
    ("Dropout", "dropout"),
    ("Linear", "linear"),
    ("Conv", "linear"),
    ("Pool", "pooling"),
    ("Mean", "pooling"),
)


def categorize(module: nn.Module) -> Category:
    """Return the category of a module, by its class."""
    for category, classes in _BY_CLASS:
        if isinstance(module, classes):
            return category
    if any(c.__module__ == nn.modules.activation.__name__ for c in type(module).__mro__):
        return "activation"
    if type(module).__module__.startswith("torch.") and "Linear" in type(module).__name__:
        return "linear"
    found = next((category for part, category in _BY_NAME if part in type(module).__name__), None)
    return found or ("block" if next(module.children(), None) is not None else "other")


def _width(shape: Shape) -> int | str:
    """Return the number of features of a row, or of channels of an image (n, channels, height, width)."""
    return shape[1] if len(shape) == 4 else shape[-1]


def describe_layer(module: nn.Module, category: Category, input: Shape | None, output: Shape | None) -> str:  # noqa: A002
    """Describe a module in short: its widths, and options that tell it from others of its class."""
    ends = [width for shape in (input, output) if shape and (width := _width(shape)) != "n"]
    widths = " → ".join(f"{width:,}" for width in ends) if len(ends) == 2 else ""
    match category:
        case "linear" | "embedding":
            kernel = getattr(module, "kernel_size", None)
            if kernel is not None:
                sizes = " × ".join(map(str, kernel))
                return f"{module.in_channels} → {module.out_channels}, kernel {sizes}"
            entries = getattr(module, "num_embeddings", None)
            return widths if entries is None else f"{entries:,} × {module.embedding_dim:,}"
        case "dropout":
            return f"{module.p:.2g}" if hasattr(module, "p") else ""
        case "block":
            return widths if len(set(ends)) == 2 else ""
        case "activation":  # of an activation that mixes another with its input, the other
            return ", ".join(type(child).__name__ for child in module.children())
        case "normalization":
            return ""
    return " ".join(module.extra_repr().split()).strip("'")

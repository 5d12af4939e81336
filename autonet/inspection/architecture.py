"""Architecture of a network: a table of its layers, and drawings of its blocks."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autonet.core.errors import InvalidOption
from autonet.core.files import find_target, write_file
from autonet.core.resulttable import ResultTable
from autonet.inspection.drawing.figure import write_figure
from autonet.inspection.drawing.html import write_html
from autonet.inspection.drawing.layers import Layer, format_shape
from autonet.inspection.drawing.layout import lay_out
from autonet.inspection.drawing.svg import clean, write_svg
from autonet.inspection.drawing.trace import trace_network
from autonet.inspection.subject import find_subject

__all__ = ["ArchitectureDrawing", "draw_architecture", "summary"]

SUFFIXES = (".svg", ".pdf", ".png", ".html")


def summary(model: Any, *, depth: int | None = None, example_input: Any = None) -> ResultTable:
    """List the layers of a network.

    Parameters
    ----------
    model : nn.Module, FittedModel or fitted estimator
        For an estimator, the network of the best configuration.
    depth : int, optional
        Levels of layers that are listed.  Default: all.
    example_input : Tensor, array-like or tuple of them, optional
        Arguments of the network.  By default two rows of zeros: as wide as the encoded rows of a fitted model, or as
        the first layer with ``in_features``.

    Returns
    -------
    ResultTable
        A row per layer in the order in which they run; the caption has the totals.  Columns: ``layer``, its name in
        the network; ``kind``, its class; ``detail``, sizes and options; ``output``, the shape of what it returns for n
        rows in evaluation, None for a layer that did not run; ``parameters``, with those of layers within it.

    Raises
    ------
    InvalidOption
        If no layer has a width and no example is given, or `depth` is below 1.
    InvalidNetwork
        If the network fails on the example.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.

    Notes
    -----
    A copy of the network runs on the example: the network stays as it is.

    Examples
    --------
    >>> from torch import nn
    >>> summary(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)))
    Sequential: 67 parameters, 268 bytes; (n, 4) -> (n, 3)
    layer  kind    detail  output  parameters
    0      Linear  4 -> 8  (n, 8)          40
    1      ReLU            (n, 8)           0
    2      Linear  8 -> 3  (n, 3)          27
    """
    subject = find_subject(model, example_input)
    network = trace_network(subject)
    levels = _check_depth(depth)
    rows = [
        {
            "layer": layer.path,
            "kind": layer.kind,
            "detail": layer.detail.replace("→", "->"),  # which every terminal shows
            "output": format_shape(layer.output) or None,
            "parameters": layer.n_parameters,
        }
        for layer in _walk(network, levels)
    ]
    parts = [f"{network.n_parameters:,} parameters"]
    if network.n_trainable < network.n_parameters:
        parts.append(f"{network.n_trainable:,} of them are trained")
    if network.n_buffered:
        parts.append(f"{network.n_buffered:,} values in buffers")
    parts.append(_format_bytes(network.n_bytes))
    ends = f"{format_shape(network.input)} -> {format_shape(network.output)}"
    columns = ("layer", "kind", "detail", "output", "parameters")
    return ResultTable(rows, columns, f"{subject.title}: {', '.join(parts)}; {ends}")


def _walk(layer: Layer, depth: int | None) -> Iterator[Layer]:
    """Yield the layers within a layer; the layer itself if there are none."""
    inner = list(layer.layers)
    if not inner and not layer.path:
        yield layer
    for part in inner:
        yield part
        if depth is None or depth > 1:
            yield from _walk(part, depth and depth - 1)


def _format_bytes(n: int) -> str:
    for unit, size in (("MiB", 2**20), ("KiB", 2**10)):
        if n >= size:
            return f"{n / size:.3g} {unit}"
    return f"{n} bytes"


def _check_depth(depth: int | None) -> int | None:
    if depth is not None and (not isinstance(depth, int) or depth < 1):
        raise InvalidOption(f"depth must be a number of levels, at least 1, or None for all; got {depth!r:.60}.")
    return depth


@dataclass(frozen=True)
class ArchitectureDrawing:
    """Drawing of a network; notebooks show it.

    Attributes
    ----------
    title : str
    network : Layer
        The network as a forward pass ran it.
    depth : int or None
        Levels of blocks that are shown.

    Examples
    --------
    >>> from torch import nn
    >>> drawing = draw_architecture(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)))
    >>> drawing
    Drawing of Sequential: 67 parameters
    >>> drawing.svg[:4]
    '<svg'
    """

    title: str
    network: Layer = field(repr=False)
    depth: int | None = 1

    @property
    def svg(self) -> str:
        """The drawing as SVG."""
        return write_svg(lay_out(self.network, self.depth, self.title))

    @property
    def html(self) -> str:
        """HTML fragment, without scripts, whose blocks open and close; ``depth`` levels are open at first."""
        return write_html(self.network, self.network.depth + 1 if self.depth is None else self.depth, self.title)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing to a file.

        Parameters
        ----------
        path : path-like
            The suffix determines the format: ``.svg``; ``.pdf`` or ``.png``, which need the extra ``plot``; ``.html``,
            a page whose blocks open and close.

        Returns
        -------
        Path
            `path`.

        Raises
        ------
        InvalidOption
            If the suffix is another, or there is no such directory.
        MissingPackage
            If matplotlib is needed and not installed.
        """
        kind = Path(path).suffix.lower()
        if kind not in SUFFIXES:
            raise InvalidOption(
                f"The name of a drawing must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}; got {str(path)!r}."
            )
        target = find_target(path, "The drawing")
        if kind == ".svg":
            content = self.svg.encode()
        elif kind == ".html":
            content = (
                f'<!doctype html>\n<meta charset="utf-8">\n<title>{clean(self.title)}</title>\n{self.html}'.encode()
            )
        else:
            content = write_figure(lay_out(self.network, self.depth, self.title), kind[1:])
        write_file(target, [content])
        return Path(path)

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        """Say what is drawn."""
        return f"Drawing of {self.title}: {self.network.n_parameters:,} parameters"


def draw_architecture(
    model: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    depth: int | None = 1,
    example_input: Any = None,
    title: str | None = None,
) -> ArchitectureDrawing:
    """Draw the blocks of a network, with shapes and numbers of parameters.

    Layers in a row share a card, equal parts in a row are drawn once ("× 4"), cards behind a card are the members of an
    ensemble within the network, and arcs are connections past layers, as in residual blocks.

    Parameters
    ----------
    model : nn.Module, FittedModel or fitted estimator
        For an estimator, the network of the best configuration.
    path : path-like, optional
        File to write: ``.svg``; ``.pdf`` or ``.png``, which need the extra ``plot``; ``.html``, a page whose blocks
        open and close.
    depth : int, default=1
        Levels of blocks that are opened; None: all, and what layers such as a ``BatchEnsembleLinear`` compute.
    example_input : Tensor, array-like or tuple of them, optional
        Arguments of the network; see `summary`.
    title : str, optional
        Default: the class of `model`.

    Returns
    -------
    ArchitectureDrawing

    Raises
    ------
    InvalidOption, InvalidNetwork, sklearn.exceptions.NotFittedError
        See `summary`.
    MissingPackage
        If matplotlib is needed and not installed.

    See Also
    --------
    autonet.inspection.graph.draw_network : The graph of operations, laid out by Graphviz.

    Examples
    --------
    >>> draw_architecture(auto, "network.svg")  # doctest: +SKIP
    Drawing of AutoNetClassification: 46,212 parameters
    """
    levels = _check_depth(depth)
    subject = find_subject(model, example_input)
    drawing = ArchitectureDrawing(subject.title if title is None else str(title), trace_network(subject), levels)
    if path is not None:
        drawing.save(path)
    return drawing

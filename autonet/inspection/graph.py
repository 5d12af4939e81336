"""Graphs of a network's operations: torchviz makes them, Graphviz lays them out."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import graphviz
from torch import Tensor
from torchviz import make_dot

from autonet.core.errors import InvalidOption, MissingPackage
from autonet.core.files import find_target, write_file
from autonet.inspection.subject import copy_network, find_subject

__all__ = ["draw_network", "make_graph"]

# pygraphviz's wheels contain Graphviz.  It runs in a process of its own, as the C library may crash the interpreter.
LAYOUT = """\
import pygraphviz, sys
drawing = pygraphviz.AGraph(sys.stdin.buffer.read().decode()).draw(format=sys.argv[1], prog='dot')
sys.stdout.buffer.write(drawing)
"""


class NetworkGraph(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """Graph of operations that is drawn with and without the program ``dot``.

    A `graphviz.Digraph`, as ``torchviz.make_dot`` returns it.  Where ``dot`` is not installed, pygraphviz draws it,
    which comes with the extra ``draw``.

    Examples
    --------
    >>> from torch import nn
    >>> arch = make_graph(nn.Sequential(nn.Linear(4, 3)))
    >>> arch.format, arch.filename = "pdf", "network"
    >>> arch.render(view=False)  # doctest: +SKIP
    'network.pdf'
    """

    def pipe(self, format: str | None = None, *, encoding: str | None = None, **options: Any) -> Any:  # noqa: A002 - graphviz's name
        """Return the drawing; arguments as of `graphviz.Digraph.pipe`.

        Raises
        ------
        MissingPackage
            If neither ``dot`` nor pygraphviz is installed.
        """
        if shutil.which("dot"):
            return super().pipe(format, encoding=encoding, **options)
        drawn = _lay_out(self.source, format or self.format)
        return drawn.decode(encoding) if encoding else drawn

    def render(
        self,
        filename: Any = None,
        *,
        directory: Any = None,
        view: bool = False,
        cleanup: bool = False,
        format: str | None = None,  # noqa: A002 - graphviz's name
        outfile: Any = None,
        **options: Any,
    ) -> str:
        """Save the graph and its drawing; arguments as of `graphviz.Digraph.render`.

        Returns
        -------
        str
            Name of the drawing.

        Raises
        ------
        MissingPackage
            If neither ``dot`` nor pygraphviz is installed.
        """
        if shutil.which("dot"):
            options |= {"directory": directory, "view": view, "cleanup": cleanup, "format": format, "outfile": outfile}
            return str(super().render(filename, **options))
        kind = format or self.format
        drawn = self.pipe(kind)
        source = Path(self.save(filename, directory=directory))
        picture = Path(outfile or f"{source}.{kind}")
        picture.write_bytes(drawn)
        if cleanup:
            source.unlink()
        if view:
            graphviz.view(picture)
        return str(picture)


def make_graph(model: Any, *, example_input: Any = None) -> NetworkGraph:
    """Make the graph of the operations that a network computes.

    Parameters
    ----------
    model : nn.Module, FittedModel or fitted estimator
        For an estimator, the network of the best configuration.
    example_input : Tensor, array-like or tuple of them, optional
        Arguments of the network.  By default two rows of zeros: as wide as the encoded rows of a fitted model, or as
        the first layer with ``in_features``.

    Returns
    -------
    NetworkGraph
        The ``graphviz.Digraph`` that ``torchviz.make_dot(network(x).mean(), params=dict(network.named_parameters()))``
        makes; its ``render`` works without the program ``dot``, by pygraphviz, and says what to install without that.

    Raises
    ------
    InvalidOption
        If no layer has a width and no example is given.
    InvalidNetwork
        If the network fails on the example.
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.

    Examples
    --------
    >>> from torch import nn
    >>> "0.weight" in make_graph(nn.Sequential(nn.Linear(4, 3))).source
    True
    """
    subject = find_subject(model, example_input)
    with copy_network(subject) as network:
        output = network.requires_grad_(True)(*subject.inputs)
        while not isinstance(output, Tensor):  # of several, the first
            output = next(iter(output.values() if isinstance(output, dict) else output))
        graph = make_dot(output.mean(), params=dict(network.named_parameters()))
    return NetworkGraph(graph_attr=graph.graph_attr, node_attr=graph.node_attr, body=graph.body)


def draw_network(model: Any, path: str | os.PathLike[str] = "network.pdf", *, example_input: Any = None) -> Path:
    """Draw the graph of a network's operations.

    Parameters
    ----------
    model : nn.Module, FittedModel or fitted estimator
        For an estimator, the network of the best configuration.
    path : path-like, default="network.pdf"
        File to write; the suffix (``.pdf``, ``.svg``, ``.png``) determines the format.
    example_input : Tensor, array-like or tuple of them, optional
        Arguments of the network; see `make_graph`.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    InvalidOption
        If Graphviz has no such format, there is no such directory, or no layer has a width and no example is given.
    InvalidNetwork, sklearn.exceptions.NotFittedError
        See `make_graph`.
    MissingPackage
        If neither the program ``dot`` nor pygraphviz is installed.

    See Also
    --------
    autonet.inspection.architecture.draw_architecture : Blocks and layers rather than operations; needs no Graphviz.

    Examples
    --------
    >>> draw_network(auto, "network.pdf")  # doctest: +SKIP
    PosixPath('network.pdf')
    """
    kind, target = Path(path).suffix[1:].lower(), find_target(path, "The drawing")
    if kind not in graphviz.FORMATS:
        raise InvalidOption(f"The name of a drawing must end in .pdf, .svg or .png; got {str(path)!r}.")
    write_file(target, [make_graph(model, example_input=example_input).pipe(kind)])
    return Path(path)


def _lay_out(source: str, kind: str) -> bytes:
    """Lay out a graph by pygraphviz, and return the drawing."""
    if find_spec("pygraphviz") is None:
        raise MissingPackage("A graph of operations", "Graphviz: the program dot, or pygraphviz", "draw")
    command = [sys.executable, "-c", LAYOUT, kind]
    done = subprocess.run(command, input=source.encode(), capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[-500:]
        raise RuntimeError(f"pygraphviz cannot draw the graph; install the program dot of Graphviz. It said: {said}")
    return done.stdout

"""Drawings of networks: torchviz makes the graph, Graphviz lays it out."""

import shutil
import subprocess
import sys
from pathlib import Path

import torch
from torch import nn
from torchviz import make_dot

__all__ = ["draw_network"]

# pygraphviz's wheels contain Graphviz.  It runs in a process of its own, as the C library may crash the interpreter.
LAYOUT = "import pygraphviz, sys; pygraphviz.AGraph(sys.stdin.read()).draw(sys.argv[1], prog='dot')"


def draw_network(network: nn.Module, path: str | Path) -> Path:
    """Draw the graph of a network's computation.

    Parameters
    ----------
    network : nn.Module
        As from ``get_pytorch_model()``: the first layer with ``in_features`` determines the width of the input.
    path : str or Path
        File to write; the suffix (``.pdf``, ``.svg``, ``.png``) determines the format.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ValueError
        If no layer has ``in_features``.
    RuntimeError
        If neither the program ``dot`` nor pygraphviz is installed.

    Examples
    --------
    >>> draw_network(auto.get_pytorch_model(), "network.pdf")  # doctest: +SKIP
    PosixPath('network.pdf')
    """
    path = Path(path)
    widths = (getattr(layer, "in_features", None) for layer in network.modules())
    width = next((width for width in widths if width is not None), None)
    if width is None:
        raise ValueError(
            "draw_network: the network has no layer with in_features, so the width of its input is unknown; give a "
            "network that has a linear layer."
        )
    graph = make_dot(network(torch.zeros(1, width)).mean(), params=dict(network.named_parameters()))
    command = ["dot", f"-T{path.suffix[1:]}", "-o", str(path)]
    if shutil.which("dot") is None:
        command = [sys.executable, "-c", LAYOUT, str(path)]
    done = subprocess.run(command, input=graph.source, text=True, capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0 or not path.is_file():
        raise RuntimeError(
            "draw_network needs Graphviz: install the program `dot`, or pip install 'autonet-torch[draw]'. "
            f"It said: {done.stderr.strip()[-500:]}"
        )
    return path

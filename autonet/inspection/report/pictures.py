"""Pictures of a report: figures of matplotlib within the page."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Callable
from io import BytesIO
from typing import Any

from autonet.core.errors import AutonetError, MissingPackage
from autonet.inspection.report.blocks import Picture, Text

__all__ = ["draw", "require_matplotlib"]

DPI = 96  # pixels per inch of a page
SHARP = 192  # of pictures in pixels
MAX_SVG = 250_000  # bytes from which a picture is smaller in pixels

STYLE: Any = {
    "svg.fonttype": "none",  # texts that a reader can search
    "svg.hashsalt": "autonet",  # the same ids in each run
    "font.size": 10,
    "axes.labelsize": 10,
    "text.usetex": False,
}


def require_matplotlib() -> None:
    """Raise an error if matplotlib is not installed.

    Raises
    ------
    MissingPackage
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingPackage("report", "matplotlib", "report") from error
    del mpl


def draw(plot: Callable[..., Any], alt: str, caption: str, size: tuple[float, float] = (7.2, 3.6)) -> Picture | Text:
    """Draw a picture.

    Parameters
    ----------
    plot : callable
        ``plot(ax=ax)`` draws in axes.
    alt : str
        What is seen.
    caption : str
    size : tuple of float
        Width and height in inches.

    Returns
    -------
    Picture or Text
        The sentence of the error if the picture cannot be drawn of these results.
    """
    import matplotlib as mpl  # noqa: PLC0415 - an extra
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)  # browsers have others
        figure = Figure(figsize=size, layout="constrained")
        try:
            plot(ax=figure.subplots())
        except AutonetError as error:
            return Text(str(error), is_caution=True)
        kind, content = "svg+xml", _save(figure, "svg")
        if len(content) > MAX_SVG:
            kind, content = "png", _save(figure, "png")
    source = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    return Picture(source, alt, caption, round(size[0] * DPI))


def _save(figure: Any, kind: str) -> bytes:
    buffer, metadata = BytesIO(), {"Date": None} if kind == "svg" else {}
    figure.savefig(buffer, format=kind, dpi=SHARP, metadata=metadata, transparent=True)
    return buffer.getvalue()

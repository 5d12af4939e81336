"""PDF and PNG of a picture, drawn by matplotlib."""

import io
import warnings
from typing import TYPE_CHECKING

from autonet.core.errors import MissingPackage
from autonet.inspection.drawing.shapes import Box, Group, Label, Line, Picture, Shape, find_head, trace_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.font_manager import FontProperties

__all__ = ["write_figure"]

POINTS = 72  # per inch; a pixel of the picture is a point
DPI = 144  # of a PNG
# Fonts of the same widths; the one that matplotlib brings along is wider.
FONTS = ("Helvetica", "Arial", "Liberation Sans")
DEFAULT_FONT, DEFAULT_FACTOR = "DejaVu Sans", 0.88


def write_figure(picture: Picture, kind: str) -> bytes:
    """Write a picture as "pdf" or "png".

    Raises
    ------
    MissingPackage
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingPackage(f"draw_architecture to {kind.upper()}", "matplotlib", "plot") from error
    figure = Figure(figsize=(picture.width / POINTS, picture.height / POINTS), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, picture.width)
    axes.set_ylim(picture.height, 0)
    painter = _Painter(axes)
    for shape in picture.shapes:
        painter.draw(shape)
    metadata = {"Title": picture.title, "Subject": picture.description, "CreationDate": None}
    with io.BytesIO() as file, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)  # a box stands for it
        if kind == "pdf":
            figure.savefig(file, format="pdf", metadata=metadata)
        else:
            metadata = {"Title": picture.title, "Description": picture.description}
            figure.savefig(file, format="png", dpi=DPI, metadata=metadata)
        return file.getvalue()


class _Painter:
    """Draws shapes on axes."""

    def __init__(self, axes: "Axes") -> None:
        self.axes = axes
        self.fonts = {bold: _find_font(bold=bold) for bold in (False, True)}

    def draw(self, shape: Shape) -> None:
        from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon  # noqa: PLC0415 - an extra
        from matplotlib.path import Path  # noqa: PLC0415 - an extra

        match shape:
            case Group():
                for part in shape.shapes:
                    self.draw(part)
            case Box():
                radius = min(shape.radius, shape.width / 2, shape.height / 2)
                style = f"round,pad=0,rounding_size={radius}" if radius else "square,pad=0"
                size = (shape.x, shape.y), shape.width, shape.height
                self.axes.add_patch(
                    FancyBboxPatch(*size, boxstyle=style, facecolor=shape.fill, edgecolor=shape.stroke, linewidth=1)
                )
            case Label():
                font, factor = self.fonts[shape.bold]
                anchor = {"start": "left", "middle": "center", "end": "right"}[shape.anchor]
                # The baseline is about a third of the size below the middle.
                self.axes.text(
                    shape.x, shape.y + 0.35 * shape.size, shape.text, size=shape.size * factor, color=shape.color,
                    ha=anchor, va="baseline", fontproperties=font, parse_math=False,
                )  # fmt: skip
            case Line():
                codes = {"M": [Path.MOVETO], "L": [Path.LINETO], "Q": [Path.CURVE3, Path.CURVE3]}
                steps = list(trace_line(shape))
                points = [point for _, part in steps for point in part]
                path = Path(points, [code for command, _ in steps for code in codes[command]])
                self.axes.add_patch(PathPatch(path, fill=False, edgecolor=shape.stroke, linewidth=shape.width))
                if shape.arrow:
                    self.axes.add_patch(Polygon(find_head(shape), facecolor=shape.stroke, linewidth=0))


def _find_font(*, bold: bool) -> "tuple[FontProperties, float]":
    """Find a font, and the factor of its size."""
    from matplotlib.font_manager import FontProperties, findfont  # noqa: PLC0415 - an extra

    weight = "bold" if bold else "normal"
    for name in FONTS:
        font = FontProperties(family=name, weight=weight)
        try:
            findfont(font, fallback_to_default=False)
        except ValueError:
            continue
        return font, 1.0
    return FontProperties(family=DEFAULT_FONT, weight=weight), DEFAULT_FACTOR

"""Shapes that drawings are made of, in pixels, and the width of texts."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

__all__ = [
    "Box",
    "Group",
    "Label",
    "Line",
    "Picture",
    "Shape",
    "find_head",
    "shorten",
    "text_width",
    "trace_line",
    "translate",
]

CORNER = 8.0  # radius of the corners of lines
ARROW = (6.0, 3.5)  # length, and half of the width, of an arrowhead

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Box:
    """Rectangle with rounded corners."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    stroke: str = "none"
    radius: float = 0.0
    dashed: bool = False


@dataclass(frozen=True)
class Line:
    """Line through points, with rounded corners, and an arrowhead at its end where one is wanted."""

    points: tuple[tuple[float, float], ...]
    stroke: str
    arrow: bool = False
    width: float = 1.5


@dataclass(frozen=True)
class Label:
    """Text; x and y are the anchor and the middle of its height."""

    x: float
    y: float
    text: str
    size: float
    color: str
    anchor: Anchor = "start"
    bold: bool = False


@dataclass(frozen=True)
class Group:
    """Shapes of one part, with a text that tells more about it."""

    title: str
    shapes: Sequence["Shape"]


Shape = Box | Line | Label | Group


def translate(shape: Shape, dx: float, dy: float) -> Shape:
    """Move a shape."""
    match shape:
        case Group():
            return replace(shape, shapes=[translate(part, dx, dy) for part in shape.shapes])
        case Line():
            return replace(shape, points=tuple((x + dx, y + dy) for x, y in shape.points))
    return replace(shape, x=shape.x + dx, y=shape.y + dy)


@dataclass(frozen=True)
class Picture:
    """Shapes on a white page.

    Attributes
    ----------
    width, height : float
    title, description : str
        What it shows, in a line and in sentences, for those who do not see it.
    shapes : sequence of Shape
    """

    width: float
    height: float
    title: str
    description: str
    shapes: Sequence[Shape]


# Widths of the characters of Helvetica and Arial, relative to the size of the text; other characters are wide ones.
_WIDTHS = {
    0.2: "'",
    0.28: "ijl|!,./:;I[\\]ft ·",
    0.34: '()-`r{}"',
    0.5: "Jcksvxyz*^",
    0.57: "#$0123456789?L_abdeghnopqu+<=>~×−",
    0.62: "FTZ",
    0.68: "&ABEKPSVXY",
    0.73: "CDHNRUw",
    0.8: "GOQ",
    0.9: "Mm%",
}
_WIDTH_OF = {character: width for width, characters in _WIDTHS.items() for character in characters}
_BOLD_FACTOR = 1.08


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Estimate the width of a text in Helvetica or Arial.

    >>> text_width("Linear", size=10)
    29.0
    """
    return round(sum(_WIDTH_OF.get(c, 1.05) for c in text) * size * (_BOLD_FACTOR if bold else 1.0), 1)


def shorten(text: str, size: float, width: float, *, bold: bool = False) -> str:
    """Shorten a text to a width; an ellipsis stands for its end.

    >>> shorten("a very long name of a layer", size=10, width=60)
    'a very lon…'
    """
    if text_width(text, size, bold=bold) <= width:
        return text
    while text and text_width(f"{text}…", size, bold=bold) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def trace_line(line: Line) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """Yield the commands of a path, M, L and Q, with their points: a line with rounded corners."""
    points = list(line.points)
    if line.arrow:
        points[-1] = _toward(points[-1], points[-2], ARROW[0] - 1)
    yield "M", [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(CORNER, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        yield "L", [_toward(corner, before, radius)]
        yield "Q", [corner, _toward(corner, after, radius)]
    yield "L", [points[-1]]


def find_head(line: Line) -> list[tuple[float, float]]:
    """Return the three corners of the arrowhead of a line."""
    tip, before = line.points[-1], line.points[-2]
    length, half = ARROW
    (x, y), distance = _toward(tip, before, length), math.dist(tip, before)
    dx, dy = (tip[0] - before[0]) / distance * half, (tip[1] - before[1]) / distance * half
    return [tip, (x - dy, y + dx), (x + dy, y - dx)]


def _toward(start: tuple[float, float], end: tuple[float, float], length: float) -> tuple[float, float]:
    """Return the point at a distance from a start, towards an end."""
    share = length / (math.dist(start, end) or 1.0)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share

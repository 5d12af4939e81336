"""Cards of layers, pills of functions, and their colors."""

from autonet.inspection.drawing.flow import Card, is_residual, name_functions
from autonet.inspection.drawing.layers import Function, Layer
from autonet.inspection.drawing.shapes import Box, Group, Label, Line, Shape, shorten, text_width
from autonet.inspection.drawing.words import (
    count_parameters,
    describe_functions,
    describe_layer,
    list_contents,
    name_layer,
)

__all__ = ["ARC", "BORDER", "COLORS", "MUTED", "PILL", "TEXT", "WIDTH", "draw_card", "draw_header", "draw_pill"]

WIDTH = 340.0  # of a card
ROW, SMALL_ROW, TALL_ROW = 36.0, 26.0, 52.0  # heights of a layer, of one that follows it, of a block
INSET = 8.0
STACK = 5.0  # how far the cards of an ensemble are apart
PILL = 24.0  # height of functions, input and output
ARC_WIDTH = 16.0  # of the arc beside a block that adds its input to its result
ARC = "#CC79A7"  # color of what goes past layers

TEXT, MUTED, BORDER = "#1f2430", "#5b6270", "#c9ccd3"
# Okabe and Ito's colors, which color-blind readers can tell apart, the yellow darker, and tints for large areas.
COLORS = {
    "linear": ("#0072B2", "#e6f1f8"),
    "embedding": ("#009E73", "#e5f5f0"),
    "normalization": ("#E69F00", "#fdf5e5"),
    "activation": ("#D55E00", "#fbeee5"),
    "dropout": ("#8a8f99", "#f2f3f5"),
    "pooling": ("#56B4E9", "#edf7fd"),
    "block": ("#CC79A7", "#faf1f6"),
    "other": ("#4a4f5a", "#f0f1f3"),
    "function": ("#C7B800", "#fefdeb"),
}


def draw_card(card: Card) -> tuple[float, float, float, list[Shape]]:
    """Draw a card around x = 0, with others behind it for the members of an ensemble.

    Returns
    -------
    left, right, height : float
        Extents.
    shapes : list of Shape
    """
    first = card.parts[0]
    if not isinstance(first, Layer):
        return _draw_functions(first)
    stack = 2 * STACK if card.n_members > 1 else 0.0
    heights = [_height(part, i) for i, part in enumerate(card.parts)]
    total, left = sum(heights), -WIDTH / 2
    color, tint = COLORS[first.category]
    offsets = (2 * STACK, STACK, 0.0) if stack else (0.0,)
    shapes: list[Shape] = [Box(left + d, stack - d, WIDTH, total, tint, color, 7) for d in offsets]
    y, right = stack, WIDTH / 2 + stack
    for i, (part, height) in enumerate(zip(card.parts, heights, strict=True)):
        if i:
            shapes.append(Line(((left, y), (left + WIDTH, y)), BORDER, width=0.75))
        shapes.append(_draw_part(part, left, y, height, is_first=i == 0))
        y += height
    if stack:
        text = f"{card.n_members} members"
        shapes.append(Label(right + 7, stack + 12, text, 11, color, bold=True))
        right += 9 + text_width(text, 11, bold=True)
    if is_residual(first):
        right += ARC_WIDTH
        edge = WIDTH / 2
        points = ((edge, 12.0), (right, 12.0), (right, total - 12), (edge, total - 12))
        shapes.append(Line(points, ARC, arrow=True))
    return -left, right, total + stack, shapes


def _draw_functions(functions: tuple[Function, ...]) -> tuple[float, float, float, list[Shape]]:
    """Draw a pill with the names of functions."""
    text = shorten(name_functions(functions), 12, WIDTH - 30)
    half = text_width(text, 12) / 2 + 15
    box = Box(-half, 0, 2 * half, PILL, *COLORS["function"][::-1], radius=PILL / 2)
    return half, half, PILL, [Group(describe_functions(functions), [box, Label(0, PILL / 2, text, 12, TEXT, "middle")])]


def _height(part: Layer | tuple[Function, ...], i: int) -> float:
    if isinstance(part, Layer) and part.category == "block" and part.steps:
        return TALL_ROW
    return SMALL_ROW if i else ROW


def _draw_part(part: Layer | tuple[Function, ...], left: float, y: float, height: float, *, is_first: bool) -> Group:
    size, middle = 13.0 if is_first else 12.0, y + height / 2
    if not isinstance(part, Layer):
        bar = Box(left + INSET, y + 6, 4, height - 12, COLORS["function"][0], radius=2)
        text = shorten(name_functions(part), size, WIDTH - 40)
        return Group(describe_functions(part), [bar, Label(left + 22, middle, text, size, TEXT)])
    shapes: list[Shape] = [Box(left + INSET, y + 6, 4, height - 12, COLORS[part.category][0], radius=2)]
    tall = height == TALL_ROW
    shapes += _draw_texts(part, left + 22, left + WIDTH - 12, y + 17 if tall else middle, size, bold=is_first)
    if tall:
        contents = shorten(list_contents(part), 11, WIDTH - 40)
        shapes.append(Label(left + 22, y + 36, contents, 11, MUTED))
    return Group(describe_layer(part), shapes)


def _draw_texts(layer: Layer, left: float, right: float, y: float, size: float, *, bold: bool) -> list[Shape]:
    """Draw name and detail of a layer from the left, and its number of parameters from the right."""
    count = count_parameters(layer)
    space = right - left - text_width(count, 11) - 10
    name = shorten(name_layer(layer), size, space, bold=bold)
    used = text_width(name, size, bold=bold) + 9
    detail = shorten(layer.detail, 12, space - used) if layer.detail and space - used > 20 else ""
    shapes: list[Shape] = [Label(left, y, name, size, TEXT, bold=bold)]
    if detail:
        shapes.append(Label(left + used, y, detail, 12, MUTED))
    if count:
        shapes.append(Label(right, y, count, 11, MUTED, "end"))
    return shapes


def draw_header(layer: Layer, left: float, right: float, y: float) -> list[Shape]:
    """Draw the header of a frame."""
    color = COLORS[layer.category][0]
    return [Box(left, y - 8, 4, 16, color, radius=2), *_draw_texts(layer, left + 12, right, y, 13, bold=True)]


def draw_pill(text: str, x: float, y: float) -> list[Shape]:
    """Draw the name of what goes in or comes out."""
    half = text_width(text, 12) / 2 + 14
    return [
        Box(x - half, y, 2 * half, PILL, TEXT, radius=PILL / 2),
        Label(x, y + PILL / 2, text, 12, "#ffffff", "middle"),
    ]

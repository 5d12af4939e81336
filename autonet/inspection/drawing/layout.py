"""Layout of a drawing: cards in a row from top to bottom, branches beside one another, skips as arcs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from autonet.inspection.drawing.cards import ARC, BORDER, MUTED, PILL, TEXT, WIDTH, draw_card, draw_header, draw_pill
from autonet.inspection.drawing.flow import Card, Fork, Frame, Item, Repeat, Tangle, build_flow, name_function
from autonet.inspection.drawing.layers import INPUT, Layer, Shape, format_shape
from autonet.inspection.drawing.shapes import Box, Group, Label, Line, Picture, text_width, translate
from autonet.inspection.drawing.shapes import Shape as Drawn
from autonet.inspection.drawing.words import describe_items, describe_layer

__all__ = ["lay_out"]

GAP = 34.0  # between cards, for an arrow and the shape of what goes along it
SHORT_GAP = 14.0  # before branches
SPLIT = 24.0  # from where branches leave the axis to their beginning
BRANCH_GAP = 28.0  # between branches
LANE = 22.0  # from a card to an arc beside it
RADIUS = 10.0  # of the circle of a sum
PADDING = 14.0  # in a frame
HEADER = 32.0  # of a frame
MARGIN = 24.0  # of the page


@dataclass(frozen=True)
class Part:
    """Drawn item: shapes around an axis at x = 0, from y = 0 downwards.

    Attributes
    ----------
    left, right, height : float
        Extents.
    shapes : list of Shape
    """

    left: float
    right: float
    height: float
    shapes: list[Drawn]


def lay_out(layer: Layer, depth: int | None, title: str) -> Picture:
    """Draw a network.

    Parameters
    ----------
    layer : Layer
    depth : int or None
        See `build_flow`.
    title : str
    """
    items = build_flow(layer, depth)
    flow = _draw_row(items, layer.input, ends=True)
    subtitle = f"{layer.n_parameters:,} parameters"
    ends = f"From {format_shape(layer.input)} to {format_shape(layer.output)}"
    description = f"{ends}, with {subtitle}: {describe_items(items)}."
    heading = max(text_width(title, 16, bold=True), text_width(subtitle, 12)) / 2
    left, right = max(flow.left, heading), max(flow.right, heading)
    x, y = MARGIN + left, MARGIN + 56
    shapes = [
        Label(x, MARGIN + 8, title, 16, TEXT, "middle", bold=True),
        Label(x, MARGIN + 30, subtitle, 12, MUTED, "middle"),
        *(translate(shape, x, y) for shape in flow.shapes),
    ]
    return Picture(x + right + MARGIN, y + flow.height + MARGIN, title, description, shapes)


def _draw_row(items: Sequence[Item], given: Shape | None, *, ends: bool = False) -> Part:
    """Draw items one below the other; with ends, what goes in and comes out, too."""
    shapes: list[Drawn] = []
    left = right = y = 0.0
    shape, is_first = given, True
    if ends:
        shapes += draw_pill("input", 0, 0)
        y, is_first = PILL, False
    for item in items:
        part = _draw(item, shape)
        if not is_first:
            gap = GAP if _takes_arrow(item) else SHORT_GAP
            shapes += _connect(y, y + gap, shape, arrow=_takes_arrow(item))
            y += gap
        shapes += [translate(s, 0, y) for s in part.shapes]
        left, right, y = max(left, part.left), max(right, part.right), y + part.height
        shape, is_first = item.output or shape, False
    if ends:
        shapes += [*_connect(y, y + GAP, shape), *draw_pill("output", 0, y + GAP)]
        y += GAP + PILL
    return Part(left, max(right, text_width(format_shape(shape), 11) + 10), y, shapes)


def _takes_arrow(item: Item) -> bool:
    """Return whether an arrow may end at the top of an item: at others, lines branch."""
    while isinstance(item, Repeat):
        item = item.items[0]
    return not isinstance(item, Fork | Tangle)


def _connect(start: float, end: float, shape: Shape | None, *, arrow: bool = True) -> list[Drawn]:
    """Draw an arrow down the axis, with the shape of what goes along it."""
    line = Line(((0, start), (0, end)), TEXT, arrow)
    if end - start < GAP:
        return [line]
    return [line, Label(8, (start + end) / 2 - 1, format_shape(shape), 11, MUTED)]


def _draw(item: Item, given: Shape | None) -> Part:
    match item:
        case Card():
            return Part(*draw_card(item))
        case Frame():
            return _draw_frame(item)
        case Fork():
            return _draw_fork(item, given)
        case Repeat():
            return _draw_repeat(item, given)
        case Tangle():
            return _draw_tangle(item, given)


def _draw_join(text: str, x: float, y: float) -> list[Drawn]:
    """Draw the circle of a sum, or of another function of several tensors."""
    half = max(RADIUS, text_width(text, 11) / 2 + 6)
    return [
        Box(x - half, y - RADIUS, 2 * half, 2 * RADIUS, "#ffffff", TEXT, RADIUS),
        Label(x, y, text, 15 if len(text) == 1 else 11, TEXT, "middle", bold=len(text) == 1),
    ]


def _draw_frame(frame: Frame) -> Part:
    row = _draw_row(frame.items, frame.layer.input)
    left, right = max(row.left, WIDTH / 2) + PADDING, max(row.right, WIDTH / 2) + PADDING
    height = HEADER + row.height + PADDING
    shapes: list[Drawn] = [Box(-left, 0, left + right, height, "#f7f7f9", BORDER, 8)]
    shapes += draw_header(frame.layer, -left + 12, right - 12, HEADER / 2 + 1)
    if not _takes_arrow(frame.items[0]):
        shapes.append(Line(((0, HEADER - 4), (0, HEADER)), TEXT))
    shapes += [translate(s, 0, HEADER) for s in row.shapes]
    if not isinstance(frame.items[-1], Card):
        shapes.append(Line(((0, HEADER + row.height), (0, height)), TEXT))
    return Part(left, right, height, [Group(describe_layer(frame.layer), shapes)])


def _draw_repeat(repeat: Repeat, given: Shape | None) -> Part:
    row = _draw_row(repeat.items, given)
    x, text = row.right + 8, f"× {repeat.count}"
    bracket = Line(((x, 2), (x + 8, 2), (x + 8, row.height - 2), (x, row.height - 2)), MUTED)
    label = Label(x + 16, row.height / 2, text, 15, TEXT, bold=True)
    return Part(row.left, x + 16 + text_width(text, 15, bold=True), row.height, [*row.shapes, bracket, label])


def _draw_fork(fork: Fork, given: Shape | None) -> Part:
    filled = [branch for branch in fork.branches if branch]
    parts = [_draw_row(branch, given) for branch in filled]
    centers = _spread(parts)
    bottom = SPLIT + max((part.height for part in parts), default=0.0)
    join = name_function(fork.join) if fork.join else ""
    middle = bottom + (RADIUS + 14 if fork.join else 14)
    half = max(RADIUS, text_width(join, 11) / 2 + 6) if fork.join else 0
    shapes: list[Drawn] = []
    for branch, x, part in zip(filled, centers, parts, strict=True):
        points = ((0.0, 0.0), (0.0, 8.0), (x, 8.0), (x, SPLIT)) if x else ((0.0, 0.0), (0.0, SPLIT))
        shapes += [Line(points, TEXT, _takes_arrow(branch[0])), *(translate(s, x, SPLIT) for s in part.shapes)]
        out = SPLIT + part.height
        if x:
            shapes.append(Line(((x, out), (x, middle), (half if x > 0 else -half, middle)), TEXT, arrow=bool(join)))
        else:
            shapes.append(Line(((0, out), (0, middle - (RADIUS if join else 0))), TEXT, arrow=bool(join)))
    left = max((part.left - x for x, part in zip(centers, parts, strict=True)), default=0.0)
    right = max((part.right + x for x, part in zip(centers, parts, strict=True)), default=0.0)
    for _ in range(len(fork.branches) - len(filled)):
        right += LANE
        shapes.append(Line(((0, 4), (right, 4), (right, middle), (half, middle)), ARC, arrow=bool(join)))
    if join:
        shapes += _draw_join(join, 0, middle)
    return Part(left, right + 2, middle + (RADIUS if join else 0), shapes)


def _spread(parts: Sequence[Part]) -> list[float]:
    """Return the places of branches on either side of the axis; a single one is on it."""
    if len(parts) < 2:
        return [0.0] * len(parts)
    places = [0.0]
    for before, part in pairwise(parts):
        places.append(places[-1] + before.right + BRANCH_GAP + part.left)
    center = (places[0] + places[-1]) / 2
    return [x - center for x in places]


def _draw_tangle(tangle: Tangle, given: Shape | None) -> Part:
    shapes: list[Drawn] = []
    edges, bottoms = list[tuple[float, float]](), {INPUT: 0.0}
    left = right = 0.0
    y, shape, end = GAP, given, len(tangle.items)
    for i, item in enumerate(tangle.items):
        part = _draw(item, shape)
        if (i - 1, i) in tangle.links:
            shapes += _connect(bottoms[i - 1], y, shape)
        shapes += [translate(s, 0, y) for s in part.shapes]
        left, right = max(left, part.left), max(right, part.right)
        edges.append((part.right, y + part.height / 2))
        bottoms[i] = y + part.height
        y, shape = bottoms[i] + GAP, item.output or shape
    arcs = [link for link in tangle.links if link[1] > link[0] + 1]
    if all(target < end for _, target in arcs):
        y -= GAP
    edges.append((0.0, y))
    for source, target in arcs:
        right += LANE / 2
        start, (edge, middle) = bottoms[source] + 5, edges[target]
        shapes.append(Line(((0, start), (right, start), (right, middle), (edge, middle)), ARC, arrow=True))
    if (end - 1, end) in tangle.links:
        shapes.append(Line(((0, bottoms[end - 1]), (0, y)), TEXT))
    return Part(left, right + 2, y, shapes)

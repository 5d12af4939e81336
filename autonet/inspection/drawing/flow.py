"""What a drawing shows of a layer: cards, frames, parallel branches, and repeated parts folded."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autonet.inspection.drawing.layers import Function, Layer, Shape, Step
from autonet.inspection.drawing.series import Chain, Parallel, reduce_steps

__all__ = [
    "Card",
    "Fork",
    "Frame",
    "Item",
    "Repeat",
    "Tangle",
    "build_flow",
    "is_residual",
    "name_function",
    "name_functions",
]

# Categories of layers that are drawn on the card of the layer before them.
_FOLLOWING = ("activation", "dropout", "normalization")
_SYMBOLS = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "matmul": "@", "cat": "concat"}
# Functions that are too small to be named beside others.
_MINOR = ("clamp", "clamp_min", "clamp_max", "nan_to_num", "to_dense", "masked_fill")


@dataclass(frozen=True)
class Card:
    """Layers or functions in a row, drawn as one card; the first gives it its color.

    Attributes
    ----------
    parts : tuple of Layer or tuple of Function
    """

    parts: tuple[Layer | tuple[Function, ...], ...]

    @property
    def output(self) -> Shape | None:
        """Shape of what the last part returns."""
        last = self.parts[-1]
        return last.output if isinstance(last, Layer) else last[-1].output

    @property
    def n_members(self) -> int:
        """Members of an ensemble that are in parallel."""
        return max(part.n_members if isinstance(part, Layer) else 1 for part in self.parts)


@dataclass(frozen=True)
class Frame:
    """A layer with what it runs."""

    layer: Layer
    items: tuple["Item", ...]

    @property
    def output(self) -> Shape | None:
        """Shape of what it returns."""
        return self.layer.output


@dataclass(frozen=True)
class Fork:
    """Branches in parallel, from one tensor to a function that joins them; an empty one passes its input on.

    Attributes
    ----------
    branches : tuple of tuple of Item
    join : Function or None
        None: the next item takes them.
    """

    branches: tuple[tuple["Item", ...], ...]
    join: Function | None

    @property
    def output(self) -> Shape | None:
        """Shape of what the function returns."""
        return self.join.output if self.join else None


@dataclass(frozen=True)
class Repeat:
    """Equal items in a row, drawn once."""

    items: tuple["Item", ...]
    count: int

    @property
    def output(self) -> Shape | None:
        """Shape of what the last of them returns."""
        return self.items[-1].output


@dataclass(frozen=True)
class Tangle:
    """Items whose connections are not nested branches; drawn in a row, with arcs past others.

    Attributes
    ----------
    items : tuple of Item
    links : tuple of (int, int)
        From an item, or `INPUT`, to a later one that takes its output; the number of items stands for the end.
    """

    items: tuple["Item", ...]
    links: tuple[tuple[int, int], ...]

    @property
    def output(self) -> Shape | None:
        """Shape of what the last item returns."""
        return self.items[-1].output


Item = Card | Frame | Fork | Repeat | Tangle


def build_flow(layer: Layer, depth: int | None) -> tuple[Item, ...]:
    """Build what is drawn of a layer.

    Parameters
    ----------
    layer : Layer
    depth : int or None
        Levels of blocks that are shown; what is below is part of their card.  None: all, and what layers such as a
        `BatchEnsembleLinear` compute.

    Returns
    -------
    tuple of Item
    """
    if not layer.steps:
        return (Card((layer,)),)
    return _fold(_convert(reduce_steps(layer.steps, layer.results), depth))


def is_residual(layer: Layer) -> bool:
    """Return whether a layer adds what goes past its layers, or a shorter branch of them, to its result."""
    chain = reduce_steps(layer.steps, layer.results) if layer.steps else ()
    for part, join in itertools.pairwise(chain):
        if isinstance(part, Parallel) and isinstance(join, Step) and isinstance(join.called, Function):
            lengths = {_count_layers(branch) for branch in part.branches}
            if join.called.name == "add" and len(lengths) > 1:
                return True
    return False


def _count_layers(chain: Chain) -> int:
    """Count the layers with parameters."""
    return sum(
        sum(map(_count_layers, part.branches))
        if isinstance(part, Parallel)
        else isinstance(part.called, Layer) and part.called.n_parameters > 0
        for part in chain
    )


def _convert(chain: Chain, depth: int | None) -> list[Item]:
    """Make items of steps and branches."""
    items: list[Item] = []
    for part in chain:
        if isinstance(part, Step):
            _append(items, part, depth)
        elif part.links is None:
            items.append(Fork(tuple(_fold(_convert(branch, depth)) for branch in part.branches), None))
        else:
            items.append(Tangle(tuple(_convert_alone(branch[0], depth) for branch in part.branches), part.links))
    return items


def _convert_alone(step: Any, depth: int | None) -> Item:
    """Make an item of a step, whatever it is."""
    called: Layer | Function = step.called
    items: list[Item] = []
    _append(items, step, depth)
    return items[0] if items else Card((called if isinstance(called, Layer) else (called,),))


def _append(items: list[Item], step: Step, depth: int | None) -> None:
    """Append a step: to the card before it, where it belongs there, or as an item of its own."""
    before = items[-1] if items else None
    if isinstance(step.called, Function):
        if len(step.sources) > 1 and isinstance(before, Fork) and before.join is None:
            items[-1] = replace(before, join=step.called)
        elif isinstance(before, Card) and not isinstance(last := before.parts[-1], Layer):
            items[-1] = Card((*before.parts[:-1], (*last, step.called)))
        else:
            _attach(items, (step.called,), follows=True)
        return
    layer = _unwrap(step.called)
    if not layer.steps and not layer.n_parameters and layer.kind in ("Sequential", "Identity"):
        return  # passes its input on
    if layer.steps and (depth is None or (depth > 1 and layer.category == "block")):
        items.append(Frame(layer, build_flow(layer, depth and depth - 1)))
    else:
        _attach(items, layer, follows=layer.category in _FOLLOWING)


def _attach(items: list[Item], part: Layer | tuple[Function, ...], *, follows: bool) -> None:
    before = items[-1] if items else None
    if follows and isinstance(before, Card):
        first = before.parts[0]
        if not isinstance(first, Layer) or first.category not in ("block", "pooling"):
            items[-1] = Card((*before.parts, part))
            return
    items.append(Card((part,)))


def _unwrap(layer: Layer) -> Layer:
    """Return the only layer of a Sequential of one."""
    while layer.kind == "Sequential" and len(layer.steps) == 1 and isinstance(layer.steps[0].called, Layer):
        layer = layer.steps[0].called
    return layer


def _fold(items: Sequence[Item]) -> tuple[Item, ...]:
    """Fold equal runs of items; of runs that save the same, the one that begins with weights."""
    marks = [_mark(item) for item in items]
    folded: list[Item] = []
    start = 0
    while start < len(items):
        saved, length, count = _longest_run(marks, start)
        for later in range(start + 1, start + length) if saved else ():
            if _has_weights(items[later]) and not _has_weights(items[start]) and _longest_run(marks, later)[0] >= saved:
                folded += items[start:later]
                start = later
                break
        part = tuple(items[start : start + length])
        folded += [Repeat(_fold(part) if length > 1 else part, count)] if saved else part
        start += length * count
    return tuple(folded)


def _has_weights(item: Item) -> bool:
    layer = item.layer if isinstance(item, Frame) else item.parts[0] if isinstance(item, Card) else None
    return isinstance(layer, Layer) and layer.category in ("linear", "block")


def _longest_run(marks: list[Any], start: int) -> tuple[int, int, int]:
    return max(_runs(marks, start), key=lambda run: (run[0], -run[1]))


def _runs(marks: list[Any], start: int) -> Iterator[tuple[int, int, int]]:
    """Yield items saved, length and count of runs that are repeated from a start."""
    yield 0, 1, 1
    for length in range(1, (len(marks) - start) // 2 + 1):
        pattern, count = marks[start : start + length], 1
        while marks[start + count * length : start + (count + 1) * length] == pattern:
            count += 1
        if count > 1:
            yield (count - 1) * length, length, count


def _mark(value: Any) -> Any:
    """Return what is equal for parts that are drawn alike."""
    match value:
        case Layer():
            steps = tuple((_mark(step.called), step.sources) for step in value.steps)
            return value.kind, value.detail, value.output, value.n_parameters, steps
        case Function():
            return value.name, value.operands, value.output
        case Card():
            return ("card", *map(_mark, value.parts))
        case Frame():
            return "frame", _mark(value.layer)
        case Fork():
            return "fork", tuple(map(_mark, value.branches)), _mark(value.join)
        case Repeat():
            return "repeat", tuple(map(_mark, value.items)), value.count
        case Tangle():
            return "tangle", tuple(map(_mark, value.items)), value.links
        case tuple():
            return tuple(map(_mark, value))
    return value


def name_functions(functions: Sequence[Function]) -> str:
    """Write functions in a row, except the smallest among others."""
    major = [f for f in functions if f.name not in _MINOR and not _is_arithmetic(f)]
    return " · ".join(map(name_function, major or functions[:1]))


def name_function(function: Function) -> str:
    """Write a function with what it takes besides its input.

    >>> name_function(Function("mul", ("0.5",)))
    '× 0.5'
    """
    return " ".join((_SYMBOLS.get(function.name, function.name), *function.operands))


def _is_arithmetic(function: Function) -> bool:
    return function.name in ("add", "sub", "mul", "div")

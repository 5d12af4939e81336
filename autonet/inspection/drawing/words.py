"""Words for what a drawing shows: names, tooltips, and the description for those who do not see it."""

from collections import Counter
from collections.abc import Iterable, Iterator

from autonet.inspection.drawing.flow import Card, Fork, Frame, Item, Repeat, Tangle, name_function, name_functions
from autonet.inspection.drawing.layers import Function, Layer, format_shape

__all__ = [
    "count_parameters", "describe_functions", "describe_items", "describe_layer", "list_contents", "name_layer",
]  # fmt: skip


def count_parameters(layer: Layer) -> str:
    """Write the number of parameters in short; "" for none."""
    return f"{layer.n_parameters:,} params" if layer.n_parameters else ""


def name_layer(layer: Layer) -> str:
    """Name a layer by its class; a Sequential by its own name or by its layers, which say more."""
    if layer.kind != "Sequential":
        return layer.kind
    name = layer.path.rpartition(".")[2]
    if name and not name.isdigit():
        return name
    kinds = Counter(inner.kind for inner in layer.layers)
    return " ".join(f"{n} × {kind}" for kind, n in kinds.items()) if len(kinds) == 1 else "Sequential"


def list_contents(layer: Layer) -> str:
    """List the layers in a block that call no others, by class."""
    counts = Counter(leaf.kind for leaf in _leaves(layer))
    return ", ".join(f"{n} × {kind}" if n > 1 else kind for kind, n in counts.items())


def _leaves(layer: Layer) -> Iterator[Layer]:
    for inner in layer.layers:
        if inner.steps:
            yield from _leaves(inner)
        else:
            yield inner


def describe_layer(layer: Layer) -> str:
    """Describe a layer in lines, for its tooltip."""
    lines = [
        " ".join(filter(None, (layer.path, layer.kind, layer.detail))),
        f"{format_shape(layer.input)} → {format_shape(layer.output)}",
    ]
    if layer.n_parameters:
        lines.append(f"{layer.n_parameters:,} parameters")
    if layer.n_parameters > layer.n_trainable:
        lines.append(f"{layer.n_trainable:,} of them are trained")
    if layer.n_buffered:
        lines.append(f"{layer.n_buffered:,} values in buffers")
    return "\n".join(lines)


def describe_functions(functions: Iterable[Function]) -> str:
    """Describe functions in lines, for their tooltip."""
    return "\n".join(" ".join((f.name, *f.operands)) for f in functions)


def describe_items(items: Iterable[Item]) -> str:
    """Describe items in the order in which they run."""
    return ", ".join(map(_describe_item, items))


def _describe_item(item: Item) -> str:
    match item:
        case Card():
            parts = " + ".join(_describe_part(part) for part in item.parts)
            return f"{parts} in {item.n_members} members" if item.n_members > 1 else parts
        case Frame():
            return f"{_describe_part(item.layer)} of ({describe_items(item.items)})"
        case Repeat():
            return f"{item.count} times ({describe_items(item.items)})"
        case Fork():
            branches = " and ".join(f"({describe_items(b)})" if b else "(its input)" for b in item.branches)
            return f"branches {branches} joined by {name_function(item.join)}" if item.join else f"branches {branches}"
        case Tangle():
            links = sum(target > source + 1 for source, target in item.links)
            return f"{describe_items(item.items)}, with {links} connections past layers"


def _describe_part(part: Layer | tuple[Function, ...]) -> str:
    if isinstance(part, Layer):
        return f"{name_layer(part)} {part.detail}".rstrip()
    return name_functions(part)

"""HTML of an architecture, whose blocks open and close."""

from collections.abc import Sequence
from html import escape

from autonet.inspection.drawing.cards import ARC, BORDER, COLORS, MUTED, TEXT
from autonet.inspection.drawing.flow import (
    Card,
    Fork,
    Frame,
    Item,
    Repeat,
    Tangle,
    build_flow,
    name_function,
    name_functions,
)
from autonet.inspection.drawing.layers import Function, Layer, Shape, format_shape
from autonet.inspection.drawing.svg import clean
from autonet.inspection.drawing.words import count_parameters, describe_functions, describe_layer, name_layer

__all__ = ["write_html"]

_ALL = 10**6  # levels: more than any network has

_STYLE = f"""\
.autonet-architecture {{ margin: 0; padding: 1em; overflow-x: auto; color: {TEXT}; background: #fff;
  font: 14px/1.4 Helvetica, Arial, sans-serif; }}
.autonet-architecture figcaption {{ margin-bottom: 1em; text-align: center; }}
.autonet-architecture .row {{ display: flex; flex-direction: column; align-items: center; }}
.autonet-architecture > .row {{ width: max-content; min-width: 100%; }}
.autonet-architecture .card, .autonet-architecture details {{ box-sizing: border-box; width: 25em;
  border: 1px solid; border-radius: 7px; background: var(--tint); }}
.autonet-architecture details[open] {{ width: auto; min-width: 25em; padding: 0 1em 1em;
  background: #f7f7f9; }}
.autonet-architecture summary {{ padding: .6em .7em; cursor: pointer; }}
.autonet-architecture details[open] > summary {{ margin: 0 -1em; }}
.autonet-architecture summary .name {{ margin-right: .6em; }}
.autonet-architecture .part {{ display: flex; gap: .7em; align-items: baseline; padding: .55em .7em .55em .6em;
  border-left: 5px solid; }}
.autonet-architecture .part:first-child {{ border-top-left-radius: 6px; }}
.autonet-architecture .part:last-child {{ border-bottom-left-radius: 6px; }}
.autonet-architecture .part + .part {{ padding-block: .3em; border-top: 1px solid {BORDER}; font-size: 13px; }}
.autonet-architecture .name {{ color: {TEXT}; font-weight: bold; }}
.autonet-architecture .part + .part .name {{ font-weight: normal; }}
.autonet-architecture .detail, .autonet-architecture .count {{ color: {MUTED}; font-size: 12px; white-space: nowrap; }}
.autonet-architecture .part .count {{ margin-left: auto; }}
.autonet-architecture summary .count {{ float: right; }}
.autonet-architecture .members {{ margin-top: 10px; box-shadow: 4px -4px 0 #fff, 5px -5px 0, 9px -9px 0 #fff,
  10px -10px 0; }}
.autonet-architecture .arrow {{ color: {MUTED}; font-size: 12px; line-height: 2.2; }}
.autonet-architecture .arrow::before {{ content: "\\2193"; margin-right: .4em; color: {TEXT}; font-size: 17px; }}
.autonet-architecture .pill {{ padding: .1em .9em; border: 1px solid {COLORS["function"][0]}; border-radius: 1em;
  background: {COLORS["function"][1]}; font-size: 13px; }}
.autonet-architecture .end {{ padding: .2em 1.2em; border-radius: 1em; color: #fff; background: {TEXT}; }}
.autonet-architecture .fork {{ display: flex; gap: 1em; justify-content: center; margin-bottom: .5em; }}
.autonet-architecture .fork:has(> .skip) {{ padding-left: 2em; }}
.autonet-architecture .skip {{ box-sizing: border-box; width: 1em; border: 2px solid {ARC}; border-left: none;
  border-radius: 0 10px 10px 0; }}
.autonet-architecture .join {{ min-width: 1em; padding: 0 .3em; border: 1px solid; border-radius: 1em;
  text-align: center; background: #fff; }}
.autonet-architecture .repeat {{ display: flex; padding-left: 4.5em; }}
.autonet-architecture .times {{ display: flex; flex: none; align-items: center; width: 4.5em; font-weight: bold;
  white-space: nowrap; }}
.autonet-architecture .times::before {{ content: ""; align-self: stretch; flex: none; width: .5em; margin: 0 .5em 0 1em;
  border: solid {MUTED}; border-width: 1px 1px 1px 0; }}
"""


def write_html(layer: Layer, depth: int, title: str) -> str:
    """Write a network as an HTML fragment with a style of its own; no script.

    Parameters
    ----------
    layer : Layer
    depth : int
        Levels of blocks that are open at first.
    title : str
    """
    row = _write_row(build_flow(layer, _ALL), layer.input, depth, ends=True)
    caption = f"<figcaption><b>{clean(title)}</b><br>{layer.n_parameters:,} parameters</figcaption>"
    return (
        f'<figure class="autonet-architecture" tabindex="0">\n<style>\n{_STYLE}</style>\n{caption}\n{row}\n</figure>\n'
    )


def _write_row(items: Sequence[Item], given: Shape | None, depth: int, *, ends: bool = False) -> str:
    lines, shape = (['<div class="end">input</div>'] if ends else []), given
    for item in items:
        if lines:
            lines.append(_write_arrow(shape))
        lines.append(_write_item(item, shape, depth))
        shape = item.output or shape
    if ends:
        lines += [_write_arrow(shape), '<div class="end">output</div>']
    return "\n".join(['<div class="row">', *lines, "</div>"])


def _write_arrow(shape: Shape | None) -> str:
    return f'<div class="arrow">{clean(format_shape(shape))}</div>'


def _write_item(item: Item, given: Shape | None, depth: int) -> str:
    match item:
        case Card():
            return _write_card(item)
        case Frame():
            return _write_frame(item, depth)
        case Repeat():
            times = f'<div class="times">× {item.count}</div>'
            return f'<div class="repeat">{_write_row(item.items, given, depth)}{times}</div>'
        case Fork():
            skip = '<div class="skip" role="img" aria-label="connection past the layers beside it"></div>'
            branches = "\n".join(_write_row(b, given, depth) if b else skip for b in item.branches)
            join = f'\n<div class="join">{clean(name_function(item.join))}</div>' if item.join else ""
            return f'<div class="fork">\n{branches}\n</div>{join}'
        case Tangle():
            return _write_tangle(item, given, depth)


def _write_card(card: Card) -> str:
    first = card.parts[0]
    if not isinstance(first, Layer):
        return f'<div class="pill" title="{clean(describe_functions(first))}">{clean(name_functions(first))}</div>'
    parts, (color, tint) = "".join(map(_write_part, card.parts)), COLORS[first.category]
    kind, members = "card", ""
    if card.n_members > 1:
        kind, members = "card members", f'<div class="part detail">{card.n_members} members</div>'
    return f'<div class="{kind}" style="color: {color}; --tint: {tint}">{parts}{members}</div>'


def _write_part(part: Layer | tuple[Function, ...]) -> str:
    if isinstance(part, Layer):
        color, tooltip, inner = COLORS[part.category][0], describe_layer(part), _write_texts(part)
    else:
        color, tooltip = COLORS["function"][0], describe_functions(part)
        inner = f'<span class="name">{clean(name_functions(part))}</span>'
    return f'<div class="part" style="border-left-color: {color}" title="{clean(tooltip)}">{inner}</div>'


def _write_texts(layer: Layer) -> str:
    return (
        f'<span class="name">{clean(name_layer(layer))}</span> <span class="detail">{clean(layer.detail)}</span> '
        f'<span class="count">{escape(count_parameters(layer))}</span>'
    )


def _write_frame(frame: Frame, depth: int) -> str:
    state, (color, tint) = " open" if depth > 1 else "", COLORS[frame.layer.category]
    style = f"border-color: {color}; --tint: {tint}"
    inner = _write_row(frame.items, frame.layer.input, depth - 1)
    summary = f'<summary title="{clean(describe_layer(frame.layer))}">{_write_texts(frame.layer)}</summary>'
    return f'<details{state} style="{style}">{summary}\n{inner}\n</details>'


def _write_tangle(tangle: Tangle, given: Shape | None, depth: int) -> str:
    """Write items in a row, and what each takes where it is not what is above it."""
    lines, shape = list[str](), given
    for i, item in enumerate(tangle.items):
        sources = [source for source, target in tangle.links if target == i]
        if sources != [i - 1]:
            names = ", ".join("the input" if source < 0 else f"step {source + 1}" for source in sources)
            lines.append(f'<div class="arrow">step {i + 1}, takes {names}</div>')
        else:
            lines.append(f'<div class="arrow">step {i + 1}, {clean(format_shape(shape))}</div>')
        lines.append(_write_item(item, shape, depth))
        shape = item.output or shape
    return "\n".join(['<div class="row">', *lines, "</div>"])

"""SVG of a picture: no dependency, titles for screen readers and pointers, everything escaped."""

import hashlib
import math
import re
from html import escape

from autonet.inspection.drawing.shapes import Box, Group, Label, Line, Picture, Shape, find_head, trace_line

__all__ = ["clean", "write_svg"]

FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
# Characters that XML cannot contain, however they are written.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_svg(picture: Picture) -> str:
    """Write a picture as SVG, to save it or to put it into HTML."""
    body = "\n".join(_write(shape) for shape in picture.shapes)
    # Unique on a page with several drawings.
    key = hashlib.sha256(f"{picture.title}{picture.description}{body}".encode("utf-8", "replace")).hexdigest()[:8]
    width, height = math.ceil(picture.width), math.ceil(picture.height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title-{key} desc-{key}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="{escape(FONT)}" style="max-width: 100%; height: auto">\n'
        f'<title id="title-{key}">{clean(picture.title)}</title>\n'
        f'<desc id="desc-{key}">{clean(picture.description)}</desc>\n'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def clean(text: str) -> str:
    """Escape a text, and replace what XML cannot contain.

    >>> clean("<b>" + chr(0)) == "&lt;b&gt;" + chr(0xFFFD)
    True
    """
    return escape(_FORBIDDEN.sub("\ufffd", text))


def _write(shape: Shape) -> str:
    match shape:
        case Group():
            inner = "\n".join(_write(part) for part in shape.shapes)
            return f"<g><title>{clean(shape.title)}</title>\n{inner}\n</g>"
        case Box():
            dash = ' stroke-dasharray="4 3"' if shape.dashed else ""
            return (
                f'<rect x="{shape.x:g}" y="{shape.y:g}" width="{shape.width:g}" height="{shape.height:g}" '
                f'rx="{shape.radius:g}" fill="{shape.fill}" stroke="{shape.stroke}"{dash}/>'
            )
        case Label():
            bold = ' font-weight="bold"' if shape.bold else ""
            # The baseline is about a third of the size below the middle.
            return (
                f'<text x="{shape.x:g}" y="{shape.y + 0.35 * shape.size:g}" font-size="{shape.size:g}" '
                f'fill="{shape.color}" text-anchor="{shape.anchor}"{bold}>{clean(shape.text)}</text>'
            )
        case Line():
            path = f'<path d="{_path(shape)}" fill="none" stroke="{shape.stroke}" stroke-width="{shape.width:g}"/>'
            return path + (f'<path d="{_head(shape)}" fill="{shape.stroke}"/>' if shape.arrow else "")


def _path(line: Line) -> str:
    return " ".join(f"{command}{' '.join(f'{x:g} {y:g}' for x, y in points)}" for command, points in trace_line(line))


def _head(line: Line) -> str:
    return "M" + " L".join(f"{x:g} {y:g}" for x, y in find_head(line)) + " Z"

"""Parts of a page of a report, in plain values that the template lays out and escapes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

from autonet.core.resulttable import ResultTable
from autonet.inspection.report.words import format_value

__all__ = ["Bar", "Block", "Code", "Drawing", "Facts", "Fold", "Picture", "Section", "Table", "Text", "make_table"]

_NUMBER = r"−?[\d.,]+(e−?\d+)?"
MEASURE = re.compile(rf"{_NUMBER}(%|( (s|min|h))+( \d+ (s|min))?)|{_NUMBER}%? to {_NUMBER}%?")


@dataclass(frozen=True)
class Text:
    """Paragraph.

    Attributes
    ----------
    text : str
    is_caution : bool
        Whether it says what is not known or not sure.
    """

    text: str
    is_caution: bool = False
    kind: ClassVar[str] = "text"


@dataclass(frozen=True)
class Facts:
    """Pairs of a name and a short text."""

    items: tuple[tuple[str, str], ...]
    kind: ClassVar[str] = "facts"


@dataclass(frozen=True)
class Bar:
    """Cell of a table with a bar.

    Attributes
    ----------
    share : float
        Length of the bar, from 0 to 1.
    mark : float or None
        Place of a mark, such as what noise would reach.
    is_weak : bool
        Whether the bar is pale.
    """

    share: float
    mark: float | None = None
    is_weak: bool = False


@dataclass(frozen=True)
class Table:
    """Table of texts and bars.

    Attributes
    ----------
    columns : tuple of str
    rows : tuple of tuple of str or Bar
    caption : str
    numeric : frozenset of int
        Columns that are aligned at the right.
    emphasized : frozenset of int
        Rows in bold.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str | Bar, ...], ...]
    caption: str
    numeric: frozenset[int] = frozenset()
    emphasized: frozenset[int] = frozenset()
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Picture:
    """Picture within the page.

    Attributes
    ----------
    source : str
        URL with the content itself, ``data:``.
    alt : str
        What is seen, for those who do not see it.
    caption : str
    width : int
        In pixels, as it was drawn.
    """

    source: str
    alt: str
    caption: str
    width: int
    kind: ClassVar[str] = "picture"


@dataclass(frozen=True)
class Drawing:
    """Drawing as HTML, which is escaped already."""

    html: str
    caption: str
    kind: ClassVar[str] = "drawing"


@dataclass(frozen=True)
class Code:
    """Lines of code."""

    code: str
    kind: ClassVar[str] = "code"


@dataclass(frozen=True)
class Fold:
    """Blocks that are shown when the reader opens them."""

    title: str
    blocks: tuple[Block, ...]
    kind: ClassVar[str] = "fold"


Block = Text | Facts | Table | Picture | Drawing | Code | Fold


@dataclass(frozen=True)
class Section:
    """Section of the page.

    Attributes
    ----------
    anchor : str
        Its address within the page.
    title : str
    blocks : tuple of Block
    """

    anchor: str
    title: str
    blocks: tuple[Block, ...]


def make_table(
    table: ResultTable | Sequence[dict[str, Any]], titles: dict[str, str], caption: str, emphasized: Iterable[int] = ()
) -> Table:
    """Make a table of the rows of a result.

    Parameters
    ----------
    table : ResultTable or sequence of dict
    titles : dict of str to str
        Columns to show, and their titles.
    caption : str
    emphasized : iterable of int
        Rows in bold.
    """
    values = [[row[name] for name in titles] for row in table]
    numeric = {i for i, column in enumerate(zip(*values, strict=True)) if _is_numeric(column) and i}
    rows = tuple(tuple(value if isinstance(value, Bar) else format_value(value) for value in row) for row in values)
    return Table(tuple(titles.values()), rows, caption, frozenset(numeric), frozenset(emphasized))


def _is_numeric(column: Sequence[Any]) -> bool:
    """Return whether values are numbers, or texts such as "1.5%", "0.1 to 0.3" or "2.5 s"."""
    given = [value for value in column if value not in (None, "")]
    return bool(given) and all(
        MEASURE.fullmatch(value) if isinstance(value, str) else isinstance(value, Real) and not isinstance(value, bool)
        for value in given
    )

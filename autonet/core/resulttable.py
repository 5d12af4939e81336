"""A table of results: rows of plain values that print as a table and become a data frame."""

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from numbers import Real
from typing import Any, Self, overload

from autonet.core.errors import MissingPackage
from autonet.core.validation import check_choice

__all__ = ["ResultTable"]

MAX_ROWS = 60  # of a printed table; of a longer one the first and the last rows are shown
MAX_WIDTH = 100  # characters of a cell
MAX_CAPTION = 200

TABLE_STYLE = 'style="font-variant-numeric:tabular-nums;border-collapse:separate;border-spacing:1em 0.2em"'
CAPTION_STYLE = 'style="text-align:left;padding:0.4em 1em;caption-side:top"'
FIGURE_SPACE, PUNCTUATION_SPACE = "\N{FIGURE SPACE}", "\N{PUNCTUATION SPACE}"  # of the width of a digit, of a point

Row = dict[str, Any]


class ResultTable(Sequence[Row]):
    """Rows of plain values under named columns; a sequence of dictionaries that prints as a table.

    Parameters
    ----------
    rows : iterable of mapping of str to value
        A value that is missing in a row is None.
    columns : sequence of str, optional
        Names of the columns in their order.  Default: those of the rows, in the order of their first appearance.
    caption : str
        Line above a printed table.

    Attributes
    ----------
    columns : tuple of str
    caption : str

    Examples
    --------
    >>> table = ResultTable([{"trial": 0, "score": 0.91}, {"trial": 1, "score": 0.9321, "status": "cut"}])
    >>> table
    trial   score  status
        0  0.9100
        1  0.9321  cut
    >>> table[1]["score"], table.column("trial"), table.columns
    (0.9321, [0, 1], ('trial', 'score', 'status'))
    """

    def __init__(
        self, rows: Iterable[Mapping[str, Any]] = (), columns: Sequence[str] | None = None, caption: str = ""
    ) -> None:
        given = list(rows)
        self.columns = tuple(dict.fromkeys(name for row in given for name in row) if columns is None else columns)
        self.caption = caption
        self._rows = [{name: row.get(name) for name in self.columns} for row in given]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> Row | Self:
        """Return a row as a dictionary, or a table of some rows."""
        if isinstance(index, slice):
            return type(self)(self._rows[index], self.columns, self.caption)
        return dict(self._rows[index])

    def __eq__(self, other: object) -> bool:
        """Compare columns and rows."""
        if not isinstance(other, ResultTable):
            return NotImplemented
        return self.columns == other.columns and self._rows == other._rows

    __hash__ = None  # type: ignore[assignment]  # rows are dictionaries

    def column(self, name: str) -> list[Any]:
        """Return the values of a column.

        Raises
        ------
        UnknownName
            If there is no such column.
        """
        check_choice("column", name, self.columns)
        return [row[name] for row in self._rows]

    def to_pandas(self) -> Any:
        """Return a pandas data frame with the same rows and columns; needs the extra ``plot``.

        Raises
        ------
        MissingPackage
            If pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise MissingPackage("to_pandas", "pandas", "plot") from error
        return pd.DataFrame(self._rows, columns=list(self.columns))

    def to_text(self) -> str:
        """Return the printed table with every row and all of the cells, however many and long they are."""
        return self._to_text(len(self), sys.maxsize)

    def __repr__(self) -> str:
        """Print a line per row, the caption above."""
        return self._to_text(MAX_ROWS, MAX_WIDTH)

    def _to_text(self, max_rows: int, max_width: int) -> str:
        cells, left_out, n_head = self._printed(max_rows, max_width)
        rights = [self._is_numeric(name) for name in self.columns]
        rows = [list(self.columns), *cells]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [_align(row, widths, rights) for row in rows]
        if left_out:
            lines.insert(1 + n_head, left_out)
        return "\n".join(
            [*([_shorten(self.caption, MAX_CAPTION)] if self.caption else []), *(lines if cells or rights else [])]
        )

    def _repr_html_(self) -> str:
        """Show a table in a notebook; names and values are escaped."""
        cells, left_out, n_head = self._printed()
        sides = ["right" if self._is_numeric(name) else "left" for name in self.columns]
        rows = [
            _format_row("td", [_pad(c) if side == "right" else c for c, side in zip(row, sides, strict=True)], sides)
            for row in cells
        ]
        if left_out:
            rows.insert(n_head, f'<tr><td colspan="{len(self.columns)}">{left_out}</td></tr>')
        caption = (
            f"<caption {CAPTION_STYLE}>{escape(_shorten(self.caption, MAX_CAPTION))}</caption>" if self.caption else ""
        )
        names = _format_row("th", [_shorten(name) for name in self.columns], sides)
        return f"<table {TABLE_STYLE}>{caption}<thead>{names}</thead><tbody>{''.join(rows)}</tbody></table>"

    def _printed(self, max_rows: int = MAX_ROWS, max_width: int = MAX_WIDTH) -> tuple[list[list[str]], str, int]:
        """Return the cells of the first and the last rows, a line about those between, and how many are before it."""
        whole = len(self) <= max_rows
        n_head = len(self) if whole else max_rows // 2
        rows = self._rows if whole else [*self._rows[:n_head], *self._rows[-n_head:]]
        columns = [_format_column([row[name] for row in rows], max_width) for name in self.columns]
        left_out = "" if whole else f"... {len(self) - len(rows):,} more rows ..."
        return [list(row) for row in zip(*columns, strict=True)], left_out, n_head

    def _is_numeric(self, name: str) -> bool:
        values = [row[name] for row in self._rows if row[name] is not None]
        return bool(values) and all(isinstance(v, Real) and not isinstance(v, bool) for v in values)


def _format_column(values: Sequence[Any], max_width: int) -> list[str]:
    """Format the values of a column; decimal points of floats are one below the other."""
    floats = [value for value in values if isinstance(value, float) and math.isfinite(value)]
    whole = all(value.is_integer() for value in floats)
    cells = [_format_value(value, max_width, whole=whole) for value in values]
    if whole:
        return cells
    places = [
        len(cell) - cell.index(".") if isinstance(v, float) and "." in cell else 0
        for v, cell in zip(values, cells, strict=True)
    ]
    return [cell + " " * (max(places) - n) for cell, n in zip(cells, places, strict=True)]


def _pad(cell: str) -> str:
    """Replace the spaces after a number by some that HTML keeps, as wide as the point and the digits of others."""
    number, n = cell.rstrip(" "), len(cell) - len(cell.rstrip(" "))
    point = PUNCTUATION_SPACE if n and "." not in number else ""
    return number + point + FIGURE_SPACE * (n - len(point))


def _format_value(value: Any, max_width: int, *, whole: bool) -> str:
    """Format a value: floats with four digits, None as nothing, the rest cut to a cell's width."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if whole or value == 0 else f"{value:#.4g}".removesuffix(".")
    return _shorten(str(value), max_width)


def _shorten(text: str, limit: int = MAX_WIDTH) -> str:
    text = " ".join(text.encode("utf-8", "backslashreplace").decode().split())
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _align(cells: Sequence[str], widths: Sequence[int], rights: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, rights, strict=True)
    )
    return "  ".join(aligned).rstrip()


def _format_row(tag: str, cells: Sequence[str], sides: Sequence[str]) -> str:
    inner = "".join(
        f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>' for cell, side in zip(cells, sides, strict=True)
    )
    return f"<tr>{inner}</tr>"

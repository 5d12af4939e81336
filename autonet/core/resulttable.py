"""A table of results: rows of plain values that print as a table and become a data frame."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from numbers import Real
from typing import Any, Self, overload

from autonet.core.errors import MissingPackage
from autonet.core.validation import check_choice

__all__ = ["ResultTable"]

MAX_ROWS = 60  # of a printed table; of a longer one the first and the last rows are shown
MAX_WIDTH = 100  # characters of a cell

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
        0    0.91
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

    def __repr__(self) -> str:
        """Print a line per row, the caption above."""
        head, shown, tail = self._printed_rows()
        rights = [self._is_numeric(name) for name in self.columns]
        cells = [list(self.columns), *head, *tail]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [_align(row, widths, rights) for row in cells]
        if shown < len(self):
            lines.insert(1 + len(head), f"... {_count_rows(len(self) - shown)} more ...")
        return "\n".join([*([_shorten(self.caption, 200)] if self.caption else []), *(lines if self.columns else [])])

    def _repr_html_(self) -> str:
        """Show a table in a notebook; names and values are escaped."""
        head, shown, tail = self._printed_rows()
        styles = [
            ' style="text-align:right"' if self._is_numeric(n) else ' style="text-align:left"' for n in self.columns
        ]
        rows = [_format_row("td", row, styles) for row in (*head, *tail)]
        if shown < len(self):
            left_out = f"... {_count_rows(len(self) - shown)} more ..."
            rows.insert(len(head), f'<tr><td colspan="{len(self.columns)}">{left_out}</td></tr>')
        caption = f"<caption>{escape(_shorten(self.caption, 200))}</caption>" if self.caption else ""
        names = _format_row("th", [_shorten(name) for name in self.columns], styles)
        return f"<table>{caption}<thead>{names}</thead><tbody>{''.join(rows)}</tbody></table>"

    def _printed_rows(self) -> tuple[list[list[str]], int, list[list[str]]]:
        """Return the cells of the first and the last rows, and how many rows these are."""
        whole = len(self) <= MAX_ROWS
        first, last = (self._rows, []) if whole else (self._rows[: MAX_ROWS // 2], self._rows[-MAX_ROWS // 2 :])
        head, tail = ([[format_value(row[name]) for name in self.columns] for row in part] for part in (first, last))
        return head, len(head) + len(tail), tail

    def _is_numeric(self, name: str) -> bool:
        values = [row[name] for row in self._rows if row[name] is not None]
        return bool(values) and all(isinstance(v, Real) and not isinstance(v, bool) for v in values)


def format_value(value: Any) -> str:
    """Format a value for a printed table: floats with four digits, None as nothing, the rest cut to a cell's width."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return _shorten(str(value))


def _shorten(text: str, limit: int = MAX_WIDTH) -> str:
    text = " ".join(text.encode("utf-8", "backslashreplace").decode().split())
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _align(cells: Sequence[str], widths: Sequence[int], rights: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, rights, strict=True)
    )
    return "  ".join(aligned).rstrip()


def _format_row(tag: str, cells: Sequence[str], styles: Sequence[str]) -> str:
    inner = "".join(f"<{tag}{style}>{escape(cell)}</{tag}>" for cell, style in zip(cells, styles, strict=True))
    return f"<tr>{inner}</tr>"


def _count_rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n:,} rows"

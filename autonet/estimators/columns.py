"""A printable summary of the columns of a fitted table."""

from html import escape

from autonet.data.reading.columns import Column

__all__ = ["ColumnSummary"]

MAX_COLUMNS = 100  # of a printed table
MAX_LEVELS = 3
MAX_WIDTH = 60  # characters of a cell of a printed table

HEADER = ("column", "kind", "values", "missing", "used", "note")


class ColumnSummary(tuple[Column, ...]):
    """A tuple of columns that prints as a table, in a notebook as well."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Print a line for each column."""
        rows = [HEADER, *([_shorten(cell) for cell in row] for row in self._rows())]
        widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, *self._footer()])

    def _repr_html_(self) -> str:
        """Show a table in a notebook."""
        head = "".join(f"<th>{name}</th>" for name in HEADER)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self._rows())
        footer = "".join(f"<p>{line}</p>" for line in self._footer())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{footer}"

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                str(column.name),
                column.kind,
                _describe_values(column),
                f"{column.missing:.1%}" if column.missing else "",
                "yes" if column.is_used else "no",
                column.note,
            )
            for column in self[:MAX_COLUMNS]
        ]

    def _footer(self) -> list[str]:
        return [f"... and {len(self) - MAX_COLUMNS} more columns"] if len(self) > MAX_COLUMNS else []


def _describe_values(column: Column) -> str:
    if column.zone:
        return f"in {column.zone}"
    if column.kind not in ("categorical", "ordinal") or not column.levels:
        return ""
    shown = ", ".join(f"{level!r:.20}" for level in column.levels[:MAX_LEVELS])
    return f"{len(column.levels)}: {shown}" + (", ..." if len(column.levels) > MAX_LEVELS else "")


def _shorten(cell: str) -> str:
    cell = " ".join(cell.split())
    return cell if len(cell) <= MAX_WIDTH else cell[: MAX_WIDTH - 3] + "..."

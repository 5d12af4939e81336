"""The columns of a fitted table, to be looked at."""

from html import escape

from autonet.data.reading.feature_types import Column

__all__ = ["ColumnSummary"]

SHOWN_COLUMNS = 100  # in a printed table
SHOWN_LEVELS = 3
WIDEST = 60  # characters of a cell of a printed table

HEADER = ("column", "kind", "values", "missing", "used", "note")


class ColumnSummary(tuple[Column, ...]):
    """A tuple of columns that prints as a table, in a notebook as well."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Print a line for each column."""
        rows = [HEADER, *([_shorten(cell) for cell in row] for row in self._rows())]
        widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, *self._rest()])

    def _repr_html_(self) -> str:
        """Show a table in a notebook."""
        head = "".join(f"<th>{name}</th>" for name in HEADER)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self._rows())
        rest = "".join(f"<p>{line}</p>" for line in self._rest())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"

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
            for column in self[:SHOWN_COLUMNS]
        ]

    def _rest(self) -> list[str]:
        return [f"... and {len(self) - SHOWN_COLUMNS} more columns"] if len(self) > SHOWN_COLUMNS else []


def _describe_values(column: Column) -> str:
    if column.zone:
        return f"in {column.zone}"
    if column.kind != "categorical" or not column.levels:
        return ""
    shown = ", ".join(f"{level!r:.20}" for level in column.levels[:SHOWN_LEVELS])
    return f"{len(column.levels)}: {shown}" + (", ..." if len(column.levels) > SHOWN_LEVELS else "")


def _shorten(cell: str) -> str:
    cell = " ".join(cell.split())
    return cell if len(cell) <= WIDEST else cell[: WIDEST - 3] + "..."

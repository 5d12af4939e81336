"""Results: predictions as CSV or JSON lines, tables of results as text or JSON."""

import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import click

from autonet.core.errors import InvalidOption
from autonet.core.files import find_target, write_file
from autonet.core.jsonvalues import readable
from autonet.core.resulttable import ResultTable

__all__ = ["check_output", "print_table", "write_rows"]

SUFFIXES = (".csv", ".jsonl")


def check_output(out: Path | None) -> None:
    """Check that rows can be written to a file.

    Raises
    ------
    InvalidOption
        If its name does not say a format, there is no such directory, or it is not a regular file.
    """
    if out is None:
        return
    if out.suffix.lower() not in SUFFIXES:
        raise InvalidOption(f"--out must end in {' or '.join(SUFFIXES)}; got {str(out)!r}.")
    find_target(out, "The table")


def write_rows(columns: Mapping[str, Sequence[Any]], out: Path | None) -> None:
    """Write columns of equal length to a file, which is there whole or not at all, or as CSV to standard output.

    Parameters
    ----------
    columns : mapping of str to sequence
        Missing values are None or NaN: empty in CSV, null in JSON.
    out : Path or None
        ``.csv`` or ``.jsonl``.

    Raises
    ------
    InvalidOption
        If standard output is closed, or the file cannot be written.
    """
    if out is None:
        if sys.stdout is None:
            raise InvalidOption("standard output is closed; name a file with --out.")
        _write_csv(columns, sys.stdout)
        return
    text = io.StringIO(newline="")
    write = _write_jsonl if out.suffix.lower() == ".jsonl" else _write_csv
    write(columns, text)
    write_file(find_target(out, "The table"), [text.getvalue().encode()])


def _write_csv(columns: Mapping[str, Sequence[Any]], file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(_rows(columns))


def _write_jsonl(columns: Mapping[str, Sequence[Any]], file: TextIO) -> None:
    rows = (dict(zip(columns, row, strict=True)) for row in _rows(columns))
    file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _rows(columns: Mapping[str, Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    return zip(*([_plain(value) for value in column] for column in columns.values()), strict=True)


def _plain(value: Any) -> Any:
    """Return a value of NumPy or Python as JSON has it; NaN as None."""
    plain = readable(value)
    return None if plain == "nan" and value != value else plain  # NaN


def print_table(table: ResultTable, *, as_json: bool) -> None:
    """Print a table of results, or an array of its rows in JSON."""
    if as_json:
        rows = [{name: _plain(value) for name, value in row.items()} for row in table]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        click.echo(repr(table))

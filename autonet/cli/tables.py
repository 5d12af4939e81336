"""Reading tables: CSV, JSON lines and Parquet, plain or compressed by gzip, from files and standard input.

CSV knows no types: `convert_texts` has the rules.  They are stated here, and not left to a reader of CSV, so that a
column does not depend on which package is installed, and rows to predict are read as those of the fit were.
"""

import csv
import gzip
import io
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Literal

import narwhals as nw
import numpy as np

from autonet.cli.texts import ColumnKind, convert_texts
from autonet.core.errors import DataWarning, InvalidData, InvalidOption, MissingPackage, UnknownName
from autonet.core.files import check_path
from autonet.core.warn import join_first, warn

__all__ = ["STDIN", "Table", "read_table"]

STDIN = "-"
Format = Literal["csv", "jsonl", "parquet"]
SUFFIXES: Mapping[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
GZIP = b"\x1f\x8b"  # its first bytes
DELIMITERS = ",;\t|"
N_ROWS = 10_000  # that are put into columns at once


@dataclass(frozen=True)
class Table:
    """Named columns of a file.

    Attributes
    ----------
    columns : dict of str to list, ndarray or series
        Missing values are None or NaN.
    source : str
        Name of the file, for messages.
    is_ordered : bool
        False for JSON, whose keys have no order.
    """

    columns: Mapping[str, Any]
    source: str
    is_ordered: bool = True

    def __len__(self) -> int:
        """Count the rows."""
        return len(next(iter(self.columns.values())))

    def __getitem__(self, name: str) -> Any:
        """Return a column.

        Raises
        ------
        UnknownName
        """
        if name not in self.columns:
            raise UnknownName(f"column of {self.source}", name, self.columns)
        return self.columns[name]

    def drop(self, names: Sequence[str]) -> "Table":
        """Return a table of the other columns.

        Raises
        ------
        UnknownName
        """
        for name in names:
            _ = self[name]
        return replace(self, columns={name: column for name, column in self.columns.items() if name not in names})


def read_table(
    path: str,
    format_: str | None = None,
    kinds: Callable[[str], ColumnKind | None] = lambda _: None,
    *,
    listed: tuple[str, Callable[[str], bool]] | None = None,
) -> Table:
    """Read a table.

    Parameters
    ----------
    path : str
        Name of a file, or "-" for standard input.
    format_ : {"csv", "jsonl", "parquet"}, optional
        Default: by the name of the file; CSV for standard input.
    kinds : callable
        Returns the kind of a column of CSV by its name; None if that is to be inferred.
    listed : (str, callable), optional
        Name of the column of a list: CSV whose lines all are accepted by the callable, delimiters included.  A first
        line without a delimiter may be the name of the column instead.

    Raises
    ------
    InvalidData
        If the file is damaged, of another format, or has no rows.
    InvalidOption
        If the name does not say the format, or is that of a directory.
    MissingPackage
        If a package for Parquet is not installed.
    OSError
        If the file cannot be opened.
    """
    source = "standard input" if path == STDIN else path
    check_path(path, "The path of the table")
    if Path(path).is_dir():
        raise InvalidOption(f"{path} is a directory; expected a table.")
    chosen = format_ or _find_format(path)
    if chosen == "parquet":
        _parquet_reader()  # raises without a package
    with _open(path) as file:
        try:
            columns = _read_csv(file, source, kinds, listed) if chosen == "csv" else _READERS[chosen](file, source)
        except UnicodeDecodeError as error:
            raise InvalidData(
                f"{source} is not in UTF-8 ({error.reason} at byte {error.start}); save it so."
            ) from error
        except (gzip.BadGzipFile, EOFError) as error:
            raise InvalidData(f"{source} is damaged: {error}.") from error
    if not columns or not len(next(iter(columns.values()))):
        raise InvalidData(f"{source} has no rows.")
    return Table(columns, source, is_ordered=chosen != "jsonl")


def _find_format(path: str) -> Format:
    if path == STDIN:
        return "csv"
    suffix = Path(path.lower().removesuffix(".gz")).suffix
    if suffix not in SUFFIXES:
        Path(path).stat()  # raises if there is no such file
        listed = ", ".join(SUFFIXES)
        raise InvalidOption(f"{path} has none of the endings {listed}; say its format with --format.")
    return SUFFIXES[suffix]


@contextmanager
def _open(path: str) -> Iterator[BinaryIO]:
    """Open a file or standard input; decompress it if it is compressed."""
    if path == STDIN and sys.stdin is None:
        raise InvalidData("standard input is closed; name a file, or pipe a table to -.")
    with ExitStack() as stack:
        raw: Any = sys.stdin.buffer if path == STDIN else stack.enter_context(Path(path).open("rb"))
        file: Any = raw if hasattr(raw, "peek") else io.BufferedReader(raw)
        if file.peek(len(GZIP))[: len(GZIP)] == GZIP:
            file = stack.enter_context(gzip.GzipFile(fileobj=file))
        yield file


def _read_csv(
    file: BinaryIO,
    source: str,
    kinds: Callable[[str], ColumnKind | None],
    listed: tuple[str, Callable[[str], bool]] | None,
) -> dict[str, Any]:
    with io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        lines: Iterator[str] = text
        if listed is not None:
            values, lines = _take_list(lines, listed[1])
            if values is not None:
                return {listed[0] if listed[1](values[0]) else values.pop(0): values}
        names, texts = _parse_csv(lines, source)
    columns = {}
    for i, name in enumerate(names):
        columns[name] = convert_texts(texts[i], kinds(name))
        texts[i] = []  # so that one column at a time is in memory twice
    return _drop_row_numbers(columns, source)


def _take_list(lines: Iterator[str], accepts: Callable[[str], bool]) -> tuple[list[str] | None, Iterator[str]]:
    """Return lines as values if all are accepted, else None; and the lines from the first one on.

    Empty lines are left out.  The first value may be a header: not accepted, without a delimiter.
    """
    taken, values = list[str](), list[str]()
    for line in lines:
        taken.append(line)
        value = _unquote(line.strip())
        may_be_header = not values and not any(sign in value for sign in DELIMITERS)
        if value and not may_be_header and not accepts(value):
            return None, chain(taken, lines)
        if value:
            values.append(value)
    return values if values and accepts(values[-1]) else None, iter(taken)


def _unquote(text: str) -> str:
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text


def _parse_csv(lines: Iterator[str], source: str) -> tuple[list[str], list[list[str]]]:
    """Return the names and the columns of CSV; of the signs that may delimit, the most frequent in the header does."""
    head = next(lines, "")
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(chain([head], lines), delimiter=delimiter, strict=True)
    try:
        names = next(reader, [])
        _check_names(names, source)
        texts: list[list[str]] = [[] for _ in names]
        while rows := list(islice(reader, N_ROWS)):
            rows = [row for row in rows if row]  # without empty lines
            if not set(map(len, rows)) <= {len(names)}:
                _raise_ragged(rows, names, len(texts[0]), source)
            for column, values in zip(texts, zip(*rows, strict=True), strict=bool(rows)):
                column.extend(values)
    except csv.Error as error:
        raise InvalidData(f"{source}, line {reader.line_num}: {error}; is it CSV?") from error
    return names, texts


def _check_names(names: Sequence[str], source: str) -> None:
    twice = [repr(name) for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InvalidData(f"{source} has several columns named {join_first(twice)}; rename or drop them.")


def _raise_ragged(rows: Sequence[Sequence[str]], names: Sequence[str], before: int, source: str) -> None:
    i, row = next((i, row) for i, row in enumerate(rows) if len(row) != len(names))
    raise InvalidData(
        f"{source}: row {before + i + 1} has {len(row)} values, but the header has {len(names)} names; "
        "put values that contain the delimiter into quotes."
    )


def _drop_row_numbers(columns: dict[str, Any], source: str) -> dict[str, Any]:
    """Leave out a first column without a name that numbers the rows, as pandas and R write it."""
    numbers = columns.get("")
    if not isinstance(numbers, np.ndarray) or next(iter(columns)) or len(columns) == 1:
        return columns
    if numbers.dtype.kind != "i" or (np.diff(numbers) != 1).any() or numbers[:1].tolist() not in ([0], [1]):
        return columns
    warn(f"{source}: the first column has no name and numbers the rows; it is left out.", DataWarning)
    return {name: column for name, column in columns.items() if name}


def _read_jsonl(file: BinaryIO, source: str) -> dict[str, Any]:
    """Read an object per line, or an array of objects; what an object lacks is missing."""
    with io.TextIOWrapper(file, encoding="utf-8-sig") as text:
        rows = list(_parse_lines(text, source))
    if len(rows) == 1 and isinstance(rows[0], list):
        rows = rows[0]
    for i, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise InvalidData(f'{source}: row {i} is {json.dumps(row):.40}; expected an object, such as {{"age": 3}}.')
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [row.get(name) for row in rows] for name in names}
    for name, column in columns.items():
        nested = next((value for value in column if isinstance(value, list | dict)), None)
        if nested is not None:
            raise InvalidData(
                f"{source}: column {name!r} has nested values, such as {json.dumps(nested):.40}; "
                "expected text, numbers, true, false or null."
            )
    return columns


def _parse_lines(text: io.TextIOWrapper, source: str) -> Iterator[Any]:
    head = text.readline()
    if head.lstrip()[:1] == "[":
        lines: Iterator[tuple[int, str]] = iter([(1, head + text.read())])
    else:
        lines = enumerate(chain([head], text), 1)
    for number, line in lines:
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError) as error:
                raise InvalidData(f"{source}, line {number} is not JSON: {error}.") from error


def _read_parquet(file: BinaryIO, source: str) -> dict[str, Any]:
    read = _parquet_reader()
    try:
        frame = read(io.BytesIO(file.read()))
    except Exception as error:
        raise InvalidData(f"{source} cannot be read as Parquet: {error!s:.200}.") from error
    return {name: frame.get_column(name).to_native() for name in frame.columns}


def _parquet_reader() -> "Callable[[io.BytesIO], nw.DataFrame[Any]]":
    if find_spec("polars"):
        import polars as pl  # noqa: PLC0415 - optional

        return lambda data: nw.from_native(pl.read_parquet(data))
    if find_spec("pyarrow"):
        import pyarrow.parquet as pq  # noqa: PLC0415 - optional

        return lambda data: nw.from_native(pq.read_table(data))
    raise MissingPackage("Reading Parquet", "polars or pyarrow", "parquet")


_READERS: Mapping[str, Callable[[BinaryIO, str], dict[str, Any]]] = {"jsonl": _read_jsonl, "parquet": _read_parquet}

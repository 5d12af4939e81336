"""Tables of every format are read to the same columns; what is not a table is refused in a sentence."""

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from autonet.cli import tables
from autonet.cli.tables import read_table
from autonet.core.errors import DataWarning, InvalidData, InvalidOption, MissingPackage, UnknownName

CSV = b'age,town,zip,member,since\n34,"Rome, Italy",007,true,2020-01-31\n,Oslo,123,false,2021-01-31\n51,,456,,\n'
COLUMNS: dict[str, list[Any]] = {
    "age": [34.0, None, 51.0],
    "town": ["Rome, Italy", "Oslo", None],
    "zip": ["007", "123", "456"],
    "member": [True, False, None],
    "since": ["2020-01-31", "2021-01-31", None],
}


def write(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def plain(column: Any) -> list[Any]:
    """Values of a column, None for NaN."""
    values = column.to_list() if hasattr(column, "to_list") else list(column)
    return [None if isinstance(value, float) and np.isnan(value) else value for value in values]


def columns_of(path: str, format_: str | None = None) -> dict[str, list[Any]]:
    return {name: plain(column) for name, column in read_table(path, format_).columns.items()}


def test_csv(tmp_path: Path) -> None:
    assert columns_of(write(tmp_path / "rows.csv", CSV)) == COLUMNS


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a.png\n", {"file": ["a.png"]}),
        (b'a,b.png\r\n\r\nc;d.png\n"e,f.png"\nq"x.png', {"file": ["a,b.png", "c;d.png", "e,f.png", 'q"x.png']}),
        (b"\xef\xbb\xbfpath\na,b.png\n", {"path": ["a,b.png"]}),
        (b"a.png,cat\nb.png,dog\n", {"a.png": ["b.png"], "cat": ["dog"]}),
        (b"path\na.png\nb\n", {"path": ["a.png", "b"]}),
        (b"x,y.png\n1,2\n", {"x": [1], "y.png": [2]}),
    ],
)
def test_lines_that_all_are_values_are_a_list(tmp_path: Path, data: bytes, expected: dict[str, list[Any]]) -> None:
    for content in (data, gzip.compress(data)):
        path = write(tmp_path / "rows.csv", content)
        table = read_table(path, listed=("file", lambda text: text.endswith(".png")))
        assert {name: plain(column) for name, column in table.columns.items()} == expected
    for empty in (b"", b"\n", b"path\n"):
        with pytest.raises(InvalidData, match=r"rows\.csv has no rows"):
            read_table(write(tmp_path / "rows.csv", empty), listed=("file", str.isdigit))


def test_csv_in_other_clothes(tmp_path: Path) -> None:
    for name, data in {
        "compressed.csv.gz": gzip.compress(CSV),
        "compressed_without_saying_so.csv": gzip.compress(CSV),
        "windows.csv": b"\xef\xbb\xbf" + CSV.replace(b"\n", b"\r\n"),
        "empty_lines.csv": CSV.replace(b"\n", b"\n\n"),
        "without_last_newline.csv": CSV.rstrip(),
        "tabs.tsv": CSV.replace(b"Rome, Italy", b"Rome; Italy").replace(b",", b"\t").replace(b"e; I", b"e, I"),
        "semicolons.txt": CSV.replace(b"Rome, Italy", b"Rome| Italy").replace(b",", b";").replace(b"e| I", b"e, I"),
    }.items():
        assert columns_of(write(tmp_path / name, data)) == COLUMNS, name


def test_standard_input_is_csv_unless_told(monkeypatch: Any) -> None:
    for format_, data in ((None, CSV), ("csv", gzip.compress(CSV)), ("jsonl", as_jsonl().encode())):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert columns_of("-", format_) == COLUMNS


def as_jsonl() -> str:
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
    return "\n".join(json.dumps({name: value for name, value in row.items() if value is not None}) for row in rows)


def test_json_lines_and_an_array_of_objects(tmp_path: Path) -> None:
    assert columns_of(write(tmp_path / "rows.jsonl", as_jsonl().encode())) == COLUMNS
    array = "[" + as_jsonl().replace("\n", ",\n") + "]"
    assert columns_of(write(tmp_path / "rows.json", array.encode())) == COLUMNS


def test_parquet_by_either_package(tmp_path: Path, monkeypatch: Any) -> None:
    path = str(tmp_path / "rows.parquet")
    pq.write_table(pa.table(COLUMNS), path)
    assert columns_of(path) == COLUMNS  # polars
    monkeypatch.setattr(tables, "find_spec", lambda name: name != "polars")
    assert {name: column.to_pylist() for name, column in read_table(path).columns.items()} == COLUMNS
    monkeypatch.setattr(tables, "find_spec", lambda _: None)
    with pytest.raises(MissingPackage, match=r'polars or pyarrow; install it with: pip install "autonet-torch\[parq'):
        read_table(path)


def test_a_first_column_that_numbers_the_rows_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", b",a\n0,x\n1,y\n")
    with pytest.warns(DataWarning, match="the first column has no name and numbers the rows; it is left out"):
        assert columns_of(path) == {"a": ["x", "y"]}
    assert columns_of(write(tmp_path / "other.csv", b",a\n5,x\n9,y\n")) == {"": [5, 9], "a": ["x", "y"]}


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.csv", b"", "has no rows"),
        ("a.csv", b"x,y\n", "has no rows"),
        ("a.jsonl", b"\n\n", "has no rows"),
        ("a.csv", b"x,y\n1,2\n1,2,3\n", "row 2 has 3 values, but the header has 2 names; put values that contain"),
        ("a.csv", b"x,y\n1\n", "row 1 has 1 values, but the header has 2 names"),
        ("a.csv", b"x,x,y\n1,2,3\n", "several columns named 'x'; rename or drop them"),
        ("a.csv", b'x,y\n"1,2\n', "line 2: unexpected end of data; is it CSV?"),
        ("a.csv", "x\nMünchen\n".encode("latin-1"), "is not in UTF-8 (invalid start byte at byte "),
        (
            "a.csv",
            gzip.compress(CSV, mtime=0)[:40],
            "is damaged: ",
        ),  # no time: workers of pytest-xdist must name tests alike
        ("a.jsonl", b'{"x": 1}\n{"x": 2\n', "line 2 is not JSON: "),
        ("a.jsonl", b'{"x": 1}\n3\n', 'row 2 is 3; expected an object, such as {"age": 3}'),
        ("a.jsonl", b'{"x": [1, 2]}\n', "column 'x' has nested values, such as [1, 2]; expected text, numbers"),
        ("a.parquet", b"PAR1 but not really", "cannot be read as Parquet: "),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, name: str, data: bytes, sentence: str) -> None:
    path = write(tmp_path / name, data)
    with pytest.raises(InvalidData) as error:
        read_table(path)
    assert str(error.value).startswith(path)
    assert sentence in str(error.value)


def test_the_name_must_say_the_format(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.xlsx", CSV)
    with pytest.raises(
        InvalidOption, match=r"rows.xlsx has none of the endings .csv, .*; say its format with --format"
    ):
        read_table(path)
    assert columns_of(path, "csv") == COLUMNS
    with pytest.raises(InvalidOption, match="is a directory; expected a table"):
        read_table(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        read_table(str(tmp_path / "nothing.xlsx"))


def test_columns_are_found_and_dropped_by_name(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "rows.csv", CSV))
    assert len(table) == 3
    assert list(table.drop(["town", "zip"]).columns) == ["age", "member", "since"]
    for call in (lambda: table["twn"], lambda: table.drop(["twn"])):
        with pytest.raises(UnknownName, match=r"Unknown column of .*rows.csv 'twn'. Did you mean 'town'"):
            call()


def test_a_closed_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # as Python has it after `<&-`
    with pytest.raises(InvalidData, match="standard input is closed; name a file, or pipe a table to -"):
        read_table("-")

"""Results on standard output and in files."""

import datetime
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autonet.cli.output import check_output, print_table, write_rows
from autonet.core.errors import InvalidOption
from autonet.core.resulttable import ResultTable

COLUMNS: dict[str, Any] = {
    "id": np.array([1, 2]),
    "day": [datetime.date(2020, 1, 31), None],
    "p": np.array([0.1, np.nan]),
    "town": ["Rome, Italy", "Zürich"],
}


def test_csv_on_standard_output(capsys: Any) -> None:
    write_rows(COLUMNS, None)
    assert capsys.readouterr().out == 'id,day,p,town\n1,2020-01-31,0.1,"Rome, Italy"\n2,,,Zürich\n'


def test_a_closed_standard_output_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)  # as Python has it after `>&-`
    with pytest.raises(InvalidOption, match="standard output is closed; name a file with --out"):
        write_rows(COLUMNS, None)


def test_files(tmp_path: Path) -> None:
    write_rows(COLUMNS, tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text("utf-8").splitlines()[2] == "2,,,Zürich"
    write_rows(COLUMNS, tmp_path / "rows.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()]
    assert rows[1] == {"id": 2, "day": None, "p": None, "town": "Zürich"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv", "rows.jsonl"]


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    check_output(None)
    check_output(tmp_path / "rows.CSV")
    with pytest.raises(InvalidOption, match=r"--out must end in .csv or .jsonl; got 'rows.parquet'"):
        check_output(Path("rows.parquet"))
    with pytest.raises(InvalidOption, match="there is no directory"):
        check_output(tmp_path / "no" / "rows.csv")


def test_tables_of_results(capsys: Any) -> None:
    table = ResultTable([{"metric": "r2", "score": np.float64(0.5)}, {"metric": "d2", "score": float("nan")}])
    print_table(table, as_json=False)
    assert capsys.readouterr().out == f"{table!r}\n"
    print_table(table, as_json=True)
    assert json.loads(capsys.readouterr().out) == [{"metric": "r2", "score": 0.5}, {"metric": "d2", "score": None}]

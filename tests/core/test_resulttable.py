"""Tables of results: rows, columns, what they print."""

import copy
import pickle
import sys

import pandas as pd
import pytest

from autonet.core.errors import MissingPackage, UnknownName
from autonet.core.resulttable import ResultTable

ROWS = [{"name": "a", "score": 0.5, "n": 1}, {"name": "b", "score": 0.123456, "cut": True}]


def test_a_table_is_a_sequence_of_dictionaries_with_a_value_for_every_column() -> None:
    table = ResultTable(ROWS)
    assert table.columns == ("name", "score", "n", "cut")
    assert list(table) == [
        {"name": "a", "score": 0.5, "n": 1, "cut": None},
        {"name": "b", "score": 0.123456, "n": None, "cut": True},
    ]
    assert len(table) == 2
    assert table[-1]["name"] == "b"
    assert table[:1] == ResultTable(ROWS[:1], table.columns)
    assert table != ResultTable(ROWS[:1])
    assert table != ROWS
    assert table.column("score") == [0.5, 0.123456]
    with pytest.raises(UnknownName, match=r"(?s)column.*'scor'.*'score'"):
        table.column("scor")


def test_rows_that_are_returned_are_copies() -> None:
    table = ResultTable(ROWS)
    table[0]["score"] = 2.0
    assert table[0]["score"] == 0.5


def test_a_table_is_copied_and_pickled() -> None:
    table = ResultTable(ROWS, caption="two rows")
    for other in (copy.deepcopy(table), pickle.loads(pickle.dumps(table))):
        assert other == table
        assert repr(other) == repr(table)


def test_a_table_prints_aligned_numbers_right_and_text_left() -> None:
    assert repr(ResultTable(ROWS, caption="two rows")).splitlines() == [
        "two rows",
        "name   score  n  cut",
        "a     0.5000  1",
        "b     0.1235     yes",
    ]
    assert repr(ResultTable([], ["a", "b"])) == "a  b"
    assert repr(ResultTable()) == ""


def test_decimal_points_are_one_below_the_other() -> None:
    table = ResultTable({"x": x, "whole": 3.0} for x in (49.47, 0.00123456, 0.0, None, float("nan"), -1.5e8))
    assert repr(table).splitlines() == [
        "          x  whole",
        " 49.47           3",
        "  0.001235       3",
        "  0              3",
        "                 3",
        "nan              3",
        " -1.500e+08      3",
    ]
    html = table._repr_html_()
    assert ">49.47\N{FIGURE SPACE}" in html
    assert ">0\N{PUNCTUATION SPACE}\N{FIGURE SPACE}" in html


def test_long_tables_and_cells_are_cut_where_they_print() -> None:
    table = ResultTable({"n": n, "text": "x" * 199} for n in range(100))
    lines = repr(table).splitlines()
    assert lines[1].split() == ["0", "x" * 97 + "..."]
    assert lines[31] == "... 40 more rows ..."
    assert lines[-1].split()[0] == "99"
    assert len(lines) == 62
    assert [line.split() for line in table.to_text().splitlines()[1:]] == [[str(n), "x" * 199] for n in range(100)]
    html = table._repr_html_()
    assert html.count("<tr>") == 62
    assert '<td colspan="2">... 40 more rows ...</td>' in html
    assert len(table.to_pandas()) == 100


def test_hostile_names_and_values_stay_text() -> None:
    table = ResultTable([{"<b>name</b>": "<script>alert(1)</script>\n\ud800"}], caption="<i>")
    html = table._repr_html_()
    for tag in ("<script>", "<b>", "<i>"):
        assert tag not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \\ud800" in html
    repr(table).encode()


def test_a_table_becomes_a_data_frame() -> None:
    frame = ResultTable(ROWS).to_pandas()
    pd.testing.assert_frame_equal(frame[["name", "score", "n"]], pd.DataFrame(ROWS)[["name", "score", "n"]])
    assert frame["cut"].tolist() == [None, True]
    assert list(ResultTable([], ["a"]).to_pandas().columns) == ["a"]


def test_without_pandas_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackage, match=r'pip install "autonet-torch\[plot\]"'):
        ResultTable(ROWS).to_pandas()

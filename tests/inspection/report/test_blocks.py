"""Blocks of reports."""

from autonet.core.resulttable import ResultTable
from autonet.inspection.report.blocks import Bar, make_table


def test_a_table_aligns_numbers_and_measures_at_the_right() -> None:
    rows = [
        {
            "name": "1",
            "n": 3,
            "share": "1.5%",
            "ends": "−0.1 to 0.3",
            "took": "1 min 3 s",
            "label": "7",
            "bar": Bar(0.5),
        },
        {"name": "2", "n": None, "share": "", "ends": "0 to 1e−7", "took": "0.2 s", "label": "x1", "bar": Bar(1.0)},
    ]
    titles = {name: name.upper() for name in rows[0]}
    table = make_table(ResultTable(rows), titles, "caption", [1])
    assert table.columns == ("NAME", "N", "SHARE", "ENDS", "TOOK", "LABEL", "BAR")
    assert {table.columns[i] for i in table.numeric} == {"N", "SHARE", "ENDS", "TOOK"}
    assert table.rows[1][:2] == ("2", "")
    assert table.rows[0][-1] == Bar(0.5)
    assert table.emphasized == {1}


def test_a_table_has_the_columns_that_are_named() -> None:
    assert make_table([{"a": 1, "b": 2}], {"b": "B"}, "").rows == (("2",),)
    assert make_table([], {"b": "B"}, "").rows == ()

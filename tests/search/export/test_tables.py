"""Histories as CSV and JSON Lines."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from autonet.core.errors import InvalidOption
from autonet.search import minimize
from autonet.search.export.tables import COLUMNS
from tests.search.export.histories import MAKERS, make


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def records_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_columns_are_stable(tmp_path: Path) -> None:
    assert ",".join(COLUMNS) == (
        "trial,job,origin,seed,start,target,budget,value,loss,tie_breaker,status,began,seconds,cost,complete,reason"
    )
    make("resumed").to_csv(tmp_path / "a.csv")
    params = ["activation", "kind", "width", "depth", "rate", "units"]
    further = [*(f"params_{name}" for name in params), "metrics_std", "metrics_gap", "user_attrs_shape"]
    assert list(rows_of(tmp_path / "a.csv")[0]) == [*COLUMNS, *further]
    make("empty").to_csv(tmp_path / "a.csv")
    header = (tmp_path / "a.csv").read_text()
    assert header == ",".join([*COLUMNS, *(f"params_{name}" for name in params)]) + "\n"


@pytest.mark.parametrize("kind", MAKERS)
def test_there_is_a_row_and_a_record_for_each_report(kind: str, tmp_path: Path) -> None:
    study = make(kind)
    study.to_csv(tmp_path / "a.csv")
    study.to_jsonl(tmp_path / "a.jsonl")
    rows, records = rows_of(tmp_path / "a.csv"), records_of(tmp_path / "a.jsonl")
    reports = [(trial, job, report) for trial in study.trials for job, report in enumerate(trial.reports)]
    assert len(rows) == len(records) == len(reports)
    for row, record, (trial, job, report) in zip(rows, records, reports, strict=True):
        assert (record["trial"], record["job"], record["seed"]) == (trial.number, job, trial.seed)
        assert (record["budget"], record["seconds"], record["status"]) == (report.budget, report.seconds, report.status)
        assert (row["trial"], row["job"], row["status"]) == (str(trial.number), str(job), str(report.status))
        assert row["value"] == ("" if record["value"] is None else str(record["value"]))
        if report is trial.last:
            assert record["value"] == trial.value
        assert record["curve"] == (to_lists(trial.curve) if job == len(trial.reports) - 1 else [])
        assert {name for name in trial.config if row[f"params_{name}"]} == set(trial.config)
        assert {name[7:] for name, cell in row.items() if name.startswith("params_") and cell} == set(trial.config)


def to_lists(curve: list[tuple[int, float]]) -> list[list[Any]]:
    return [[step, value if value == value else "nan"] for step, value in curve]


def test_values_are_written_as_other_programs_read_them(tmp_path: Path) -> None:
    study = make("minimize")
    study.to_csv(tmp_path / "a.csv")
    study.to_jsonl(tmp_path / "a.jsonl")
    row, record = rows_of(tmp_path / "a.csv")[0], records_of(tmp_path / "a.jsonl")[0]
    assert (row["metrics_gap"], row["user_attrs_shape"], row["complete"]) == ("nan", "[0, 2]", "False")
    assert record["metrics"] == {"std": 0.5, "gap": "nan"}
    assert record["user_attrs"] == {"shape": [0, 2]}
    assert record["params"] == {"activation": "relu", "kind": "a", "width": 64, "rate": 0.01}
    crashed = records_of(tmp_path / "a.jsonl")[3]
    assert (crashed["value"], crashed["loss"], crashed["reason"]) == (None, None, "ValueError: broken")
    assert "ValueError: broken" in crashed["error"]
    kinds = {row["params_kind"] for row in rows_of(tmp_path / "a.csv")}
    assert kinds == {"a", "b", "None", "[1, 2]"}


def test_pandas_reads_both(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    study = make("maximize")
    study.to_csv(tmp_path / "a.csv")
    study.to_jsonl(tmp_path / "a.jsonl")
    frame, records = (
        pandas.read_csv(tmp_path / "a.csv"),
        pandas.read_json(tmp_path / "a.jsonl", lines=True, precise_float=True),
    )
    assert frame["value"].max() == records["value"].max() == study.best.value
    assert frame["trial"].tolist() == records["trial"].tolist()
    assert (pandas.to_datetime(frame["began"]).dt.tz is not None) is True


def test_hostile_names_and_values_stay_in_their_cells(tmp_path: Path) -> None:
    names = ['a,"b"\n', "c\ud800"]
    study = minimize(lambda trial: trial[names[1]], {names[0]: ['x,"\n', "y"], names[1]: (0.0, 1.0)}, max_trials=2)
    study.to_csv(tmp_path / "a.csv")
    study.to_jsonl(tmp_path / "a.jsonl")
    row, record = rows_of(tmp_path / "a.csv")[0], records_of(tmp_path / "a.jsonl")[0]
    assert row['params_a,"b"\n'] == study.trials[0].config[names[0]]
    assert float(row["params_c\\ud800"]) == study.trials[0].config[names[1]]
    assert set(record["params"]) == {'a,"b"\n', "c\\ud800"}


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    study, path = make("minimize"), tmp_path / "a"
    for write in (study.to_csv, study.to_jsonl):
        write(path)
        first = path.read_bytes()
        write(path)
        assert path.read_bytes() == first
        assert list(tmp_path.iterdir()) == [path]
        with pytest.raises(InvalidOption, match=r"The history cannot be saved to .*: there is no directory"):
            write(tmp_path / "none" / "a")
        with pytest.raises(InvalidOption, match=r"The history cannot be saved to .*: it is a directory"):
            write(tmp_path)

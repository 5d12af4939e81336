"""The arithmetic of the comparison with peers: splits, errors, who won, what is still to do."""

import json
import math
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss

pd = pytest.importorskip("pandas", reason="needs pandas, for the tables")


@pytest.fixture(scope="module")
def tabular(script: Any) -> Any:
    return script("tabular")


@pytest.fixture(scope="module")
def public_tables(script: Any) -> Any:
    return script("public_tables")


@pytest.fixture(scope="module")
def report(script: Any) -> Any:
    return script("tabular_report")


# --- splits


@given(counts=st.lists(st.integers(1, 30), min_size=2, max_size=6), seed=st.integers(0, 99))
def test_rows_are_divided_by_class_and_of_each_something_stays(
    public_tables: Any, counts: list[int], seed: int
) -> None:
    counts = [*counts, 40, 40]
    y = pd.Series(np.repeat([f"class {i}" for i in range(len(counts))], counts)).astype("category")
    kept, taken = public_tables.divide(y, 0.25, seed)
    assert sorted([*kept, *taken]) == list(range(len(y)))
    for i, n in enumerate(counts):
        held_out = (y.iloc[taken] == f"class {i}").sum()
        assert held_out < n
        assert abs(held_out - n / 4) < 2


# --- errors


def test_log_loss_is_that_of_scikit_learn(tabular: Any) -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1, 1, 1], size=50)
    y = pd.Series(rng.choice(["a", "b", "c"], 50)).astype("category")
    measured = tabular.errors(y, p, ["a", "b", "c"])
    assert measured["log_loss"] == pytest.approx(log_loss(y, p))
    assert measured["accuracy"] == (np.array(["a", "b", "c"])[p.argmax(1)] == y).mean()
    assert 0 < measured["roc_auc"] < 1


def test_certainty_that_was_wrong_and_classes_that_were_never_seen_cost_the_clip(tabular: Any) -> None:
    y = pd.Series(["a", "d"]).astype("category")
    measured = tabular.errors(y, np.array([[0.0, 2.0], [1.0, 1.0]]), ["a", "b"])
    assert measured["log_loss"] == pytest.approx(-math.log(1e-15))
    assert "roc_auc" not in measured


def test_rmse(tabular: Any) -> None:
    assert tabular.errors(pd.Series([1, 2, 3]), np.array([1.0, 2.0, 6.0]), None) == {"rmse": pytest.approx(3**0.5)}


@pytest.mark.parametrize("predictions", [np.array([1.0, np.nan]), np.array([1.0])])
def test_predictions_that_are_none_are_refused(tabular: Any, predictions: Any) -> None:
    with pytest.raises(ValueError, match="predictions for 2 rows"):
        tabular.errors(pd.Series([1.0, 2.0]), predictions, None)


# --- who won


def test_won_tied_and_lost(report: Any) -> None:
    ours = {"won": {0: 1.0, 1: 1.0}, "tied": {0: 1.009}, "lost": {0: 1.02}, "alone": {0: 1.0}}
    theirs = {"won": {0: 1.0, 1: 3.0, 2: 0.1}, "tied": {0: 1.0}, "lost": {0: 1.0}, "another": {0: 1.0}}
    compared = report.compare(ours, theirs)
    assert (compared.tables, compared.runs) == (3, 4)
    assert compared.share == pytest.approx(2 / 3)
    assert compared.ratio == pytest.approx((0.5 * 1.009 * 1.02) ** (1 / 3)), "of means over the splits of both"


@pytest.mark.parametrize(("ours", "theirs", "share"), [(1.0, math.inf, 1), (math.inf, 1.0, 0), (math.inf, math.inf, 0)])
def test_failures_lose_and_stay_out_of_the_mean(report: Any, ours: float, theirs: float, share: float) -> None:
    compared = report.compare({"a": {0: ours, 1: 1.0}, "b": {0: 2.0}}, {"a": {0: theirs, 1: 1.0}, "b": {0: 1.0}})
    assert compared.share == share / 2
    assert compared.ratio == pytest.approx(2.0)


# --- what is done is done


def record(**changes: Any) -> dict[str, Any]:
    run = {"table": "vehicle", "split": 0, "system": "autonet", "seconds": 60.0, "max_rows": None, "status": "ok"}
    about = {"kind": "classification", "rows": 9, "family": "autonet", "load": 1.0, "date": "2030-01-01 00:00"}
    measured = {"log_loss": 0.5, "accuracy": 0.8, "fit_seconds": 59.0, "predict_1": 0.001, "predict_1000": 0.01}
    return run | about | measured | {"bytes": 2**20, "versions": {"torch": "2.13.0"}} | changes


def test_only_what_is_missing_is_run(tabular: Any, report: Any, tmp_path: Path) -> None:
    lines = [record(), record(system="hgb", status="timeout"), record(split=1, seconds=300.0)]
    path = tmp_path / "runs.jsonl"
    path.write_text("\n".join([*map(json.dumps, lines), '{"table": "veh']), encoding="utf-8")
    done = report.read(path)
    asked = Namespace(tables=["vehicle"], seeds=[0, 1], systems=["autonet", "hgb"], seconds=60.0, max_rows=None)
    asked.again = False
    assert [(r["split"], r["system"]) for r in tabular.to_do(asked, done)] == [(1, "autonet"), (1, "hgb")]
    asked.again = True
    assert next((r["split"], r["system"]) for r in tabular.to_do(asked, done)) == (0, "hgb")
    asked.max_rows = 100
    assert len(list(tabular.to_do(asked, done))) == 4
    assert not report.read(tmp_path / "none.jsonl")


def test_a_later_run_counts_and_the_table_shows_it(report: Any, tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    runs = [record(log_loss=9.0), record(), record(system="hgb", log_loss=0.4, accuracy=0.8, family="trees")]
    runs.append(record(system="tabm", status="crash", family="pytabkit"))
    path.write_text("\n".join(map(json.dumps, runs)), encoding="utf-8")
    shown = "\n".join(report.report(list(report.read(path).values()), "autonet", "log_loss"))
    assert "| hgb | 1 (1) | 0% | 1.250 | 0 of 1 | 59.0 s, 59.0 s | 1.0 ms | 10.0 ms | 1.00 MiB |" in shown
    assert "| tabm | 1 (1) | 100% | nan | 1 of 1 |" in shown
    assert "| vehicle | 0 | 9 | log-loss | 0.5 | 0.4 | inf |" in shown
    by_accuracy = "\n".join(report.report(list(report.read(path).values()), "autonet", "accuracy"))
    assert "| hgb | 1 (1) | 100% | 1.000 |" in by_accuracy

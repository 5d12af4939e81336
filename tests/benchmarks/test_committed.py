"""The tables of the documentation, and the one of the README, say what the committed runs say."""

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HERE = ROOT / "benchmarks"
IN_README = {
    "autogluon_medium": "AutoGluon `medium_quality`",
    "autogluon_best": "AutoGluon `best_quality` (took longer than told)",
    "catboost_tuned": "CatBoost, tuned by Optuna",
    "lightgbm_tuned": "LightGBM, tuned by Optuna",
    "realmlp": "RealMLP",
    "autopytorch_tiny": "Auto-PyTorch `tiny_cs`",
}


@pytest.fixture(scope="module")
def lines() -> set[str]:
    return set((ROOT / "docs" / "benchmarks" / "tables.md").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("seconds", [30.0, 300.0])
def test_the_ablation(script: Any, lines: set[str], seconds: float) -> None:
    printed = list(script("ablation").report(HERE / "runs" / "ablation.jsonl", seconds))
    assert len(printed) > 2
    assert set(printed) <= lines


@pytest.mark.parametrize("seconds", [60.0, 300.0])
def test_against_peers(script: Any, lines: set[str], seconds: float) -> None:
    tables = script("tabular_report")
    runs = [r for r in tables.read(HERE / "runs" / "tabular.jsonl").values() if r["seconds"] == seconds]
    assert runs
    assert printed_of(tables, runs) <= lines


def test_the_results_of_the_readme(script: Any) -> None:
    tables = script("tabular_report")
    runs = [r for r in tables.read(HERE / "runs" / "tabular.jsonl").values() if r["seconds"] == 60]
    errors = tables.collected(runs, "log_loss")
    compared = {peer: tables.compare(errors["autonet"], errors[peer]) for peer in IN_README}
    rows = {f"| {IN_README[peer]} | {c.share:.0%} | {c.ratio:.3f} |" for peer, c in compared.items()}
    assert rows <= set((ROOT / "README.md").read_text(encoding="utf-8").splitlines())


def test_the_latencies(script: Any, lines: set[str]) -> None:
    tables = script("tabular_report")
    runs = list(tables.read(HERE / "runs" / "latency.jsonl").values())
    assert any("predict_1000000" in run for run in runs)
    assert printed_of(tables, runs) <= lines


def test_the_model_files(script: Any, lines: set[str]) -> None:
    printed = list(script("model_files").report(HERE / "runs" / "model_files.jsonl"))
    assert len(printed) > 20
    assert set(printed) - {""} <= lines


def printed_of(tables: Any, runs: list[dict[str, Any]]) -> set[str]:
    """Lines of the report that are not empty."""
    return set("\n".join(tables.report(runs, "autonet", "log_loss")).splitlines()) - {""}

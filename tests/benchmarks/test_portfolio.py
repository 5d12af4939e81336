"""The choice of a portfolio: candidates that fit the space, complements before twins, a preset that can be read."""

import tomllib
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autonet import AutoNetClassification
from autonet.core.task import Task
from autonet.space.presets import load_preset


@pytest.fixture(scope="module")
def portfolio(script: Any) -> Any:
    return script("portfolio")


def runs(portfolio: Any, folder: Path, truth: Any, predictions: dict[str, Any]) -> Any:
    paths = {name: folder / f"{name}.npz" for name in predictions}
    for name, path in paths.items():
        np.savez(path, predictions=predictions[name], truth=truth)
    return portfolio.Runs(paths)


def test_the_next_entry_is_the_one_that_complements_those_before(portfolio: Any, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    truth, noise = random.normal(size=400), random.normal(size=400)
    predictions = {"good": truth + noise, "twin": truth + 1.01 * noise, "opposite": truth - 1.5 * noise}
    chosen = list(portfolio.choose([runs(portfolio, tmp_path, truth, predictions)], list(predictions), 2))
    assert [name for name, _ in chosen] == ["good", "opposite"]
    assert chosen[1][1] < chosen[0][1]


def test_an_ensemble_is_measured_on_rows_that_did_not_select_it(portfolio: Any, tmp_path: Path) -> None:
    """Of predictors that know one half of the rows each, every selection takes the one that fails on the other."""
    truth = np.zeros(100)
    runs_of_one = runs(portfolio, tmp_path, truth, {"any": truth})
    first, second = runs_of_one.halves
    predictions = {"first": truth.copy(), "second": truth.copy()}
    predictions["first"][second] = predictions["second"][first] = 1.0
    assert runs(portfolio, tmp_path, truth, predictions).of_ensemble(["first", "second"]) == pytest.approx(1.0)


def test_the_error_of_classes_is_the_log_loss(portfolio: Any) -> None:
    truth = np.array([[True, False], [False, True]])
    assert portfolio.error(np.array([[0.8, 0.2], [0.5, 0.5]]), truth) == pytest.approx(-np.log([0.8, 0.5]).mean())


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_what_is_printed_is_a_preset_with_every_candidate(
    portfolio: Any, kind: Any, tmp_path: Path, capsys: Any
) -> None:
    values = portfolio.candidates(3)
    entries = [portfolio.entry(name, v, max_rows=999) for name, v in values.items()]
    path = tmp_path / "mine.toml"
    text = portfolio.without_portfolio(portfolio.PRESET.read_text(encoding="utf-8"))
    assert not text.rstrip().splitlines()[-1].startswith("#")  # nor what stands above the portfolio
    path.write_text("\n\n".join([text, *entries]), encoding="utf-8")
    preset = load_preset(path, Task(kind, n_rows=999))
    assert list(preset.portfolio) == list(values.values())
    assert load_preset(path, Task(kind, n_rows=1000)).portfolio == ()
    assert preset.components == load_preset("medium_cs", Task(kind)).components


def test_every_candidate_lies_in_the_space(portfolio: Any) -> None:
    X, y = np.random.default_rng(0).normal(size=(4000, 10)), [0, 1] * 2000
    space = AutoNetClassification().get_hyperparameter_search_space(X, y)
    for values in portfolio.candidates(3).values():
        for name, value in values.items():
            assert space[name].legal_value(value), f"{name} = {value}"


def test_what_a_table_had_a_part_in_choosing_is_not_what_it_is_measured_with(portfolio: Any, tmp_path: Path) -> None:
    values = portfolio.candidates(0)
    left_out = tomllib.loads(portfolio.WITHOUT.read_text(encoding="utf-8"))
    for size in portfolio.SIZES:
        task = Task("classification", size.limits.get("min_rows", 1), size.min_columns)
        usual = load_preset("medium_cs", task)
        for table in sorted({table for other in portfolio.SIZES for table in other.tables})[::3]:
            path = tmp_path / f"{table}.toml"
            path.write_text(portfolio.preset_without(table), encoding="utf-8")
            preset = load_preset(path, task)
            if table in size.tables:
                assert list(preset.portfolio) == [values[name] for name in left_out[table][str(size)]]
            else:
                assert preset.portfolio == usual.portfolio
            assert (preset.options, preset.updates) == (usual.options, usual.updates)
    assert portfolio.preset_without("splice") is None


def test_a_preset_of_other_sizes_is_not_taken_for_one_without_portfolio(
    portfolio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "medium_cs.toml"
    path.write_text(portfolio.PRESET.read_text(encoding="utf-8").replace("max_columns = 199\n", ""), encoding="utf-8")
    monkeypatch.setattr(portfolio, "PRESET", path)
    with pytest.raises(ValueError, match="no portfolio for tables of 2000 to 19999 rows; it was written for other"):
        portfolio.preset_without("letter")


def test_sizes_without_runs_keep_what_was_chosen(portfolio: Any, tmp_path: Path, capsys: Any) -> None:
    arguments = Namespace(out=tmp_path, random=0, size=6)
    portfolio.print_preset(arguments)
    assert capsys.readouterr().out.strip() == portfolio.PRESET.read_text(encoding="utf-8").strip()
    portfolio.print_left_out(arguments)
    assert capsys.readouterr().out == portfolio.WITHOUT.read_text(encoding="utf-8")


def test_candidates_for_wide_tables_are_for_wide_tables(portfolio: Any) -> None:
    *others, wide = (set(portfolio.candidates(0, size)) for size in portfolio.SIZES)
    assert all(names < wide for names in others)
    assert wide == set(portfolio.candidates(0))

"""The choice of a portfolio: candidates that fit the space, complements before twins, a preset that can be read."""

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
    chosen = list(portfolio.choose([(runs(portfolio, tmp_path, truth, predictions), 1.0)], list(predictions), 2))
    assert [name for name, _ in chosen] == ["good", "opposite"]
    assert chosen[1][1] < chosen[0][1]


def test_what_tree_ensembles_know_needs_no_entry(portfolio: Any, tmp_path: Path) -> None:
    truth, noise = np.random.default_rng(0).normal(size=(2, 400))
    predictions = {"twin_of_trees": truth + noise, "opposite": truth - 1.5 * noise}
    alone = runs(portfolio, tmp_path, truth, predictions)
    np.savez(tmp_path / "trees.npz", boosting=truth + 1.01 * noise)
    beside = portfolio.Runs({name: tmp_path / f"{name}.npz" for name in predictions}, tmp_path / "trees.npz")
    first = [next(portfolio.choose([(found, 1.0)], list(predictions), 1))[0] for found in (alone, beside)]
    assert first == ["twin_of_trees", "opposite"]


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


def test_a_preset_of_other_sizes_is_not_taken_for_one_without_portfolio(portfolio: Any, tmp_path: Path) -> None:
    path = tmp_path / "medium_cs.toml"
    path.write_text(portfolio.PRESET.read_text(encoding="utf-8").replace("max_columns = 199\n", ""), encoding="utf-8")
    with pytest.raises(ValueError, match="no portfolio for tables of 2000 to 19999 rows; it was written for other"):
        portfolio.entries_for(path, portfolio.SIZES[1], "regression")


def test_what_has_no_runs_keeps_what_was_chosen(portfolio: Any, tmp_path: Path, capsys: Any) -> None:
    portfolio.print_preset(Namespace(out=tmp_path, random=0, size=6))
    assert capsys.readouterr().out.strip() == portfolio.PRESET.read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("kind", ["classification", "multilabel", "regression"])
def test_the_preset_begins_with_what_was_chosen_for_the_kind(portfolio: Any, kind: Any) -> None:
    for size in portfolio.SIZES:
        task = Task(kind, n_rows=size.limits.get("min_rows", 1), n_features=size.min_columns)
        chosen = portfolio.begun_with(
            portfolio.PRESET, size, "regression" if kind == "regression" else "classification"
        )
        values = portfolio.candidates(0, size)
        assert list(load_preset("medium_cs", task).portfolio) == [values[name] for name in chosen]


def test_portfolios_are_judged_on_tables_they_were_not_chosen_from(portfolio: Any, tmp_path: Path, capsys: Any) -> None:
    """Of each half another candidate predicts without error; chosen from the other half, it is not there."""
    size, truth = portfolio.SIZES[3], np.random.default_rng(0).normal(0, 0.01, size=40)
    names, before = list(portfolio.candidates(0, size)), portfolio.begun_with(portfolio.PRESET, size, "regression")
    best = [name for name in names if name not in before][:2]
    for source in portfolio.sources(size, "regression")[:2]:
        for name in names:
            wrong = 0.0 if name == best[source.half] else 0.2 if name in before else 1.0
            np.savez(portfolio.path_of(tmp_path, source, name), predictions=np.full(40, wrong), truth=truth)
        np.savez(portfolio.path_of(tmp_path, source, portfolio.TREES), useless=np.full(40, 5.0))
    portfolio.judge(Namespace(out=tmp_path, random=0, size=1, against=portfolio.PRESET))
    (row,) = [line for line in capsys.readouterr().out.splitlines() if "columns | regression" in line]
    *_, n_tables, _, _, _, chosen, every, better = (cell.strip() for cell in row.strip("|").split("|"))
    assert (n_tables, better) == ("2", "0")
    assert float(every) < 1 < float(chosen)


def test_other_tables_count_less_and_those_with_other_candidates_not_at_all(portfolio: Any) -> None:
    every = {source: str(source) for source in portfolio.all_sources()}
    small, wide = portfolio.SIZES[0], portfolio.SIZES[3]
    weights = dict(portfolio.weigh(every, small, "regression"))
    assert weights["diabetes_regression_2s"] == weights["generated_0_regression_2s"] == 1
    order = ("fair_regression_3s", "wine_classification_2s", "generated_100_classification_3s")
    assert 1 > weights[order[0]] > weights[order[1]] > weights[order[2]] > 0
    assert not {name for name in weights if name.startswith("generated_30")}
    assert all(name.startswith("generated_30") for name, _ in portfolio.weigh(every, wide, "regression"))


def test_a_weight_is_as_many_tables(portfolio: Any, tmp_path: Path) -> None:
    truth = np.zeros(10)
    first, second = (runs(portfolio, tmp_path, truth, {"one": np.full(10, wrong)}) for wrong in (1.0, 16.0))
    assert portfolio.mean_error([(first, 3.0), (second, 1.0)], ["one"]) == pytest.approx(2.0)


def test_candidates_say_for_which_tables_they_are(portfolio: Any) -> None:
    *others, wide = (set(portfolio.candidates(0, size)) for size in portfolio.SIZES)
    assert all(names == others[0] for names in others)
    assert set(portfolio.candidates(0)) == others[0] | wide
    assert "A wide TabM without embeddings." in wide - others[0]
    assert "TabM on standardized columns." in others[0] - wide


# --- the tables


def test_both_halves_have_all_times_and_worlds(portfolio: Any) -> None:
    for size in portfolio.SIZES[:2]:
        for kind in portfolio.KINDS:
            drawn = [source for source in portfolio.sources(size, kind) if not source.name]
            for half in (0, 1):
                part = [source for source in drawn if source.half == half]
                assert {source.seconds for source in part} == set(size.seconds)
                assert {source.seed % 5 for source in part} == set(range(5))


def test_every_table_has_a_file_of_its_own(portfolio: Any) -> None:
    every = portfolio.all_sources()
    assert len({str(source) for source in every}) == len(every)
    assert [source.number for source in every[:4]] == [0, 0, 0, 0]


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_rows_to_test_on_are_no_rows_to_fit_on(portfolio: Any, kind: str) -> None:
    small = portfolio.SIZES[0]
    for source in (portfolio.sources(small, kind)[0], portfolio.sources(small, kind)[small.n_tables]):
        fit, test = source.load()
        assert len(fit.X) == len(fit.y) <= small.rows[1]
        assert source.name or len(test.X) == 2000
        together = portfolio_rows(fit) & portfolio_rows(test)
        assert not together


def portfolio_rows(table: Any) -> set[Any]:
    return set(table.X.itertuples(index=False, name=None))

"""Target means of categories: formulas, what each row may know, files and exports."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

import autonet
from autonet import AutoNetClassification
from autonet.core.component import Components
from autonet.core.spec import from_spec, to_spec
from autonet.data.encoding.encoder import TabularEncoder
from autonet.data.encoding.preprocessors import TARGET_MEANS
from autonet.data.encoding.target_means import fit_target_means
from autonet.data.table import InputNames, Table
from autonet.models.export import to_tensors
from autonet.models.model import one_thread
from tests.data.encoding.encoders import config

LEVELS = 80
RNG = np.random.default_rng(0)
CODES = np.column_stack([2 + np.arange(800) % LEVELS, RNG.integers(0, 9, 800), RNG.integers(2, 150, 800)])
N_CODES = (LEVELS + 2, 9, 150)
TABLE = Table(RNG.normal(size=(800, 2)), CODES.astype(np.int32), N_CODES, ())
PARTS = np.random.default_rng(0).permutation(800) % 5
CPU = torch.device("cpu")


def smoothed(**own: Any) -> Components:
    return config(min_levels=9, **own).replace([TARGET_MEANS.choose("smoothed", smoothing=10.0)])


def fit(table: Table, y: np.ndarray | None, settings: Components | None = None) -> TabularEncoder:
    return TabularEncoder.fit(table, np.arange(len(table)), settings or smoothed(), 0, y)


def scores(y: np.ndarray) -> Any:
    """Standardized indicators of three classes."""
    indicators = (y[:, None] == np.arange(3)).astype(float)
    return (indicators - indicators.mean(axis=0)) / indicators.std(axis=0)


def test_a_level_has_the_smoothed_mean_of_its_rows() -> None:
    y = RNG.integers(0, 3, 800)
    means = fit_target_means(TABLE.codes, N_CODES, y, 10.0)
    assert means is not None
    assert means.columns.tolist() == [0, 2]  # the second column has few levels
    by_level = pd.DataFrame(scores(y)).groupby(CODES[:, 2])
    expected = by_level.sum().to_numpy() / (by_level.size().to_numpy()[:, None] + 10)
    levels = torch.tensor([[2, 0, level] for level in sorted(set(CODES[:, 2]))])
    np.testing.assert_allclose(means(levels)[:, 3:], expected, atol=1e-6)
    np.testing.assert_array_equal(means(torch.tensor([[1, 1, 1], [0, 0, 0]])), 0)  # unseen and missing


def test_a_training_row_gets_the_means_of_four_fifths_of_the_rows_without_its_own() -> None:
    y = RNG.integers(0, 3, 800)
    means = fit_target_means(TABLE.codes, N_CODES, y, 10.0)
    assert means is not None
    held_out = means.hold_out(TABLE.codes, y)
    for row in (0, 17, 799):
        others = (CODES[:, 2] == CODES[row, 2]) & (PARTS[row] != PARTS)
        expected = scores(y)[others].sum(axis=0) / (others.sum() + 10)
        np.testing.assert_allclose(held_out[row, 3:], expected, atol=1e-6)


def test_no_row_knows_its_own_target() -> None:
    y = RNG.normal(size=(800, 1))
    means = fit_target_means(TABLE.codes, N_CODES, y, 10.0)
    assert means is not None
    own = PARTS == 3
    shuffled = y.copy()
    shuffled[own] = RNG.permutation(y[own])  # mean and deviation stay
    before, after = means.hold_out(TABLE.codes, y), means.hold_out(TABLE.codes, shuffled)
    np.testing.assert_allclose(before[own], after[own], atol=1e-6)
    assert (before[~own] != after[~own]).any(axis=1).mean() > 0.9


def test_levels_that_say_nothing_say_nothing_about_the_rows_that_train() -> None:
    y = np.random.default_rng(1).normal(size=(800, 1))
    encoder = fit(TABLE, y)
    naive, trained = (x[:, -4:-2].numpy() for x in (encoder.inputs(TABLE, CPU), train(encoder, y)))
    assert max(abs(np.corrcoef(column, y[:, 0])[0, 1]) for column in trained.T) < 0.1
    assert min(np.corrcoef(column, y[:, 0])[0, 1] for column in naive.T) > 0.25


def train(encoder: TabularEncoder, y: np.ndarray) -> Any:
    return encoder.training_inputs(TABLE, y, CPU, np.arange(len(TABLE)))


def test_outliers_do_not_decide_a_mean() -> None:
    y = RNG.normal(size=(800, 1))
    y[5] = 1e12
    means = fit_target_means(TABLE.codes, N_CODES, y, 10.0)
    assert means is not None
    assert means.matrix.abs().max() < 0.5


@pytest.mark.parametrize("preprocessor", ["none", "truncated_svd", "power_transformer"])
def test_they_come_before_the_indices_and_no_preprocessor_mixes_them(preprocessor: str) -> None:
    y, own = RNG.integers(0, 2, 800), {"target_dim": 10} if preprocessor == "truncated_svd" else {}
    encoder = fit(TABLE, y, smoothed(preprocessor=preprocessor, **own))
    without = fit(TABLE, None, smoothed(preprocessor=preprocessor, **own))
    assert encoder.layout.vocabularies == without.layout.vocabularies
    assert encoder.layout.n_numbers == without.layout.n_numbers
    assert encoder.layout.n_in == without.layout.n_in + 2
    with_means, plain = encoder.transform(TABLE), without.transform(TABLE)
    first = encoder.layout.n_in - 2 - len(encoder.layout.vocabularies)
    np.testing.assert_array_equal(np.delete(with_means, [first, first + 1], axis=1), plain)
    names = encoder.name_columns(
        InputNames(["n0", "n1"], [(f"c{j}", ["l"] * (n - 2)) for j, n in enumerate(N_CODES)], [])
    )
    assert names[first : first + 2] == ["c0:mean", "c2:mean"]
    trained = train(encoder, y).numpy()
    np.testing.assert_array_equal(np.delete(trained, [first, first + 1], axis=1), plain)
    assert not np.allclose(trained, with_means)


def test_there_are_none_without_need() -> None:
    y = RNG.integers(0, 2, 800)
    few = Table(TABLE.numbers, TABLE.codes[:, 1:2], (9,), ())
    thin = Table(sparse.csr_array(TABLE.numbers), TABLE.codes, N_CODES, ())
    expected = fit(TABLE, None).layout.n_in
    for table, targets, settings, width in (
        (few, y, smoothed(), fit(few, None).layout.n_in),
        (thin, y, smoothed(), expected),
        (TABLE, np.arange(800) % 40, smoothed(), expected),  # of so many classes
        (TABLE, y, config(min_levels=9), expected),
        (TABLE, y, smoothed().replace([TARGET_MEANS.choose("none")]), expected),
    ):
        assert fit(table, targets, settings).layout.n_in == width


def test_an_encoder_with_means_is_rebuilt() -> None:
    encoder = fit(TABLE, y := RNG.normal(size=(800, 2)))
    again = from_spec(to_spec(encoder))
    np.testing.assert_array_equal(again.transform(TABLE), encoder.transform(TABLE))
    assert torch.equal(train(again, y), train(encoder, y))


def test_saved_and_exported_models_predict_the_same(tmp_path: Path) -> None:
    frame = pd.DataFrame({"town": pd.Categorical([f"t{code}" for code in CODES[:, 2]]), "size": TABLE.numbers[:, 0]})
    y = (RNG.normal(size=150)[CODES[:, 2]] + frame["size"] > 0).to_numpy()
    limits = {"max_trials": 1, "budget_type": "epochs", "min_budget": 2, "max_budget": 2, "tree_ensembles": False}
    auto = AutoNetClassification("medium_cs", **limits, baseline=False, cross_validator="none", random_state=0)
    auto.fit(frame, y)
    assert [name for name in auto.get_feature_names_out() if "mean" in name] == ["town:mean"]
    module = auto.get_pytorch_model(include_preprocessing=True, ensemble=True)
    with torch.no_grad(), one_thread():
        probabilities = module(*to_tensors(auto.model_.read(frame))).numpy()
    np.testing.assert_allclose(probabilities, auto.predict_proba(frame), atol=1e-6)
    auto.save(tmp_path / "model")
    np.testing.assert_array_equal(autonet.load(tmp_path / "model").predict_proba(frame), auto.predict_proba(frame))

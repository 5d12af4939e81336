"""Encodings of the folds, and weights of rows, that the trials of a search share."""

from collections import OrderedDict
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse

from autonet.data.splits.folds import Fold
from autonet.data.table import Table
from autonet.pipeline.context import TrialContext
from tests.pipeline.trials import chosen, context


def test_encodings_are_kept_for_the_next_trial(iris: Any) -> None:
    space = context(iris)
    first = space.encode_fold(chosen(space), 0)
    assert space.encode_fold(chosen(space), 0).rows.x is first.rows.x


def test_old_encodings_make_room_for_new_ones(iris: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("autonet.pipeline.context.CACHED_BYTES", 2 * 150 * 4 * 4)
    space = context(iris)
    ways = ["standardize", "minmax", "none"]
    configs = [chosen(space, **{"NormalizationStrategySelector:normalization_strategy": way}) for way in ways]
    kept = [space.encode_fold(config, 0).rows.x for config in configs]
    assert [space.encode_fold(configs[i], 0).rows.x is kept[i] for i in (1, 2, 0)] == [True, True, False]


def test_rows_of_sparse_tables_that_are_encoded_on_demand_make_room_too(iris: Any, monkeypatch: Any) -> None:
    X = sparse.random_array((150, 300), density=0.2, format="csr", random_state=np.random.default_rng(0))
    space = replace(context(iris), data=Table.from_numbers(X))
    monkeypatch.setattr("autonet.pipeline.context.CACHED_BYTES", 2.5 * space.data.nbytes)
    ways = ["standardize", "minmax", "none"]
    configs = [chosen(space, **{"NormalizationStrategySelector:normalization_strategy": way}) for way in ways]
    kept = [space.encode_fold(config, 0).rows.x for config in configs]
    assert not isinstance(kept[0], torch.Tensor)
    assert [space.encode_fold(configs[i], 0).rows.x is kept[i] for i in (1, 2, 0)] == [True, True, False]


def test_encoders_see_training_rows_only(diabetes: Any) -> None:
    X, y = diabetes[0].copy(), diabetes[1].copy()
    space = context((X, y), metric="r2")
    before = space.encode_fold(chosen(space), 0)
    X[space.folds[0].valid] += 1000
    other = TrialContext(
        **{**vars(space), "data": Table.from_numbers(X), "y": space.y.copy(), "_encoded": OrderedDict()}
    )
    other.y[space.folds[0].valid] += 1000
    after = other.encode_fold(chosen(space), 0)
    for a, b in zip(
        before.encoder.module.state_dict().values(), after.encoder.module.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    assert before.targets.center == after.targets.center
    assert torch.equal(before.rows.x[:], after.rows.x[:])


def test_target_means_see_neither_validation_targets_nor_the_own_one_not_even_in_the_refit() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(2, 102, size=(600, 1)).astype(np.int32)
    X, y = rng.normal(size=(600, 1)), rng.normal(size=600)
    space = context((X, y), metric="r2")
    space.data = Table(X, codes, (102,), ())
    choice = {"TargetMeansSelector:target_means": "smoothed", "TargetMeansSelector:smoothed:smoothing": 5.0}
    settings = chosen(space, **choice)
    other = TrialContext(**{**vars(space), "y": space.y.copy(), "_encoded": OrderedDict()})
    other.y[space.folds[0].valid] += 1000
    before, after = (of.encode_fold(settings, 0) for of in (space, other))
    for part in ("rows", "valid"):
        assert torch.equal(getattr(before, part).x[:], getattr(after, part).x[:])
    means: Any = before.encoder.module.target_means  # type: ignore[attr-defined]
    train, every = space.folds[0].train, space.all_rows
    for x, rows in ((before.rows.x, train), (space.encode_all(before.encoder), every)):
        np.testing.assert_array_equal(x[:, 1:2], means.hold_out(codes[rows], space.y[rows]))
    assert not torch.equal(before.rows.x[:], space.inputs(before.encoder, train)[:])


def test_weights_reach_the_loss_and_the_metric(iris: Any) -> None:
    space = context(iris)
    weights = np.where(iris[1] == 0, 100.0, 1.0)
    weighted = TrialContext(**{**vars(space), "weights": weights, "_encoded": OrderedDict()})
    rows = weighted.encode_fold(chosen(space), 0).rows
    assert rows.weights is not None
    assert rows.weights.mean().item() == pytest.approx(1.0)
    assert rows.weights.max() / rows.weights.min() == pytest.approx(100.0)
    encoded = space.encode_fold(chosen(space), 0)
    always_0 = torch.tensor([[9.0, 0.0, 0.0]]).expand(len(encoded.valid), 3)
    plain, _ = space.validation(space.folds[0].valid, encoded.targets, encoded.valid.y)(always_0)
    heavy, _ = weighted.validation(space.folds[0].valid, encoded.targets, encoded.valid.y)(always_0)
    assert heavy < 0.05 < 0.5 < plain


def test_rows_that_weights_repeat_are_repeated_in_the_refit(iris: Any) -> None:
    space = context(iris)
    space.folds = [Fold(np.array([0, 0, 0, 2, 4]), np.array([0, 1, 4, 4]))]
    np.testing.assert_array_equal(space.all_rows, [0, 0, 0, 0, 1, 2, 4, 4, 4])
    space.folds = [Fold(np.array([0, 0, 2]), np.array([1])), Fold(np.array([1, 2]), np.array([0, 0]))]
    np.testing.assert_array_equal(space.all_rows, [0, 0, 1, 2])
    space.checked_rows = np.array([0])
    np.testing.assert_array_equal(space.refit_rows, [1, 2])

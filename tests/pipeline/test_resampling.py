"""Resampling of training rows: how many of each class, which, and that validation rows stay as they are."""

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse

from autonet.core.component import Components
from autonet.core.errors import InvalidOption
from autonet.core.task import InputLayout
from autonet.data.table import Table
from autonet.pipeline.context import TrialContext
from autonet.pipeline.resampling import RESAMPLING, resample
from autonet.pipeline.trial import run_trial
from autonet.training.batches import EncodedRows
from tests.pipeline.trials import context, job

COUNTS = (60, 24, 6)
UPSAMPLE = {"over_sampling_method": "random", "target_size_strategy": "upsample"}
SMOTE = {"over_sampling_method": "smote", "smote:k_neighbors": 5, "target_size_strategy": "upsample"}


def config(**changes: Any) -> dict[str, Any]:
    own = {"over_sampling_method": "none", "under_sampling_method": "none", "target_size_strategy": "none", **changes}
    return {f"{RESAMPLING.name}:{name}": value for name, value in own.items()}


def chosen(**changes: Any) -> Components:
    return Components.resolve([RESAMPLING], config(**changes))


def resampled(rows: EncodedRows, *, vocabularies: tuple[int, ...] = (), seed: int = 0, **changes: Any) -> EncodedRows:
    layout = InputLayout(rows.x.shape[1], vocabularies=vocabularies)
    return resample(rows, chosen(**changes), layout, (seed, 0))


@pytest.fixture(scope="module")
def rows() -> EncodedRows:
    """Three classes in random order; two numbers, two categories in one column each, and the index of a third."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1, 2], COUNTS))
    x = np.c_[rng.normal(size=(90, 2)) + y[:, None], rng.integers(0, 2, size=(90, 2)), rng.integers(0, 7, size=90)]
    return EncodedRows(torch.tensor(x, dtype=torch.float32), torch.tensor(y), torch.arange(1.0, 91.0) / 45.5)


@pytest.mark.parametrize("over", ["none", "random", "smote"])
@pytest.mark.parametrize("under", ["none", "random"])
@pytest.mark.parametrize(
    ("strategy", "size"), [("none", None), ("upsample", 60), ("downsample", 6), ("average", 30), ("median", 24)]
)
def test_classes_get_the_number_of_rows_that_is_asked_for(
    rows: EncodedRows, over: str, under: str, strategy: str, size: int | None
) -> None:
    own = {"smote:k_neighbors": 3} if over == "smote" else {}
    after = resampled(
        rows, over_sampling_method=over, under_sampling_method=under, target_size_strategy=strategy, **own
    )
    for code, count in enumerate(COUNTS):
        reached = count if size is None else max(count, size) if over != "none" else count
        reached = reached if size is None or under == "none" else min(reached, size)
        assert (after.y == code).sum() == reached
    assert after.weights is not None
    assert after.weights.mean() == pytest.approx(1)


def test_rows_are_left_out_in_order_and_repeated_with_target_and_weight(rows: EncodedRows) -> None:
    assert resampled(rows) is rows
    assert resample(rows, Components({}), InputLayout(5), (0, 0)) is rows
    assert rows.weights is not None
    known = {tuple(x): (int(y), float(w)) for x, y, w in zip(rows.x[:].tolist(), rows.y, rows.weights, strict=True)}
    fewer = resampled(rows, under_sampling_method="random", target_size_strategy="downsample")
    more = resampled(rows, **UPSAMPLE)
    for after in (fewer, more):
        assert after.weights is not None
        pairs = list(zip(after.x[:].tolist(), after.y, after.weights, strict=True))
        assert all(known[tuple(x)][0] == int(y) for x, y, _ in pairs)
        np.testing.assert_allclose(np.std([float(w) / known[tuple(x)][1] for x, _, w in pairs]), 0, atol=1e-6)
    places = [rows.x[:].tolist().index(x) for x in fewer.x[:].tolist()]
    assert places == sorted(set(places))
    assert torch.equal(more.x[:90], rows.x[:])
    assert len(set(map(tuple, more.x[90:].tolist()))) > 20


def test_smote_interpolates_numbers_and_copies_the_categories_of_the_nearer_row() -> None:
    corners = np.array([[0, 0, 1, 0, 3], [8, 0, 0, 1, 1], [4, 7, 0, 0, 2]], dtype=np.float32)  # of an acute triangle
    others = np.c_[np.random.default_rng(0).normal(20, 1, size=(200, 2)), np.ones((200, 2)), np.zeros(200)]
    x, y = torch.tensor(np.r_[others, corners], dtype=torch.float32), torch.tensor([0] * 200 + [1] * 3)
    weights = torch.tensor([1.0] * 200 + [1.0, 2.0, 3.0])
    after = resampled(EncodedRows(x, y, weights), vocabularies=(4,), **SMOTE)
    assert torch.equal(after.x[:203], x)
    new = after.x[203:].numpy()
    distance = np.linalg.norm(new[:, None, :2] - corners[:, :2], axis=2)
    np.testing.assert_array_equal(new[:, 2:], corners[distance.argmin(axis=1), 2:])
    sides = np.linalg.norm(corners[[1, 2, 0], :2] - corners[[0, 1, 2], :2], axis=1)
    detours = distance[:, [1, 2, 0]] + distance[:, [0, 1, 2]]
    assert np.isclose(detours, sides, rtol=1e-5).any(axis=1).all()
    assert (distance.min(axis=1) > 1).mean() > 0.1
    assert after.weights is not None
    np.testing.assert_allclose(
        after.weights[203:] / after.weights[0], np.array([1.0, 2.0, 3.0])[distance.argmin(axis=1)], rtol=1e-6
    )


def test_smote_repeats_a_single_row_and_rows_without_numbers(rows: EncodedRows) -> None:
    single = EncodedRows(rows.x[:7], torch.tensor([0] * 6 + [1]))
    assert torch.equal(resampled(single, vocabularies=(7,), **SMOTE).x[7:], rows.x[6:7].repeat(5, 1))
    codes = EncodedRows(rows.x[:, 2:], rows.y)
    known = {(*x, int(y)) for x, y in zip(codes.x[:].tolist(), codes.y, strict=True)}
    after = resampled(codes, vocabularies=(7,), **SMOTE)
    assert {(*x, int(y)) for x, y in zip(after.x[:].tolist(), after.y, strict=True)} == known


def test_a_seed_repeats_the_rows_and_another_one_draws_others(rows: EncodedRows) -> None:
    for method in (UPSAMPLE, SMOTE):
        first, again, other = (resampled(rows, vocabularies=(7,), seed=seed, **method).x[:] for seed in (1, 1, 2))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)


@pytest.fixture(scope="module")
def rare() -> TrialContext:
    """A table with a rare class."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    return context((X, (X[:, 0] + 0.5 * rng.normal(size=200) > 1.3).astype(np.int64)), folds=2)


@pytest.mark.parametrize("method", [UPSAMPLE, SMOTE], ids=["random", "smote"])
def test_validation_rows_are_neither_resampled_nor_seen(rare: TrialContext, method: dict[str, Any]) -> None:
    components = rare.resolve({**job(rare, 0, 1).params, **config(**method)})
    plain = rare.encode_fold(rare.resolve(job(rare, 0, 1).params), 1)
    fold = rare.encode_fold(components, 1)
    assert plain.before is plain.rows
    assert (fold.rows.y == 0).sum() == (fold.rows.y == 1).sum() == (plain.rows.y == 0).sum()
    for part in ("x", "y"):
        assert torch.equal(getattr(fold.valid, part), getattr(plain.valid, part))
        assert torch.equal(getattr(fold.before, part), getattr(plain.rows, part))
    numbers: Any = rare.data.numbers.copy()
    numbers[rare.folds[1].valid] += 100
    data = Table.from_numbers(numbers)
    other = TrialContext(**{**vars(rare), "data": data, "y": rare.y.copy(), "_encoded": OrderedDict()})
    other.y[rare.folds[1].valid] = 1
    assert torch.equal(other.encode_fold(components, 1).rows.x[:], fold.rows.x[:])


@pytest.mark.parametrize("network", ["mlpnet", "modernnca"])
def test_a_trial_that_goes_on_elsewhere_trains_on_the_same_rows(rare: TrialContext, network: str) -> None:
    sizes = {"modernnca": {"num_blocks": 0, "dim": 8, "n_candidates": 50, "n_sampled": 50, "pooling": "softmax"}}
    sizes["mlpnet"] = {"activation": "relu", "num_layers": 1, "num_units_1": 8, "use_dropout": False}
    own = {f"NetworkSelector:{network}:{name}": value for name, value in sizes[network].items()}
    changes = {"NetworkSelector:network": network, **own, **config(**SMOTE)}
    elsewhere = TrialContext(**{**vars(rare), "_encoded": OrderedDict()})
    first = run_trial(rare, job(rare, 0, 1, **changes))
    here, there = (run_trial(space, job(space, 1, 2, first.checkpoint, **changes)) for space in (rare, elsewhere))
    plain = run_trial(rare, job(rare, 1, 2, first.checkpoint, **{**changes, **config()}))
    for a, b, other in zip(here.checkpoint, there.checkpoint, plain.checkpoint, strict=True):
        assert torch.equal(a.last.outputs, b.last.outputs)
        assert a.position["steps"] > other.position["steps"]


def test_wide_sparse_rows_are_repeated_and_refused_by_smote() -> None:
    X = sparse.random_array((300, 300), density=0.3, rng=np.random.default_rng(0), format="csr")
    space = context((X.toarray(), np.r_[np.zeros(260, np.int64), np.ones(40, np.int64)]))
    space.data = Table.from_numbers(X)
    repeating, smote = (space.resolve({**job(space, 0, 1).params, **config(**m)}) for m in (UPSAMPLE, SMOTE))
    fold = space.encode_fold(repeating, 0)
    n = len(fold.rows)
    assert fold.rows.x.shape == (n, fold.before.x.shape[1])
    assert fold.rows.x.device == fold.before.x.device
    assert torch.equal(fold.rows.x[: len(fold.before)], fold.before.x[:])
    repeated = fold.rows.x[torch.tensor([n - 1])]
    assert (fold.before.x[:] == repeated).all(dim=1).any()
    with pytest.raises(InvalidOption, match=r"SMOTE needs dense rows; the table is sparse, with \d+ encoded columns"):
        space.encode_fold(smote, 0)

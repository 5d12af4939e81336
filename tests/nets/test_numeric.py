import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from autonet.core.task import Task
from autonet.nets.embedding import CategoryEmbedding, prepend_embeddings
from autonet.nets.numeric import (
    MIN_BIN_WIDTH,
    NUMERIC_EMBEDDING,
    NumericEmbedding,
    PBLDEmbedding,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    ThresholdEmbedding,
)
from autonet.training.batches import BATCH_LOSSES, EncodedRows
from autonet.training.ema import EMAWeights

CHOICES = ["pbld", "periodic", "piecewise_linear", "thresholds"]


def build(choice: str, rows: Tensor, n_numbers: int, **own: Any) -> NumericEmbedding:
    component = NUMERIC_EMBEDDING.components[choice]
    assert component.space is not None
    values = {**dict(component.space(Task("regression")).get_default_configuration()), **own}
    embedding = component.build(n_in=rows.shape[1], n_numbers=n_numbers, **values)
    assert embedding is not None
    embedding.fit(rows, rows[:, :1].square())
    for parameter in embedding.parameters():  # none of them is zero any more
        nn.init.normal_(parameter)
    return embedding


def piecewise_linear(column: Any, n_bins: int, dimension: int = 1) -> PiecewiseLinearEmbedding:
    embedding = PiecewiseLinearEmbedding(1, 1, n_bins=n_bins, dimension=dimension)
    embedding.fit(torch.as_tensor(column, dtype=torch.float32).reshape(-1, 1))
    return embedding


def bins(embedding: PiecewiseLinearEmbedding) -> list[tuple[float, float]]:
    """Left edge and width of every bin that there is."""
    left, slope = embedding.left.flatten().tolist(), embedding.slope.flatten().tolist()
    return [(a, 1 / s) for a, s in zip(left, slope, strict=True) if s]


# What they compute


def test_pbld_is_its_formula_for_every_number() -> None:
    embedding = PBLDEmbedding(3, 2, n_frequencies=16, dimension=3, sigma=0.1)
    x = torch.randn(5, 3)
    columns = []
    for j in range(2):
        w1, b1 = embedding.frequencies[j, 0], embedding.phases[j, 0]
        z = torch.cos(2 * torch.pi * x[:, j : j + 1] * w1 + b1)
        columns += [z @ embedding.weight[j] + embedding.bias[j], x[:, j : j + 1]]
    torch.testing.assert_close(embedding(x), torch.cat([*columns, x[:, 2:]], 1))
    assert sum(p.numel() for p in embedding.parameters()) == 2 * (16 + 16 + 48 + 3)
    assert {(p.learning_rate_factor) for p in embedding.parameters()} == {1.0}  # type: ignore[attr-defined]


def test_pbld_begins_as_in_realmlp() -> None:
    embedding = PBLDEmbedding(1000, 1000, n_frequencies=16, dimension=3, sigma=0.5)
    assert embedding.frequencies.std().item() == pytest.approx(0.5, rel=0.05)
    assert embedding.phases.std().item() == pytest.approx(math.pi / math.sqrt(3), rel=0.05)
    assert embedding.phases.abs().max() <= math.pi
    for parameter in (embedding.weight, embedding.bias):
        assert 0.24 < parameter.abs().max().item() <= 1 / math.sqrt(16)


def test_periodic_is_its_formula_for_every_number() -> None:
    embedding = PeriodicEmbedding(3, 2, n_frequencies=7, dimension=4, sigma=0.3)
    x = torch.randn(5, 3)
    columns = []
    for j in range(2):
        angle = 2 * torch.pi * embedding.frequencies[j, 0] * x[:, j : j + 1]
        v = torch.cat([torch.cos(angle), torch.sin(angle)], 1)
        columns.append(functional.relu(v @ embedding.weight[j] + embedding.bias[j]))
    torch.testing.assert_close(embedding(x), torch.cat([*columns, x[:, 2:]], 1))
    assert embedding.frequencies.abs().max() <= 0.9


def test_piecewise_linear_is_its_formula_for_every_number() -> None:
    rows = torch.cat([torch.rand(400, 1), torch.randn(400, 1), torch.ones(400, 1)], 1)
    embedding = build("piecewise_linear", rows, 2, n_bins=4, dimension=3)
    assert isinstance(embedding, PiecewiseLinearEmbedding)
    x = 2 * torch.randn(50, 3)
    columns = []
    for j in range(2):
        b = torch.quantile(rows[:, j], torch.tensor([0, 0.25, 0.5, 0.75, 1]), interpolation="nearest")
        ple = (x[:, j : j + 1] - b[:-1]) / (b[1:] - b[:-1])
        ple = torch.stack([ple[:, 0].clamp(max=1), *ple[:, 1:3].clamp(0, 1).T, ple[:, 3].clamp(min=0)], 1)
        linear = embedding.linear_weight[j] * x[:, j : j + 1] + embedding.bias[j]
        columns.append(linear + ple @ embedding.weight[j])
    torch.testing.assert_close(embedding(x), torch.cat([*columns, x[:, 2:]], 1), rtol=1e-4, atol=1e-4)


def test_piecewise_linear_check_values() -> None:
    embedding = piecewise_linear([0.0, 1.0, 3.0, 7.0, 15.0], 4, dimension=1)
    assert bins(embedding) == [(0, 1), (1, 2), (3, 4), (7, 8)]
    x = torch.tensor([-1.0, 0.5, 2.0, 3.0, 9.0, 23.0]).reshape(-1, 1)
    torch.testing.assert_close(  # linear at first
        embedding(x), x * embedding.linear_weight.flatten() + embedding.bias.flatten()
    )
    nn.init.zeros_(embedding.linear_weight)
    nn.init.zeros_(embedding.bias)
    nn.init.ones_(embedding.weight)  # how many bins lie to the left
    torch.testing.assert_close(embedding(x).flatten(), torch.tensor([-1.0, 0.5, 1.5, 2.0, 3.25, 5.0]))


@pytest.mark.parametrize("choice", CHOICES)
def test_every_number_has_parameters_of_its_own_and_other_columns_pass(choice: str) -> None:
    rows = torch.randn(100, 5)
    embedding, x = build(choice, rows, 3), torch.randn(6, 5)
    out = embedding(x)
    assert (embedding.in_features, embedding.out_features) == (5, out.shape[1])
    torch.testing.assert_close(out[:, -2:], x[:, 3:])
    d = (out.shape[1] - 2) // 3
    for j in range(3):
        changed = x.clone()
        changed[:, j] += 1
        differs = (embedding(changed) != out).any(dim=0)
        assert differs[j * d : (j + 1) * d].any()
        differs[j * d : (j + 1) * d] = False
        assert not differs.any()
    parts = [embedding(x[i : i + 1]) for i in range(6)]
    torch.testing.assert_close(torch.cat(parts), out)


@pytest.mark.parametrize("choice", CHOICES)
def test_gradients_flow_to_every_parameter_and_to_the_input(choice: str) -> None:
    rows = torch.randn(300, 4)
    embedding = build(choice, rows, 4)
    x = rows[:50].clone().requires_grad_()
    (embedding(x) ** 2).sum().backward()
    for name, parameter in [*embedding.named_parameters(), ("input", x)]:
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert (parameter.grad != 0).flatten(1).any(dim=1).all(), name
    double = embedding.double()
    torch.manual_seed(0)
    assert torch.autograd.gradcheck(double, torch.randn(3, 4, dtype=torch.float64, requires_grad=True))


# Bins


@pytest.mark.parametrize(
    ("column", "n_bins", "expected"),
    [
        ([2.0] * 9, 8, [(2, MIN_BIN_WIDTH)]),  # constant
        ([2.0, 2.0 + 1e-5, 2.0 + 2e-5], 8, [(2, MIN_BIN_WIDTH)]),  # almost
        ([0.0] * 7 + [1.0] * 3, 8, [(0, 1)]),  # two values
        ([0.0] * 99 + [5.0], 32, [(0, 5)]),  # a single value elsewhere
        ([0.0] * 4 + [1.0] * 4 + [3.0] * 4, 11, [(0, 1), (1, 2)]),  # three values
        ([0.0, 1.0, 2.0, 2.0 + 1e-6], 3, [(0, 1), (1, 1 + 1e-6)]),  # the last bin would be too narrow
        ([0.0, 1e-6, 1.0, 2.0], 3, [(0, 1), (1, 1)]),  # the first bin would be
        ([-1.0], 4, [(-1, MIN_BIN_WIDTH)]),  # a single row
        ([1e9] * 3, 4, [(1e9, MIN_BIN_WIDTH)]),  # the width is lost beside the value in float32
    ],
)
def test_bins_on_ties_and_few_distinct_values(
    column: list[float], n_bins: int, expected: list[tuple[float, float]]
) -> None:
    embedding = piecewise_linear(column, n_bins)
    np.testing.assert_allclose(bins(embedding), expected, rtol=1e-3)
    nn.init.normal_(embedding.weight)
    far = embedding(torch.tensor([[-1e3], [1e3]]))
    assert torch.isfinite(far).all()
    assert far.abs().max() <= 1.1 * (1e3 + abs(column[0])) / MIN_BIN_WIDTH * embedding.weight.abs().max() + 1e4


def test_bins_come_from_the_rows_given_and_from_no_others() -> None:
    rows = torch.randn(200, 2)
    first, second = (PiecewiseLinearEmbedding(2, 2, n_bins=8, dimension=2) for _ in range(2))
    first.fit(rows)
    second.fit(torch.cat([rows, 100 + rows])[:200])
    assert torch.equal(first.left, second.left)
    second.fit(torch.cat([rows, 100 + rows]))
    assert not torch.equal(first.left, second.left)


def test_half_of_the_bins_are_steps_where_the_target_jumps() -> None:
    x = torch.linspace(0, 1, 400).reshape(-1, 1)
    embedding = ThresholdEmbedding(1, 1, n_bins=5, dimension=1)
    embedding.fit(x, (x > 0.3).float() + (x > 0.7))
    found = bins(embedding)
    assert found[:3] == bins(piecewise_linear(x, 3))
    np.testing.assert_allclose([left + width / 2 for left, width in found[3:]], [0.3, 0.7], atol=0.003)
    assert all(width == pytest.approx(1 / 399, rel=1e-3) for _, width in found[3:])  # from one value to the next
    nn.init.zeros_(embedding.linear_weight)
    nn.init.zeros_(embedding.bias)
    embedding.weight.data[0, 3:] = torch.tensor([[2.0], [5.0]])
    out = embedding(torch.tensor([-9.0, 0.29, 0.31, 0.69, 0.71, 9.0]).reshape(-1, 1)).flatten()
    torch.testing.assert_close(out, torch.tensor([0.0, 0.0, 2.0, 2.0, 7.0, 7.0]))


def test_without_targets_there_are_no_steps() -> None:
    embedding, x = ThresholdEmbedding(2, 1, n_bins=8, dimension=1), torch.randn(60, 2)
    embedding.fit(x)
    assert bins(embedding) == bins(piecewise_linear(x[:, 0], 4))
    embedding.fit(x, torch.zeros(60, 1))  # that do not vary
    assert bins(embedding) == bins(piecewise_linear(x[:, 0], 4))


def test_many_rows_are_sampled() -> None:
    embedding = piecewise_linear(torch.linspace(0, 1, 300_000), 4)
    np.testing.assert_allclose(bins(embedding), [(0, 0.25), (0.25, 0.25), (0.5, 0.25), (0.75, 0.25)], atol=0.02)


@st.composite
def fitted(draw: st.DrawFn) -> tuple[list[float], PiecewiseLinearEmbedding]:
    value = st.one_of(st.floats(-4, 4, width=32), st.integers(-2, 2).map(float), st.just(0.0))
    column = draw(st.lists(value, min_size=1, max_size=60))
    return column, piecewise_linear(column, draw(st.integers(1, 40)))


@settings(max_examples=80)
@given(fitted(), st.integers(0, 2**31))
def test_a_piecewise_linear_function_is_monotone_continuous_and_linear_outside(
    given_: tuple[list[float], PiecewiseLinearEmbedding], seed: int
) -> None:
    column, embedding = given_
    low, high, n_bins = min(column), max(column), len(bins(embedding))
    assert 1 <= n_bins <= embedding.n_bins
    widths = np.array(bins(embedding))[:, 1]
    assert (widths >= MIN_BIN_WIDTH * 0.999).all()
    assert bins(embedding)[0][0] == pytest.approx(low, abs=1e-6)
    assert sum(widths) == pytest.approx(max(high - low, MIN_BIN_WIDTH), rel=1e-4, abs=1e-5)
    embedding = embedding.double()
    weight = torch.rand(embedding.weight.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    embedding.weight.data, embedding.linear_weight.data = weight, torch.zeros_like(embedding.linear_weight)
    x = torch.linspace(low - 2, high + 2, 4001, dtype=torch.float64).reshape(-1, 1)
    y = embedding(x).flatten().detach()
    step = (x[1] - x[0]).item()
    assert (y.diff() >= -1e-9).all()  # monotone for weights of one sign
    assert y.diff().max() <= weight.max() / widths.min() * step * (1 + 1e-6) + 1e-9  # no jump
    for outside in (x.flatten() < low, x.flatten() > high + MIN_BIN_WIDTH):
        assert y[outside].diff().diff().abs().max() < 1e-6
    at_edges = embedding(torch.tensor([[left] for left, _ in bins(embedding)], dtype=torch.float64)).flatten()
    torch.testing.assert_close(at_edges.diff(), weight.flatten()[: n_bins - 1], rtol=1e-4, atol=1e-4)


# As part of a network


@pytest.mark.parametrize("choice", CHOICES)
def test_a_state_dict_brings_parameters_and_bins(choice: str) -> None:
    rows = torch.cat([torch.randn(99, 2), torch.ones(99, 1)], 1)
    embedding = build(choice, rows, 3)
    space = NUMERIC_EMBEDDING.components[choice].space
    assert space is not None
    values = dict(space(Task("regression")).get_default_configuration())
    again = NUMERIC_EMBEDDING.components[choice].build(n_in=3, n_numbers=3, **values)
    assert again is not None
    again.load_state_dict(embedding.state_dict())
    assert torch.equal(again(rows), embedding(rows))


@pytest.mark.parametrize("choice", CHOICES)
def test_averaged_weights_keep_the_bins(choice: str) -> None:
    rows = torch.randn(99, 3)
    embedding = build(choice, rows, 3)
    average = EMAWeights(embedding)
    for _ in range(3):
        average.update()
    torch.testing.assert_close(average.network(rows), embedding(rows))


def test_mixup_averages_what_numbers_and_categories_are_embedded_as() -> None:
    x = torch.cat([torch.randn(6, 2), torch.randint(3, (6, 1)).float()], 1)
    numeric = build("piecewise_linear", x, 2, dimension=4)
    network = prepend_embeddings([numeric, CategoryEmbedding(numeric.out_features, [3], 2)], nn.Linear(10, 1)).eval()
    assert isinstance(network, nn.Sequential)
    seen: list[Tensor] = []
    network[2].register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    torch.manual_seed(0)
    BATCH_LOSSES.components["mixup"].build(alpha=1.0)(network, nn.MSELoss(), EncodedRows(x, torch.zeros(6, 1)))
    torch.manual_seed(0)
    share = torch.rand(()).item()  # Beta(1, 1) is uniform
    embedded = network[:2](x)
    torch.testing.assert_close(seen[0], torch.lerp(embedded.roll(1, 0), embedded, share))


def test_numbers_and_categories_are_embedded_one_after_the_other() -> None:
    x = torch.cat([torch.randn(6, 3), torch.randint(3, (6, 1)).float()], 1)  # two numbers, one other, one index
    numeric = build("pbld", x, 2)
    categories = CategoryEmbedding(numeric.out_features, [3], 5).eval()
    out = prepend_embeddings([numeric, categories], nn.Identity())(x)
    torch.testing.assert_close(out[:, :8], numeric(x)[:, :8])
    torch.testing.assert_close(out[:, 8], x[:, 2])
    torch.testing.assert_close(out[:, 9:], categories.vectors.weight[x[:, 3].long()])

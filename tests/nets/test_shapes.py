import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.errors import UnknownName
from autonet.nets.shapes import SHAPES, compute_dropouts, compute_widths

# Measured on Auto-PyTorch 0.0.2 for 64 inputs, 10 outputs, 200 units, a stem and 4 groups.
KNOWN = {
    "brick": [200, 200, 200, 200, 200],
    "triangle": [91, 118, 145, 172, 200],
    "funnel": [200, 162, 124, 86, 48],
    "long_funnel": [200, 200, 200, 200, 105],
    "diamond": [109, 154, 200, 137, 74],
    "hexagon": [132, 200, 200, 200, 105],
    "stairs": [200, 124, 124, 48, 48],
}


@pytest.mark.parametrize("shape", list(SHAPES))
def test_known_widths(shape: str) -> None:
    assert compute_widths(shape, n_in=64, n_out=10, max_units=200, n_layers=5) == KNOWN[shape]


@settings(max_examples=50)
@given(
    shape=st.sampled_from(list(SHAPES)),
    n_in=st.integers(1, 3000),
    n_out=st.integers(1, 3000),
    max_units=st.integers(1, 2000),
    n_layers=st.integers(1, 100),
)
def test_widths_are_as_many_and_as_large_as_asked(
    shape: str, n_in: int, n_out: int, max_units: int, n_layers: int
) -> None:
    widths = compute_widths(shape, n_in=n_in, n_out=n_out, max_units=max_units, n_layers=n_layers)
    assert len(widths) == n_layers
    assert max(widths) == max_units
    assert min(widths) >= 1
    assert all(type(w) is int for w in widths)


@settings(max_examples=50)
@given(
    shape=st.sampled_from(list(SHAPES)), max_units=st.integers(10, 2000), n_layers=st.integers(1, 40), data=st.data()
)
def test_widths_rise_then_fall(shape: str, max_units: int, n_layers: int, data: st.DataObject) -> None:
    n_in, n_out = data.draw(st.integers(1, 3000)), data.draw(st.integers(1, 3000))
    widths = compute_widths(shape, n_in=n_in, n_out=n_out, max_units=max_units, n_layers=n_layers)
    top = widths.index(max_units)
    assert widths[: top + 1] == sorted(widths[: top + 1])
    assert widths[top:] == sorted(widths[top:], reverse=True)


@pytest.mark.parametrize("shape", list(SHAPES))
def test_a_largest_width_below_the_number_of_inputs_is_honoured(shape: str) -> None:
    widths = compute_widths(shape, n_in=784, n_out=10, max_units=32, n_layers=4)
    assert max(widths) == 32
    assert widths[0] == 32  # there is nowhere to rise from


@settings(max_examples=50)
@given(shape=st.sampled_from(list(SHAPES)), max_dropout=st.floats(0.0, 0.99), n_layers=st.integers(1, 40))
def test_dropouts_are_as_many_and_as_large_as_asked(shape: str, max_dropout: float, n_layers: int) -> None:
    rates = compute_dropouts(shape, max_dropout=max_dropout, n_layers=n_layers)
    assert len(rates) == n_layers
    assert max(rates) == pytest.approx(max_dropout, abs=1e-6)
    assert min(rates) >= 0


def test_known_dropouts() -> None:
    assert compute_dropouts("brick", max_dropout=0.3, n_layers=3) == [0.3] * 3
    assert compute_dropouts("funnel", max_dropout=0.4, n_layers=4) == pytest.approx([0.4, 0.3, 0.2, 0.1])
    assert compute_dropouts("diamond", max_dropout=0.0, n_layers=3) == [0.0] * 3


def test_an_unknown_shape_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"Unknown shape 'funel'\. Did you mean 'funnel'"):
        compute_widths("funel", n_in=1, n_out=1, max_units=1, n_layers=1)
    with pytest.raises(UnknownName, match="Unknown shape 'funel'"):
        compute_dropouts("funel", max_dropout=0.1, n_layers=1)

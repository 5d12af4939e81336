import pytest
from hypothesis import given
from hypothesis import strategies as st

from autonet.nets.shapes import SHAPES, shaped_dropouts, shaped_widths

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
def test_widths_are_those_of_auto_pytorch(shape: str) -> None:
    assert shaped_widths(shape, n_in=64, n_out=10, max_units=200, n_layers=5) == KNOWN[shape]


@given(
    shape=st.sampled_from(list(SHAPES)),
    n_in=st.integers(1, 2000),
    n_out=st.integers(1, 2000),
    max_units=st.integers(1, 1024),
    n_layers=st.integers(1, 40),
)
def test_there_are_as_many_layers_as_asked_for_and_the_widest_is_max_units(
    shape: str, n_in: int, n_out: int, max_units: int, n_layers: int
) -> None:
    widths = shaped_widths(shape, n_in=n_in, n_out=n_out, max_units=max_units, n_layers=n_layers)
    assert len(widths) == n_layers
    assert max(widths) == max_units
    assert min(widths) >= 1


@given(shape=st.sampled_from(list(SHAPES)), rate=st.floats(0, 0.99), n_layers=st.integers(1, 20))
def test_dropouts_follow_the_shape_and_reach_their_maximum(shape: str, rate: float, n_layers: int) -> None:
    rates = shaped_dropouts(shape, max_dropout=rate, n_layers=n_layers)
    assert len(rates) == n_layers
    assert max(rates) == pytest.approx(rate, abs=1e-6)
    assert min(rates) >= 0


def test_unknown_shapes_are_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"Unknown shape 'bric'\. Did you mean 'brick'"):
        shaped_widths("bric", n_in=1, n_out=1, max_units=8, n_layers=2)

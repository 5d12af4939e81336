"""Shapes: widths and dropout rates that change from layer to layer.

The seven shapes of Auto-PyTorch 0.0.2, with two repairs: they have exactly the requested number of values, and the
largest width is kept even if it is below the number of inputs.
"""

from collections.abc import Callable

from autonet.core.validation import check_choice

__all__ = ["SHAPES", "compute_dropouts", "compute_widths"]

# Every shape takes (low, high, end, n): rise from `low`, peak at `high`, fall towards `end`, in n integers.


def _rise(low: int, high: int, n: int) -> list[int]:
    """Return `n` values above `low` in equal steps, the last of them `high`."""
    step = (high - low) // n
    return [low + i * step for i in range(1, n)] + [high]


def _fall(high: int, end: int, n: int) -> list[int]:
    """Return `n` values below `high` in equal steps, all of them above `end`."""
    step = (high - end) // (n + 1)
    return [high - i * step for i in range(1, n + 1)]


def _brick(low: int, high: int, end: int, n: int) -> list[int]:
    return [high] * n


def _funnel(low: int, high: int, end: int, n: int) -> list[int]:
    return [high, *_fall(high, end, n - 1)]


def _long_funnel(low: int, high: int, end: int, n: int) -> list[int]:
    flat = min(n - n // 2 + 1, n)
    return [high] * flat + _fall(high, end, n - flat)


def _triangle(low: int, high: int, end: int, n: int) -> list[int]:
    return _rise(low, high, n)


def _diamond(low: int, high: int, end: int, n: int) -> list[int]:
    rising = (n + 1) // 2
    return _rise(low, high, rising) + _fall(high, end, n - rising)


def _hexagon(low: int, high: int, end: int, n: int) -> list[int]:
    third = n // 3
    return _rise(low, high, third + 1)[:-1] + [high] * (n - 2 * third) + _fall(high, end, third)


def _stairs(low: int, high: int, end: int, n: int) -> list[int]:
    slope = _funnel(low, high, end, n)
    last_of_pair = [n - 1 - 2 * ((n - 1 - i) // 2) for i in range(n)]
    return [slope[i if i > 1 else 0] for i in last_of_pair]


SHAPES: dict[str, Callable[[int, int, int, int], list[int]]] = {
    "brick": _brick,
    "funnel": _funnel,
    "long_funnel": _long_funnel,
    "triangle": _triangle,
    "diamond": _diamond,
    "hexagon": _hexagon,
    "stairs": _stairs,
}


def compute_widths(shape: str, *, n_in: int, n_out: int, max_units: int, n_layers: int) -> list[int]:
    """Compute the widths of `n_layers` hidden layers between `n_in` inputs and `n_out` outputs.

    The widest layer has exactly `max_units` units.

    >>> compute_widths("funnel", n_in=64, n_out=10, max_units=200, n_layers=5)
    [200, 162, 124, 86, 48]
    >>> compute_widths("diamond", n_in=64, n_out=10, max_units=200, n_layers=5)
    [109, 154, 200, 137, 74]
    """
    values = SHAPES[check_choice("shape", shape, SHAPES)](
        min(n_in, max_units), max_units, min(n_out, max_units), n_layers
    )
    return [max(v, 1) for v in values]


def compute_dropouts(shape: str, *, max_dropout: float, n_layers: int) -> list[float]:
    """Compute the dropout rates of `n_layers` layers: a shape between 0 and `max_dropout`, in steps of 1e-6.

    >>> compute_dropouts("triangle", max_dropout=0.4, n_layers=4)
    [0.1, 0.2, 0.3, 0.4]
    """
    values = SHAPES[check_choice("shape", shape, SHAPES)](0, round(1e6 * max_dropout), 0, n_layers)
    return [v / 1e6 for v in values]

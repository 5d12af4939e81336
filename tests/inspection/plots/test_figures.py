"""Axes, colours and labels that displays share."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib import pyplot as plt

from autonet.core.errors import MissingPackage
from autonet.inspection import TrajectoryDisplay
from autonet.inspection.plots.figures import (
    OKABE_ITO,
    ValueScale,
    format_number,
    make_axes,
    sample_colors,
    shorten,
    shorten_names,
    split_axes,
)
from autonet.search import Study


def test_names_lose_what_comes_before_the_first_colon_while_they_stay_different() -> None:
    names = ["NetworkSelector:shapedresnet:num_groups", "NetworkSelector:network", "a:rate", "b:rate", "rate", "x"]
    assert list(shorten_names(names).values()) == [
        "shapedresnet:num_groups",
        "network",
        "a:rate",
        "b:rate",
        "rate",
        "x",
    ]
    assert shorten_names(["a:rate"], known=["rate"]) == {"a:rate": "a:rate"}


def test_long_and_odd_labels_are_legible() -> None:
    assert shorten("abcdefghij" * 5, 11) == "abcde…fghij"
    assert shorten("price in $\n\ud800") == r"price in \$ \ud800"
    assert shorten("_private") == " _private"  # matplotlib leaves out what begins with an underscore


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (0.05, "0.05"), (1e-4, "1e-4"), (123456.0, "1.23e5"), (1234.4, "1234"), (-0.5, "-0.5")],
)
def test_numbers_of_ticks_are_short(number: float, text: str) -> None:
    assert format_number(number) == text


def test_bad_outliers_do_not_stretch_an_axis_and_the_best_value_is_on_it() -> None:
    values = np.r_[np.linspace(1, 2, 50), 90.0]
    lower, higher = (ValueScale.fit(v, higher_is_better=b) for v, b in ((values, False), (-values, True)))
    assert lower.low < 1
    assert lower.high < 5
    assert higher.high > -1
    assert higher.low > -5
    assert ValueScale.fit(-values, higher_is_better=False).low < -90  # the best value


def test_positive_losses_over_orders_of_magnitude_have_a_logarithmic_axis() -> None:
    values = np.geomspace(1e-4, 10, 30)
    assert ValueScale.fit(values, higher_is_better=False).log
    assert not ValueScale.fit(values, higher_is_better=True).log
    assert not ValueScale.fit(np.r_[0.0, values], higher_is_better=False).log


def test_values_beyond_the_axis_are_triangles_at_its_edge() -> None:
    _, ax = plt.subplots()
    ValueScale(0.0, 1.0).draw_beyond(ax, np.arange(4.0), np.array([0.5, 7.0, -3.0, 9.0]))
    drawn = {marks.get_label(): np.asarray(marks.get_offsets()).tolist() for marks in ax.collections}
    assert drawn == {"beyond the axis (1)": [[2.0, 0.0]], "beyond the axis (2)": [[1.0, 1.0], [3.0, 1.0]]}


def test_one_colour_is_that_of_the_palette_and_several_are_in_order_of_lightness() -> None:
    assert sample_colors(1) == [OKABE_ITO[0]]
    lightness = [np.dot(color[:3], [0.2126, 0.7152, 0.0722]) for color in sample_colors(5)]
    assert lightness == sorted(lightness, reverse=True)


def test_axes_are_divided_in_their_place() -> None:
    _, (left, right) = plt.subplots(1, 2)
    parts = split_axes(left, 3, 2)
    assert len(parts) == 3
    assert all(part.get_position().x1 < right.get_position().x0 for part in parts)
    with pytest.raises(ValueError, match="must belong to a grid"):
        split_axes(plt.figure().add_axes((0, 0, 1, 1)), 1, 2)


def test_axes_that_are_given_are_drawn_in() -> None:
    _, ax = plt.subplots()
    assert make_axes("X", ax, (1, 1)) is ax


def test_without_matplotlib_the_extra_is_named(with_budgets: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingPackage, match=r'TrajectoryDisplay needs matplotlib; .*"autonet-torch\[plot\]"'):
        TrajectoryDisplay.from_study(with_budgets)


def test_displays_are_imported_without_matplotlib_and_torch() -> None:
    code = (
        "import sys, autonet.inspection as i; [getattr(i, name) for name in i.__all__]; "
        "assert not {'matplotlib', 'torch', 'autonet.estimators'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

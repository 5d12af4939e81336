"""Axes, colours and labels that all displays share; matplotlib is imported when the first plot is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from autonet.core.errors import MissingPackage
from autonet.core.typing import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "BLACK",
    "BLUE",
    "GREEN",
    "GREY",
    "OKABE_ITO",
    "ORANGE",
    "RED",
    "ValueScale",
    "add_colorbar",
    "add_legend",
    "draw_failures",
    "format_number",
    "import_pyplot",
    "make_axes",
    "sample_colors",
    "shorten",
    "shorten_names",
    "split_axes",
    "strip_axes",
    "value_colormap",
]

# After Okabe & Ito, "Color universal design" (2008): readers with any colour vision tell them apart.
BLACK, ORANGE, SKY, GREEN, BLUE, RED, PURPLE = (
    *("#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7"),
)
OKABE_ITO = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, BLACK)  # its yellow is illegible on white
GREY = "#8C8C8C"

MAX_CHARACTERS = 30  # of a label
FAR_OUT = 3.0  # interquartile ranges beyond the quartiles, from where bad values are drawn at the edge
WIDE = 100.0  # ratio of the largest to the smallest value from which their axis is logarithmic


def import_pyplot(what: str) -> Any:
    """Import matplotlib.pyplot.

    Parameters
    ----------
    what : str
        Name of the display that needs it.

    Raises
    ------
    MissingPackage
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingPackage(what, "matplotlib", "plot") from error
    return plt


def make_axes(what: str, ax: Axes | None, figsize: tuple[float, float]) -> Axes:
    """Return the axes to draw in: `ax`, or those of a new figure of a size in inches."""
    plt = import_pyplot(what)
    if ax is None:
        _, ax = plt.subplots(figsize=figsize, layout="constrained")
    assert ax is not None  # noqa: S101 - for the type checker
    return ax


def split_axes(ax: Axes, n: int, n_columns: int) -> list[Axes]:
    """Replace axes by `n` axes in the same place, in rows of `n_columns`."""
    ax.set_axis_off()
    figure = ax.figure
    spec = ax.get_subplotspec()
    if spec is None:
        raise ValueError("ax must belong to a grid of a figure, as those of matplotlib.pyplot.subplots do.")
    grid = spec.subgridspec(math.ceil(n / n_columns), n_columns)
    return [figure.add_subplot(grid[i // n_columns, i % n_columns]) for i in range(n)]


def strip_axes(ax: Axes) -> None:
    """Leave out the lines above and to the right of axes, which hold nothing."""
    ax.spines[["top", "right"]].set_visible(False)


def sample_colors(n: int) -> list[Any]:
    """Return `n` colours in an order that is seen as one: viridis without its yellow end, which is illegible on white.

    A single one is the blue of `OKABE_ITO`.
    """
    if n == 1:
        return [BLUE]
    from matplotlib import colormaps  # noqa: PLC0415 - an extra

    return [colormaps["viridis"](level) for level in np.linspace(0.82, 0.02, n)]


def value_colormap(*, higher_is_better: bool) -> Any:
    """Return a colormap of values whose best ones are dark: part of viridis, in one direction or the other."""
    from matplotlib.colors import ListedColormap  # noqa: PLC0415 - an extra

    colors = sample_colors(256)
    return ListedColormap(colors if higher_is_better else colors[::-1], "values")


def add_colorbar(ax: Axes, artist: Any, label: str, ticks: FloatArray) -> None:
    """Add a bar that explains the colours of an artist, with ticks of three digits."""
    figure: Any = ax.get_figure()
    bar = figure.colorbar(artist, ax=ax, label=label, pad=0.03)
    bar.solids.set_alpha(1)
    bar.set_ticks(ticks, labels=[format_number(tick) for tick in ticks])
    bar.minorticks_off()


def add_legend(ax: Axes, title: str | None = None, handles: Iterable[Any] | None = None) -> None:
    """Add a legend to the right of axes, where it hides nothing; by default of all that is labelled in them."""
    shown = ax.get_legend_handles_labels()[0] if handles is None else list(handles)
    style: Any = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.02), "frameon": False, "alignment": "left"}
    ax.legend(handles=shown, title=title, **style)


def draw_failures(ax: Axes, x: FloatArray, *, higher_is_better: bool) -> None:
    """Draw failures, at horizontal positions `x`, as crosses at the edge of bad values; count them in the label."""
    if len(x):
        edge = np.full(len(x), 0.0 if higher_is_better else 1.0)
        style: Any = {"transform": ax.get_xaxis_transform(), "clip_on": False, "zorder": 4}
        ax.scatter(x, edge, s=24, marker="x", color=RED, label=f"failed ({len(x)})", **style)


def format_number(number: float) -> str:
    """Format a number for a tick with three digits, such as "0.05", "1e-4" or "3e5"."""
    if number and not 1e-3 <= abs(number) < 1e5:
        digits, _, exponent = f"{number:.2e}".partition("e")
        return f"{float(digits):g}e{int(exponent)}"
    return f"{number:.3g}" if abs(number) < 1000 else f"{number:.0f}"


def shorten(text: Any, limit: int = MAX_CHARACTERS) -> str:
    """Shorten a label to `limit` characters in its middle; lone surrogates are escaped."""
    label = " ".join(str(text).encode("utf-8", "backslashreplace").decode().split())
    label = label.replace("$", r"\$")  # would begin a formula
    label = f" {label}" if label.startswith("_") else label  # would be left out of a legend
    if len(label) <= limit:
        return label
    tail = limit // 2
    return f"{label[: limit - tail - 1]}…{label[-tail:]}"


def shorten_names(names: Iterable[str], known: Iterable[str] = (), limit: int = MAX_CHARACTERS) -> Mapping[str, str]:
    """Map names of hyperparameters to labels: without what comes before the first colon, if they stay different.

    Parameters
    ----------
    names : iterable of str
        Such as "NetworkSelector:shapedresnet:num_groups", which becomes "shapedresnet:num_groups".
    known : iterable of str
        Further names, which labels must differ from.
    limit : int
        Characters of a label.
    """
    wanted = list(names)
    ends: dict[str, set[str]] = {}
    for name in {*wanted, *known}:
        ends.setdefault(name.partition(":")[2] or name, set()).add(name)
    labels = {}
    for name in wanted:
        end = name.partition(":")[2] or name
        labels[name] = shorten(end if len(ends[end]) == 1 else name, limit)
    return MappingProxyType(labels)


@dataclass(frozen=True)
class ValueScale:
    """Scale of an axis of values that bad outliers do not stretch: these are drawn at its edge.

    Attributes
    ----------
    low, high : float
        Limits of the axis.
    log : bool
    """

    low: float
    high: float
    log: bool = False

    @classmethod
    def fit(cls, values: Sequence[float] | FloatArray, *, higher_is_better: bool) -> ValueScale:
        """Choose limits for values, of which NaN is left out: logarithmic where they span orders of magnitude."""
        finite = np.asarray(values, float)
        finite = finite[np.isfinite(finite)]
        if not len(finite):
            return cls(0.0, 1.0)
        log = not higher_is_better and finite.min() > 0 and finite.max() > WIDE * finite.min()
        low, high = _find_limits(np.log(finite) if log else finite, higher_is_better=higher_is_better)
        return cls(float(np.exp(low)), float(np.exp(high)), True) if log else cls(low, high)

    def draw_beyond(self, ax: Axes, x: FloatArray, values: FloatArray) -> None:
        """Draw values beyond the limits, at horizontal positions `x`, as triangles at the edge; their label counts."""
        for edge, beyond, marker in ((self.low, values < self.low, "v"), (self.high, values > self.high, "^")):
            if beyond.any():
                style: Any = {"marker": marker, "color": GREY, "clip_on": False, "s": 24, "linewidths": 0, "zorder": 4}
                ax.scatter(x[beyond], np.full(beyond.sum(), edge), label=f"beyond the axis ({beyond.sum()})", **style)

    def make_norm(self, values: FloatArray, n_levels: int) -> tuple[Any, FloatArray]:
        """Return the normalization of colours for values, and the borders of `n_levels` levels between them."""
        from matplotlib.colors import LogNorm, Normalize  # noqa: PLC0415 - an extra

        inside = values[(values >= self.low) & (values <= self.high)]
        low, high = float(inside.min()), float(inside.max())
        if low == high:
            low, high = self.low, self.high
        spaced = np.geomspace if self.log else np.linspace
        return (LogNorm if self.log else Normalize)(low, high), spaced(low, high, n_levels + 1)

    def apply(self, ax: Axes) -> None:
        """Set scale and limits of the vertical axis."""
        ax.set(yscale="log" if self.log else "linear", ylim=(self.low, self.high))


def _find_limits(values: FloatArray, *, higher_is_better: bool) -> tuple[float, float]:
    """Return limits that hold the best values, and the bad ones that are not far from all others."""
    low, high = float(values.min()), float(values.max())
    q1, q3 = np.quantile(values, [0.25, 0.75])
    reach = FAR_OUT * (q3 - q1)
    if reach and higher_is_better:
        low = max(low, q1 - reach)
    elif reach:
        high = min(high, q3 + reach)
    margin = 0.04 * (high - low) or 0.05 * abs(high) or 1.0
    return float(low - margin), float(high + margin)

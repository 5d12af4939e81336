"""Which examples the build runs, their order, and the small pictures of those that draw none themselves."""

from itertools import pairwise
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

# The others take half an hour, or data that are not in the checkout.
EXECUTED = (
    "digits",
    "from_data_to_service",
    "pictures_to_service",
    "images_of_autopytorch",
    "read_a_report",
    "edit_the_space",
    "own_network",
    "search_for_anything",
    "decision_regions",
    "plots_of_a_search",
    "look_at_a_search",
    "hyperopt_tutorial",
    "own_sampler",
)


class ExecutedFirst:
    """Order of the examples: those that are run, then the others by name."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __call__(self, file: str) -> tuple[int, str]:
        """Return the key of a file."""
        name = Path(file).stem
        return EXECUTED.index(name) if name in EXECUTED else len(EXECUTED), name


def draw_thumbnails(folder: Path) -> None:
    """Draw all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in {
        "digits": draw_digits,
        "parabola": draw_parabola,
        "network": draw_layers,
        "ranges": draw_ranges,
        "service": draw_service,
        "grid": draw_grid,
        "bits": draw_bits,
        "fares": draw_fares,
        "bump": draw_bump,
    }.items():
        figure, axes = plt.subplots(figsize=(4, 2.8), layout="constrained")
        axes.set_axis_off()
        draw(axes)
        figure.savefig(folder / f"{name}.png", dpi=70)
        plt.close(figure)


def draw_digits(axes: plt.Axes) -> None:
    images = load_digits().images[:28].reshape(4, 7, 8, 8)
    axes.imshow(16 - images.transpose(0, 2, 1, 3).reshape(32, 56), cmap="gray")


def draw_parabola(axes: plt.Axes) -> None:
    x = np.linspace(-2, 8, 100)
    axes.plot(x, (x - 3) ** 2, color="0.6")
    tried = np.array([-1.5, 0, 1.2, 6.5, 4.6, 2.2, 3.4, 3.0])
    axes.scatter(tried, (tried - 3) ** 2, c=range(len(tried)), cmap="viridis", zorder=2)


def draw_layers(axes: plt.Axes) -> None:
    widths = (4, 7, 7, 3)
    places = [[(i, j - (n - 1) / 2) for j in range(n)] for i, n in enumerate(widths)]
    for left, right in pairwise(places):
        for a in left:
            for b in right:
                axes.plot(*zip(a, b, strict=True), color="0.8", linewidth=0.6)
    axes.scatter(*zip(*(place for layer in places for place in layer), strict=True), s=60, zorder=2)


def draw_ranges(axes: plt.Axes) -> None:
    rng = np.random.default_rng(1)
    for y, (low, high) in enumerate([(2, 9), (0, 6), (4, 10), (1, 5)]):
        axes.plot([0, 10], [y, y], color="0.85", linewidth=3)
        axes.plot([low, high], [y, y], color="C0", linewidth=6, solid_capstyle="round")
        axes.scatter(rng.uniform(low, high, 5), [y] * 5, color="white", edgecolors="0.3", s=28, zorder=3)


def draw_service(axes: plt.Axes) -> None:
    for x, text in enumerate(["table", "model", "service"]):
        box = {"boxstyle": "round,pad=0.6", "facecolor": "C0" if x == 1 else "0.9", "edgecolor": "none"}
        axes.text(x, 0, text, ha="center", va="center", size=13, color="white" if x == 1 else "0.2", bbox=box)
        if x:
            axes.annotate("", (x - 0.36, 0), (x - 0.62, 0), arrowprops={"arrowstyle": "->", "color": "0.4"})
    axes.set(xlim=(-0.5, 2.5), ylim=(-1, 1))


def draw_grid(axes: plt.Axes) -> None:
    x, y = np.meshgrid(range(4), range(2))
    for shift in (-0.12, 0.12):  # two repeats of each
        axes.scatter(x + shift, y, s=110, c=np.random.default_rng(3).random(8), cmap="viridis")
    axes.set(xlim=(-0.5, 3.5), ylim=(-0.7, 1.7))


def draw_bits(axes: plt.Axes) -> None:
    axes.imshow(np.random.default_rng(0).random((24, 40)) < 0.12, cmap="Blues", aspect="auto")


def draw_fares(axes: plt.Axes) -> None:
    rng = np.random.default_rng(0)
    distance = rng.gamma(2, 2, 200)
    axes.scatter(distance, 3 + 2.5 * distance + rng.normal(0, 2, 200), s=8, alpha=0.6)


def draw_bump(axes: plt.Axes) -> None:
    x = np.linspace(0, 10, 200)
    mean, spread = np.sin(x) + x / 10, 0.15 + 0.5 * np.abs(np.sin(0.7 * x))
    axes.fill_between(x, mean - spread, mean + spread, alpha=0.25)
    axes.plot(x, mean)

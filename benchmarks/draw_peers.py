"""Draw errors relative to peers, a point per table: ``python benchmarks/draw_peers.py`` writes docs/images/peers.svg.

It reads the committed runs of `tabular.py`, 60 s on two cores each, and needs matplotlib (extra ``docs``).
"""

from pathlib import Path
from statistics import geometric_mean, mean
from typing import Any

import matplotlib.pyplot as plt
from tabular_report import collected, read

HERE = Path(__file__).parent
SECONDS = 60.0
LOWEST, HIGHEST = 0.25, 1.25  # of the axis
PEERS = {
    "autogluon_best": "AutoGluon best_quality",
    "autogluon_medium": "AutoGluon medium_quality",
    "catboost_tuned": "CatBoost, tuned",
    "hgb_tuned": "HistGradientBoosting, tuned",
    "lightgbm_tuned": "LightGBM, tuned",
    "realmlp": "RealMLP",
    "catboost": "CatBoost",
    "lightgbm": "LightGBM",
    "hgb": "HistGradientBoosting",
    "tabm": "TabM",
    "autopytorch_tiny": "Auto-PyTorch tiny_cs",
    "autopytorch_medium": "Auto-PyTorch medium_cs",
}


def ratios() -> dict[str, list[float]]:
    """By peer: autonet's mean error over the splits of each table, divided by the peer's."""
    runs = [run for run in read(HERE / "runs" / "tabular.jsonl").values() if run["seconds"] == SECONDS]
    errors = collected(runs, "log_loss")
    ours, found = errors["autonet"], {}
    for peer in PEERS:
        theirs, found[peer] = errors[peer], []
        for table in ours.keys() & theirs.keys():
            splits = ours[table].keys() & theirs[table].keys()
            found[peer].append(mean(ours[table][s] for s in splits) / mean(theirs[table][s] for s in splits))
    return found


def draw(found: dict[str, list[float]]) -> Any:
    """Draw a row per peer: grey points for tables, a diamond for their geometric mean."""
    figure, axes = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
    axes.axvline(1, color="0.35", linewidth=1)
    axes.axvspan(LOWEST, 1, color="#e8f1fa", zorder=0)
    for row, values in enumerate(reversed(found.values())):
        shown = [min(max(value, LOWEST), HIGHEST) for value in values]
        axes.plot(shown, [row] * len(shown), "o", color="0.45", alpha=0.55, markersize=5, markeredgewidth=0)
        center = geometric_mean(values)
        axes.plot(center, row, "D", color="#c2410c", markersize=7)
        axes.annotate(f"{center:.2f}", (HIGHEST * 1.02, row), va="center", fontsize=9, annotation_clip=False)
    axes.set_yticks(range(len(found)), [PEERS[peer] for peer in reversed(found)])
    axes.set_xscale("log")
    ticks = [0.25, 0.4, 0.6, 0.8, 1, 1.25]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], minor=False)
    axes.set_xticks([], minor=True)
    axes.set_xlim(LOWEST / 1.02, HIGHEST)
    axes.set_xlabel("autonet's error / peer's error   (left of 1: autonet is better)")
    axes.set_title("17 tables, 60 seconds on 2 cores; the diamond is the geometric mean", fontsize=10, loc="left")
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return figure


if __name__ == "__main__":
    plt.rcParams |= {"svg.hashsalt": "autonet", "font.size": 10, "font.family": "DejaVu Sans"}
    path = HERE.parent / "docs" / "images" / "peers.svg"
    draw(ratios()).savefig(path, facecolor="white", metadata={"Date": None})
    print(path)

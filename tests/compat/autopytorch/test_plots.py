"""The performance over time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

from autonet.compat.autopytorch import ColorLabelSettings, PlotSettingParams
from autonet.core.errors import UnknownName


@pytest.fixture(autouse=True)
def _backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(plt, "show", lambda: shown.append(True))
    with plt.ioff():
        yield
    plt.close("all")
    shown.clear()


shown: list[bool] = []


def test_lines_of_the_best_value_so_far(searched: Any, tmp_path: Path) -> None:
    _, ax = plt.subplots()
    params = PlotSettingParams(
        xscale="log", xlabel="Runtime", title="Toy", ylim=(0, 1), xlim=(0.01, 100), figname=str(tmp_path / "plot.png")
    )
    colors = ColorLabelSettings(single_opt=("black", "validation"))
    searched.plot_perf_over_time("accuracy", ax, params, colors, marker="*", markersize=10)
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert set(lines) == {"validation", "single test accuracy", "ensemble train accuracy", "ensemble test accuracy"}
    values = np.asarray(lines["validation"].get_ydata())
    assert (np.diff(values) >= 0).all()
    assert values[-1] == np.nanmax(searched.get_search_results().opt_scores)
    assert (lines["validation"].get_color(), lines["validation"].get_marker()) == ("black", "*")
    assert (ax.get_xscale(), ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("log", "Runtime", "accuracy", "Toy")
    assert (tmp_path / "plot.png").stat().st_size > 0


def test_errors_fall(searched: Any) -> None:
    searched.plot_perf_over_time(
        "log_loss", plot_setting_params=PlotSettingParams(show=True, legend=False, ylabel="loss")
    )
    values = np.asarray(plt.gca().get_lines()[0].get_ydata())
    assert (np.diff(values) <= 0).all()
    assert shown == [True]


def test_unknown_metrics_and_scales(searched: Any) -> None:
    with pytest.raises(UnknownName, match=r"Unknown metric 'acuracy'\. Did you mean 'accuracy'"):
        searched.plot_perf_over_time("acuracy")
    with pytest.raises(UnknownName, match="Unknown scale 'cubic'"):
        searched.plot_perf_over_time("accuracy", plot_setting_params=PlotSettingParams(xscale="cubic"))

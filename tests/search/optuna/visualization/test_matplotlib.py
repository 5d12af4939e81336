"""Plots of Optuna with matplotlib."""

import pytest


def test_plots_are_imported_by_name() -> None:
    pytest.importorskip("optuna", reason="needs the extra optuna")
    from autonet.search.optuna.visualization.matplotlib import plot_slice

    assert plot_slice.__module__.startswith("optuna.visualization.matplotlib")

"""Plots of Optuna, drawn by Optuna itself from a copy of the study; needs the extra ``optuna``."""

from autonet.search.optuna.visualization import matplotlib as matplotlib
from autonet.search.optuna.visualization.base import find_plot as __getattr__  # noqa: F401 - the plots

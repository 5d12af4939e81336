"""Importances of Optuna, computed by Optuna itself from a copy of the study; needs the extra ``optuna``."""

from autonet.search.optuna.visualization.base import OfOptuna

__all__: list[str] = []

__getattr__ = OfOptuna("optuna.importance").__getattr__

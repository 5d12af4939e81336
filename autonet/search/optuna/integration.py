"""Callbacks for other libraries under Optuna's names."""

from autonet.search.lightning import LightningReport as PyTorchLightningPruningCallback
from autonet.search.optuna.exceptions import make_refusal

__all__ = ["PyTorchLightningPruningCallback"]

__getattr__ = make_refusal("optuna.integration", __all__)

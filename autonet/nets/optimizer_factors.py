"""Factors of learning rate and weight decay of single parameters."""

from torch import Tensor

__all__ = ["set_optimizer_factors"]


def set_optimizer_factors(parameter: Tensor, *, learning_rate: float = 1.0, weight_decay: float | None = None) -> None:
    """Set the factors by which the optimizer's learning rate and weight decay are multiplied for a parameter.

    They are stored as ``parameter.learning_rate_factor`` and ``parameter.weight_decay_factor``.

    Parameters
    ----------
    parameter : Tensor of any shape
    learning_rate : float
    weight_decay : float, optional
        Default: 1 for matrices, 0 for vectors and embeddings.
    """
    parameter.learning_rate_factor = learning_rate  # type: ignore[attr-defined]
    parameter.weight_decay_factor = weight_decay  # type: ignore[attr-defined]

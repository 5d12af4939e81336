"""How fast a parameter learns and how strongly it decays, relative to the network's others."""

from torch import Tensor

__all__ = ["set_optimizer_factors"]


def set_optimizer_factors(parameter: Tensor, *, learning_rate: float = 1.0, weight_decay: float | None = None) -> None:
    """Note on a parameter by what factors the optimizer's learning rate and weight decay are multiplied for it.

    The optimizers read ``parameter.learning_rate_factor`` and ``parameter.weight_decay_factor``.  Without the former
    the factor is 1.  Without the latter, or if it is None, matrices decay with a factor of 1 and vectors and
    embeddings do not; a number holds whatever the shape.
    """
    parameter.learning_rate_factor = learning_rate  # type: ignore[attr-defined]
    parameter.weight_decay_factor = weight_decay  # type: ignore[attr-defined]

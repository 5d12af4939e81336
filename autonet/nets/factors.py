"""How fast a parameter learns and how strongly it decays, relative to the network's others."""

from torch import nn

__all__ = ["set_factors"]


def set_factors(parameter: nn.Parameter, *, learning_rate: float = 1.0, weight_decay: float = 1.0) -> None:
    """Note on a parameter by what factors the optimizer's learning rate and weight decay are multiplied for it.

    The optimizers read ``parameter.learning_rate_factor`` and ``parameter.weight_decay_factor``; parameters without
    them have factors of 1.
    """
    parameter.learning_rate_factor = learning_rate  # type: ignore[attr-defined]
    parameter.weight_decay_factor = weight_decay  # type: ignore[attr-defined]

"""Names of hyperparameters: ``Node:component:hyperparameter``, as in Auto-PyTorch."""

__all__ = ["SEPARATOR", "join"]

SEPARATOR = ":"


def join(*parts: str) -> str:
    """Join the non-empty parts of a name.

    >>> join("OptimizerSelector", "sgd", "momentum")
    'OptimizerSelector:sgd:momentum'
    """
    return SEPARATOR.join(part for part in parts if part)

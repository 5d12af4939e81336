"""Names of hyperparameters: ``Node:component:hyperparameter``, as in Auto-PyTorch."""

from collections.abc import Iterable

from autonet.core.errors import UnknownName

__all__ = ["SEPARATOR", "join", "known"]

SEPARATOR = ":"


def join(*parts: str) -> str:
    """Join the parts of a name, leaving out empty ones.

    >>> join("OptimizerSelector", "sgd", "momentum")
    'OptimizerSelector:sgd:momentum'
    """
    return SEPARATOR.join(part for part in parts if part)


def known(what: str, name: str, valid: Iterable[str]) -> str:
    """Return `name` if it is among `valid`; raise UnknownName with the nearest if not."""
    valid = list(valid)
    if name not in valid:
        raise UnknownName(what, name, valid)
    return name

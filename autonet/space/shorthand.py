"""Updates of the search space in short: full names of hyperparameters, and their values."""

from collections.abc import Iterable, Mapping
from typing import Any

from autonet.core.component import SEPARATOR
from autonet.core.errors import InvalidOption
from autonet.space.updates import HyperparameterSearchSpaceUpdate

__all__ = ["read_shorthand"]


def read_shorthand(search_space: Mapping[str, Any]) -> list[HyperparameterSearchSpaceUpdate]:
    """Return the updates of a mapping of full names to values.

    Parameters
    ----------
    search_space : mapping of str to value
        Values are a list or tuple as in `HyperparameterSearchSpaceUpdate`, ``(low, high, "log")`` for a range on a log
        scale, with a prior as the last element if there is one, or a single value.

    Raises
    ------
    InvalidOption
        If a name has no node, or the values cannot be those of an update.

    Examples
    --------
    >>> for update in read_shorthand(
    ...     {
    ...         "OptimizerSelector:sgd:learning_rate": (1e-3, 1e-1, "log", ("normal", 0.01, 1.0)),
    ...         "NetworkSelector:shapedresnet:activation": ["relu", "gelu"],
    ...         "CreateDataLoader:batch_size": 64,
    ...     }
    ... ):
    ...     print(update)
    OptimizerSelector sgd:learning_rate [0.001, 0.1] log prior=["normal", 0.01, 1.0]
    NetworkSelector shapedresnet:activation ["relu", "gelu"]
    CreateDataLoader batch_size [64]
    """
    return [_read(name, values) for name, values in search_space.items()]


def _read(name: str, values: Any) -> HyperparameterSearchSpaceUpdate:
    node, _, hyperparameter = name.partition(SEPARATOR)
    if not hyperparameter:
        raise InvalidOption(
            f"search_space has the name {name!r:.80}; give full names, such as 'OptimizerSelector:sgd:learning_rate' "
            "or 'CreateDataLoader:batch_size'."
        )
    parts = [values] if isinstance(values, str | bytes) or not isinstance(values, Iterable) else list(values)
    parts = [part.item() if hasattr(part, "item") else part for part in parts]
    prior: Any = parts.pop() if len(parts) > 1 and isinstance(parts[-1], list | tuple) else None
    is_log = len(parts) == 3 and parts[-1] == "log" and not isinstance(parts[0], str)
    return HyperparameterSearchSpaceUpdate(
        node, hyperparameter, tuple(parts[:2] if is_log else parts), log=is_log, prior=prior
    )

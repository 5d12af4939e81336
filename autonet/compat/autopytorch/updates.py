"""Updates of the search space in the order of arguments of Auto-PyTorch 0.2.1."""

from collections.abc import Iterable
from typing import Any

from autonet.compat.autopytorch.names import CHOICE, translate_component, translate_name, translate_node
from autonet.space import updates

__all__ = ["HyperparameterSearchSpaceUpdates"]


class HyperparameterSearchSpaceUpdates(updates.HyperparameterSearchSpaceUpdates):
    """Updates by the names of Auto-PyTorch 0.2.1, which are translated, or by autonet's.

    Examples
    --------
    >>> from autonet.compat.autopytorch import HyperparameterSearchSpaceUpdates
    >>> updates = HyperparameterSearchSpaceUpdates()
    >>> updates.append("data_loader", "batch_size", [16, 512], 32)
    >>> updates.append("optimizer", "AdamWOptimizer:lr", [1e-4, 1e-2], 1e-3, log=True)
    >>> print(updates)
    CreateDataLoader batch_size [16, 512] default=32
    OptimizerSelector adamw:learning_rate [0.0001, 0.01] log default=0.001
    """

    def append(  # type: ignore[override]  # the order of 0.2.1
        self,
        node_name: str,
        hyperparameter: str,
        value_range: Iterable[Any],
        default_value: Any = None,
        log: bool = False,
    ) -> None:
        """Add an update.

        Parameters
        ----------
        node_name : str
            Such as ``"network_backbone"``.
        hyperparameter : str
            Such as ``"ResNetBackbone:num_groups"``, or ``"__choice__"``.
        value_range : iterable
            Two numbers are the ends of a range; otherwise the choices.
        default_value : object, optional
        log : bool
            Whether a range is searched on a log scale.

        Raises
        ------
        UnknownName
            If there is no such node or component.
        InvalidOption
            If the values are not a list.
        """
        node = translate_node(node_name)
        if node is None:
            return
        name = translate_name(node, hyperparameter)
        if hyperparameter == CHOICE:
            value_range = [translate_component(node, value) for value in value_range]
            default_value = None if default_value is None else translate_component(node, default_value)
        super().append(node, name, value_range, log, default_value=default_value)

"""The nodes of an estimator's pipeline, at which Auto-PyTorch 0.0.2 adds components: ``auto.pipeline[name]``."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autonet.core.component import Component, CustomComponents, Node
from autonet.core.errors import InvalidOption
from autonet.core.registration import Space
from autonet.core.validation import check_choice
from autonet.data.encoding.preprocessors import EMBEDDING, NORMALIZATION, PREPROCESSORS
from autonet.estimators.autopytorch.log_functions import LOG_FUNCTIONS, LogFunctionsNode
from autonet.metrics.metric import METRICS
from autonet.nets.initialization import INITIALIZATION
from autonet.nets.registry import NETWORKS
from autonet.pipeline.components import list_makers
from autonet.training.batches import BATCH_LOSSES
from autonet.training.losses import LOSSES
from autonet.training.optimizers import OPTIMIZERS
from autonet.training.schedules import SCHEDULES

if TYPE_CHECKING:
    from autonet.estimators.pickling import PortableEstimator

__all__ = ["PipelineNode", "PipelineNodes"]

# What Auto-PyTorch calls the components of a node, in ``add_network`` and ``remove_network``.
WORDS: Mapping[str, str] = {
    NORMALIZATION.name: "normalization_strategy",
    PREPROCESSORS.name: "preprocessor",
    EMBEDDING.name: "embedding_module",
    NETWORKS.name: "network",
    INITIALIZATION.name: "initialization_method",
    OPTIMIZERS.name: "optimizer",
    SCHEDULES.name: "lr_scheduler",
    LOSSES.name: "loss_module",
    BATCH_LOSSES.name: "batch_loss_computation_technique",
    METRICS.name: "metric",
}


@dataclass(frozen=True)
class Negated:
    """A metric whose smaller values are better, as a score whose greater values are."""

    metric: Callable[..., float]

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        """Return the negative value."""
        return -float(self.metric(y_true, y_pred))


class PipelineNodes(Mapping[str, Any]):
    """Nodes of the pipeline of an estimator, by name.

    Parameters
    ----------
    estimator : AutoNet

    Examples
    --------
    >>> from torch import nn
    >>> from autonet import AutoNetClassification
    >>> auto = AutoNetClassification("tiny_cs", networks=["mine"])
    >>> auto.pipeline["NetworkSelector"].add_network("mine", lambda n_in, n_out: nn.Linear(n_in, n_out))
    >>> auto.get_hyperparameter_search_space()["NetworkSelector:network"].value
    'mine'
    """

    def __init__(self, estimator: "PortableEstimator") -> None:
        self._estimator = estimator

    def __getitem__(self, name: str) -> Any:
        """Return a node, a `PipelineNode`, or that of log functions.

        Raises
        ------
        UnknownName
        """
        if name == LOG_FUNCTIONS:
            return LogFunctionsNode(self._estimator)
        nodes = self._estimator._known_nodes()  # noqa: SLF001 - part of the estimator
        return PipelineNode(self._estimator, nodes[check_choice("node", name, nodes)])

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._estimator._known_nodes())  # noqa: SLF001

    def __len__(self) -> int:
        """Count the nodes."""
        return len(self._estimator._known_nodes())  # noqa: SLF001


class PipelineNode:
    """Node of the pipeline of an estimator: its components, and those that are added for this estimator alone.

    ``add_network(name, builder, space=None)`` and ``remove_network(name)`` of Auto-PyTorch 0.0.2 are `add` and
    `remove` at the node ``NetworkSelector``; so are the others at theirs, such as ``add_loss_module``.

    Parameters
    ----------
    estimator : AutoNet
    node : Node
    """

    def __init__(self, estimator: "PortableEstimator", node: Node[Any]) -> None:
        self._estimator, self._node = estimator, node

    @property
    def components(self) -> list[str]:
        """Names of the components to choose from."""
        return list(self._estimator._known_nodes()[self._node.name].components)  # noqa: SLF001

    @property
    def _added(self) -> Mapping[str, Component[Any]]:
        custom: CustomComponents = vars(self._estimator).get("_custom_components", {})
        return custom.get(self._node.name, {})

    def _replace(self, added: Mapping[str, Component[Any]]) -> None:
        custom = vars(self._estimator).get("_custom_components", {})
        self._estimator._custom_components = {**custom, self._node.name: added}  # noqa: SLF001

    def add(self, name: str, builder: Callable[..., Any], space: Space | None = None) -> None:
        """Add a component for this estimator, its clones and its pickles, after a try on toy data.

        Parameters
        ----------
        name : str
        builder : callable
            As for the function ``register_...`` of the node, such as `autonet.register_network`.
        space : callable, optional

        Raises
        ------
        InvalidOption, InvalidNetwork
            If it fails, or the name is that of a component of autonet, or the node takes none.
        """
        makers = list_makers(self._estimator.modality)
        if self._node.name not in makers:
            raise InvalidOption(f"{self._node.name} takes no custom components; got {name!r:.60}.")
        self._replace({**self._added, name: makers[self._node.name](name, builder, space)})

    def remove(self, name: str) -> None:
        """Remove a component that was added.

        Raises
        ------
        UnknownName
            If there is none of this name.
        InvalidOption
            If it is built in: leave it out by the option `exclude`.
        """
        if name in self._node.reserved:
            key = self._node.option or self._node.name
            raise InvalidOption(f"{name!r} is built in; leave it out with exclude={{{key!r}: [{name!r}]}}.")
        check_choice(f"component added to {self._node.name}", name, self._added)
        self._replace({key: component for key, component in self._added.items() if key != name})

    def _add_metric(self, name: str, metric: Callable[..., float], loss_transform: Any = False, **flags: Any) -> None:
        """Add a metric; without `loss_transform`, smaller values are better, as in Auto-PyTorch."""
        self.add(name, metric if loss_transform else Negated(metric))

    def _add_loss_module(self, name: str, loss: Any, weight_strategy: Any = None, *flags: Any, **others: Any) -> None:
        """Add a loss; class weights are the option `class_weight`."""
        if weight_strategy is not None:
            raise InvalidOption(
                f"weight_strategy of the loss {name!r} is not supported; use class_weight='balanced', or "
                "'cross_entropy_weighted'."
            )
        self.add(name, loss)

    def __getattr__(self, attribute: str) -> Any:
        """Return `add` or `remove` under Auto-PyTorch's name for it at this node."""
        word = WORDS.get(vars(self)["_node"].name) if "_node" in vars(self) else None
        special = {"metric": "_add_metric", "loss_module": "_add_loss_module"}
        if word and attribute == f"add_{word}":
            return getattr(self, special.get(word, "add"))
        if word and attribute == f"remove_{word}":
            return self.remove
        raise AttributeError(f"{type(self).__name__} has no attribute {attribute!r}")

    def __dir__(self) -> list[str]:
        """List the attributes, Auto-PyTorch's names among them."""
        word = WORDS.get(self._node.name)
        return [*super().__dir__(), *([f"add_{word}", f"remove_{word}"] if word else ())]

    def __repr__(self) -> str:
        """Show the name and the components."""
        return f"PipelineNode({self._node.name!r}, components={self.components})"

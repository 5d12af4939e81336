"""The nodes that the search spaces of all modalities share."""

from typing import Any

from autonet.core.component import Node
from autonet.data.targets.transforms import TARGET_TRANSFORMS
from autonet.nets.initialization import INITIALIZATION
from autonet.training.batches import BATCH_LOSSES, LOADER, BatchLoss
from autonet.training.losses import LOSSES
from autonet.training.optimizers import OPTIMIZERS
from autonet.training.schedules import SCHEDULES

__all__ = ["nodes_around"]


def nodes_around(
    encoding: tuple[Node[Any], ...], networks: Node[Any], batch_losses: Node[BatchLoss] = BATCH_LOSSES
) -> dict[str, Node[Any]]:
    """Return the nodes of a search space, by name, in the order in which data pass through them.

    Parameters
    ----------
    encoding : tuple of Node
        Steps of the encoding.
    networks : Node
        Networks to choose from.
    batch_losses : Node
        Batch techniques to choose from.
    """
    training = (INITIALIZATION, OPTIMIZERS, SCHEDULES, LOSSES, LOADER, batch_losses)
    return {node.name: node for node in (*encoding, TARGET_TRANSFORMS, networks, *training)}

"""The nodes of the pipeline, in the order in which data pass through them."""

from typing import Any

from autonet.core.component import Node
from autonet.data.encoding.preprocessors import EMBEDDING, IMPUTATION, NORMALIZATION, PREPROCESSORS
from autonet.data.targets.encoder import TARGET_TRANSFORMS
from autonet.nets.initialization import INITIALIZATION
from autonet.nets.numeric import NUMERIC_EMBEDDING
from autonet.nets.registry import NETWORKS
from autonet.training.batches import BATCH_LOSSES, LOADER
from autonet.training.losses import LOSSES
from autonet.training.optimizers import OPTIMIZERS
from autonet.training.schedules import SCHEDULES

__all__ = ["NODES"]

NODES: dict[str, Node[Any]] = {
    node.name: node
    for node in (
        IMPUTATION,
        NORMALIZATION,
        PREPROCESSORS,
        EMBEDDING,
        NUMERIC_EMBEDDING,
        TARGET_TRANSFORMS,
        NETWORKS,
        INITIALIZATION,
        OPTIMIZERS,
        SCHEDULES,
        LOSSES,
        LOADER,
        BATCH_LOSSES,
    )
}

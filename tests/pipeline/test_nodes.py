"""Which choices make up a search space, and in which order."""

from autonet.core.component import Node
from autonet.pipeline.nodes import nodes_around


def test_nodes_stand_in_the_order_in_which_data_pass_through_them() -> None:
    encoding, networks = (Node("Crop"), Node("Blur")), Node("Convolutions")
    nodes = nodes_around(encoding, networks)
    assert list(nodes) == [
        "Crop",
        "Blur",
        "TargetTransformSelector",
        "Convolutions",
        "InitializationSelector",
        "OptimizerSelector",
        "LearningrateSchedulerSelector",
        "LossModuleSelector",
        "CreateDataLoader",
        "TrainNode",
    ]
    assert nodes["Crop"] is encoding[0]
    assert nodes["Convolutions"] is networks

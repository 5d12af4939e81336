from autonet.core.names import join


def test_names_are_joined_without_their_empty_parts() -> None:
    assert join("TrainNode", "mixup", "alpha") == "TrainNode:mixup:alpha"
    assert join("CreateDataLoader", "", "batch_size") == "CreateDataLoader:batch_size"

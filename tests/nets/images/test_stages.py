"""Networks in stages."""

import torch
from torch import nn

from autonet.nets.images.stages import build_stages


def test_blocks_get_channels_strides_and_their_share_of_the_depth() -> None:
    made = []

    def make_block(c_in: int, c_out: int, *, stride: int, depth: float) -> nn.Module:
        made.append((c_in, c_out, stride, round(depth, 3)))
        return nn.Conv2d(c_in, c_out, 1, stride=stride)

    network = build_stages(
        make_block,
        shape=(3, 40, 24),
        n_out=4,
        resolution=20,
        num_groups=4,
        blocks_per_group=2,
        initial_filters=16,
        widen_factor=1.5,
        activation_name="relu",
        dropout=0.1,
    )
    assert made == [
        (16, 16, 1, 0.125),
        (16, 16, 1, 0.25),
        (16, 24, 2, 0.375),
        (24, 24, 1, 0.5),
        (24, 40, 2, 0.625),
        (40, 40, 1, 0.75),
        (40, 56, 1, 0.875),  # 5 x 3 pixels are not halved
        (56, 56, 1, 1.0),
    ]
    assert network(torch.zeros(2, 3, 40, 24)).shape == (2, 4)

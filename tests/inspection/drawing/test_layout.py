from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autonet.inspection.drawing.layout import lay_out
from autonet.inspection.drawing.shapes import Box, Group, Label, Line, Picture, Shape, text_width
from autonet.inspection.drawing.trace import trace_network
from autonet.inspection.subject import find_subject
from tests.inspection.models import FAMILIES, Residual, Skips, build, embed, transformer


def draw(network: nn.Module, depth: int | None = 1, example: Any = None) -> Picture:
    return lay_out(trace_network(find_subject(network, example)), depth, "Title")


def flat(shapes: Sequence[Shape]) -> Iterator[Shape]:
    for shape in shapes:
        yield from flat(shape.shapes) if isinstance(shape, Group) else [shape]


def labels(picture: Picture) -> list[Label]:
    return [shape for shape in flat(picture.shapes) if isinstance(shape, Label)]


def texts(picture: Picture) -> list[str]:
    return [label.text for label in labels(picture)]


def extent(label: Label) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a text."""
    width = text_width(label.text, label.size, bold=label.bold)
    left = label.x - {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
    return left, label.y - label.size / 2, left + width, label.y + label.size / 2


class TwoResults(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(3, 4), nn.Linear(3, 5)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.one(x), self.two(x)


class TangledEnd(Skips):
    def forward(self, x: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        first = self.first(x)
        second = self.second(torch.cat([first, x], 1))
        return second, first, self.last(torch.cat([first, second, x], 1))


SUBJECTS = [
    *(pytest.param(build(family), None, id=family) for family in FAMILIES),
    *(pytest.param(embed(family), None, id=f"embedded {family}") for family in FAMILIES),
    pytest.param(build("resnet", num_groups=1, blocks_per_group=3), None, id="blocks"),
    pytest.param(build("resnet", use_shake_shake=True), None, id="shake-shake"),
    pytest.param(build("shapedresnet", use_shake_shake=True, resnet_shape="funnel"), None, id="projections"),
    pytest.param(build("tabm", variant="full", num_layers=4), None, id="full tabm"),
    pytest.param(build("modernnca", num_blocks=2, activation="relu", dropout=0.1), None, id="deep modernnca"),
    pytest.param(transformer(), torch.zeros(2, 5, 8), id="transformer"),
    pytest.param(Skips(), None, id="skips"),
    pytest.param(Residual(), None, id="residual"),
    pytest.param(TwoResults(), None, id="two results"),
    pytest.param(TangledEnd(), None, id="tangled end"),
    pytest.param(nn.Linear(3, 2), None, id="linear"),
]


@pytest.mark.parametrize("depth", [1, 2, 3, None])
@pytest.mark.parametrize(("network", "example"), SUBJECTS)
def test_nothing_leaves_the_page_and_no_text_covers_another(
    network: nn.Module, example: Any, depth: int | None
) -> None:
    picture = draw(network, depth, example)
    for shape in flat(picture.shapes):
        if isinstance(shape, Box):
            assert shape.x >= 0
            assert shape.x + shape.width <= picture.width
            assert shape.y + shape.height <= picture.height
        elif isinstance(shape, Line):
            assert all(0 <= x <= picture.width and 0 <= y <= picture.height for x, y in shape.points)
    extents = [extent(label) for label in labels(picture)]
    for i, (left, top, right, bottom) in enumerate(extents):
        assert 0 <= left <= right <= picture.width
        assert 0 <= top <= bottom <= picture.height
        for other in extents[:i]:
            apart = other[0] >= right or other[2] <= left or other[1] >= bottom or other[3] <= top
            assert apart, (labels(picture)[i].text, other)


def test_a_network_is_drawn_from_input_to_output_with_shapes_along_the_way() -> None:
    picture = draw(nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2)))
    assert texts(picture) == [
        "Title",
        "50 parameters",
        "input",
        "(n, 3)",
        "Linear",
        "3 → 8",
        "32 params",
        "ReLU",
        "(n, 8)",
        "Linear",
        "8 → 2",
        "18 params",
        "(n, 2)",
        "output",
    ]
    assert picture.description == ("From (n, 3) to (n, 2), with 50 parameters: Linear 3 → 8 + ReLU, Linear 8 → 2.")


def test_arcs_go_past_the_layers_and_end_at_the_sum() -> None:
    picture = draw(Residual())
    (circle,) = (shape for shape in labels(picture) if shape.text == "+")
    card = next(shape for shape in flat(picture.shapes) if isinstance(shape, Box) and shape.width > 300)
    (arc,) = (shape for shape in flat(picture.shapes) if isinstance(shape, Line) and len(shape.points) == 4)
    assert arc.points[-1][1] == circle.y
    assert arc.points[1][0] > card.x + card.width
    assert arc.points[0][1] < card.y
    assert arc.arrow


def test_repeated_blocks_are_drawn_once() -> None:
    picture = draw(build("resnet", num_groups=1, blocks_per_group=4), 2)
    assert texts(picture).count("ResBlock") == 1
    assert "× 4" in texts(picture)


def test_branches_are_beside_one_another() -> None:
    one, two = (label for label in labels(draw(TwoResults())) if label.text == "Linear")
    assert one.y == two.y
    assert one.x != two.x


def test_frames_hold_what_a_block_runs() -> None:
    picture = draw(build("resnet", num_groups=1, blocks_per_group=1), 2)
    (group,) = (s for s in picture.shapes if isinstance(s, Group) and "ResBlock" in s.title)
    frame = next(shape for shape in group.shapes if isinstance(shape, Box))
    for shape in flat(group.shapes):
        if isinstance(shape, Box):
            assert frame.x <= shape.x
            assert shape.x + shape.width <= frame.x + frame.width
            assert shape.y + shape.height <= frame.y + frame.height

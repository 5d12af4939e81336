from collections.abc import Iterator, Sequence

import pytest

from autonet.inspection.drawing.cards import COLORS, WIDTH, draw_card, draw_header, draw_pill
from autonet.inspection.drawing.flow import Card
from autonet.inspection.drawing.layers import INPUT, Function, Layer, Step
from autonet.inspection.drawing.shapes import Box, Group, Label, Line, Shape, text_width

LINEAR = Layer("0", "Linear", "3 → 4", "linear", ("n", 3), ("n", 4), 16, 16)
RELU = Layer("1", "ReLU", "", "activation", ("n", 4), ("n", 4))


def flat(shapes: Sequence[Shape]) -> Iterator[Shape]:
    for shape in shapes:
        yield from flat(shape.shapes) if isinstance(shape, Group) else [shape]


def texts(shapes: Sequence[Shape]) -> list[str]:
    return [shape.text for shape in flat(shapes) if isinstance(shape, Label)]


def test_a_card_has_a_row_per_layer_with_a_bar_of_its_color() -> None:
    left, right, height, shapes = draw_card(Card((LINEAR, RELU, (Function("mul", ("0.5",)),))))
    assert texts(shapes) == ["Linear", "3 → 4", "16 params", "ReLU", "× 0.5"]
    assert (left, right) == (WIDTH / 2, WIDTH / 2)
    boxes = [shape for shape in flat(shapes) if isinstance(shape, Box)]
    assert [box.fill for box in boxes[1:]] == [COLORS[kind][0] for kind in ("linear", "activation", "function")]
    assert boxes[0].height == height
    assert [shape.title for shape in shapes if isinstance(shape, Group)] == [
        "0 Linear 3 → 4\n(n, 3) → (n, 4)\n16 parameters",
        "1 ReLU\n(n, 4) → (n, 4)",
        "mul 0.5",
    ]


def test_members_are_cards_behind_the_card() -> None:
    member = Layer("0", "LinearEnsemble", "3 → 4", "linear", ("n", 3), ("n", 8, 4), 128, n_members=8)
    _, right, height, shapes = draw_card(Card((member,)))
    cards = [shape for shape in shapes if isinstance(shape, Box)]
    assert [(card.width, card.y) for card in cards] == [(WIDTH, 0), (WIDTH, 5), (WIDTH, 10)]
    assert height == cards[0].height + 10
    assert "8 members" in texts(shapes)
    label = next(shape for shape in flat(shapes) if isinstance(shape, Label) and "members" in shape.text)
    assert right >= label.x + text_width(label.text, label.size, bold=True)


def test_a_block_lists_its_layers_and_shows_that_it_adds_its_input() -> None:
    steps = (Step(LINEAR, (INPUT,)), Step(Function("add"), (INPUT, 0)))
    block = Layer("1", "Block", "", "block", ("n", 3), ("n", 3), 16, steps=steps, results=(1,))
    _, right, _, shapes = draw_card(Card((block,)))
    assert texts(shapes) == ["Block", "16 params", "Linear"]
    assert right > WIDTH / 2
    (arc,) = (shape for shape in shapes if isinstance(shape, Line))
    assert arc.arrow


def test_functions_alone_are_a_pill_as_wide_as_their_names() -> None:
    left, right, _, shapes = draw_card(Card(((Function("log"),),)))
    assert left == right < 40
    assert texts(shapes) == ["log"]
    *_, shapes = draw_card(Card((tuple(Function(f"function_{i}") for i in range(40)),)))
    assert texts(shapes)[0].endswith("…")


@pytest.mark.parametrize("name", ["A" * 200, "名" * 100])
def test_long_names_stay_within_the_card(name: str) -> None:
    layer = Layer(name, name, name, "other", ("n", 3), ("n", 3), 10**12)
    *_, shapes = draw_card(Card((layer, layer)))
    for label in (shape for shape in flat(shapes) if isinstance(shape, Label)):
        width = text_width(label.text, label.size, bold=label.bold)
        start = label.x - (width if label.anchor == "end" else 0)
        assert start > -WIDTH / 2
        assert start + width < WIDTH / 2
    *_, header = draw_header(layer, 0, 200, 0)
    assert isinstance(header, Label)
    assert header.text == f"{10**12:,} params"


def test_pills_hold_their_text() -> None:
    box, label = draw_pill("input", 5, 7)
    assert isinstance(box, Box)
    assert isinstance(label, Label)
    assert box.width > text_width("input", label.size)
    assert (label.x, label.y) == (5, 7 + box.height / 2)

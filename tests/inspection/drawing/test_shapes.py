import math

import pytest

from autonet.inspection.drawing.shapes import (
    Box,
    Group,
    Label,
    Line,
    find_head,
    shorten,
    text_width,
    trace_line,
    translate,
)


@pytest.mark.parametrize("text", ["Linear", "BatchEnsembleLinear 128 → 128", "(n, 8, 128)", "16,512 params", "@ × · −"])
def test_the_estimated_width_of_texts_is_that_of_the_font(text: str) -> None:
    images = pytest.importorskip("PIL.ImageFont", reason="needs Pillow, for measures of fonts")
    managers = pytest.importorskip("matplotlib.font_manager", reason="needs matplotlib, for a font")
    font = images.truetype(managers.findfont("DejaVu Sans"), 100)
    # DejaVu is an eighth wider than Helvetica.
    assert text_width(text, 100) == pytest.approx(font.getlength(text) / 1.13, rel=0.15)


def test_texts_are_shortened_to_their_space() -> None:
    assert shorten("Linear", 12, 100) == "Linear"
    for text in ("A" * 50, "名" * 50, "a b c d e f g h"):
        short = shorten(text, 12, 60)
        assert short.endswith("…")
        assert text_width(short, 12) <= 60
        assert text.startswith(short[:-1])
    assert shorten("Linear", 12, 0) == "…"
    assert text_width("Linear", 12, bold=True) > text_width("Linear", 12)


def test_shapes_move_with_what_is_in_them() -> None:
    group = Group("layer", [Box(1, 2, 30, 40, "#fff"), Label(3, 4, "a", 12, "#000"), Line(((0, 0), (5, 6)), "#000")])
    moved = translate(group, 10, 20)
    assert isinstance(moved, Group)
    assert moved.title == "layer"
    assert moved.shapes == [
        Box(11, 22, 30, 40, "#fff"),
        Label(13, 24, "a", 12, "#000"),
        Line(((10, 20), (15, 26)), "#000"),
    ]


def test_lines_have_rounded_corners_and_end_before_the_tip_of_their_arrow() -> None:
    line = Line(((0, 0), (100, 0), (100, 50)), "#000", arrow=True)
    (start, end, corner, last) = trace_line(line)
    assert start == ("M", [(0, 0)])
    assert end == ("L", [(92, 0)])
    assert corner == ("Q", [(100, 0), (100, 8)])
    assert last == ("L", [(100, 45)])
    tip, left, right = find_head(line)
    assert tip == (100, 50)
    assert {left, right} == {(103.5, 44), (96.5, 44)}
    assert math.dist(left, right) == 7


def test_short_lines_have_small_corners() -> None:
    *_, corner, _ = trace_line(Line(((0, 0), (4, 0), (4, 50)), "#000"))
    assert corner == ("Q", [(4, 0), (4, 2)])

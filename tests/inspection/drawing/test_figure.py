import sys
import warnings

import pytest

from autonet.core.errors import MissingPackage
from autonet.inspection.drawing.figure import write_figure
from autonet.inspection.drawing.shapes import Box, Group, Label, Line, Picture

HOSTILE = "$\\frac{ 名 \x00 </title>"


def picture(text: str = "a") -> Picture:
    shapes = [
        Group("tooltip", [Box(10, 10, 80, 40, "#ff0000", "#00ff00", 7), Box(10, 60, 20, 10, "#0000ff")]),
        Label(50, 30, text, 12, "#111111", "middle", bold=True),
        Line(((0, 0), (50, 0), (50, 60)), "#222222", arrow=True),
    ]
    return Picture(100, 80, "Net", "From (n, 3).", shapes)


def test_pdf_and_png_are_written() -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib, which draws")
    pdf = write_figure(picture(), "pdf")
    assert pdf.startswith(b"%PDF")
    assert b"/MediaBox [ 0 0 100 80 ]" in pdf
    assert b"/Title (Net)" in pdf
    assert b"/Subject (From \\(n, 3\\).)" in pdf
    assert write_figure(picture(), "png").startswith(b"\x89PNG")


def test_shapes_have_their_places_and_colors() -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib, which draws")
    import io

    from matplotlib.image import imread

    image = imread(io.BytesIO(write_figure(picture(), "png")))
    assert image.shape[:2] == (160, 200)
    assert image[40, 40, :3].tolist() == [1, 0, 0]  # within the first box
    assert image[130, 40, :3].tolist() == [0, 0, 1]  # within the second
    assert image[150, 190, :3].tolist() == [1, 1, 1]
    assert image[10, 100, :3].max() < 0.5  # on the line


def test_names_are_no_formulas_and_missing_glyphs_no_warnings() -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib, which draws")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert write_figure(picture(HOSTILE), "pdf").startswith(b"%PDF")


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingPackage, match=r"draw_architecture to PDF needs matplotlib.*autonet-torch\[plot\]"):
        write_figure(picture(), "pdf")

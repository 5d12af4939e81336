import xml.etree.ElementTree as ET

import pytest

from autonet.inspection.drawing.shapes import Box, Group, Label, Line, Picture
from autonet.inspection.drawing.svg import clean, write_svg

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</title><script>alert('&\"\x00\x1b\ud800')</script>"


def picture(text: str = "a", title: str = "Net", description: str = "From (n, 3).") -> Picture:
    shapes = [
        Group(f"tooltip {text}", [Box(1, 2, 30, 40.25, "#fff", "#000", 7), Label(4, 10, text, 12, "#111", bold=True)]),
        Line(((0, 0), (50, 0), (50, 60)), "#222", arrow=True),
    ]
    return Picture(99.5, 200, title, description, shapes)


def test_a_picture_is_valid_xml_with_its_shapes() -> None:
    root = ET.fromstring(write_svg(picture()))
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("100", "200", "0 0 100 200")
    page, box = root.iter(f"{SVG}rect")
    assert (page.get("fill"), page.get("width")) == ("#ffffff", "100")
    assert box.attrib == {
        "x": "1",
        "y": "2",
        "width": "30",
        "height": "40.25",
        "rx": "7",
        "fill": "#fff",
        "stroke": "#000",
    }
    (text,) = root.iter(f"{SVG}text")
    assert (text.text, text.get("font-weight"), text.get("text-anchor")) == ("a", "bold", "start")
    line, head = root.iter(f"{SVG}path")
    assert line.get("d") == "M0 0 L42 0 Q50 0 50 8 L50 55"
    assert head.get("d") == "M50 60 L46.5 54 L53.5 54 Z"


def test_readers_of_screens_get_title_and_description() -> None:
    root = ET.fromstring(write_svg(picture()))
    title, description = root[0], root[1]
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert (title.text, description.text) == ("Net", "From (n, 3).")
    group = root.find(f"{SVG}g")
    assert group is not None
    assert group[0].text == "tooltip a"


def test_drawings_on_one_page_have_ids_of_their_own() -> None:
    ids = {ET.fromstring(write_svg(picture(text)))[0].get("id") for text in ("a", "b")}
    assert len(ids) == 2
    assert write_svg(picture()) == write_svg(picture())


@pytest.mark.parametrize("where", ["text", "title", "description"])
def test_hostile_names_stay_text(where: str) -> None:
    root = ET.fromstring(write_svg(picture(**{where: HOSTILE})).encode())
    assert not list(root.iter(f"{SVG}script"))
    assert any("<script>alert('&\"\ufffd\ufffd\ufffd')</script>" in (part.text or "") for part in root.iter())


def test_escaped_texts_are_safe_in_attributes_too() -> None:
    assert clean("\"'<>&") == "&quot;&#x27;&lt;&gt;&amp;"

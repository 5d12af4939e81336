"""Pictures of reports."""

import base64
from typing import Any

import numpy as np

from autonet.core.errors import NoFinishedTrial
from autonet.inspection.report.blocks import Picture, Text
from autonet.inspection.report.pictures import MAX_SVG, draw


def test_a_picture_is_the_same_in_each_run_and_its_texts_are_texts() -> None:
    def plot(ax: Any) -> None:
        ax.plot([0, 1], [0, 1])
        ax.set_title("<script> 日本")

    first, second = draw(plot, "a line", "caption"), draw(plot, "a line", "caption")
    assert isinstance(first, Picture)
    assert first == second
    kind, _, content = first.source.partition(",")
    assert kind == "data:image/svg+xml;base64"
    svg = base64.b64decode(content).decode()
    assert "&lt;script&gt; 日本" in svg


def test_many_dots_are_pixels() -> None:
    points = np.random.default_rng(0).random((2, 5000))
    picture = draw(lambda ax: ax.scatter(*points), "dots", "caption", (3, 3))
    assert isinstance(picture, Picture)
    assert picture.source.startswith("data:image/png;base64,")
    assert len(picture.source) < MAX_SVG


def test_what_cannot_be_drawn_says_why() -> None:
    def plot(ax: Any) -> None:
        raise NoFinishedTrial("no trial has a value.")

    assert draw(plot, "", "") == Text("no trial has a value.", is_caution=True)

"""The portfolio of images: its candidates, and the entries of the preset, fit the space."""

from typing import Any

import pytest

from autonet.core.task import Task
from autonet.pipeline.images import IMAGES
from autonet.search.spaces.encoding import Encoding
from autonet.space.build import build_space
from autonet.space.portfolio import fit_portfolio
from autonet.space.presets import load_preset


@pytest.mark.parametrize("n_images", [2_500, 10_000, 50_000])
def test_candidates_and_entries_are_in_the_space(n_images: int, script: Any) -> None:
    candidates = script("portfolio_images").candidates(n_images)
    task = Task("classification", n_rows=n_images, n_outputs=10)
    preset = load_preset("medium_cs", task, IMAGES.presets)
    space = Encoding(build_space(task, preset.components, preset.updates, IMAGES.nodes))
    for values in (*candidates.values(), *preset.portfolio):
        [config] = fit_portfolio(space, [values])
        assert values.items() <= config.items(), "a value was clipped"
    assert len(candidates) >= 5
    assert len(preset.portfolio) >= 4
    assert all(entry in candidates.values() for entry in map(dict, preset.portfolio))

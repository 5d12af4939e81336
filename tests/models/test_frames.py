"""Predictions as data frames."""

import numpy as np
import pandas as pd

from autonet.models.frames import to_frame


def test_rows_have_the_index_of_a_frame_or_the_names_of_files() -> None:
    probabilities, labels = np.eye(2), np.array(["no", "yes"])
    frame = to_frame(probabilities, labels, pd.Series(["a.png", "b.png"], index=[7, 9]), ["a.png", "b.png"])
    assert (frame.index.tolist(), frame.columns.tolist()) == ([7, 9], ["no", "yes"])
    assert to_frame(probabilities, None, "pictures", ["a.png", "b.png"]).index.tolist() == ["a.png", "b.png"]
    assert to_frame(probabilities, None, [[0], [1]]).index.tolist() == [0, 1]

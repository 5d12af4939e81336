"""Data that can be learned, and a check that a call is refused before any training."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import AutonetError
from autonet.search import Study

BOTH = (AutoNetClassification, AutoNetRegression)
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
LABELS = np.arange(60) % 3
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
STRINGS = np.array(["red", "green", "blue"])[LABELS]
GROUPS = np.repeat(np.arange(6), 10)


def targets(cls: type) -> np.ndarray:
    return LABELS if cls is AutoNetClassification else X[:, 0]


def refused(call: Callable[[], Any], message: str, error: type[Exception] = ValueError) -> None:
    """Check that a call is answered before any search, and with a sentence."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Study, "optimize", lambda *_, **__: pytest.fail("a search was begun"))
        with pytest.raises(error, match=re.escape(message)) as caught:
            call()
    if isinstance(caught.value, AutonetError):
        assert str(caught.value).endswith((".", "?", "'", "\n")), str(caught.value)  # scikit-learn ends with a list
        assert len(str(caught.value)) < 2000  # all names that there are, at most

"""Types that all packages share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "FloatArray"]

Array = NDArray[Any]
FloatArray = NDArray[np.float64]

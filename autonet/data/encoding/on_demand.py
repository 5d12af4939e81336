"""Rows of a sparse table that are encoded batch by batch."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autonet.data.table import Table

__all__ = ["LazyInputs"]


@dataclass(frozen=True)
class LazyInputs:
    """Rows of a sparse table that are encoded when a batch asks for them, so that the table is never dense as a whole.

    Attributes
    ----------
    encode : callable
        Maps a table to its encoded rows (n, width), float32.
    width : int
    table : Table
    device : torch.device
    """

    encode: Callable[[Table], NDArray[np.float32]]
    width: int
    table: Table
    device: torch.device

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of encoded columns."""
        return len(self.table), self.width

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.table)

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        """Encode some of the rows."""
        index = rows if isinstance(rows, slice) else rows.cpu().numpy()
        return torch.from_numpy(self.encode(self.table.rows(index))).to(self.device)

"""Encoded rows on the device: all of them as one tensor, or made batch by batch from a sparse table."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autonet.data.encoding.encoder import TabularEncoder
from autonet.data.table import Table
from autonet.training.batches import Inputs

__all__ = ["EncodedOnDemand", "encoded_inputs"]


@dataclass(frozen=True)
class EncodedOnDemand:
    """Rows of a sparse table that are encoded when a batch asks for them, so that the table is never dense as a whole.

    Attributes
    ----------
    encoder : TabularEncoder
    table : Table
    device : torch.device
    """

    encoder: TabularEncoder
    table: Table
    device: torch.device

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of encoded columns."""
        return len(self.table), self.encoder.n_out

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.table)

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        """Encode some of the rows."""
        index = rows if isinstance(rows, slice) else rows.cpu().numpy()
        return torch.from_numpy(self.encoder.transform(self.table.rows(index))).to(self.device)


def encoded_inputs(
    encoder: TabularEncoder, table: Table, device: torch.device, rows: NDArray[np.intp] | None = None
) -> Inputs:
    """Encode rows of a table, by default all of them, for a network."""
    if encoder.is_lazy:
        return EncodedOnDemand(encoder, table if rows is None else table.rows(rows), device)
    return torch.from_numpy(encoder.transform(table, rows)).to(device)

"""Modalities: what the pipeline asks of a kind of data, such as tables."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from autonet.core.component import Node
    from autonet.core.task import InputLayout, Task

__all__ = ["Augmentation", "Data", "Encoder", "Inputs", "Modality", "Reader"]


class Inputs(Protocol):
    """Encoded rows, the inputs of a network: a tensor (n, ...), or something that makes the rows asked for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows, and the shape of a row."""

    @property
    def device(self) -> torch.device:
        """Device of the rows asked for."""

    def __len__(self) -> int:
        """Count the rows."""

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        """Return some of the rows."""


class Data(Protocol):
    """Rows that were read and not yet encoded: nothing in them depends on which rows train."""

    def __len__(self) -> int:
        """Count the rows."""

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""

    @property
    def n_columns(self) -> int:
        """Number of columns that a row has; its numbers, where it has no columns."""

    def rows(self, index: NDArray[np.intp] | slice) -> Self:
        """Take some of the rows."""

    def joined(self, other: Self) -> Self:
        """Append rows that were read by the same reader."""

    def hashes(self) -> NDArray[np.uint64]:
        """Hash every row; equal rows have equal hashes, shape (n,)."""


class Reader(Protocol):
    """Reads further data as those that were fitted."""

    @property
    def n_features(self) -> int:
        """Number of features that were fitted."""

    @property
    def names(self) -> tuple[Hashable, ...] | None:
        """Names of the features; None if they have none."""

    def read_more(self, X: Any, owner: str) -> Any:
        """Check and read data.

        Parameters
        ----------
        X : object
            As the user gives it.
        owner : str
            Name of the estimator, for error messages.

        Returns
        -------
        Data
        """


class Encoder(Protocol):
    """Encodes data as the training rows suggest."""

    @property
    def layout(self) -> InputLayout:
        """Columns of an encoded row."""

    def inputs(self, data: Any, device: torch.device, rows: NDArray[np.intp] | None = None) -> Inputs:
        """Encode rows of data, by default all of them, for a network."""


Augmentation = Callable[[Any, Any], Any]
"""Maps a batch of training rows, and the generator to draw from, to another batch."""


class Modality(Protocol):
    """A kind of data: how to read and encode it, and which networks take it."""

    @property
    def nodes(self) -> Mapping[str, Node[Any]]:
        """Nodes of its search space, in the order in which data pass through them."""

    def read(self, X: Any, **options: Any) -> tuple[Reader, Data]:
        """Find out what the data are, and read them."""

    def encoder_key(self, config: Mapping[str, Any]) -> Hashable:
        """Return the part of a configuration that the encoder depends on."""

    def fit_encoder(self, data: Any, rows: NDArray[np.intp], config: Mapping[str, Any], seed: int) -> Encoder:
        """Fit an encoder on training rows."""

    def build_network(
        self,
        task: Task,
        config: Mapping[str, Any],
        layout: InputLayout,
        rows: Inputs | None = None,
        networks: Node[nn.Module] | None = None,
    ) -> nn.Module:
        """Build and initialize the network of a configuration, or the linear baseline, on the CPU."""

    def augmentation(self, config: Mapping[str, Any]) -> Augmentation | None:
        """Return what changes batches in training; by default None: nothing does."""
        return None

    def baseline_config(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a configuration with the encoding that a linear model learns fastest from; by default the same."""
        return config

    def tree_config(self, config: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return a configuration with the encoding that trees need; by default None: trees do not take such data."""
        return None

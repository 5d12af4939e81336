"""Protocols of modalities: kinds of data, such as tables and images."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from autonet.core.component import Choice, Component, Components, Node
    from autonet.core.task import InputLayout, Task

__all__ = [
    "Allocate",
    "Augmentation",
    "Data",
    "Encoder",
    "Holdout",
    "Inputs",
    "Modality",
    "Reader",
    "RefitShares",
    "TreeEncoding",
]


Allocate = Callable[["tuple[int, ...]"], "NDArray[np.float32]"]
"""Allocates an array of a shape; what it contains is arbitrary."""


class Inputs(Protocol):
    """Encoded rows, the inputs of a network: a tensor (n, ...), or an object that encodes rows on demand.

    The latter may have ``prediction_rows``, the number of rows per forward pass in prediction, and ``subset``, a method
    that returns rows of an index tensor, again encoded on demand.
    """

    @property
    def nbytes(self) -> int:
        """Size in memory, in bytes, without what belongs to the data."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows, followed by the shape of a row."""

    @property
    def device(self) -> torch.device:
        """Device of the returned rows."""

    def __len__(self) -> int:
        """Count the rows."""

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        """Return the rows of an index tensor or a slice."""


class Data(Protocol):
    """Rows that are read and not yet encoded; independent of the split into training and validation rows."""

    def __len__(self) -> int:
        """Count the rows."""

    @property
    def nbytes(self) -> int:
        """Size in memory, in bytes."""

    @property
    def n_columns(self) -> int:
        """Number of columns, or of values per row in data without columns."""

    def rows(self, index: NDArray[np.intp] | slice) -> Self:
        """Return the rows of an index array (n,) or a slice."""

    def concat(self, other: Self) -> Self:
        """Append rows read by the same reader."""

    def hashes(self) -> NDArray[np.uint64]:
        """Return a hash per row, shape (n,); equal rows have equal hashes."""


class Reader(Protocol):
    """Reads data in the format seen in `fit`."""

    @property
    def n_features(self) -> int:
        """Number of features seen in `fit`."""

    @property
    def names(self) -> tuple[Hashable, ...] | None:
        """Names of the features, or None."""

    def read(self, X: Any, owner: str = "") -> Any:
        """Validate and read data.

        Parameters
        ----------
        X : object
            Data in any supported format.
        owner : str, optional
            Name of an estimator whose columns must be exactly those of fit; default: columns are selected by name.

        Returns
        -------
        Data
        """

    def missing_row(self) -> Any:
        """Return data of one row without any value: loaded models are checked with it."""


class Encoder(Protocol):
    """Encodes data for networks; fitted on training rows."""

    @property
    def layout(self) -> InputLayout:
        """Order of the columns of an encoded row."""

    def inputs(
        self,
        data: Any,
        device: torch.device,
        rows: NDArray[np.intp] | None = None,
        allocate: Allocate | None = None,
    ) -> Inputs:
        """Encode rows (n,) of data, by default all, for a network; large arrays of the result may be allocated."""


class TreeEncoding(Encoder, Protocol):
    """Encodes data for tree ensembles: columns of categories, then of numbers, with NaN for missing values."""

    @property
    def n_categories(self) -> int:
        """Number of columns of categories."""


Augmentation = Callable[[Any, Any], Any]
"""Maps a batch of training rows and a generator to an augmented batch."""


@dataclass(frozen=True)
class RefitShares:
    """Shares of the time, the epochs and the final model that a refit on all rows has.

    Attributes
    ----------
    runtime : float
        Share of the runtime that is reserved for it.
    further_epochs : float
        Epochs of a network that continues, as a multiple of those that it was trained.
    weight : float
        Weight of the refitted networks beside the validated ones of the same trials, where no rows are left to weigh
        them by.
    checked_rows : int
        Largest number of validation rows that stay out of it, to weigh the networks by.
    """

    runtime: float = 0.12
    further_epochs: float = 0.3
    weight: float = 0.5  # alone they are worse (docs/benchmarks/log.md)
    checked_rows: int = 0


@dataclass(frozen=True)
class Holdout:
    """Rows that are held out for validation.

    Attributes
    ----------
    rows : int
        Number of validation rows, where that is a share of all rows between `min_share` and a quarter.
    min_share : float
        Smallest share of the rows, which large data have.
    max_cv_rows : int
        Number of rows up to which ``cross_validator="auto"`` uses folds, however short the time is.
    """

    rows: int = 2000
    min_share: float = 0.1
    max_cv_rows: int = 2500


class Modality(Protocol):
    """Kind of data: its reader, encoder and networks.

    Attributes
    ----------
    baseline_encoding : sequence of Choice
        Choices that suit linear models; others stay as configured.
    presets : str
        Folder of its presets below that of all; empty for tables.
    uses_threads : bool
        Whether the operations of its networks are large enough to share them among threads.
    limits_memory : bool
        Whether a training step of its largest networks may take more memory than there is, which trials then check.
    compared_epochs : float
        Epochs of a network before it is compared with others, for budgets in seconds, where the time allows them.
    holdout : Holdout
        Rows to hold out for validation.
    selects_by_loss : bool
        Whether so few rows are held out that models are selected by the log-loss where accuracy is optimized.
    refit : RefitShares
    makers : mapping of str to callable
        By name of a node, what makes a custom component of its name, builder and space, where that is
        another than for tables.
    testing_seconds : float
        Seconds to reserve for the prediction of a test row by the final model.
    copies : bool
        Whether an encoding is a copy of the rows, which worker processes then share; else a view of the data.
    """

    baseline_encoding: Sequence[Choice[Any]] = ()
    presets: str = ""
    uses_threads: bool = False
    limits_memory: bool = False
    compared_epochs: float = 0.0
    holdout: Holdout = Holdout()
    selects_by_loss: bool = False
    refit: RefitShares = RefitShares()
    makers: Mapping[str, Callable[..., Component[Any]]] = MappingProxyType({})
    testing_seconds: float = 1e-4  # an ensemble takes about half of it for a row of a table, on two busy cores
    copies: bool = True

    @property
    def nodes(self) -> Mapping[str, Node[Any]]:
        """Nodes of the search space, in the order of data flow."""

    def read(self, X: Any, **options: Any) -> tuple[Reader, Data]:
        """Infer the format of the data, and read them."""

    def read_more(self, reader: Any, X: Any, owner: str, **options: Any) -> Any:
        """Read further rows of a fit, with the options of `read`; default: as those to predict."""
        return reader.read(X, owner)

    def kept(self, data: Any) -> NDArray[np.bool_] | None:
        """Return which rows of X were read, shape (n_all,); default: None, all of them."""
        return None

    def encoder_key(self, components: Components) -> Hashable:
        """Return the part of the components that the encoder depends on; others have other representations (`repr`)."""

    def fit_encoder(
        self,
        data: Any,
        rows: NDArray[np.intp],
        components: Components,
        seed: int,
        y: NDArray[Any] | None = None,
    ) -> Encoder:
        """Fit an encoder on training rows (n,), and perhaps on their targets y, (n,) or (n, n_targets)."""

    def training_inputs(
        self,
        encoder: Any,
        data: Any,
        y: NDArray[Any],
        device: torch.device,
        rows: NDArray[np.intp],
        allocate: Allocate | None = None,
    ) -> Inputs:
        """Encode rows (n,) to train on, with targets y; default: as all others.

        An encoder that was fitted on targets encodes them so that no row knows its own.
        """
        inputs: Inputs = encoder.inputs(data, device, rows, allocate)
        return inputs

    def fit_tree_encoder(self, data: Any, rows: NDArray[np.intp], seed: int) -> TreeEncoding | None:
        """Fit an encoder for tree ensembles on training rows (n,); default: None, the data do not suit trees."""
        return None

    def build_network(
        self,
        task: Task,
        components: Components,
        layout: InputLayout,
        rows: Inputs | None = None,
        y: Tensor | None = None,
    ) -> nn.Module:
        """Build and initialize a network, on the CPU.

        Encoded training rows (n, ...) and targets y, (n,) or (n, n_targets), may fit its embeddings.
        """

    def try_network(self, task: Task, components: Components, data: Any) -> None:
        """Raise if the custom network of a configuration cannot take the data; default: do nothing."""
        return

    def build_linear(self, task: Task, layout: InputLayout) -> nn.Module:
        """Build the linear network of the baseline, on the CPU."""

    def augmentation(self, components: Components) -> Augmentation | None:
        """Return the augmentation of training batches; default: None."""
        return None

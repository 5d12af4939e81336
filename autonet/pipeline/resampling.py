"""Resampling: other numbers of training rows per class, for tables in which some classes are rare.

Only rows to train on are resampled, after they were encoded; validation rows never are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autonet.core.component import Component, Components, Node, make_space
from autonet.core.errors import InvalidOption
from autonet.core.lazy import configspace as cs
from autonet.core.modality import Inputs
from autonet.core.task import InputLayout, Task
from autonet.core.threads import one_native_thread
from autonet.core.typing import Array
from autonet.training.batches import EncodedRows

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

__all__ = ["RESAMPLING", "resample"]

# Rows of a class whose neighbours SMOTE finds, because the cost grows with their square; more are sampled.
MAX_SMOTE_ROWS = 5000
# Number columns are too small to change a distance between rows, and large enough to be read back in float32.
NUMBER_SCALE = 2.0**-20

TARGET_SIZES: dict[str, Callable[[Array], float]] = {
    "upsample": np.max,
    "downsample": np.min,
    "average": np.mean,
    "median": np.median,
}
"""Map the numbers of rows of the classes (n_classes,) to the number of rows that each is to have."""


@dataclass(frozen=True)
class ClassRows:
    """Training rows of a class.

    Attributes
    ----------
    x : Tensor or Inputs of shape (n, n_in)
        Encoded training rows of all classes.
    index : ndarray of shape (k,)
        Those of the class.
    layout : InputLayout
    """

    x: Inputs
    index: NDArray[np.intp]
    layout: InputLayout


OverSampling = Callable[[ClassRows, int, np.random.Generator], tuple[NDArray[np.intp], "Tensor | None"]]
"""Maps rows of a class, and how many to add, to indices of training rows (n_new,) and new encoded rows (n_new, n_in).

New rows have the target and the weight of the training rows; without new rows, those are repeated.
"""


def _random(rows: ClassRows, n_new: int, rng: np.random.Generator) -> tuple[NDArray[np.intp], None]:
    """Draw rows with replacement."""
    return rng.choice(rows.index, n_new), None


def _smote(*, k_neighbors: int) -> OverSampling:
    """SMOTE: interpolate between rows and their nearest neighbours in the class.

    Chawla et al., "SMOTE: Synthetic Minority Over-sampling Technique" (2002).  Categories are copied from the nearer of
    the two rows: indices of embeddings, and columns of at most two values (one-hot, binary, missing).
    """

    def add(rows: ClassRows, n_new: int, rng: np.random.Generator) -> tuple[NDArray[np.intp], Tensor | None]:
        if not isinstance(rows.x, Tensor):
            raise InvalidOption(
                f"SMOTE needs dense rows; the table is sparse, with {rows.x.shape[1]} encoded columns. Use "
                "over_sampling_methods=['random'], or pass a dense table."
            )
        sample = np.sort(rng.permutation(rows.index)[:MAX_SMOTE_ROWS])
        n_neighbors = min(k_neighbors, len(sample) - 1)
        if n_neighbors < 1:
            return _random(rows, n_new, rng)
        n_features = rows.x.shape[1] - len(rows.layout.vocabularies)
        own = rows.x[torch.from_numpy(sample).to(rows.x.device)]
        new, nearer = _interpolate(own[:, :n_features].cpu().numpy(), n_new, n_neighbors, int(rng.integers(2**31)))
        added = own[torch.from_numpy(nearer).to(own.device)]
        is_number = _find_numbers(rows.x[:, :n_features])
        added[:, :n_features][:, is_number] = torch.from_numpy(new).to(own.device)[:, is_number]
        return sample[nearer], added

    return add


def _interpolate(own: Array, n_new: int, n_neighbors: int, seed: int) -> tuple[Array, NDArray[np.intp]]:
    """Return new rows (n_new, p) between rows (n, p), and the nearer row of each, (n_new,).

    Rows carry their number in binary: rounded, the columns between two rows are those of the nearer one.
    """
    from imblearn.over_sampling import SMOTE  # noqa: PLC0415 - an extra, slow to import

    n, digits = len(own), 2 ** np.arange(len(own).bit_length())
    numbers = (np.arange(n)[:, None] & digits > 0) * NUMBER_SCALE
    numbered = np.concatenate([own, numbers], axis=1, dtype=np.float32)
    # The sampler requires a second class, of which it uses nothing.
    x, y = np.concatenate([numbered, numbered[:1]]), np.r_[np.zeros(n, int), 1]
    sampler = SMOTE(sampling_strategy={0: n + n_new}, k_neighbors=n_neighbors, random_state=seed)
    new = sampler.fit_resample(x, y)[0][-n_new:]
    nearer = (new[:, own.shape[1] :] > NUMBER_SCALE / 2) @ digits
    return new[:, : own.shape[1]], nearer


def _find_numbers(x: Tensor) -> Tensor:
    """Mark the columns of features (n, p) that have more than two values."""
    return ((x != x.amin(dim=0)) & (x != x.amax(dim=0))).any(dim=0)


def _space(task: Task) -> ConfigurationSpace:
    space = cs.ConfigurationSpace()
    is_possible = task.kind == "classification"
    methods, strategies = (["none", "random"], ["none", *TARGET_SIZES]) if is_possible else (["none"], ["none"])
    space.add(
        cs.Categorical("under_sampling_method", methods, default="none"),
        cs.Categorical("target_size_strategy", strategies, default=strategies[is_possible]),
    )
    return space


RESAMPLING: Node[OverSampling | None] = Node.from_components(
    "ResamplingStrategySelector",
    [
        Component("none", lambda: None),
        Component("random", lambda: _random, tasks=("classification",)),
        Component(
            "smote",
            _smote,
            make_space(lambda: cs.Integer("k_neighbors", (3, 7), default=5, meta={"limits": (1, 100)})),
            tasks=("classification",),
        ),
    ],
    selector="over_sampling_method",
    space=_space,
    optional=("over_sampling_method", "under_sampling_method"),
)
"""Each component adds rows to a class, or is None; rows of larger classes may be left out, by the step itself."""


def resample(rows: EncodedRows, components: Components, layout: InputLayout, seed: Sequence[int]) -> EncodedRows:
    """Resample rows to train on, so that all classes have about as many, as a configuration chooses.

    Parameters
    ----------
    rows : EncodedRows
        Training rows of a classification, (n, n_in).
    components : Components
    layout : InputLayout
        Of the encoded rows.
    seed : sequence of int

    Returns
    -------
    EncodedRows
        Rows that were kept come first, in their order; weights have mean 1 again.
    """
    chosen: Any = components.get(RESAMPLING)
    strategy = chosen.settings["target_size_strategy"] if chosen else "none"
    if strategy == "none":
        return rows
    over_sampling, under_samples = chosen.build(), chosen.settings["under_sampling_method"] == "random"
    codes, rng = rows.y.cpu().numpy(), np.random.default_rng(seed)
    counts = np.bincount(codes)
    size = int(TARGET_SIZES[strategy](counts[counts > 0]))
    kept, added, new = list[NDArray[np.intp]](), list[NDArray[np.intp]](), list["Tensor | None"]()
    with one_native_thread():
        for code in np.flatnonzero(counts):
            own = np.flatnonzero(codes == code)
            if len(own) > size and under_samples:
                own = rng.choice(own, size, replace=False)
            kept.append(own)
            if len(own) < size and over_sampling is not None:
                index, encoded = over_sampling(ClassRows(rows.x, own, layout), size - len(own), rng)
                added.append(index)
                new.append(encoded)
    return _combine(rows, np.sort(np.concatenate(kept)), added, new)


def _combine(
    rows: EncodedRows, kept: NDArray[np.intp], added: list[NDArray[np.intp]], new: list[Tensor | None]
) -> EncodedRows:
    """Return the rows that were kept, and those that were added: new ones, or copies."""
    device = rows.y.device
    index = torch.from_numpy(np.concatenate([kept, *added])).to(device)
    weights = None if rows.weights is None else rows.weights[index] / rows.weights[index].mean()
    if not isinstance(rows.x, Tensor):
        return EncodedRows(IndexedInputs(rows.x, index), rows.y[index], weights)
    x, first = rows.x[index], len(kept)
    for part, encoded in zip(added, new, strict=True):
        if encoded is not None:
            x[first : first + len(part)] = encoded
        first += len(part)
    return EncodedRows(x, rows.y[index], weights)


@dataclass(frozen=True)
class IndexedInputs:
    """Rows of other inputs, which encode them on demand.

    Attributes
    ----------
    inputs : Inputs
    index : Tensor of shape (n,)
    """

    inputs: Inputs
    index: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows, followed by the shape of a row."""
        return len(self.index), *self.inputs.shape[1:]

    @property
    def device(self) -> torch.device:
        """Device of the returned rows."""
        return self.inputs.device

    @property
    def nbytes(self) -> int:
        """Size in memory, in bytes, without what belongs to the data."""
        return self.inputs.nbytes + self.index.nbytes

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.index)

    def __getitem__(self, rows: Tensor | slice) -> Tensor:
        """Return the rows of an index tensor or a slice."""
        return self.inputs[self.index[rows]]

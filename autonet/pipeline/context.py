"""Context of the trials of a search: data, targets, folds, metrics, and cached encodings."""

import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from autonet.core.component import Components, CustomComponents, Node, extend_nodes
from autonet.core.modality import Allocate, Data, Encoder, Inputs, Modality
from autonet.core.pickling import pickle_arrays
from autonet.core.task import Task
from autonet.core.typing import Array
from autonet.data.splits.folds import Fold
from autonet.data.splits.subsets import choose_subset
from autonet.data.targets.transforms import TARGET_TRANSFORMS, TargetEncoder
from autonet.metrics.metric import Metric
from autonet.pipeline.resampling import resample
from autonet.pipeline.unseen import UnseenRows
from autonet.search.rungs import Unit
from autonet.training.batches import EncodedRows
from autonet.training.loop import Validation
from autonet.training.losses import PinballLoss

if TYPE_CHECKING:  # Linux only
    from autonet.pipeline.shared_encodings import SharedEncodings

E = TypeVar("E")

__all__ = ["EncodedFold", "TrialContext"]

# Bytes of encodings that are cached for later trials; those of one configuration are always kept.
CACHED_BYTES = 2**30
_CACHING = threading.Lock()
PLAIN_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "classification": functional.cross_entropy,
    "multilabel": functional.binary_cross_entropy_with_logits,
    "regression": functional.mse_loss,
}


@dataclass(frozen=True)
class EncodedFold:
    """Fold encoded for a configuration: encoders fitted on the training rows, and the encoded rows.

    Attributes
    ----------
    encoder : Encoder
    targets : TargetEncoder
    rows : EncodedRows
        Rows to train on.
    valid : EncodedRows
        Validation rows.
    before : EncodedRows
        The training rows of the fold; those to train on, unless these are resampled.
    train : ndarray of shape (n,), int
        Numbers of the training rows in the table.
    """

    encoder: Encoder
    targets: TargetEncoder
    rows: EncodedRows
    valid: EncodedRows
    before: EncodedRows
    train: NDArray[np.intp]

    def take(self, positions: NDArray[np.intp]) -> "EncodedFold":
        """Return the fold with a subset of its training rows, before they are resampled."""
        before = self.before.subset(torch.from_numpy(positions).to(self.before.y.device))
        return replace(self, rows=before, before=before, train=self.train[positions])


@dataclass
class TrialContext:
    """Context that the trials of a search share.

    Attributes
    ----------
    modality : Modality
    data : Data
    y : ndarray
        Class codes (n,), labels (n, n_labels) of 0 and 1, or values (n, n_targets) float64.
    weights : ndarray of shape (n,) or None
        Sample weights, in training and in metrics.
    task : Task
    folds : list of Fold
    metric : Metric
    additional_metrics : sequence of Metric
        Recorded, not optimized.
    unit : {"time", "epochs", "subset"}
        Unit of budgets.
    device : torch.device
    seed : int
        Seed of the encoders.
    custom : mapping of str to mapping of str to Component
        Custom components that trials can build; pickled with the context for worker processes.
    notifies : bool
        Whether trials notify the search of each validation.
    unseen : UnseenRows or None
        Test rows, which are scored and nothing else.
    patience : float or None
        Epochs without improvement after which training stops early; None: the rule of `TrainingState`.
    min_budget_for_cv : float
        Budget below which a trial is validated on the first fold only.
    checked_rows : ndarray of shape (n,), int
        Validation rows that a refit leaves out, to weigh its networks by; none of several folds.
    shared : SharedEncodings or None
        Encodings that all processes share, instead of a cache in each.
    precision : {"float32", "bfloat16"}
        Of training; see `TrainingPlan`.
    max_parameters : float
        Configurations whose network has more parameters fail before their training.
    step_memory : float or None
        Bytes that a training step may take, of modalities that limit it; None: those available where a trial runs.
    initial_weights : mapping of str to Tensor or None
        Networks begin with those whose names and shapes match; see `load_matching`.
    threads : int
        Threads of torch that a trial trains on.
    """

    modality: Modality
    data: Data
    y: Array
    weights: Array | None
    task: Task
    folds: list[Fold]
    metric: Metric
    additional_metrics: Sequence[Metric]
    unit: Unit
    device: torch.device
    seed: int
    custom: CustomComponents = field(default_factory=dict)
    notifies: bool = False
    unseen: UnseenRows | None = None
    patience: float | None = None
    min_budget_for_cv: float = 0.0
    checked_rows: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))
    shared: "SharedEncodings | None" = None
    precision: str = "float32"
    max_parameters: float = math.inf
    step_memory: float | None = None
    initial_weights: Mapping[str, Tensor] | None = None
    threads: int = 1
    _encoded: OrderedDict[Any, tuple[Encoder, list[Inputs]]] = field(default_factory=OrderedDict, repr=False)

    @property
    def all_rows(self) -> NDArray[np.intp]:
        """Rows of any fold, sorted, shape (n,); those that a fold repeats, because of their weights, as often."""
        counts = np.zeros(len(self.y), np.intp)
        for fold in self.folds:
            counts = np.maximum(counts, np.bincount(np.concatenate([fold.train, fold.valid]), minlength=len(counts)))
        return np.repeat(np.arange(len(counts)), counts)

    @property
    def selects_by_loss(self) -> bool:
        """Whether models are selected by the calibrated loss: accuracy hardly tells them apart on few rows."""
        return self.modality.selects_by_loss and self.metric.is_accuracy

    @property
    def refit_rows(self) -> NDArray[np.intp]:
        """Rows that a refit trains on, shape (n,)."""
        every = self.all_rows
        return every[~np.isin(every, self.checked_rows)]

    @property
    def nodes(self) -> dict[str, Node[Any]]:
        """Nodes with the components of autonet, and those of the user that trials can build."""
        return extend_nodes(self.modality.nodes, self.custom)

    @property
    def trains_subsets(self) -> bool:
        """Whether budgets are shares of the rows: every budget trains networks anew, for a fixed number of epochs."""
        return self.unit == "subset"

    @property
    def training_unit(self) -> Literal["time", "epochs"]:
        """Unit in which the training of a network is limited."""
        return "time" if self.unit == "time" else "epochs"

    def folds_at(self, budget: float) -> list[Fold]:
        """Return the folds that a trial of a budget is validated on."""
        return self.folds[:1] if budget < self.min_budget_for_cv else self.folds

    def resolve(self, config: Mapping[str, Any]) -> Components:
        """Return the components that a configuration chooses, with their hyperparameters."""
        return Components.resolve(self.nodes.values(), config)

    def encode_fold(self, components: Components, fold: int) -> EncodedFold:
        """Encode the rows of a fold, or take them from the cache, and resample those to train on."""
        return self._resample(self._encode_rows(components, fold), components, fold)

    def encode_subset(self, components: Components, fold: int, share: float) -> EncodedFold:
        """Encode a fold by encoders of all of its training rows, keep a share of these, and resample them."""
        encoded = self._encode_rows(components, fold)
        chosen = choose_subset(self.y[encoded.train], self.task.kind, share, self.seed)
        return self._resample(encoded.take(chosen), components, fold)

    def _encode_rows(self, components: Components, fold: int) -> EncodedFold:
        train, valid = self.folds[fold].train, self.folds[fold].valid
        key = (self.modality.encoder_key(components), fold)
        encode = partial(self._encode, components, fold)
        encoded = self.shared.get(key, encode) if self.shared else None
        if encoded is None:
            encoded = self._encoded.get(key) or encode(None)
            self._keep_encoded(key, encoded)
        encoder, (x, valid_x) = encoded
        targets = self.fit_targets(components, train)
        rows = self.rows(targets, x, train)
        return EncodedFold(encoder, targets, rows, self.rows(targets, valid_x, valid), rows, train)

    def _resample(self, encoded: EncodedFold, components: Components, fold: int) -> EncodedFold:
        return replace(encoded, rows=resample(encoded.before, components, encoded.encoder.layout, (self.seed, fold)))

    def _encode(self, components: Components, fold: int, allocate: Allocate | None) -> tuple[Encoder, list[Inputs]]:
        train, valid = self.folds[fold].train, self.folds[fold].valid
        encoder = self.modality.fit_encoder(self.data, train, components, self.seed, self.y[train])
        return encoder, [self.training_inputs(encoder, train, allocate), self.inputs(encoder, valid, allocate)]

    def encode_all(self, encoder: Encoder) -> Inputs:
        """Encode the rows of a refit, to train on, by an encoder that another process has fitted."""
        every = self.refit_rows
        key = hashlib.sha256(pickle_arrays(encoder)).digest() if self.shared else None
        _, [x] = self.share(key, lambda allocate: (encoder, [self.training_inputs(encoder, every, allocate)]))
        return x

    def share(self, key: Any, encode: Callable[[Allocate | None], tuple[E, list[Inputs]]]) -> tuple[E, list[Inputs]]:
        """Encode, or map what another process has encoded under this key."""
        encoded = self.shared.get(key, encode) if self.shared else None
        return encode(None) if encoded is None else encoded

    def _keep_encoded(self, key: Any, encoded: tuple[Encoder, list[Inputs]]) -> None:
        """Cache an encoding as the latest, and drop the oldest ones; trials may run in threads."""
        with _CACHING:
            self._encoded[key] = encoded
            self._encoded.move_to_end(key)
            while len(self._encoded) > len(self.folds) and self._cached_bytes() > CACHED_BYTES:
                self._encoded.popitem(last=False)

    def _cached_bytes(self) -> int:
        return sum(x.nbytes for _, parts in self._encoded.values() for x in parts)

    def fit_targets(self, components: Components, rows: NDArray[np.intp]) -> TargetEncoder:
        """Fit the encoder of the targets on training rows (n,)."""
        transform = components.get(TARGET_TRANSFORMS)
        return TargetEncoder.fit(self.task.kind, self.y[rows], transform, self.task.quantiles)

    def inputs(self, encoder: Encoder, rows: NDArray[np.intp], allocate: Allocate | None = None) -> Inputs:
        """Encode rows (n,) of the data: (n, n_in)."""
        return encoder.inputs(self.data, self.device, rows, allocate)

    def training_inputs(self, encoder: Encoder, rows: NDArray[np.intp], allocate: Allocate | None = None) -> Inputs:
        """Encode rows (n,) of the data to train on: (n, n_in)."""
        return self.modality.training_inputs(encoder, self.data, self.y[rows], self.device, rows, allocate)

    def rows(self, targets: TargetEncoder, x: Inputs, rows: NDArray[np.intp]) -> EncodedRows:
        """Combine encoded rows (n, n_in) with their targets and normalized weights (n,)."""
        weights = None
        if self.weights is not None:
            chosen = self.weights[rows]
            weights = torch.from_numpy((chosen / chosen.mean()).astype(np.float32)).to(self.device)
        return EncodedRows(x, torch.from_numpy(targets.encode(self.y[rows])).to(self.device), weights)

    def validation(self, rows: NDArray[np.intp], targets: TargetEncoder, y: Tensor) -> Validation:
        """Return the function that scores network outputs for rows (n,), with encoded targets y (n, ...).

        Decision metrics are scored at their best threshold on these rows.
        """
        truth, weights = self.y[rows], self.metric_weights(rows)
        quantiles = self.task.quantiles
        plain_loss = PinballLoss(quantiles).to(y.device) if quantiles else PLAIN_LOSSES[self.task.kind]

        def validate(outputs: Tensor) -> tuple[float, float]:
            prediction = targets.decode(outputs.cpu().numpy())
            return self.metric.best_loss(truth, prediction, weights), plain_loss(outputs, y).item()

        return validate

    def find_threshold(self, predictions: Sequence[Array]) -> float | Array | None:
        """Return the decision threshold that is best for the metric, given predictions for the folds' validation rows.

        None where the most probable class, or one half, decides.
        """
        if not self.metric.decides:
            return None
        rows = np.concatenate([fold.valid for fold in self.folds[: len(predictions)]])
        return self.metric.best_threshold(self.y[rows], np.concatenate(predictions), self.metric_weights(rows))

    def metric_weights(self, rows: NDArray[np.intp]) -> Array | None:
        """Return the weights of rows in metrics, shape (n,); None if there are none, or all are zero."""
        if self.weights is None or not self.weights[rows].any():
            return None
        return np.asarray(self.weights[rows])

"""What the trials of one search share: the table, its targets, its folds, and the encodings in use."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from autonet.core.metrics import Metric
from autonet.core.task import Task
from autonet.data.encoder import TabularEncoder, encoder_key
from autonet.data.splits import Fold
from autonet.search.rungs import Unit
from autonet.training.loop import Rows, Validation

__all__ = ["Target", "Workspace"]

Array = NDArray[Any]

CACHED_ENCODINGS = 3


@dataclass(frozen=True)
class Target:
    """Numbers that stand for the targets, and the way back.

    Attributes
    ----------
    codes : ndarray
        Class codes (n,) int64, or standardized regression targets (n, n_targets) float32.
    original : ndarray
        What metrics compare with: class codes, or targets (n, n_targets) in their own units.
    center, scale : ndarray of shape (n_targets,)
        Of regression targets.
    """

    codes: Array
    original: Array
    center: Array
    scale: Array

    @classmethod
    def classes(cls, codes: Array) -> "Target":
        """Take class codes as they are."""
        return cls(codes.astype(np.int64), codes.astype(np.int64), np.zeros(1), np.ones(1))

    @classmethod
    def values(cls, y: Array) -> "Target":
        """Standardize regression targets (n, n_targets)."""
        y = y.astype(np.float64)
        center, scale = y.mean(axis=0), y.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        return cls(((y - center) / scale).astype(np.float32), y, center, scale)

    def extended(self, more: Array) -> "Target":
        """Append further class codes or targets, standardized as these are."""
        if self.codes.ndim == 1:
            codes = np.concatenate([self.codes, more.astype(np.int64)])
            return Target(codes, codes, self.center, self.scale)
        standardized = ((more - self.center) / self.scale).astype(np.float32)
        return Target(
            np.concatenate([self.codes, standardized]), np.concatenate([self.original, more]), self.center, self.scale
        )

    def without_rows(self) -> "Target":
        """Keep only the way back."""
        return Target(self.codes[:0], self.original[:0], self.center, self.scale)

    def prediction(self, outputs: Array) -> Array:
        """Turn network outputs into probabilities, or into targets in their own units."""
        if self.codes.ndim == 2:
            return np.asarray(outputs.astype(np.float64) * self.scale + self.center)
        shifted = np.exp(outputs.astype(np.float64) - outputs.max(axis=1, keepdims=True))
        return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


@dataclass
class Workspace:
    """Everything that the trials of one search share.

    Attributes
    ----------
    X : ndarray of shape (n, n_features)
    target : Target
    task : Task
    folds : list of Fold
    metric : Metric
    unit : {"time", "epochs"}
        What budgets are counted in.
    device : torch.device
    seed : int
        Of what encoders draw.
    """

    X: Array
    target: Target
    task: Task
    folds: list[Fold]
    metric: Metric
    unit: Unit
    device: torch.device
    seed: int
    _encoded: OrderedDict[Any, tuple[TabularEncoder, Rows, Rows]] = field(default_factory=OrderedDict, repr=False)

    def encoded(self, config: Mapping[str, Any], fold: int) -> tuple[TabularEncoder, Rows, Rows]:
        """Encode training and validation rows of a fold; the last few encodings are kept."""
        key = (encoder_key(config), fold)
        if key not in self._encoded:
            rows = self.folds[fold]
            encoder = TabularEncoder.fit(self.X[rows.train], config, self.seed)
            self._encoded[key] = (encoder, self.rows(encoder, rows.train), self.rows(encoder, rows.valid))
            while len(self._encoded) > CACHED_ENCODINGS * len(self.folds):
                self._encoded.popitem(last=False)
        self._encoded.move_to_end(key)
        return self._encoded[key]

    def rows(self, encoder: TabularEncoder, rows: NDArray[np.intp]) -> Rows:
        """Encode some rows and put them on the device."""
        x, y = encoder.transform(self.X[rows]), self.target.codes[rows]
        return Rows(torch.from_numpy(x).to(self.device), torch.from_numpy(y).to(self.device))

    def validation(self, fold: int, y: Tensor) -> Validation:
        """Return the function that scores network outputs on the validation rows of a fold."""
        truth = self.target.original[self.folds[fold].valid]

        def validate(outputs: Tensor) -> tuple[float, float]:
            plain = functional.cross_entropy(outputs, y) if y.ndim == 1 else functional.mse_loss(outputs, y)
            score = self.metric.score(truth, self.target.prediction(outputs.cpu().numpy()))
            return self.metric.loss(score), plain.item()

        return validate

"""Ensembles: networks and tree ensembles whose predictions are averaged, and the temperature of the mean."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from torch import nn

from autonet.core.cores import available_cores
from autonet.core.modality import Data, Encoder, Inputs
from autonet.core.task import Task
from autonet.core.typing import Array
from autonet.data.targets.transforms import TargetEncoder
from autonet.models.conformal import disagreement
from autonet.models.trees import BoostedTrees, RandomizedTrees

__all__ = [
    "Ensemble",
    "Member",
    "NetworkMember",
    "TreeMember",
    "apply_temperature",
    "fit_temperature",
    "rows_at_once",
    "set_one_thread",
    "weighted_mean",
]

PREDICTED_ROWS = 1024  # rows encoded and predicted at a time: what layers of networks return stays in the cache
THREADED_ROWS = 500  # rows of a table from which several threads are faster than one
MAX_TEMPERATURE = 4.0  # the smallest is its inverse
MIN_PROBABILITY = 1e-15


@dataclass(frozen=True, eq=False)
class NetworkMember:
    """A trained network with the encoders of its fold.

    Attributes
    ----------
    encoder : Encoder
    targets : TargetEncoder
    network : nn.Module
        On the CPU, in evaluation mode.
    config : dict
        The configuration that it was built from.
    task : Task
    """

    encoder: Encoder
    targets: TargetEncoder
    network: nn.Module
    config: Mapping[str, Any]
    task: Task

    def predict(self, x: Inputs) -> Array:
        """Predict probabilities, or values in the unit of the target, for encoded rows (n, n_in)."""
        if self.network.training:  # eval() visits all layers, which takes long beside a single row
            self.network.eval()
        with torch.inference_mode():
            parts = [self.network(x[rows]) for rows in _slice_rows(x)]
            return self.targets.decode((parts[0] if len(parts) == 1 else torch.cat(parts)).numpy())


@dataclass(frozen=True, eq=False)
class TreeMember:
    """A tree ensemble with the encoders of its fold.

    Attributes
    ----------
    encoder : Encoder
    targets : TargetEncoder
    trees : BoostedTrees or RandomizedTrees
    """

    encoder: Encoder
    targets: TargetEncoder
    trees: BoostedTrees | RandomizedTrees

    def predict(self, x: Inputs) -> Array:
        """Predict probabilities, or values in the unit of the target, for encoded rows (n, n_in)."""
        outputs = self.trees.predict(x[:].cpu().numpy())
        return self.targets.decode(outputs) if self.targets.kind == "regression" else outputs


Member = NetworkMember | TreeMember


def _slice_rows(x: Inputs) -> list[slice]:
    """Return the rows of each forward pass: all at once, unless the inputs say how many."""
    n_rows = getattr(x, "prediction_rows", len(x))
    return [slice(first, first + n_rows) for first in range(0, len(x), n_rows)] if n_rows < len(x) else [slice(None)]


@dataclass(frozen=True)
class Ensemble:
    """Weighted mean of the predictions of its members.

    Attributes
    ----------
    members : sequence of Member
    weights : list of float
        They sum to 1.
    names : list of int or str
        Where each member comes from: the number of a trial, "linear", or the name of a tree ensemble.
    temperature : float
        Of the mean of the probabilities; 1 leaves them as they are.
    """

    members: Sequence[Member]
    weights: list[float]
    names: Sequence[int | str]
    temperature: float = 1.0

    @classmethod
    def from_members(cls, name: int | str, members: Sequence[Member]) -> "Ensemble":
        """Average the members of one trial, or of one learner, one per fold."""
        return cls(members, [1 / len(members)] * len(members), [name] * len(members))

    @property
    def shares(self) -> dict[int | str, float]:
        """Weight of all members of each name."""
        shares = dict[int | str, float]()
        for name, weight in zip(self.names, self.weights, strict=True):
            shares[name] = shares.get(name, 0.0) + weight
        return shares

    def predict(self, data: Data) -> Array:
        """Predict probabilities (n, n_outputs), or values (n, n_targets).

        Members that share an encoder are one job for each part of the rows; many rows are predicted on all cores.
        """
        by_encoder = dict[Encoder, list[tuple[float, Member]]]()
        for weight, member in zip(self.weights, self.members, strict=True):
            by_encoder.setdefault(member.encoder, []).append((weight, member))
        n_rows = rows_at_once(data)
        starts = range(0, max(len(data), 1), n_rows)
        jobs = [(parts, start) for start in starts for parts in by_encoder.values()]

        def do(job: tuple[list[tuple[float, Member]], int]) -> tuple[Array, Array, Array]:
            parts, start = job
            return _weighted_sum(parts, data.rows(slice(start, start + n_rows)))

        threads = min(len(jobs), available_cores()) if len(data) >= min(THREADED_ROWS, n_rows) else 1
        with ThreadPoolExecutor(threads, initializer=set_one_thread) as pool:
            try:
                done = iter(map(do, jobs) if threads == 1 else pool.map(do, jobs))
                means = [_mean(islice(done, len(by_encoder))) for _ in starts]
            finally:
                pool.shutdown(wait=False, cancel_futures=True)  # an interrupt does not wait for all rows
        return apply_temperature(np.concatenate(means), self.temperature)

    def disagreement(self, data: Data, weights: Array, n_folds: int) -> Array:
        """Return the standard deviation between the predictions of its first members, a mean over the folds.

        Parameters
        ----------
        data : Data
        weights : ndarray of shape (n_candidates,)
        n_folds : int
            Number of members of each candidate.

        Returns
        -------
        ndarray of shape (n, n_outputs) or (n, n_targets)
        """
        members, parts = self.members[: len(weights) * n_folds], []
        encoders = dict.fromkeys(member.encoder for member in members)
        for first in range(0, max(len(data), 1), PREDICTED_ROWS):
            chunk = data.rows(slice(first, first + PREDICTED_ROWS))
            inputs = {encoder: encoder.inputs(chunk, torch.device("cpu")) for encoder in encoders}
            predictions = [member.predict(inputs[member.encoder]) for member in members]
            parts.append(np.mean([disagreement(weights, predictions[k::n_folds]) for k in range(n_folds)], axis=0))
        return np.concatenate(parts)


def rows_at_once(data: Data) -> int:
    """Return the number of rows that a thread encodes and predicts at a time."""
    return getattr(data, "prediction_rows", PREDICTED_ROWS)


def set_one_thread() -> int:
    """Let torch compute on one thread where this thread asks it to, and return on how many it did before.

    It is asked first, because the first use of torch in a thread takes over the number that any other has set last.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    return before


def weighted_mean(weights: Sequence[float], predictions: Sequence[Array]) -> Array:
    """Average predictions, all of the same shape, by weights that sum to 1."""
    return _clip(_sum(weights, predictions), predictions, predictions)


def _clip(mean: Array, lowest: Sequence[Array], highest: Sequence[Array]) -> Array:
    """Clip a mean to the range of its terms, so that rounding does not change the mean of equal predictions."""
    return np.asarray(np.clip(mean, np.min(lowest, axis=0), np.max(highest, axis=0)))


def _mean(sums: Iterable[tuple[Array, Array, Array]]) -> Array:
    """Add up what `_weighted_sum` returned for the same rows."""
    terms, lowest, highest = zip(*sums, strict=True)
    return _clip(np.sum(terms, axis=0), lowest, highest)


def _weighted_sum(parts: Sequence[tuple[float, Member]], data: Data) -> tuple[Array, Array, Array]:
    """Return the weighted sum, the lowest and the highest prediction of members that share an encoder."""
    x = parts[0][1].encoder.inputs(data, torch.device("cpu"))
    weights, predictions = [weight for weight, _ in parts], [member.predict(x) for _, member in parts]
    return _sum(weights, predictions), np.min(predictions, axis=0), np.max(predictions, axis=0)


def _sum(weights: Sequence[float], predictions: Sequence[Array]) -> Array:
    return np.asarray(np.sum([w * p for w, p in zip(weights, predictions, strict=True)], axis=0))


def apply_temperature(probabilities: Array, temperature: float) -> Array:
    """Divide the logarithms of probabilities (n, n_classes) by a temperature; above 1 makes them more alike."""
    if temperature == 1:
        return probabilities
    return np.exp(_log_softmax(probabilities, temperature))


def fit_temperature(probabilities: Array, y: Array, weights: Array | None = None) -> float:
    """Find the temperature with the smallest log loss: Guo et al., "On calibration of modern neural networks" (2017).

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_classes)
    y : ndarray of shape (n,)
        Class codes.
    weights : ndarray of shape (n,), optional

    Returns
    -------
    float
        1 if no other is better.
    """
    logs = np.log(np.maximum(probabilities, MIN_PROBABILITY))
    logs -= logs.max(axis=1, keepdims=True)
    of_truth = logs[np.arange(len(y)), y]

    def loss(log_temperature: float) -> float:
        temperature = np.exp(log_temperature)
        total = np.log(np.exp(logs / temperature).sum(axis=1))
        return float(np.average(total - of_truth / temperature, weights=weights))

    end = np.log(MAX_TEMPERATURE)
    found = minimize_scalar(loss, bounds=(-end, end), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 1.0


def _log_softmax(probabilities: Array, temperature: float) -> Array:
    return np.asarray(log_softmax(np.log(np.maximum(probabilities, MIN_PROBABILITY)) / temperature, axis=1))

"""Test rows: scored after training and outside of its budget, and never used for a decision."""

import logging
import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from autonet.core.alarms import TimedOut
from autonet.core.clock import TimeLimit
from autonet.core.cores import available_cores
from autonet.core.errors import ScoreSkipped
from autonet.core.interrupts import current_interrupt
from autonet.core.modality import Data, Encoder, Inputs
from autonet.core.typing import Array
from autonet.core.warn import warn
from autonet.metrics.metric import Cost, Metric
from autonet.models.ensemble import Ensemble, rows_at_once
from autonet.training.loop import predict

__all__ = ["TrainedNetwork", "UnseenRows"]

MAX_TRIAL_ROWS = 10_000  # that trials are scored on; the final model is on all
CACHED_BYTES = 2**28  # of encodings of these rows
MIN_SECONDS = 0.5  # for the scores of the final model, whatever the time limit
# Scores of a trial may take so many times as long as validations of as many rows, and so many seconds for encoding.
MARGIN, ENCODING_SECONDS = 2, 0.2


@dataclass(frozen=True)
class TrainedNetwork:
    """A network of a fold after its training.

    Attributes
    ----------
    network : nn.Module
    weights : mapping of str to Tensor
        Those to score.
    encoder : Encoder
    decode : callable
        Maps outputs (n, n_out) to predictions (n, n_outputs).
    seconds : float
        Duration of a validation, per row.
    """

    network: nn.Module
    weights: Mapping[str, Any]
    encoder: Encoder
    decode: Any
    seconds: float


@dataclass
class UnseenRows:
    """Test rows of a fit.

    Attributes
    ----------
    data : Data
    y : ndarray of shape (n, ...)
        Class codes, labels or values.
    metrics : sequence of Metric
        Copies, so that their durations are not those on which thresholds and validations of the fit depend.
    """

    data: Data
    y: Array
    metrics: Sequence[Metric]
    _encoded: dict[Encoder, Inputs] = field(default_factory=dict, repr=False)
    _sample: Data | None = field(default=None, repr=False)

    @classmethod
    def from_metrics(cls, data: Data, y: Array, metrics: Sequence[Metric]) -> "UnseenRows":
        """Score rows by copies of the metrics of a fit."""
        return cls(data, y, [replace(metric, cost=Cost(metric.seconds, metric.seconds)) for metric in metrics])

    def score_trial(
        self,
        networks: Sequence[TrainedNetwork],
        threshold: float | Array | None,
        device: torch.device,
        limit: TimeLimit,
    ) -> dict[str, float]:
        """Score the mean prediction of a trial's networks; return no scores if there is no time, or if they fail."""
        rows = np.arange(len(self.data))[:: -(-len(self.data) // MAX_TRIAL_ROWS)]
        seconds = MARGIN * sum(network.seconds for network in networks) * len(rows)
        if current_interrupt().requested or limit.passed(seconds + ENCODING_SECONDS):
            return {}
        try:
            predictions = [self._predict(network, rows, device) for network in networks]
            return self._score(np.mean(predictions, axis=0), rows, threshold)
        except TimedOut:  # an alarm for more than this trial rings again
            return {}
        except Exception:
            logging.getLogger("autonet").warning("the test rows cannot be scored", exc_info=True)
            return {}

    def score_ensemble(self, ensemble: Ensemble, threshold: float | Array | None, limit: TimeLimit) -> dict[str, float]:
        """Score the final model; warn, and return no scores, if there is no time for them, or if it fails."""
        try:
            return self._score_ensemble(ensemble, threshold, limit)
        except TimeoutError:
            why = "There was no time to score X_test; give a larger max_runtime, or score its predictions."
        except Exception as error:  # the model is there
            logging.getLogger("autonet").warning("the test rows cannot be scored", exc_info=True)
            why = f"X_test cannot be scored ({type(error).__name__}: {error!s:.80})."
        warn(why, ScoreSkipped)
        return {}

    def _score_ensemble(
        self, ensemble: Ensemble, threshold: float | Array | None, limit: TimeLimit
    ) -> dict[str, float]:
        limit = max(limit, TimeLimit.after(MIN_SECONDS))
        parts, began, n_rows = list[Array](), time.monotonic(), len(self.data)
        step = rows_at_once(self.data) * available_cores()
        for first in range(0, n_rows, step):
            parts.append(ensemble.predict(self.data.rows(slice(first, first + step))))
            done = min(first + step, n_rows)
            if limit.passed((time.monotonic() - began) / done * (n_rows - done)):
                raise TimeoutError
        slow = sum(metric.seconds for metric in self.metrics if metric.is_slow)
        return self._score(np.concatenate(parts), slice(None), threshold, slow=not limit.passed(slow))

    def _predict(self, trained: TrainedNetwork, rows: Array, device: torch.device) -> Array:
        if trained.encoder not in self._encoded:
            if sum(x.nbytes for x in self._encoded.values()) > CACHED_BYTES:
                self._encoded.clear()
            self._encoded[trained.encoder] = self._encode(trained.encoder, rows, device)
        network = deepcopy(trained.network)
        network.load_state_dict(trained.weights)
        prediction: Array = trained.decode(predict(network, self._encoded[trained.encoder]).cpu().numpy())
        return prediction

    def _encode(self, encoder: Encoder, rows: NDArray[np.intp], device: torch.device) -> Inputs:
        """Encode rows (n,); a GPU, to which data may be copied as a whole, gets no others."""
        if device.type == "cpu" or len(rows) == len(self.data):
            return encoder.inputs(self.data, device, rows)
        if self._sample is None:
            self._sample = self.data.rows(rows)
        return encoder.inputs(self._sample, device)

    def _score(
        self, prediction: Array, rows: Any, threshold: float | Array | None, *, slow: bool = False
    ) -> dict[str, float]:
        """Score predictions (n, n_outputs), by slow metrics if asked for; NaN where a metric is undefined."""
        scores = {}
        for metric in self.metrics:
            if metric.is_slow and not slow:
                continue
            scores[f"test_{metric.name}"] = metric.score_sample(self.y[rows], prediction, None, threshold)
        return scores

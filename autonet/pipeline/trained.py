"""Trained network of a fold: the checkpoint of a trial, as objects or in plain values."""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from autonet.core.component import Node
from autonet.core.modality import Encoder
from autonet.core.pickling import pickle_arrays
from autonet.core.spec import from_spec, to_spec
from autonet.core.typing import Array
from autonet.data.encoding.transformers import bind_transformers
from autonet.data.targets.transforms import TargetEncoder
from autonet.search.running_trial import RunningTrial
from autonet.training.state import Snapshot

__all__ = ["TrainedFold", "as_checkpoint", "as_folds"]


@dataclass(frozen=True)
class TrainedFold:
    """Trained network of a fold: its encoders, and the state of training with the best weights."""

    encoder: Encoder
    targets: TargetEncoder
    state: dict[str, Any]
    n_parameters: int

    @property
    def position(self) -> dict[str, Any]:
        """Steps, epochs and seconds of training so far."""
        position: dict[str, Any] = self.state["position"]
        return position

    @property
    def best(self) -> Snapshot:
        """Weights of the best epoch on the validation rows."""
        best: Snapshot = self.state["best"]
        return best

    @property
    def last(self) -> Snapshot:
        """Weights of the last epoch."""
        last: Snapshot = self.state["last"]
        return last

    def prediction(self, snapshot: Snapshot) -> Array:
        """Predict the validation rows with the weights of a snapshot."""
        return self.targets.decode(snapshot.outputs.numpy())

    def spec(self) -> dict[str, Any]:
        """Describe the fold in plain values, arrays and tensors, for a run directory."""
        best, last = self.best, self.last
        snapshots = {"best": vars(best), "last": None if last is best else vars(last)}
        return {
            "encoder": to_spec(self.encoder),
            "targets": to_spec(self.targets),
            "state": {**self.state, **snapshots},
            "n_parameters": self.n_parameters,
        }

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Self:
        """Rebuild a fold from its description."""
        best, last = spec["state"]["best"], spec["state"]["last"]
        snapshot = Snapshot(**best)
        state = {**spec["state"], "best": snapshot, "last": snapshot if last is None else Snapshot(**last)}
        return cls(from_spec(spec["encoder"]), from_spec(spec["targets"]), state, spec["n_parameters"])

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle tensors quickly, for the way between processes."""
        return _unpickle, (pickle_arrays((self.encoder, self.targets, self.state, self.n_parameters)),)


def _unpickle(data: bytes) -> TrainedFold:
    return TrainedFold(*pickle.loads(data))  # noqa: S301 - from a process of this fit


def as_checkpoint(trained: list[TrainedFold], trial: RunningTrial) -> list[Any]:
    """Return the checkpoint of a trial: the folds, or in a run directory their descriptions."""
    return trained if trial.job.directory is None else [fold.spec() for fold in trained]


def as_folds(checkpoint: Sequence[Any] | None, nodes: Mapping[str, Node[Any]]) -> list[TrainedFold] | None:
    """Return the folds of a checkpoint, with the components of `nodes`; None if there is none."""
    if checkpoint is None:
        return None
    folds = [fold if isinstance(fold, TrainedFold) else TrainedFold.from_spec(fold) for fold in checkpoint]
    return [replace(fold, encoder=bind_transformers(fold.encoder, nodes)) for fold in folds]

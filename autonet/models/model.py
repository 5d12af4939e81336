"""Fitted model: predicts from data as they come, and is described in plain values and arrays."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from autonet.core.component import Node
from autonet.core.errors import InvalidModelFile, InvalidOption
from autonet.core.modality import Data, Reader
from autonet.core.spec import from_spec, to_spec
from autonet.core.typing import Array
from autonet.data.encoding.encoder import TabularEncoder
from autonet.data.encoding.transformers import bind_transformers
from autonet.data.images.reader import ImageReader
from autonet.data.images.sources import name_files
from autonet.data.reading.schema import Schema
from autonet.data.targets.targets import RegressionTargets, Targets
from autonet.metrics.formulas import decide
from autonet.models.conformal import Conformal, QuantileConformal, suits
from autonet.models.ensemble import Ensemble, Member, NetworkMember, TreeMember, set_one_thread
from autonet.models.frames import to_frame
from autonet.models.network import PREDICTING, find_custom, rebuild_network, restore_checked, restore_network

__all__ = ["FittedModel", "one_thread"]

# How often a member may be part of an ensemble: at the best epoch of a trial, and at the last.
MAX_USES = 2

_LOCK = threading.Lock()
# Number of `one_thread` blocks that are active in this process.
_ACTIVE = [0]
# Number of threads before the first of them.
_PREVIOUS = [1]


@dataclass(frozen=True, eq=False, repr=False)
class FittedModel:
    """Fitted model: reads data, encodes them, predicts, and applies the decision threshold.

    Attributes
    ----------
    schema : Reader
        Reads further data with the features of fit; a `Schema` for tables.
    targets : ClassTargets, MultilabelTargets or RegressionTargets
        Decodes predictions to labels, or to values in the shape of `y`.
    ensemble : Ensemble
        Networks and tree ensembles whose mean is the prediction.
    best : sequence of NetworkMember
        Networks of the best configuration, one per fold.
    threshold : float, ndarray of shape (n_labels,) or None
        Probability above which the second of two classes, or a label, is predicted; None: 0.5, or the most probable
        class.
    conformal : Conformal, QuantileConformal or None
        Calibration of intervals and sets; None for several labels per row, and in models of older versions.
    """

    schema: Reader
    targets: Targets
    ensemble: Ensemble
    best: Sequence[NetworkMember]
    threshold: float | Array | None = None
    conformal: Conformal | QuantileConformal | None = None

    @property
    def network(self) -> nn.Module:
        """Network of the best configuration; of several folds, that of the first."""
        return self.best[0].network

    @property
    def networks(self) -> list[NetworkMember]:
        """Networks of the ensemble and of the best configuration."""
        members = dict.fromkeys([*self.ensemble.members, *self.best])
        return [member for member in members if isinstance(member, NetworkMember)]

    def read(self, X: Any, owner: str = "") -> Data:
        """Read rows with the features that were fitted.

        Parameters
        ----------
        X : data frame, dictionary, list of dictionaries, array-like or sparse matrix of shape (n, n_features)
            Columns with names are selected by name: in any order, further ones are ignored.
        owner : str, optional
            Name of an estimator whose columns must be exactly those of fit, as scikit-learn requires.

        Raises
        ------
        InvalidData
            If a column is missing, or has other values than in fit.
        """
        data: Data = self.schema.read(X, owner)
        return data

    def transform(self, X: Any, *, owner: str = "") -> Array:
        """Encode rows as `network` expects them.

        Parameters
        ----------
        X : array-like, sparse matrix or data frame of shape (n, n_features)
        owner : str, optional
            Name of an estimator whose columns must be exactly those of fit, as scikit-learn requires.

        Returns
        -------
        ndarray of shape (n, n_in), float32
        """
        return self.best[0].encoder.inputs(self.read(X, owner), torch.device("cpu"))[:].numpy()

    def name_columns(self, names: Sequence[str]) -> list[str]:
        """Name the columns of `transform`, given the names of those of the table; number them where there are none."""
        encoder, schema = self.best[0].encoder, self.schema
        if isinstance(encoder, TabularEncoder) and isinstance(schema, Schema):
            return encoder.name_columns(schema.name_inputs(names))
        return [f"x{i}" for i in range(encoder.layout.n_in)]

    def predict_proba(self, X: Any, *, as_frame: bool = False, owner: str = "") -> Any:
        """Predict probabilities.

        Parameters
        ----------
        X : data frame, dictionary, list of dictionaries, array-like or sparse matrix of shape (n, n_features)
            Columns with names are selected by name: in any order, further ones are ignored.
        as_frame : bool, default=False
            Return a pandas data frame with a column for each class, and the index of `X` if it has one; of images in
            a folder, a CSV file or a list of paths, the index is their paths.  Paths in a CSV file are relative to its
            folder: only an estimator knows `root_folders`.
        owner : str, optional
            Name of an estimator whose columns must be exactly those of fit, as scikit-learn requires.

        Returns
        -------
        ndarray or DataFrame of shape (n, n_classes) or (n, n_labels)

        Raises
        ------
        InvalidOption
            If the model was fitted to a regression.
        MissingPackage
            If a frame is asked for, and pandas is not installed.
        """
        if self.targets.kind == "regression":
            raise InvalidOption("predict_proba is for classification; this model was fitted to a regression.")
        if not as_frame:
            return self._mean(X, owner)
        files = name_files(X) if isinstance(self.schema, ImageReader) else None
        return to_frame(self._mean(X if files is None else files, owner), self.targets.names, X, files)

    def predict(self, X: Any, *, owner: str = "") -> Array:
        """Predict labels, or values in the unit of the target.

        Parameters
        ----------
        X : data frame, dictionary, list of dictionaries, array-like or sparse matrix of shape (n, n_features)
            Columns with names are selected by name: in any order, further ones are ignored.
        owner : str, optional
            Name of an estimator whose columns must be exactly those of fit, as scikit-learn requires.

        Returns
        -------
        ndarray of shape (n,), (n, n_labels) or (n, n_targets)
            In the type and shape of the `y` that was fitted; (n, n_quantiles) for several quantiles.
        """
        mean = self._mean(X, owner)
        if self.targets.kind == "regression":
            return self.targets.decode(mean)
        return self.decide(mean)

    def decide(self, probabilities: Array) -> Array:
        """Decide on labels, as `predict` does, given what `predict_proba` returned.

        Parameters
        ----------
        probabilities : ndarray of shape (n, n_classes) or (n, n_labels)

        Returns
        -------
        ndarray of shape (n,) or (n, n_labels)
        """
        return self.targets.decode(decide(probabilities, self.targets.kind, self.threshold))

    def predict_interval(self, X: Any, coverage: float = 0.9, *, owner: str = "") -> Array:
        """Predict intervals that hold the target in a share of the rows.

        Parameters
        ----------
        X : data frame, dictionary, list of dictionaries, array-like or sparse matrix of shape (n, n_features)
        coverage : float, default=0.9
            Share of rows whose target is in its interval, on average over rows like those of fit.
        owner : str, optional
            Name of an estimator whose columns must be exactly those of fit, as scikit-learn requires.

        Returns
        -------
        ndarray of shape (n, 2) or (n, n_targets, 2)
            Lower and upper end.

        Raises
        ------
        InvalidOption
            If the model is not a regression, has too few validation rows for the coverage, or predicts quantiles of
            which none are below or above the median.
        """
        calibration = self._calibration("predict_interval", "a regression", is_regression=True)
        data, basis = self.read(X, owner), list[Array]()
        with one_thread():
            basis.append(self.ensemble.predict(data))
            if isinstance(calibration, Conformal):
                basis.append(self.ensemble.disagreement(data, calibration.weights, calibration.n_folds))
        intervals: Array = calibration.intervals(*basis, coverage)
        return intervals[:, 0] if vars(self.targets)["ndim"] == 1 else intervals

    def predict_set(self, X: Any, coverage: float = 0.9, *, owner: str = "") -> Array:
        """Predict sets of classes that hold the true one in a share of the rows.

        Parameters
        ----------
        X : data frame, dictionary, list of dictionaries, array-like or sparse matrix of shape (n, n_features)
        coverage : float, default=0.9
            Share of rows whose class is in its set, on average over rows like those of fit.
        owner : str, optional
            Name of an estimator whose columns must be exactly those of fit, as scikit-learn requires.

        Returns
        -------
        ndarray of shape (n, n_classes), bool
            Whether a class is in the set; at least one is.

        Raises
        ------
        InvalidOption
            If the model is not a classification with one label per row, or has too few validation rows for the
            coverage.
        """
        calibration = self._calibration("predict_set", "a classification with one label per row", is_regression=False)
        sets: Array = calibration.sets(self._mean(X, owner), coverage)
        return sets

    def _calibration(self, method: str, task: str, *, is_regression: bool) -> Any:
        if (self.targets.kind == "regression") != is_regression or self.targets.kind == "multilabel":
            raise InvalidOption(f"{method} is for {task}; this model was fitted to a {self.targets.kind}.")
        if self.conformal is None:
            raise InvalidOption(
                f"{method} needs a calibration, which this model of an older version lacks; fit it again."
            )
        return self.conformal

    def _mean(self, X: Any, owner: str) -> Array:
        data = self.read(X, owner)
        with one_thread():
            return self.ensemble.predict(data)

    def predict_missing(self) -> Array:
        """Predict for a row without any value, to compare a loaded model with the saved one.

        Returns
        -------
        ndarray of shape (1 + n_best, n_outputs) or (1 + n_best, n_targets)
            Probabilities or values of the ensemble, and of each network of the best configuration.
        """
        row = self.schema.missing_row()
        with one_thread():
            alone = [member.predict(member.encoder.inputs(row, torch.device("cpu"))) for member in self.best]
            return np.concatenate([self.ensemble.predict(row), *alone])

    def spec(self) -> dict[str, Any]:
        """Describe the model in plain values and arrays; see `autonet.core.spec`.

        Raises
        ------
        InvalidData
            If a label or a category is of a class that has no description.
        """
        members = list(dict.fromkeys([*self.ensemble.members, *self.best]))
        encoders = list(dict.fromkeys(member.encoder for member in members))
        return {
            "schema": to_spec(self.schema),
            "targets": to_spec(self.targets),
            "threshold": to_spec(self.threshold),
            "conformal": to_spec(self.conformal),
            "encoders": [to_spec(encoder) for encoder in encoders],
            "members": [{"encoder": encoders.index(member.encoder), **_describe(member)} for member in members],
            "best": [members.index(member) for member in self.best],
            "ensemble": {
                "members": [members.index(member) for member in self.ensemble.members],
                "weights": list(self.ensemble.weights),
                "names": list(self.ensemble.names),
                "temperature": float(self.ensemble.temperature),
            },
        }

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any], nodes: Mapping[str, Node[Any]] = PREDICTING) -> "FittedModel":
        """Rebuild a model from its description.

        Parameters
        ----------
        spec : mapping
            As returned by `spec`.
        nodes : mapping of str to Node
            The components that it may name; default: those of autonet, and registered ones.

        Raises
        ------
        InvalidModelFile, ValueError, TypeError, LookupError, RuntimeError
            If parts are missing, or do not fit together.
        """
        encoders = [bind_transformers(from_spec(encoder), nodes) for encoder in spec["encoders"]]
        members = [_rebuild(part, encoders[part["encoder"]], nodes) for part in spec["members"]]
        parts = spec["ensemble"]
        if any(len(indices) > MAX_USES * len(members) for indices in (parts["members"], spec["best"])):
            raise InvalidModelFile("its members are used again and again")
        targets, threshold = from_spec(spec["targets"]), from_spec(spec["threshold"])
        conformal = from_spec(spec.get("conformal"))  # None in older files
        _check_sizes(members, targets, threshold)
        if conformal and not suits(conformal, targets, len(parts["members"])):
            raise InvalidModelFile("the calibration of its intervals and sets has other sizes")
        return cls(
            schema=from_spec(spec["schema"]),
            targets=targets,
            ensemble=Ensemble(
                [members[i] for i in parts["members"]], parts["weights"], parts["names"], parts["temperature"]
            ),
            best=[members[i] for i in spec["best"]],
            threshold=threshold,
            conformal=conformal,
        )


def _describe(member: Member) -> dict[str, Any]:
    if isinstance(member, TreeMember):
        return {"targets": to_spec(member.targets), "trees": to_spec(member.trees)}
    return {
        "targets": to_spec(member.targets),
        "task": to_spec(member.task),
        "config": to_spec(dict(member.config)),
        "weights": {name: tensor.numpy() for name, tensor in member.network.state_dict().items()},
    }


def _rebuild(part: Mapping[str, Any], encoder: Any, nodes: Mapping[str, Node[Any]]) -> Any:
    targets = from_spec(part["targets"])
    if "trees" in part:
        return TreeMember(encoder, targets, from_spec(part["trees"]))
    task, config = from_spec(part["task"]), from_spec(part["config"])
    weights = {name: torch.from_numpy(np.array(array)) for name, array in part["weights"].items()}
    build = partial(rebuild_network, task, config, encoder.layout, nodes)
    if not find_custom(config, nodes):  # others may need values
        return NetworkMember(encoder, targets, restore_checked(build, config, weights, nodes), config, task)
    return NetworkMember(encoder, targets, restore_network(build, weights), config, task)


def _check_sizes(members: Sequence[Member], targets: Targets, threshold: Any) -> None:
    """Check that all parts have as many outputs as the networks, whose weights tell, and no array has another shape."""
    n, arrays = targets.n_outputs, [threshold]
    width = targets.n_targets if isinstance(targets, RegressionTargets) else n
    for member in members:
        encoder = member.targets
        arrays += [encoder.center, encoder.scale, encoder.constant, *(encoder.bounds or ())]
        arrays += vars(encoder.transform).values() if encoder.transform is not None else ()
    tasks = {(member.trees if isinstance(member, TreeMember) else member).task.n_outputs for member in members}
    if not any(isinstance(member, NetworkMember) for member in members) or tasks != {n}:
        raise InvalidModelFile(f"its members have {sorted(tasks)!s:.60} outputs, its targets {n!s:.20}")
    if any(np.shape(array) not in ((), (width,)) for array in arrays):
        raise InvalidModelFile(f"an array has another shape than ({width},)")
    if any(member.targets.quantiles != targets.quantiles for member in members):
        raise InvalidModelFile("its members predict other quantiles")


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread inside a ``with`` block, and restore the previous number of threads at its end.

    The matrices of tabular networks are small.  With several threads every operation ends in a barrier, where all
    threads wait as soon as another process occupies one core: a training step can become hundreds of times slower.
    One thread also makes sums independent of the number of cores, so that a seed gives the same bits everywhere.

    Blocks of several threads may overlap: each restores the setting from before the first one.
    """
    if torch.get_num_threads() == 1:
        yield
        return
    with _LOCK:
        before = set_one_thread()
        if not _ACTIVE[0]:
            _PREVIOUS[0] = before
        _ACTIVE[0] += 1
    try:
        yield
    finally:
        with _LOCK:
            _ACTIVE[0] -= 1
            torch.set_num_threads(_PREVIOUS[0])

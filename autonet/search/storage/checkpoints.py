"""Checkpoints of trials, in memory or in safetensors files.

A file holds arrays as tensors and the structure around them as JSON in a further tensor; it never contains code.
"""

import copy
import json
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file

from autonet.core.errors import RunCorrupted, RunUnavailable
from autonet.core.files import publish
from autonet.core.specfile import DTYPES, iter_safetensors
from autonet.search.storage.files import check_plain, create

__all__ = ["Checkpoint", "checkpoint_path", "read_checkpoint", "read_notes", "write_checkpoint"]

Arrays = dict[str, NDArray[Any]]

TREE = "tree"  # name of the tensor with the JSON; arrays have numbers as names

NOTES = "notes"  # metadata entry with the notes

NATIVE_DTYPES = frozenset(map(np.dtype, DTYPES))

JSON_TYPES = frozenset({type(None), bool, int, float, str})

KEY = object()  # in a path: what follows is in a key

# Torch dtypes that NumPy lacks, with the integer dtypes to which they are viewed.
BIT_DTYPES: Mapping[str, str] = {"bfloat16": "int16"} | dict.fromkeys(
    ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"), "uint8"
)


class Checkpoint:
    """Checkpoint of a running trial.

    Parameters
    ----------
    previous : object
        State saved by the previous job of the trial, or the path to it; None for a new trial.
    path : Path, optional
        File of the checkpoint; None keeps it in memory.
    notes : callable, optional
        Returns a text to save in the file beside the state.
    has_improved : callable, optional
        Returns whether the latest report is the best of the trial.
    """

    def __init__(
        self,
        previous: Any = None,
        path: Path | None = None,
        notes: Callable[[], str] | None = None,
        has_improved: Callable[[], bool] | None = None,
    ) -> None:
        self._previous, self._path, self._notes, self._has_improved = previous, path, notes, has_improved
        self.saved: Any = None  # for the next job: the state, or the path to it

    def load(self) -> Any:
        """Return the latest state saved by this or an earlier job of the trial; None if there is none."""
        latest = self._previous if self.saved is None else self.saved
        return latest if self._path is None or latest is None else read_checkpoint(latest)

    def save(self, state: Any) -> None:
        """Save a state for the next job of the trial, in place of the previous one.

        Parameters
        ----------
        state : object
            With a run directory: None, bool, numbers, str, bytes, arrays, tensors, and dicts, lists and tuples of
            them, such as a ``state_dict()``.  Without one: any object that can be copied.

        Raises
        ------
        TypeError
            If `state` cannot be stored in the run directory, or cannot be copied.
        RunUnavailable
            If the file cannot be written, for example because the disk is full.
        """
        if self._path is None:
            try:
                state = copy.deepcopy(state)
            except Exception as error:
                raise TypeError(
                    f"a checkpoint of type {type(state).__name__} cannot be copied ({error}); leave out locks, files "
                    "and connections, or pass it to keep(), which does not copy."
                ) from error
        self.keep(state)

    def save_if_best(self, state: Any) -> bool:
        """Save a state if the latest report of the trial is the best of its job; return whether it was saved.

        Parameters
        ----------
        state : object
            See `save`.

        Raises
        ------
        InvalidOption
            If the trial has reported no value.
        """
        improved = self._has_improved is None or self._has_improved()
        if improved:
            self.save(state)
        return improved

    def keep(self, state: Any) -> None:
        """Save a state without copying it in memory; it must not change afterwards."""
        if self._path is not None:
            write_checkpoint(self._path, state, self._notes() if self._notes else "")
        self.saved = state if self._path is None else self._path


def checkpoint_path(directory: str, trial: int, start: float, target: float) -> Path:
    """Return the checkpoint file of a job."""
    return Path(directory) / f"{trial}-{start}-{target}.safetensors"


def write_checkpoint(path: Path, state: Any, notes: str = "") -> None:
    """Write a checkpoint atomically; `read_notes` returns the notes without loading the state."""
    flattener = _Flattener()
    tree = json.dumps(flattener.flatten(state))
    arrays = {**flattener.arrays, TREE: np.frombuffer(tree.encode(), np.uint8)}
    part = path.with_suffix(".part")
    try:
        create(part, iter_safetensors(arrays, {NOTES: notes} if notes else {}))
        publish(part, path)
    except OSError as error:
        raise RunUnavailable(f"{path} cannot be written: {error}.") from error


def read_checkpoint(path: Path) -> Any:
    """Read the state in a checkpoint; raise `RunCorrupted` if that fails."""
    try:
        check_plain(path)
        arrays = load_file(path)
        return _unflatten(json.loads(arrays[TREE].tobytes()), arrays)
    except Exception as error:
        raise RunCorrupted(f"The checkpoint {path} cannot be read: {type(error).__name__}: {error}.") from error


def read_notes(path: Path) -> str:
    """Read the notes in a checkpoint, but not its state; raise `RunCorrupted` if that fails."""
    try:
        check_plain(path)
        with safe_open(path, "numpy") as file:
            return str((file.metadata() or {})[NOTES])
    except Exception as error:
        raise RunCorrupted(f"The checkpoint {path} cannot be read: {type(error).__name__}: {error}.") from error


class _Flattener:
    """Converts a state to JSON and arrays; a tensor that occurs twice is stored once."""

    def __init__(self) -> None:
        self.arrays: Arrays = {}
        self._tensors: dict[int, dict[str, Any]] = {}  # by id: the state holds them until the file is written

    def flatten(self, value: Any, path: tuple[Any, ...] = ()) -> Any:
        """Convert a value to JSON, moving its arrays to `arrays`; `path` leads to the value in the state."""
        if type(value) in JSON_TYPES:
            return value
        torch = sys.modules.get("torch")  # imported if there are tensors
        if torch is not None and isinstance(value, torch.Tensor) and _is_plain(value, torch):
            if id(value) not in self._tensors:
                self._tensors[id(value)] = self._flatten_tensor(value)
            return self._tensors[id(value)]
        if isinstance(value, Mapping):
            return {"dict": [[self.flatten(k, (*path, KEY)), self.flatten(v, (*path, k))] for k, v in value.items()]}
        if type(value) is list or isinstance(value, tuple):
            kind = "list" if isinstance(value, list) else "tuple"
            return {kind: [self.flatten(v, (*path, i)) for i, v in enumerate(value)]}
        if isinstance(value, np.generic) and not isinstance(value.item(), np.generic):
            return self.flatten(value.item(), path)
        if isinstance(value, bool | int | float | str):  # of a subclass, such as an enumeration
            return value
        if isinstance(value, bytes):
            return {"bytes": self._keep(np.frombuffer(value, np.uint8))}
        if isinstance(value, np.ndarray) and value.dtype.kind not in "OV":  # not objects or structured
            return self._flatten_array(value)
        where = "checkpoint" + "".join(f"[{key!r}]" for key in path if key is not KEY)
        raise TypeError(
            f"{'a key of ' if KEY in path else ''}{where} is of type {type(value).__name__}, which cannot be saved in "
            "a run directory; save numbers, text, bytes, arrays, tensors, and dicts or lists of them, such as a "
            "state_dict()."
        )

    def _keep(self, array: NDArray[Any]) -> str:
        """Add an array; return its name."""
        name = str(len(self.arrays))
        self.arrays[name] = array
        return name

    def _flatten_array(self, array: NDArray[Any]) -> dict[str, Any]:
        dense = np.asarray(array, order="C")
        if array.dtype in NATIVE_DTYPES:
            return {"array": self._keep(dense)}
        name = self._keep(np.frombuffer(dense.tobytes(), np.uint8))
        return {"array": name, "dtype": array.dtype.str, "shape": list(array.shape)}

    def _flatten_tensor(self, tensor: Any) -> dict[str, Any]:
        kind = str(tensor.dtype).removeprefix("torch.")
        dense = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
        if kind in BIT_DTYPES:
            dense = dense.view(getattr(sys.modules["torch"], BIT_DTYPES[kind]))
        return {"tensor": self._flatten_array(dense.numpy()), "kind": kind}


def _is_plain(tensor: Any, torch: Any) -> bool:
    """Return whether a tensor is dense, not quantized and not on the meta device."""
    return tensor.layout is torch.strided and not tensor.is_quantized and not tensor.is_meta


def _unflatten(tree: Any, arrays: Arrays) -> Any:
    """Convert JSON and arrays back to a state."""
    if not isinstance(tree, dict):
        return tree
    kind, content = next(iter(tree.items()))
    if kind == "dict":
        return {_unflatten(k, arrays): _unflatten(v, arrays) for k, v in content}
    if kind in ("list", "tuple"):
        items = [_unflatten(v, arrays) for v in content]
        return items if kind == "list" else tuple(items)
    if kind == "bytes":
        return arrays[content].tobytes()
    if kind == "array":
        array = arrays[content]
        if "dtype" in tree:
            array = np.frombuffer(array.tobytes(), np.dtype(tree["dtype"])).reshape(tree["shape"]).copy()
        return array
    if kind == "tensor":
        torch = import_module("torch")
        tensor = torch.from_numpy(_unflatten(content, arrays))
        return tensor.view(getattr(torch, tree["kind"])) if tree["kind"] in BIT_DTYPES else tensor
    raise ValueError(f"unknown kind {kind!r}")

"""What a trial leaves behind so that it can go on: in memory, or in a file that holds numbers and text but no code.

A file is in the safetensors format: arrays as tensors, everything around them as JSON in its metadata.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Checkpoint", "read_checkpoint", "write_checkpoint"]

Arrays = dict[str, NDArray[Any]]


class Checkpoint:
    """The checkpoint of a running trial.

    Parameters
    ----------
    previous : object
        What the trial's last job saved, or the path to it; None for a new trial.
    path : Path, optional
        File for what this job saves; None keeps it in memory.
    """

    def __init__(self, previous: Any = None, path: Path | None = None) -> None:
        self._previous, self._path = previous, path
        self.saved: Any = None  # what the next job gets: the state, or the path to it

    def load(self) -> Any:
        """Return what was saved last, by this job or an earlier one of the trial; None if nothing was."""
        latest = self._previous if self.saved is None else self.saved
        return read_checkpoint(latest) if isinstance(latest, Path) else latest

    def save(self, state: Any) -> None:
        """Keep `state` for the next job of the trial; it replaces what was saved before.

        Parameters
        ----------
        state : object
            With a run directory: None, bool, numbers, str, bytes, arrays, tensors, and dicts, lists and tuples of
            them, such as a ``state_dict()``.  Without one: anything; it is not copied.

        Raises
        ------
        TypeError
            If a run directory cannot hold it.
        """
        if self._path is not None:
            write_checkpoint(self._path, state)
        self.saved = state if self._path is None else self._path


def write_checkpoint(path: Path, state: Any) -> None:
    """Write `state` beside `path`, then rename: the file is there whole or not at all."""
    from safetensors.numpy import save_file

    arrays: Arrays = {}
    tree = json.dumps(_flatten(state, arrays, "checkpoint"))
    part = path.with_suffix(".part")
    save_file(arrays or {"none": np.zeros(1)}, part, metadata={"tree": tree})
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)


def read_checkpoint(path: Path) -> Any:
    """Read what `write_checkpoint` wrote."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
        return _unflatten(json.loads(file.metadata()["tree"]), arrays)


def _flatten(value: Any, arrays: Arrays, where: str) -> Any:
    """Turn `value` into JSON, moving arrays out into `arrays`."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {
            "dict": [[_flatten(k, arrays, where), _flatten(v, arrays, f"{where}[{k!r}]")] for k, v in value.items()]
        }
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_flatten(v, arrays, f"{where}[{i}]") for i, v in enumerate(value)]}
    name = str(len(arrays))
    if isinstance(value, bytes):
        arrays[name] = np.frombuffer(value, np.uint8)
        return {"bytes": name}
    if isinstance(value, np.ndarray) and value.dtype != object:
        arrays[name] = np.ascontiguousarray(value).reshape(value.shape)
        return {"array": name}
    if type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
        return {"tensor": name, "as": _add_tensor(value, arrays, name)}
    raise TypeError(
        f"{where} is of type {type(value).__name__}, which a run directory cannot hold; save numbers, text, bytes, "
        "arrays, tensors, and dicts or lists of them, such as a state_dict()."
    )


def _add_tensor(tensor: Any, arrays: Arrays, name: str) -> str:
    """Add a torch tensor; numpy has no bfloat16, so its bits go as integers."""
    kind = str(tensor.dtype).removeprefix("torch.")
    tensor = tensor.detach().cpu().contiguous()
    if kind == "bfloat16":
        tensor = tensor.view(sys.modules["torch"].int16)
    arrays[name] = tensor.numpy().copy()
    return kind


def _unflatten(tree: Any, arrays: Arrays) -> Any:
    if not isinstance(tree, dict):
        return tree
    (kind, content), *rest = tree.items()
    if kind == "dict":
        return {_unflatten(k, arrays): _unflatten(v, arrays) for k, v in content}
    if kind in ("list", "tuple"):
        items = [_unflatten(v, arrays) for v in content]
        return items if kind == "list" else tuple(items)
    if kind == "bytes":
        return arrays[content].tobytes()
    if kind == "array":
        return arrays[content]
    from importlib import import_module  # whoever saved tensors has torch; the search itself does without

    torch = import_module("torch")
    tensor = torch.from_numpy(arrays[content])
    return tensor.view(torch.bfloat16) if rest[0][1] == "bfloat16" else tensor

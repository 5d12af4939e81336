"""Data sets in the format of the AutoML challenge, as `DataManager.read_data` reads them.

Guyon et al., Analysis of the AutoML Challenge Series 2015-2018 (2019).
"""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_svmlight_file

from autonet.core.errors import InvalidData
from autonet.core.files import read_text
from autonet.core.task import TaskKind
from autonet.core.typing import Array

__all__ = ["read_automl"]

PARTS = {"train": ("X", "Y"), "valid": ("X_valid", "Y_valid"), "test": ("X_test", "Y_test")}


def read_automl(path: Path) -> dict[str, Any]:
    """Read the files that an ``.info`` file describes.

    Parameters
    ----------
    path : Path
        ``<name>_public.info``; beside it are ``<name>_train.data`` and ``<name>_train.solution``, and possibly those of
        ``valid`` and ``test``.

    Returns
    -------
    dict
        Attributes of a `DataManager`.

    Raises
    ------
    InvalidOption
        If a file cannot be read.
    InvalidData
        If the description lacks an entry.
    """
    info = _read_info(path)
    task, n_features = info["task"], int(info["feat_num"])
    kind: TaskKind = "regression"
    if "classification" in task:
        kind = "multilabel" if "multilabel" in task else "classification"
    found: dict[str, Any] = {
        "problem_type": kind,
        "metric": info["metric"],
        "max_runtime": float(info["time_budget"]),
        "categorical_features": _find_categorical(path, info, n_features),
    }
    for part, (X, y) in PARTS.items():
        data, solution = (path.with_name(f"{info['name']}_{part}.{suffix}") for suffix in ("data", "solution"))
        if part == "train" or (data.exists() and solution.exists()):
            found[X] = _read_rows(data, n_features, sparse=info["is_sparse"] == "1", binary=_is_binary(info))
            found[y] = _read_targets(solution, kind)
    return found


def _read_info(path: Path) -> dict[str, str]:
    lines = [line.partition("=") for line in read_text(path, "Description").splitlines() if "=" in line]
    info = {name.strip(): value.strip().strip("'\"") for name, _, value in lines}
    missing = {"name", "task", "metric", "time_budget", "feat_num", "feat_type", "is_sparse"} - set(info)
    if missing:
        raise InvalidData(f"{path} has no entry {', '.join(sorted(missing))}; add it.")
    return info


def _is_binary(info: dict[str, str]) -> bool:
    return info["feat_type"].lower() == "binary"


def _find_categorical(path: Path, info: dict[str, str], n_features: int) -> list[bool]:
    """Return which columns have categories: all, none, or those that a file of types names."""
    types = path.with_name(f"{info['name']}_feat.type")
    if info["feat_type"].lower() == "mixed" and types.exists():
        return [line.strip().lower() == "categorical" for line in read_text(types, "Types of columns").splitlines()]
    return [info["feat_type"].lower() == "categorical"] * n_features


def _read_rows(path: Path, n_features: int, *, sparse: bool, binary: bool) -> Any:
    """Read numbers, or pairs of column and value; of binary columns only those that are one are listed."""
    if not sparse:
        return np.loadtxt(path, ndmin=2)
    rows = map(str.split, path.read_text(encoding="utf-8").splitlines())
    pairs = (" ".join(f"{item}:1" if binary else item for item in row) for row in rows)
    labelled = "".join(f"0 {row}\n" for row in pairs)  # the reader of scikit-learn expects a label
    return load_svmlight_file(BytesIO(labelled.encode()), n_features=n_features, zero_based=False)[0]


def _read_targets(path: Path, kind: TaskKind) -> Array:
    """Read numbers, or a column per class or label."""
    table = np.loadtxt(path, ndmin=2)
    if kind == "multilabel":
        return table.astype(int)
    if kind == "classification":
        return table.argmax(axis=1) if table.shape[1] > 1 else table[:, 0].astype(int)
    return table[:, 0] if table.shape[1] == 1 else table

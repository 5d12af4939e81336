"""What the benchmarks share: where data lie, and the line that says on what a figure was measured."""

import importlib.metadata
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

DATA = Path(os.environ.get("AUTONET_DATA", Path(__file__).parents[2] / "shared" / "data"))


def images(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """MNIST or Fashion-MNIST as rows of 784 bytes: X_train, y_train, X_test, y_test."""
    path = DATA / f"{name}.npz"
    if not path.is_file():
        raise SystemExit(f"{path} is missing: set AUTONET_DATA to the folder that holds {name}.npz.")
    arrays = np.load(path)
    X_train, X_test = (arrays[f"x_{part}"].reshape(-1, 784) for part in ("train", "test"))
    return X_train, arrays["y_train"], X_test, arrays["y_test"]


def fingerprints(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """1024 bits of molecules, their target, and their part of the published split: 0 train, 1 valid, 2 test."""
    arrays = np.load(DATA / f"{name}.npz")
    return np.unpackbits(arrays["ecfp"], axis=1), arrays["y"], arrays["split"]


def environment() -> str:
    """Versions, machine and date, for the end of a table."""
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("torch", "scikit-learn", "ConfigSpace"))
    now = datetime.now(UTC).strftime("%Y-%m-%d")
    return f"Python {platform.python_version()}, {versions}; {os.cpu_count()} cores; {now}"

"""The public tables that autonet and its peers are measured on, and how they are divided."""

import numpy as np
import pandas as pd
from common import DATA, fingerprints, images
from sklearn.model_selection import train_test_split

# hiv and esol are molecules, dc_taxi has a constant target.
TABLES = [
    *("arrhythmia", "bank_marketing", "california_housing", "cmc", "colleges", "credit_g", "dc_taxi_849", "kc1"),
    *("letter", "magic_telescope", "naval", "nyc_taxis", "online_shoppers", "phoneme", "protein", "splice", "vehicle"),
]
HELD_OUT = 0.25


def fashion_mnist() -> pd.DataFrame:
    """Ten kinds of clothes from 784 bytes of their images."""
    X_train, y_train, X_test, y_test = images("fashion_mnist")
    split = np.repeat(["train", "test"], [len(y_train), len(y_test)])
    return wide(np.vstack([X_train, X_test]), np.concatenate([y_train, y_test]), split)


def hiv() -> pd.DataFrame:
    """Molecules that inhibit HIV from 1024 bits of their fingerprints."""
    X, y, part = fingerprints("hiv")
    return wide(X, y, np.where(part == 2, "test", "train"))


def wide(X: np.ndarray, y: np.ndarray, split: np.ndarray) -> pd.DataFrame:
    """A table of classes from columns that have no names."""
    columns = pd.DataFrame(X, columns=[f"c{i}" for i in range(X.shape[1])])
    target = pd.Series(y.astype(str), dtype="category")
    return pd.concat([columns, pd.DataFrame({"target": target, "split": split})], axis=1)


WIDE = {"fashion_mnist": fashion_mnist, "hiv": hiv}


def divide(y: pd.Series, size: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of what stays and of a part of this size, stratified by class; a class of one row stays."""
    positions, stratify = np.arange(len(y)), None
    if isinstance(y.dtype, pd.CategoricalDtype):
        together = y.groupby(y, observed=True).transform("size").to_numpy() > 1
        positions, stratify = positions[together], y[together]
    kept, taken = train_test_split(positions, test_size=size, random_state=seed, stratify=stratify)
    return np.setdiff1d(np.arange(len(y)), taken) if len(positions) < len(y) else kept, taken


def load(name: str, seed: int, max_rows: int | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows to fit on and rows to test on; the published split, if there is one."""
    table = WIDE[name]() if name in WIDE else pd.read_parquet(DATA / f"{name}.parquet")
    if "split" in table:
        test = table.pop("split") == "test"
        fit, test = np.flatnonzero(~test), np.flatnonzero(test)
    else:
        fit, test = divide(table["target"], HELD_OUT, seed)
    if max_rows and len(fit) > max_rows:
        fit = fit[divide(table["target"].iloc[fit], 1 - max_rows / len(fit), seed)[0]]
    return table.iloc[fit].reset_index(drop=True), table.iloc[test].reset_index(drop=True)

"""Variables of generated tables, and how they are seen: as numbers of many kinds, categories, with missing values."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

MANY_LEVELS = 300
CATEGORY_SHARES = (0.0, 0.0, 0.2, 0.5)  # of the variables, to draw from
RELATED_SHARE = 0.5  # of the variables that others cause
MISSING_SHARES = (0.0, 0.0, 0.05, 0.3)  # of the values of a column with missing ones, to draw from
AS_IT_IS, AS_AMOUNTS, AS_INTEGERS, AS_COUNTS, AS_SHARES, AS_BITS = range(6)  # forms of numbers
FORMS = (AS_IT_IS, AS_IT_IS, AS_IT_IS, AS_AMOUNTS, AS_INTEGERS, AS_COUNTS, AS_SHARES, AS_BITS)  # to draw from
N_HIDDEN = (5, 31)  # variables behind a wide table
CLIPPED = 6.0  # standard deviations, so that a single row does not decide a function


@dataclass(frozen=True)
class Variables:
    """What is behind the columns of a table.

    Attributes
    ----------
    values : array of shape (n_rows, n)
        What columns show; standardized.
    deciding : array of shape (n_rows, m)
        What the target depends on; standardized.
    codes : dict of int to array of shape (n_rows,)
        Levels of the variables that are seen as categories.
    form : int or None
        How all numbers are shown; None if each is drawn by itself.
    """

    values: np.ndarray
    deciding: np.ndarray
    codes: dict[int, np.ndarray]
    form: int | None = None


def draw_variables(rng: np.random.Generator, n_rows: int, n: int) -> Variables:
    """Draw variables one after the other; some are caused by earlier ones, some are effects of levels."""
    values, codes = np.empty((n_rows, n)), dict[int, np.ndarray]()
    category_share = rng.choice(CATEGORY_SHARES)
    for i in range(n):
        if rng.random() < category_share:
            codes[i], drawn = levels(rng, n_rows)
        else:
            drawn = root(rng, n_rows)
            if i > 1 and rng.random() < RELATED_SHARE:
                parents = values[:, rng.integers(i, size=rng.integers(1, 4))]
                mixed = parents @ rng.normal(size=parents.shape[1])
                drawn = rng.uniform(0.1, 1) * drawn + (np.tanh(2 * mixed) if rng.random() < 0.4 else mixed)
        values[:, i] = np.clip((drawn - drawn.mean()) / (drawn.std() + 1e-9), -CLIPPED, CLIPPED)
    return Variables(values, values, codes)


def draw_wide(rng: np.random.Generator, n_rows: int, n: int) -> Variables:
    """Draw many variables that a few hidden ones cause, as of images, spectra and fingerprints."""
    hidden = rng.normal(size=(n_rows, rng.integers(*N_HIDDEN)))
    loadings = rng.normal(size=(hidden.shape[1], n)) * (rng.random((hidden.shape[1], n)) < rng.uniform(0.1, 0.6))
    values = np.tanh(hidden @ loadings + rng.normal(size=n)) + rng.uniform(0.1, 1) * rng.normal(size=(n_rows, n))
    form = int(rng.choice([AS_BITS, AS_SHARES, AS_COUNTS, AS_IT_IS]))
    return Variables(StandardScaler().fit_transform(values), hidden, {}, form)


def root(rng: np.random.Generator, n_rows: int) -> np.ndarray:
    """Values of a variable without causes."""
    match rng.integers(5):
        case 0:
            return rng.normal(size=n_rows)
        case 1:
            return rng.uniform(-1, 1, size=n_rows)
        case 2:
            return rng.standard_t(3, size=n_rows)
        case 3:
            return rng.exponential(size=n_rows)
        case _:
            return rng.normal(size=n_rows) + 4 * (rng.random(n_rows) < rng.uniform(0.1, 0.5))


def levels(rng: np.random.Generator, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Levels of rows, some more frequent than others, and an effect of each."""
    n = int(rng.choice([2, 3, 5, 10, 30, MANY_LEVELS]))
    frequency = 1 / np.arange(1, n + 1) ** rng.uniform(0, 1.2)
    code = rng.choice(n, size=n_rows, p=frequency / frequency.sum())
    return code, rng.normal(size=n)[code]


def add_outliers(rng: np.random.Generator, y: np.ndarray, share: float) -> np.ndarray:
    """Move some rows far away, upwards."""
    far = rng.random(len(y)) < share
    return np.where(far, y + y.std() * rng.uniform(5, 15, size=len(y)), y)


def show(rng: np.random.Generator, variables: Variables, *, rich: bool) -> pd.DataFrame:
    """The columns that are seen of variables.

    Parameters
    ----------
    rng : Generator
    variables : Variables
    rich : bool
        Whether to distort numbers, to lose values and to add columns of no use; otherwise numbers are in their units.
    """
    missing_share = rng.choice(MISSING_SHARES) if rich and variables.form is None else 0.0
    columns: list[pd.Series] = []
    for i, values in enumerate(variables.values.T):
        if i in variables.codes:
            column = pd.Series([f"level {code}" for code in variables.codes[i]], dtype="category")
        else:
            column = pd.Series(distorted(rng, values, variables.form if rich else AS_IT_IS))
        if missing_share and rng.random() < 0.4:
            column = column.mask(lost(rng, values, missing_share))
        columns.append(column)
    if rich and variables.form is None:
        columns += [pd.Series(useless(rng, variables.values)) for _ in range(rng.integers(0, len(columns) // 2 + 1))]
    order = rng.permutation(len(columns))
    return pd.concat([columns[j].rename(f"x{at}") for at, j in enumerate(order)], axis=1)


def distorted(rng: np.random.Generator, values: np.ndarray, form: int | None = None) -> np.ndarray:
    """Numbers as they are kept: in units, with heavy tails, rounded, counted with many zeros, as shares, as bits."""
    match rng.choice(FORMS) if form is None else form:
        case 1:
            return np.asarray(np.exp(rng.uniform(0.7, 2) * values))
        case 2:
            return np.asarray(np.round(values * rng.uniform(1, 5)))
        case 3:
            return np.asarray(np.floor(np.exp(np.clip(1.2 * values - 0.3, None, 8))))
        case 4:
            return np.asarray(1 / (1 + np.exp(-2 * values)))
        case 5:
            return np.asarray(values > np.quantile(values, rng.uniform(0.2, 0.95)), dtype=float)
        case _:
            return np.asarray(rng.normal(0, 5) + np.exp(rng.normal(0, 2)) * values)


def lost(rng: np.random.Generator, values: np.ndarray, share: float) -> np.ndarray:
    """Which values are missing: any, or the large ones more often."""
    if rng.random() < 0.5:
        return np.asarray(rng.random(len(values)) < share)
    return np.asarray(values + rng.normal(0, 0.5, size=len(values)) > np.quantile(values, 1 - share))


def useless(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """A column that says nothing, or what another says, with noise."""
    if rng.random() < 0.6:
        return root(rng, len(values))
    twin = values[:, rng.integers(values.shape[1])]
    return np.asarray(twin + rng.uniform(0.1, 1) * rng.normal(size=len(values)))

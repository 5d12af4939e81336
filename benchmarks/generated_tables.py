"""Tables to choose a portfolio from: drawn by seed, so that public tables stay unseen until they judge it.

    python benchmarks/generated_tables.py

`generate` draws hidden variables, a world in which some functions of them decide the target, and a view of the
variables as columns: numbers of many distributions, counts, categories, missing values.  The worlds are `WORLDS`.
The command describes some tables, with the error of boosted trees relative to that of a constant.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd
from generated_views import Variables, add_outliers, draw_variables, draw_wide, show
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

WIDE = 100  # columns, from which on few hidden variables are behind them all
MAX_CLASSES = 10
CLASSES = (2, 2, 2, 3, 5, MAX_CLASSES)  # to draw from
TREE_DEPTHS = (2, 6)
MIN_CLASS_ROWS = 5
SMOOTH_NOISE = (0.002, 0.05)  # standard deviation, relative to the signal's: what is measured by instruments
USUAL_NOISE = (0.1, 1.2)
MAX_LOG_COUNT = 4.0  # of the mean of a count
OUTLIER_SHARE = 0.003  # of the rows

Signal = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Table:
    """A table with its target.

    Attributes
    ----------
    name : str
    kind : str
        "regression" or "classification".
    X : DataFrame of shape (n_rows, n_columns)
    y : Series of shape (n_rows,)
        Numbers, or names of classes.
    """

    name: str
    kind: str
    X: pd.DataFrame
    y: pd.Series

    def take(self, rows: np.ndarray) -> "Table":
        """Return the rows at these positions."""
        return replace(self, X=self.X.iloc[rows].reset_index(drop=True), y=self.y.iloc[rows].reset_index(drop=True))


def generate(kind: str, n_rows: int, seed: int, columns: tuple[int, int] = (4, 60)) -> Table:
    """Draw a table.

    Parameters
    ----------
    kind : str
        "regression" or "classification".
    n_rows : int
    seed : int
        Seeds that follow each other go through the worlds.
    columns : tuple of int
        Least and most columns, to draw from.

    Returns
    -------
    Table
    """
    rng = np.random.default_rng([seed, kind == "regression"])
    names = list(WORLDS)
    world = names[seed % len(names)]
    few = world == "smooth" and columns[0] <= MAX_SMOOTH
    n_columns = log_integer(rng, columns[0], MAX_SMOOTH if few else columns[1])
    variables = (draw_wide if n_columns >= WIDE else draw_variables)(rng, n_rows, n_columns)
    n_classes = int(rng.choice(CLASSES)) if kind == "classification" else 0
    n_signals = n_classes if n_classes > 2 else 1
    signals = np.column_stack([WORLDS[world](rng, variables) for _ in range(n_signals)])
    signals = StandardScaler().fit_transform(signals)
    exact = kind == "regression" and world == "smooth"
    noise = log_uniform(rng, *(SMOOTH_NOISE if exact else USUAL_NOISE))
    y = numbers(rng, signals[:, 0], noise, world) if kind == "regression" else classes(rng, signals, noise)
    X = show(rng, variables, rich=world != "smooth")
    return Table(f"{world}_{kind}_{n_rows}_{seed}", kind, X, y)


# --- targets


def numbers(rng: np.random.Generator, signal: np.ndarray, noise: float, world: str) -> pd.Series:
    """Numbers of a signal: as it is, skewed, counts with many zeros, or with rows unlike all others."""
    spread = np.exp(0.5 * signal) if rng.random() < 0.3 else 1.0  # larger numbers are less sure
    noisy = signal + noise * spread * rng.normal(size=len(signal))
    form = "plain" if world == "smooth" else rng.choice(["plain", "plain", "skewed", "counts", "outliers"])
    scale, place = np.exp(rng.normal(0, 3)), rng.normal(0, 3)
    if form == "skewed":
        noisy = np.exp(rng.uniform(0.5, 1.2) * noisy)
    elif form == "counts":
        return pd.Series(
            rng.poisson(np.exp(np.clip(0.9 * noisy - rng.uniform(-0.5, 1.5), None, MAX_LOG_COUNT))).astype(float)
        )
    elif form == "outliers":
        noisy = add_outliers(rng, noisy, OUTLIER_SHARE)
    return pd.Series(scale * (noisy + place))


def classes(rng: np.random.Generator, signals: np.ndarray, noise: float) -> pd.Series:
    """Names of classes; rare ones where the draw makes them so."""
    n_rows, n_classes = len(signals), max(signals.shape[1], 2)
    if n_classes == 2:
        noisy = signals[:, 0] + noise * rng.logistic(size=n_rows) / 1.8
        share = rng.choice([0.5, rng.uniform(0.05, 0.5)])
        y = (noisy > np.quantile(noisy, 1 - share)).astype(int)
    else:
        bias = rng.choice([0.0, 1.0]) * rng.normal(0, 0.7, size=n_classes)
        y = (signals + bias + noise * rng.gumbel(size=signals.shape)).argmax(axis=1)
    counts = np.bincount(y, minlength=n_classes)
    y = np.where(counts[y] < MIN_CLASS_ROWS, counts.argmax(), y)
    return pd.Series([f"class {i}" for i in y], dtype="category")


# --- worlds: which function of the variables decides


def some(rng: np.random.Generator, variables: Variables, most: int) -> np.ndarray:
    """Values of so many of the variables that decide, at most, standardized, in a random order."""
    return variables.deciding[:, rng.permutation(variables.deciding.shape[1])[:most]]


def of_trees(rng: np.random.Generator, variables: Variables) -> np.ndarray:
    """A sum of random trees: thresholds in many columns."""
    values = some(rng, variables, 30)
    trees = [tree(rng, values, int(rng.integers(*TREE_DEPTHS))) for _ in range(log_integer(rng, 1, 40))]
    return np.sum(trees, axis=0)


def tree(rng: np.random.Generator, values: np.ndarray, depth: int) -> np.ndarray:
    """A random tree that asks one question per level, of each leaf by itself."""
    leaf = np.zeros(len(values), dtype=int)
    for _ in range(depth):
        column = rng.integers(values.shape[1], size=2**depth)[leaf]
        threshold = rng.normal(size=2**depth)[leaf]
        leaf = 2 * leaf + (values[np.arange(len(values)), column] > threshold)
    return np.asarray(rng.normal(size=2**depth)[leaf])


def of_network(rng: np.random.Generator, variables: Variables) -> np.ndarray:
    """A random network of one to three layers."""
    hidden = some(rng, variables, 20)
    for _ in range(rng.integers(1, 4)):
        width = log_integer(rng, 4, 32)
        weights = rng.normal(size=(hidden.shape[1], width)) * (rng.random((hidden.shape[1], width)) < 0.5)
        raw = hidden @ weights / np.sqrt(max(1, hidden.shape[1] / 2))
        hidden = activation(rng)(1.5 * raw + rng.normal(size=width))
    return np.asarray(hidden @ rng.normal(size=hidden.shape[1]))


def activation(rng: np.random.Generator) -> Signal:
    """A function of single numbers."""
    functions: list[Signal] = [np.tanh, np.sin, np.abs, lambda z: np.maximum(z, 0), lambda z: np.exp(-(z**2))]
    return functions[rng.integers(len(functions))]


def of_formula(rng: np.random.Generator, variables: Variables) -> np.ndarray:
    """A smooth formula of a few variables: powers, products, saturation, oscillation, as in physics."""
    values = np.tanh(some(rng, variables, 8) / 2)
    total = np.zeros(len(values))
    for _ in range(rng.integers(2, 6)):
        a, b, c = values[:, rng.integers(values.shape[1], size=3)].T
        forms = [
            (1.5 + a) ** rng.uniform(-2, 2) * (1.5 + b) ** rng.uniform(-2, 2),
            np.sin(rng.uniform(1, 4) * a + rng.uniform(0, 3) * b),
            np.exp(rng.uniform(0.5, 2) * a) * (1 + b * c),
            1 / (1 + np.exp(-rng.uniform(2, 6) * (a - b * c))),
            np.sqrt((1.1 + a) ** 2 + (1 + b) ** 2 + c**2),
        ]
        form = forms[rng.integers(len(forms))]
        total += rng.normal() * (form - form.mean()) / (form.std() + 1e-9)
    return total


def of_causes(rng: np.random.Generator, variables: Variables) -> np.ndarray:
    """A variable that others cause through a hidden one each: a structural model with the target within."""
    values = some(rng, variables, 12)
    hidden = np.column_stack(
        [of_single(rng, values[:, rng.integers(values.shape[1], size=2)]) for _ in range(rng.integers(2, 6))]
    )
    hidden += 0.2 * rng.normal(size=hidden.shape)  # nobody sees the causes themselves
    return np.asarray(of_single(rng, hidden) + hidden @ rng.normal(size=hidden.shape[1]))


def of_single(rng: np.random.Generator, causes: np.ndarray) -> np.ndarray:
    """A mechanism: a threshold, a smooth function, a product or a maximum of its causes."""
    mixed = causes @ rng.normal(size=causes.shape[1])
    forms = [
        np.where(mixed > rng.normal(), rng.normal(), rng.normal()),
        activation(rng)(mixed),
        causes.prod(axis=1),
        causes.max(axis=1),
        mixed,
    ]
    return np.asarray(forms[rng.integers(len(forms))])


def of_parts(rng: np.random.Generator, variables: Variables) -> np.ndarray:
    """A sum of functions of single variables, smooth or with steps, and of a few products of pairs."""
    values = some(rng, variables, log_integer(rng, 3, 20))
    total = np.zeros(len(values))
    for column in values.T:
        part = activation(rng)(rng.uniform(0.5, 2) * column) if rng.random() < 0.6 else np.floor(1.5 * column)
        total += rng.normal() * part
    for _ in range(rng.integers(0, 4)):
        a, b = values[:, rng.integers(values.shape[1], size=2)].T
        total += rng.normal() * a * b
    return total


WORLDS: dict[str, Callable[[np.random.Generator, Variables], np.ndarray]] = {
    "smooth": of_formula,
    "trees": of_trees,
    "causes": of_causes,
    "network": of_network,
    "parts": of_parts,
}
MAX_SMOOTH = 16  # columns in the world of formulas, unless more are asked for


# --- draws


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def log_integer(rng: np.random.Generator, low: int, high: int) -> int:
    """An integer from low to high, small ones as often as large ones."""
    return min(high, int(log_uniform(rng, low, high + 1)))


# --- what the tables are like


def boosted(table: Table) -> float:
    """Error of boosted trees on a quarter of the rows, relative to that of a constant; squared error or log-loss."""
    categorical = table.kind == "classification"
    codes = {
        name: table.X[name].cat.codes for name in table.X.select_dtypes("category")
    }  # of more than 255 levels, too
    X, X_test, y, y_test = train_test_split(
        table.X.assign(**codes), table.y, test_size=0.25, random_state=0, stratify=table.y if categorical else None
    )
    if categorical:
        trees = HistGradientBoostingClassifier(random_state=0, max_iter=50).fit(X, y)
        constant = np.tile(y.value_counts(normalize=True).loc[trees.classes_], (len(y_test), 1))
        usual = log_loss(y_test, constant, labels=trees.classes_)
        return log_loss(y_test, trees.predict_proba(X_test), labels=trees.classes_) / usual
    trees = HistGradientBoostingRegressor(random_state=0, max_iter=50).fit(X, y)
    usual = float(np.mean((y_test - y.mean()) ** 2))
    return float(np.mean((y_test - trees.predict(X_test)) ** 2)) / usual


def main() -> None:
    print(
        "| table | columns | categorical | missing | target | boosted trees, constant = 1 |\n|---|---|---|---|---|---|"
    )
    for kind, seed in product(("classification", "regression"), range(15)):
        table = generate(kind, 2000, seed)
        target = (
            f"{table.y.nunique()} classes, rarest {table.y.value_counts(normalize=True).min():.0%}"
            if kind == "classification"
            else f"skewness {table.y.skew():.1f}, {(table.y == 0).mean():.0%} zeros"
        )
        categorical, missing = (table.X.dtypes == "category").mean(), table.X.isna().mean().mean()
        cells = (table.name, table.X.shape[1], f"{categorical:.0%}", f"{missing:.0%}", target, f"{boosted(table):.3f}")
        print("|", " | ".join(map(str, cells)), "|", flush=True)


if __name__ == "__main__":
    main()

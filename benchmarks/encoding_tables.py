"""Tables that encodings of the input are for: thresholds, heavy tails, many levels, ordered levels; drawn by seed."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from generated_tables import generate

TREE_WORLD = 1  # place of trees among the worlds of `generated_tables`, which take turns
N_WORLDS = 5
N_TRAIN, N_TEST = 3000, 3000
Pair = tuple[pd.DataFrame, pd.DataFrame]

# Levels from low to high, of columns of public tables.
ORDERS: dict[str, list[str]] = {
    "checking_status": ["<0", "0<=X<200", ">=200"],
    "savings_status": ["<100", "100<=X<500", "500<=X<1000", ">=1000"],
    "employment": ["unemployed", "<1", "1<=X<4", "4<=X<7", ">=7"],
    "education": [
        "illiterate",
        "basic.4y",
        "basic.6y",
        "basic.9y",
        "high.school",
        "professional.course",
        "university.degree",
    ],
    "day_of_week": ["mon", "tue", "wed", "thu", "fri"],
    **{f"{who}s_education": list("1234") for who in ("Wife", "Husband")},
    **{name: list("1234") for name in ("Husbands_occupation", "Standard-of-living_index")},
}


def numbers(X: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])])


def divided(rng: np.random.Generator, X: pd.DataFrame, signal: np.ndarray, noise: float) -> Pair:
    """Rows to fit on and to test on, with noise in shares of the signal's deviation."""
    table = X.assign(target=signal + noise * signal.std() * rng.normal(size=len(X)))
    return table[:N_TRAIN].reset_index(drop=True), table[N_TRAIN:].reset_index(drop=True)


def thresholds(rng: np.random.Generator) -> Pair:
    """A sum of 72 steps at three thresholds in each of 24 columns."""
    X = rng.normal(size=(N_TRAIN + N_TEST, 24))
    ranks = X.argsort(axis=0).argsort(axis=0) / len(X)
    signal = sum(rng.normal() * (column > at) for column in ranks.T for at in rng.uniform(0.05, 0.95, 3))
    return divided(rng, numbers(X), np.asarray(signal), 0.3)


def of_trees(rng: np.random.Generator, kind: str) -> Pair:
    """A table of random trees from `generated_tables`."""
    seed = TREE_WORLD + N_WORLDS * int(rng.integers(1000))
    table = generate(kind, N_TRAIN + N_TEST, seed, columns=(12, 40))
    whole = table.X.assign(target=table.y)
    return whole[:N_TRAIN].reset_index(drop=True), whole[N_TRAIN:].reset_index(drop=True)


def amounts(rng: np.random.Generator) -> Pair:
    """A function of the logarithms of amounts and counts."""
    n, p = N_TRAIN + N_TEST, 12
    X = np.exp(rng.uniform(0.8, 2.5, p) * rng.normal(size=(n, p)))
    X[:, :4] = rng.poisson(np.minimum(X[:, :4], 1e6))
    X[:, 4:6] *= np.sign(rng.normal(size=(n, 2)))
    logs = np.sign(X) * np.log1p(np.abs(X))
    logs = (logs - logs.mean(axis=0)) / logs.std(axis=0)
    signal = np.tanh(logs @ rng.normal(size=(p, 8)) / 2) @ rng.normal(size=8) + logs @ rng.normal(size=p) / 2
    return divided(rng, numbers(X), signal, 0.3)


def sums(rng: np.random.Generator) -> Pair:
    """Logarithms of sums and of a ratio of amounts."""
    X = np.exp(rng.uniform(1, 2, 12) * rng.normal(size=(N_TRAIN + N_TEST, 12)))
    first, second, third = (X[:, i : i + 4].sum(axis=1) for i in (0, 4, 8))
    return divided(rng, numbers(X), np.log(first) + np.log(second / third), 0.2)


def many_levels(rng: np.random.Generator, *, classes: bool) -> Pair:
    """Effects of 2,000 and of 300 levels, and a function of eight numbers."""
    n, n_levels = N_TRAIN + N_TEST, (2000, 300)
    X = rng.normal(size=(n, 8))
    frequent = rng.zipf(1.3, size=n) % n_levels[0]
    first = np.where(rng.random(n) < 0.6, rng.integers(0, n_levels[0], n), frequent)
    second = rng.integers(0, n_levels[1], n)
    effects = [rng.normal(size=size) for size in n_levels]
    signal = effects[0][first] + 0.7 * effects[1][second] + 0.4 * (effects[0][first] > 0.5) * X[:, 0]
    signal = signal + np.tanh(X @ rng.normal(size=(8, 4)) / 2) @ rng.normal(size=4)
    columns = {
        name: pd.Categorical([f"{name}{code}" for code in codes]) for name, codes in (("a", first), ("b", second))
    }
    pair = divided(rng, numbers(X).assign(**columns), signal, 0.5)
    if not classes:
        return pair
    middle = pair[0]["target"].median()
    names = [pd.Categorical(np.where(part["target"] > middle, "high", "low")) for part in pair]
    return pair[0].assign(target=names[0]), pair[1].assign(target=names[1])


def ordered(rng: np.random.Generator) -> Pair:
    """A smooth function of ten columns of 5 to 20 ordered levels."""
    n, sizes = N_TRAIN + N_TEST, np.repeat([5, 7, 10, 15, 20], 2)
    codes = rng.integers(0, sizes, size=(n, len(sizes)))
    places = (codes + 0.5) / sizes * 2 - 1
    signal = np.tanh(places @ rng.normal(size=(10, 6))) @ rng.normal(size=6) + places @ rng.normal(size=10) / 2
    columns = {
        f"c{j}": pd.Categorical([f"level {i:02d}" for i in column], ordered=True) for j, column in enumerate(codes.T)
    }
    return divided(rng, pd.DataFrame(columns), signal, 0.5)


GENERATED: dict[str, Callable[[np.random.Generator], Pair]] = {
    "thresholds": thresholds,
    "trees": partial(of_trees, kind="regression"),
    "trees of classes": partial(of_trees, kind="classification"),
    "amounts": amounts,
    "sums": sums,
    "2,000 levels": partial(many_levels, classes=False),
    "2,000 levels, classes": partial(many_levels, classes=True),
    "ordered": ordered,
}

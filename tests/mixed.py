"""A table with columns of every kind."""

import numpy as np
import pandas as pd

N = 120


def mixed_table() -> pd.DataFrame:
    """Return numbers with missing values, prices, towns, codes, booleans, dates and texts."""
    rng = np.random.default_rng(0)
    words = np.array(["red", "green", "blue", "fast", "slow", "old", "new", "small"])
    return pd.DataFrame(
        {
            "size": np.where(rng.random(N) < 0.1, np.nan, rng.normal(size=N)),
            "price": [f"{x:.2f} EUR" for x in rng.uniform(1, 99, N)],
            "town": rng.choice(["Bern", "Lima", "Oslo"], N),
            "code": pd.Categorical(rng.integers(0, 20, N)),
            "sold": rng.random(N) < 0.5,
            "when": pd.date_range("2024-01-01", periods=N, tz="Europe/Berlin"),
            "text": [" ".join(rng.choice(words, 6)) for _ in range(N)],
        }
    )

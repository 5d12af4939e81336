"""The tables that a portfolio is chosen from: by size and kind, generated ones and those that other packages bundle."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from bundled_tables import SCIKIT_LEARN, STATSMODELS, bundled
from generated_tables import Table, generate, log_integer

KINDS = ("classification", "regression")


@dataclass(frozen=True, eq=False)
class Size:
    """Tables of about the same size, which share a portfolio.

    Attributes
    ----------
    limits : dict
        Rows and columns of the tables that the portfolio is for.
    rows : tuple of int
        Least and most rows to fit on here; a part of a larger table, in as much less time, stands for it.
    columns : tuple of int
        Least and most columns of generated tables.
    seconds : tuple of float
        Of processor time, by turns: about what a configuration gets at the top of a search of a minute, and of five.
    first_seed : int
        Of the generated tables.
    n_tables : int
        Generated tables of each kind; with ten every world is in both halves.
    bundled : tuple of str
    """

    limits: dict[str, int]
    rows: tuple[int, int]
    columns: tuple[int, int]
    seconds: tuple[float, ...]
    first_seed: int
    n_tables: int
    bundled: tuple[str, ...] = ()

    def __str__(self) -> str:
        low, high = self.limits.get("min_rows", 0), self.limits.get("max_rows")
        rows = f"from {low}" if high is None else f"{low} to {high}"
        return f"{rows}, {self.min_columns} columns" if self.min_columns else rows

    @property
    def min_columns(self) -> int:
        return self.limits.get("min_columns", 0)


SMALL = Size(
    {"max_rows": 1999},
    (200, 1999),
    (4, 60),
    (2, 5),
    0,
    10,
    ("diabetes", "breast_cancer", "wine", "digits", "anes96"),
)
MEDIUM = Size(
    {"min_rows": 2000, "max_rows": 19_999, "max_columns": 199}, (2000, 6000), (4, 60), (3, 6), 100, 10, ("fair",)
)
LARGE = Size({"min_rows": 20_000, "max_columns": 199}, (12_000, 18_000), (4, 40), (6,), 200, 2, ("randhie",))
WIDE = Size({"min_rows": 2000, "min_columns": 200}, (2000, 6000), (200, 400), (6,), 300, 2)
SIZES = (SMALL, MEDIUM, LARGE, WIDE)
FIRST = 0.3  # so that sizes of few tables do not begin
TEST_ROWS = 2000  # of a generated table
HELD_OUT = 0.25  # of a bundled one


@dataclass(frozen=True)
class Source:
    """A table of a size, and how long to train on it.

    Attributes
    ----------
    size : Size
    kind : str
    number : int
        Among the generated tables, or among the bundled ones.
    name : str
        Of a bundled table; empty for a generated one.
    """

    size: Size
    kind: str
    number: int
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name or f'generated_{self.seed}'}_{self.kind}_{self.seconds:g}s"

    @property
    def seed(self) -> int:
        return self.size.first_seed + self.number

    @property
    def seconds(self) -> float:
        return self.size.seconds[self.number // 2 % len(self.size.seconds)]

    @property
    def half(self) -> int:
        """To choose from one half, and to judge on the other: both have all times and worlds."""
        return self.number % 2

    @property
    def turn(self) -> float:
        """When to run on it: the first tables of all sizes and kinds come first, and short runs."""
        is_long = self.seconds > self.size.seconds[0]
        return (self.number + FIRST) / self.size.n_tables + is_long

    def load(self) -> tuple[Table, Table]:
        """Rows to fit on and rows to test on."""
        low, high = self.size.rows
        if self.name:
            table = bundled(self.name)
            shuffled = np.random.default_rng(0).permutation(len(table.y))
            fit, test = np.array_split(shuffled, [round(len(table.y) * (1 - HELD_OUT))])
            return table.take(fit[:high]), table.take(test)
        n_rows = log_integer(np.random.default_rng(self.seed), low, high)
        table = generate(self.kind, n_rows + TEST_ROWS, self.seed, self.size.columns)
        return table.take(np.arange(n_rows)), table.take(np.arange(n_rows, n_rows + TEST_ROWS))


def sources(size: Size, kind: str) -> list[Source]:
    """The tables of a size and a kind."""
    names = [name for name in size.bundled if (SCIKIT_LEARN | STATSMODELS)[name] == kind]
    return [
        *(Source(size, kind, number) for number in range(size.n_tables)),
        *(Source(size, kind, number, name) for number, name in enumerate(names)),
    ]


def all_sources() -> list[Source]:
    """Every table, by turn."""
    every = [source for size, kind in product(SIZES[::-1], KINDS) for source in sources(size, kind)]
    return sorted(every, key=lambda source: source.turn)

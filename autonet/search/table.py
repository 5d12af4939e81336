"""Trials and reports as arrays, for samplers that fit a model."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from numpy.typing import NDArray

from autonet.search.records import Report, Status, Trial
from autonet.search.spaces.encoding import Encoding

__all__ = ["BUDGET", "COST", "LOSS", "PAID", "TRIAL", "TrialTable"]

# Columns of `TrialTable.reports`.
TRIAL, BUDGET, LOSS, COST, PAID = range(5)

N_FIRST = 4  # rows in the first draw for an untried one, enough in most spaces
N_AT_ONCE = 200  # rows in each further draw
MAX_DRAWS = 20  # number of further draws


class TrialTable:
    """Trials and reports of a history as arrays that grow with it; returned by ``history.table(space)``.

    Parameters
    ----------
    space : ConfigSpace.ConfigurationSpace
    trials : sequence of Trial
    reports : sequence of (Trial, Report)
        Lists of a history.

    Attributes
    ----------
    encoding : Encoding
    memory : dict
        Cache of a sampler; must not influence proposals.
    """

    def __init__(
        self, space: ConfigurationSpace, trials: Sequence[Trial], reports: Sequence[tuple[Trial, Report]]
    ) -> None:
        self.encoding = Encoding(space)
        self.memory: dict[Any, Any] = {}
        self._trials, self._reported = trials, reports
        self._rows = _GrowingArray(len(self.encoding.hyperparameters))
        self._reports = _GrowingArray(5)
        self._keys: Counter[bytes] = Counter()

    @property
    def rows(self) -> NDArray[np.float64]:
        """Encoded configurations, ndarray of shape (n_trials, n_hyperparameters); read-only."""
        for trial in self._trials[len(self._rows) :]:
            row = self.encoding.encode(trial.config, strict=False)
            self._rows.append(row)
            self._keys[self.encoding.key(row)] += 1
        return self._rows.values

    def update(self, number: int) -> None:
        """Update the row of a trial whose configuration has changed."""
        if number < len(self._rows):
            row = self.encoding.encode(self._trials[number].config, strict=False)
            before = self.encoding.key(self._rows.values[number])
            self._keys[before] -= 1
            if not self._keys[before]:
                del self._keys[before]
            self._keys[self.encoding.key(row)] += 1
            self._rows.replace(number, row)

    def has(self, row: NDArray[np.float64]) -> bool:
        """Return whether a trial has the configuration of a row of shape (n_hyperparameters,)."""
        assert self.rows is not None  # noqa: S101 - brings the keys up to date
        return self.encoding.key(row) in self._keys

    def first_new(self, rows: Iterable[NDArray[np.float64]]) -> NDArray[np.float64] | None:
        """Return the first canonical row of shape (n_hyperparameters,) that is legal and untried; None if none is."""
        return next((row for row in rows if not self.has(row) and self.encoding.is_legal(row)), None)

    def sample_new(self, rng: np.random.Generator) -> NDArray[np.float64] | None:
        """Draw a legal, untried row of shape (n_hyperparameters,) from the priors; None if none is found."""
        encoding = self.encoding
        if encoding.size <= self.n_distinct:
            return None
        row = self.first_new(encoding.sample(N_FIRST, rng))
        if row is None and (everything := encoding.all_legal()) is not None:
            return self.first_new(rng.permutation(everything))
        for _ in range(MAX_DRAWS):
            if row is not None:
                break
            row = self.first_new(encoding.sample_legal(N_AT_ONCE, rng, known=self.rows))
        return row

    def choose(self, rows: Iterable[NDArray[np.float64]], rng: np.random.Generator) -> dict[str, Any] | None:
        """Return the first legal, untried row (n_hyperparameters,) as a configuration, else a random one or None."""
        row = self.first_new(rows)
        row = self.sample_new(rng) if row is None else row
        return None if row is None else self.encoding.decode(row)

    @property
    def n_distinct(self) -> int:
        """Number of different configurations tried."""
        assert self.rows is not None  # noqa: S101 - brings the keys up to date
        return len(self._keys)

    @property
    def reports(self) -> NDArray[np.float64]:
        """Reports in order of arrival, ndarray of shape (n_reports, 5); read-only.

        Columns: trial, budget, loss, cost, and the budget spent at that cost.  A failed job has its target as budget
        and an infinite loss.
        """
        for trial, report in self._reported[len(self._reports) :]:
            failed = report.failed or report.status is Status.PRUNED
            self._reports.append(
                np.array(
                    [
                        trial.number,
                        report.target if failed else report.budget,
                        report.loss,
                        report.cost,
                        max(report.budget - report.start, 0.0),
                    ]
                )
            )
        return self._reports.values


class _GrowingArray:
    """Array with `append` in amortized constant time."""

    def __init__(self, width: int) -> None:
        self._n, self._array = 0, np.empty((64, width))

    def __len__(self) -> int:
        return self._n

    def append(self, row: NDArray[Any]) -> None:
        if self._n == len(self._array):
            self._array = np.concatenate([self._array, np.empty_like(self._array)])
        self._array[self._n] = row
        self._n += 1

    def replace(self, number: int, row: NDArray[Any]) -> None:
        self._array[number] = row

    @property
    def values(self) -> NDArray[np.float64]:
        view = self._array[: self._n]
        view.flags.writeable = False  # shared by all samplers
        return view

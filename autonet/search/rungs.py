"""Rungs: budgets at which trials are compared and promoted."""

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Literal

from autonet.core.errors import InvalidOption
from autonet.core.validation import check_choice, is_real
from autonet.search.spaces.values import to_plain

__all__ = ["Rungs", "Unit", "make_rungs"]

Unit = Literal["time", "epochs", "subset"]

WORDS = {"time": "s", "epochs": "epochs", "subset": "of the rows", "none": ""}  # that follow a budget, by unit


@dataclass(frozen=True)
class Rungs:
    """Geometric sequence of budgets with exact ends.

    Attributes
    ----------
    budgets : tuple of float
        In increasing order.
    eta : float
        Reduction factor: one in `eta` trials of a rung is promoted to the next.
    unit : {"time", "epochs", "subset", "none"}
        "time": seconds of a trial.  "epochs": any other unit proportional to time, integer if both ends are.
        "subset": share of the rows that a trial is trained on, at most 1.
        "none": a single rung, for objectives without a budget.
    """

    budgets: tuple[float, ...]
    eta: float = 3
    unit: Unit | Literal["none"] = "epochs"

    @classmethod
    def geometric(cls, low: float, high: float, eta: float = 3, unit: Unit = "time") -> "Rungs":
        """Make rungs from `low` to `high` with a constant ratio close to `eta`.

        >>> Rungs.geometric(1, 243, 3, "epochs").budgets
        (1, 3, 9, 27, 81, 243)
        >>> Rungs.geometric(100, 1500).budgets
        (100.0, 387.298334620..., 1500.0)
        """
        if not (0 < low <= high < math.inf and high / low < math.inf):
            raise InvalidOption(
                f"Budgets must satisfy 0 < min_budget <= max_budget; got min_budget={low:g}, max_budget={high:g}."
            )
        if not eta > 1:
            raise InvalidOption(f"eta must be greater than 1; got {eta:g}.")
        if unit == "subset" and high > 1:
            raise InvalidOption(f"Budgets are shares of the rows, at most 1; got max_budget={high:g}.")
        # Rounded, since the logarithm may be slightly below an integer.
        steps = max(round(math.log(high / low, eta)), 1 if high > low else 0)
        ladder = [low * (high / low) ** (k / max(steps, 1)) for k in range(steps + 1)]
        ladder[0], ladder[-1] = low, high
        if unit == "epochs" and float(low).is_integer() and float(high).is_integer() and high < 2**53:
            return cls(tuple(sorted({max(round(b), 1) for b in ladder})), eta, unit)
        return cls(tuple(float(b) for b in ladder), eta, unit)

    @classmethod
    def without_budget(cls) -> "Rungs":
        """Make the single rung of an objective without a budget."""
        return cls((1.0,), 3, "none")

    def __len__(self) -> int:
        """Count the rungs."""
        return len(self.budgets)

    def __str__(self) -> str:
        """Show the budgets with their unit."""
        if self.unit == "none":
            return "no budgets"
        return f"{' - '.join(f'{b:g}' for b in self.budgets)} {self.words}"

    @property
    def words(self) -> str:
        """What to write behind a budget: its unit."""
        return WORDS[self.unit]

    @property
    def bottom(self) -> float:
        """The lowest budget, that of a new trial."""
        return self.budgets[0]

    @property
    def top(self) -> float:
        """The highest budget."""
        return self.budgets[-1]

    @property
    def whole(self) -> bool:
        """Whether budgets are integers."""
        return self.unit == "epochs" and all(isinstance(b, int) for b in self.budgets)

    def level(self, budget: float) -> int:
        """Return the index of the highest rung up to a budget, 0 for one below all.

        >>> Rungs((1, 3, 9)).level(4), Rungs((1, 3, 9)).level(0.5)
        (1, 0)
        """
        return max(bisect_right(self.budgets, budget) - 1, 0)

    def bracket_size(self, iteration: int) -> int:
        """Return the number of trials in a bracket, as in HpBandSter: floor(K / (s + 1)) * eta ** s."""
        steps = len(self) - 1 - iteration % len(self)
        return int(len(self) // (steps + 1) * self.eta**steps)


def make_rungs(low: float | None, high: float | None, eta: float, unit: Unit) -> Rungs:
    """Make the rungs of a study from its options; one budget alone gives a single rung, none no budget."""
    if low is None and high is None:
        return Rungs.without_budget()
    for name, value in (("min_budget", low), ("max_budget", high), ("eta", eta)):
        if not is_real(value) and not (value is None and name != "eta"):
            raise InvalidOption(f"{name} must be a number; got {value!r}.")
    low, high, eta = (_plain_number(v) for v in (high if low is None else low, low if high is None else high, eta))
    assert low is not None and high is not None  # noqa: S101, PT018 - for the type checker
    return Rungs.geometric(low, high, eta, check_choice("budget_type", unit, ("epochs", "time", "subset")))  # type: ignore[arg-type]


def _plain_number(value: Any) -> float:
    """Convert a number to int or float."""
    value = to_plain(value)
    return value if isinstance(value, int | float) else float(value)

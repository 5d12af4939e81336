"""Callbacks of `Study.optimize`: called after each job with the study and the trial; True ends the search."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autonet.core.errors import InvalidOption
from autonet.core.validation import is_integer
from autonet.search.records import Trial

if TYPE_CHECKING:
    from autonet.search.study import Study

__all__ = ["NoProgress"]


@dataclass(frozen=True)
class NoProgress:
    """End the search `n` trials after the last improvement of the best value.

    It reads the history alone, so it stops a resumed search at the same trial.

    Parameters
    ----------
    n : int

    Examples
    --------
    >>> from autonet.search import minimize
    >>> study = minimize(lambda trial: 0.0, {"x": (0.0, 1.0)}, max_trials=50, callbacks=[NoProgress(5)])
    >>> len(study.trials)
    6
    """

    n: int

    def __post_init__(self) -> None:
        if not is_integer(self.n) or self.n < 1:
            raise InvalidOption(f"NoProgress needs a whole number of at least 1; got {self.n!r}.")

    def __call__(self, study: "Study", trial: Trial) -> bool:
        """Whether the last improvement is `n` trials back."""
        best = study.history.best
        return best is not None and len(study.trials) - 1 - best.number >= self.n

"""Every exception and warning that autonet raises.

AutonetError
├── InvalidOption (ValueError)      an option, range or value that cannot work, before any training
│   └── UnknownName (ValueError)    a name that does not exist; carries the nearest ones that do
├── InvalidNetwork (ValueError)     a registered network that fails on a toy batch
└── SearchFailed (RuntimeError)     no trial produced a model; ``__cause__`` is the first real exception

AutonetWarning (UserWarning)
├── SearchInterrupted               Ctrl-C: the best model so far is returned
├── BaselineReturned                no searched network beat the linear baseline
└── ValidationReused                too few rows to hold any out
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "AutonetError",
    "AutonetWarning",
    "BaselineReturned",
    "InvalidNetwork",
    "InvalidOption",
    "SearchFailed",
    "SearchInterrupted",
    "UnknownName",
    "ValidationReused",
]


class AutonetError(Exception):
    """Base class of all errors of autonet."""


class InvalidOption(AutonetError, ValueError):
    """An option, a range or a value that cannot work; raised before any training."""


class UnknownName(InvalidOption):
    """A name that does not exist.

    Parameters
    ----------
    what : str
        Kind of thing that was named, for example ``"option"``.
    name : str
        The name received.
    valid : iterable of str
        The names that exist.
    """

    def __init__(self, what: str, name: str, valid: Iterable[str]) -> None:
        self.what, self.name, self.valid = what, str(name), list(valid)
        super().__init__(what, self.name, self.valid)

    @property
    def nearest(self) -> list[str]:
        """The valid names that look most like the one received, best first."""
        return get_close_matches(self.name, self.valid, n=3, cutoff=0.4)

    def __str__(self) -> str:
        """Build the sentence: what came, and what was probably meant."""
        got = f"Unknown {self.what} {self.name!r}."
        if self.nearest:
            return f"{got} Did you mean {' or '.join(map(repr, self.nearest))}?"
        return f"{got} Choose from {', '.join(map(repr, self.valid))}."


class InvalidNetwork(AutonetError, ValueError):
    """A network that was registered but cannot be built or trained on a toy batch."""


class SearchFailed(AutonetError, RuntimeError):
    """No trial produced a model; ``__cause__`` is the first exception that occurred."""


class AutonetWarning(UserWarning):
    """Base class of all warnings of autonet."""


class SearchInterrupted(AutonetWarning):
    """The search was interrupted by the user; the best model so far is returned."""


class BaselineReturned(AutonetWarning):
    """The linear baseline is returned, because no searched network was better."""


class ValidationReused(AutonetWarning):
    """Too few rows to hold any out: networks are validated on their training rows."""

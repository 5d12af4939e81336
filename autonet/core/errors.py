"""Every exception and warning that autonet raises.

AutonetError
├── InvalidOption (ValueError)      an option, range or value that cannot work, before any training
│   └── UnknownName (ValueError)    a name that does not exist; carries the nearest ones that do
├── InvalidData (ValueError)        a table, targets or weights that cannot be learned from, before any training
├── InvalidNetwork (ValueError)     a registered network that fails on a toy batch
├── SearchFailed (RuntimeError)     no trial produced a model; ``__cause__`` is the first real exception
├── NoFinishedTrial (RuntimeError)  the best trial was asked for, and there is none
├── MissingPackage (ImportError)    an optional package is not installed; names the extra that brings it
├── RunMismatch (ValueError)        a run directory holds another search than the one that was opened
├── RunLocked (RuntimeError)        another process works in the run directory
├── RunCorrupted (RuntimeError)     the file of a run directory cannot be read
├── RunUnavailable (OSError)        a run directory cannot be reached: disk full, read-only, deleted
└── TrialPruned                     raised by an objective to end its trial early

AutonetWarning (UserWarning)
├── SearchInterrupted               Ctrl-C or SIGTERM: the best model so far is returned
├── BaselineReturned                no searched network beat the linear baseline
├── RefitSkipped                    there was no time to train on all rows
├── ScoreSkipped                    there was no time for an additional metric
├── DataWarning                     a column or a target is not used as its user may expect
├── EnqueuedIgnored                 an enqueued value was not used: out of range, no choice, or never suggested
└── ValidationReused                too few rows to hold any out
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

__all__ = [
    "AutonetError",
    "AutonetWarning",
    "BaselineReturned",
    "DataWarning",
    "EnqueuedIgnored",
    "InvalidData",
    "InvalidNetwork",
    "InvalidOption",
    "MissingPackage",
    "NoFinishedTrial",
    "RefitSkipped",
    "RunCorrupted",
    "RunLocked",
    "RunMismatch",
    "RunUnavailable",
    "ScoreSkipped",
    "SearchFailed",
    "SearchInterrupted",
    "TrialPruned",
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
    hint : str, optional
        What to use instead, if that is known.
    """

    def __init__(self, what: str, name: str, valid: Iterable[str], hint: str = "") -> None:
        self.what, self.name, self.valid, self.hint = what, str(name), list(valid), hint
        super().__init__(what, self.name, self.valid, hint)

    @property
    def nearest(self) -> list[str]:
        """The valid names that look most like the one received, best first."""
        return get_close_matches(self.name, self.valid, n=3, cutoff=0.4)

    def __str__(self) -> str:
        """Build the sentence: what came, and what was probably meant."""
        got = f"Unknown {self.what} {self.name!r:.200}."
        if self.hint:
            return f"{got.removesuffix('.')}; the {self.what} is {self.hint}."
        if self.nearest:
            return f"{got} Did you mean {' or '.join(map(repr, self.nearest))}?"
        return f"{got} Choose from {', '.join(map(repr, self.valid))}."


class InvalidData(AutonetError, ValueError):
    """A table, targets or weights that cannot be learned from; raised before any training."""


class InvalidNetwork(AutonetError, ValueError):
    """A network that was registered but cannot be built or trained on a toy batch."""


class SearchFailed(AutonetError, RuntimeError):
    """No trial produced a model; ``__cause__`` is the first exception that occurred."""


class NoFinishedTrial(AutonetError, RuntimeError):
    """The best trial was asked for, but no trial has finished."""


class MissingPackage(AutonetError, ImportError):
    """An optional package is not installed.

    Parameters
    ----------
    what : str
        What needs it.
    package, extra : str
        The package, and the extra of autonet that brings it.
    """

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(f'{what} needs {package}; install it with: pip install "autonet-torch[{extra}]"')


class RunMismatch(AutonetError, ValueError):
    """A run directory was opened with another space, direction, data or setting than it was made with.

    Parameters
    ----------
    directory : str
    differences : sequence of str
        One sentence each.
    """

    def __init__(self, directory: str, differences: Sequence[str]) -> None:
        self.directory, self.differences = directory, list(differences)
        super().__init__(directory, self.differences)

    def __str__(self) -> str:
        """List the differences."""
        listed = "".join(f"\n  - {difference}" for difference in self.differences)
        return f"{self.directory} holds another search; give another run_dir, or open it as it was made:{listed}"


class RunLocked(AutonetError, RuntimeError):
    """Another process works in the run directory."""


class RunCorrupted(AutonetError, RuntimeError):
    """The file of a run directory cannot be read; nothing was changed."""


class RunUnavailable(AutonetError, OSError):
    """A run directory cannot be read or written now; what it holds is kept, and the same run can go on later."""


class TrialPruned(AutonetError):
    """Raise it in an objective to end the trial early; its last reported value is kept."""


class AutonetWarning(UserWarning):
    """Base class of all warnings of autonet."""


class SearchInterrupted(AutonetWarning):
    """The search was interrupted by the user; the best model so far is returned."""


class BaselineReturned(AutonetWarning):
    """The linear baseline is returned, because no searched network was better."""


class RefitSkipped(AutonetWarning):
    """There was no time to train the networks of the final model on all rows, as ``refit=True`` asks for."""


class ScoreSkipped(AutonetWarning):
    """There was no time to score the final model by an additional metric, whose calls take long."""


class DataWarning(AutonetWarning):
    """A column or a target is not used as its user may expect: an identifier, dates as text, one-hot labels."""


class EnqueuedIgnored(AutonetWarning):
    """An enqueued value was not used: it is out of range, no choice, or its name was never suggested."""


class ValidationReused(AutonetWarning):
    """Too few rows to hold any out: networks are validated on their training rows."""

"""Every exception and warning that autonet raises.

AutonetError
├── InvalidOption (ValueError)      invalid option, range or value; before any training
│   └── UnknownName (ValueError)    unknown name, with the most similar valid ones
├── InvalidData (ValueError)        invalid data, targets or weights; before any training
├── InvalidNetwork (ValueError)     a network cannot be built or trained, or exceeds a limit
├── SearchFailed (RuntimeError)     no trial produced a model; ``__cause__`` is the first exception
├── NoFinishedTrial (RuntimeError)  the best trial is requested before any has finished
├── MissingPackage (ImportError)    an optional package is not installed
├── InvalidModelFile (ValueError)   a model file is damaged, or something else, or of a later version
├── RunMismatch (ValueError)        a run directory contains a different search
├── RunLocked (RuntimeError)        another process uses the run directory
├── RunCorrupted (RuntimeError)     the file of a run directory is damaged
├── RunUnavailable (OSError)        a run directory is not accessible: disk full, read-only, deleted
└── TrialPruned                     raised by an objective to end its trial early

AutonetWarning (UserWarning)
├── SearchInterrupted               Ctrl-C or SIGTERM: the best model so far is returned
├── BaselineReturned                no searched network beat the linear baseline
├── RefitSkipped                    no time to train on all rows
├── ScoreSkipped                    no time for an additional metric
├── DataWarning                     a column or target is possibly not used as intended
├── EnqueuedIgnored                 an enqueued value was not used: out of range, or never suggested
└── ValidationReused                too few rows for a validation split
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
    "InvalidModelFile",
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
    """Base class of all errors of autonet.

    Examples
    --------
    >>> from autonet import errors
    >>> issubclass(errors.InvalidOption, errors.AutonetError)
    True
    """


class InvalidOption(AutonetError, ValueError):
    """Invalid option, range or value; raised before any training.

    Examples
    --------
    >>> from autonet import AutoNetClassification
    >>> AutoNetClassification(max_budget=-1).fit([[0.0], [1.0]], [0, 1])
    Traceback (most recent call last):
    autonet.core.errors.InvalidOption: max_budget must be a finite number greater than 0, or None; got -1.
    """


class UnknownName(InvalidOption):
    """Unknown name.

    Parameters
    ----------
    what : str
        What the name should refer to, for example ``"option"``.
    name : str
    valid : iterable of str
        The valid names.
    hint : str, optional
        The name to use instead, if known.

    Examples
    --------
    >>> from autonet import AutoNetClassification
    >>> AutoNetClassification(max_runtme=60)
    Traceback (most recent call last):
    autonet.core.errors.UnknownName: Unknown option 'max_runtme'. Did you mean 'max_runtime' or ...?
    """

    def __init__(self, what: str, name: str, valid: Iterable[str], hint: str = "") -> None:
        self.what, self.name, self.valid, self.hint = what, str(name), list(valid), hint
        super().__init__(what, self.name, self.valid, hint)

    @property
    def nearest(self) -> list[str]:
        """The most similar valid names, best first."""
        return get_close_matches(self.name, self.valid, n=3, cutoff=0.4)

    def __str__(self) -> str:
        """Return the message, with the most similar valid names."""
        got = f"Unknown {self.what} {self.name!r:.200}."
        if self.hint:
            return f"{got.removesuffix('.')}; the {self.what} is {self.hint}."
        if self.nearest:
            return f"{got} Did you mean {' or '.join(map(repr, self.nearest))}?"
        return f"{got} Choose from {', '.join(map(repr, self.valid))}."


class InvalidData(AutonetError, ValueError):
    """Invalid data, targets or weights; raised before any training.

    Examples
    --------
    >>> from autonet import AutoNetClassification
    >>> AutoNetClassification().fit([[0.0], [1.0]], ["a", None])
    Traceback (most recent call last):
    autonet.core.errors.InvalidData: y contains ... missing values in 1 of 2 rows ...; drop these rows.
    """


class InvalidNetwork(AutonetError, ValueError):
    """A network cannot be built, trained or used for the data, or it exceeds a limit of parameters or memory.

    Examples
    --------
    >>> from torch import nn
    >>> from autonet import register_network
    >>> register_network("wide", lambda n_in, n_out: nn.Linear(n_in, 2 * n_out))
    Traceback (most recent call last):
    autonet.core.errors.InvalidNetwork: Network 'wide' fails on a toy batch of shape (4, 5): ...
    """


class SearchFailed(AutonetError, RuntimeError):
    """No trial produced a model, or the executor was lost; ``__cause__`` is the first exception.

    Examples
    --------
    >>> from autonet.search import minimize
    >>> minimize(lambda trial: 1 / 0, {"x": (0.0, 1.0)}, max_trials=2)
    Traceback (most recent call last):
    autonet.core.errors.SearchFailed: All 2 trials failed:
          2 x crashed   ZeroDivisionError: division by zero
    """


class NoFinishedTrial(AutonetError, RuntimeError):
    """The best trial was requested before any trial has finished.

    Examples
    --------
    >>> from autonet.search import Study
    >>> Study({"x": (0.0, 1.0)}).best
    Traceback (most recent call last):
    autonet.core.errors.NoFinishedTrial: No trial has a value yet.
    """


class MissingPackage(AutonetError, ImportError):
    """An optional package is not installed.

    Parameters
    ----------
    what : str
        Feature that requires it.
    package, extra : str
        The package, and the extra of autonet that installs it.

    Examples
    --------
    >>> raise MissingPackage("trials_dataframe", "pandas", "plot")
    Traceback (most recent call last):
    autonet.core.errors.MissingPackage: trials_dataframe needs pandas; install it with: ...
    """

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(f'{what} needs {package}; install it with: pip install "autonet-torch[{extra}]"')


class InvalidModelFile(AutonetError, ValueError):
    """A model file is damaged, or no model file, or of a later version; nothing in it was executed.

    Examples
    --------
    >>> import autonet
    >>> autonet.load("README.md")
    Traceback (most recent call last):
    autonet.core.errors.InvalidModelFile: README.md cannot be loaded: it is not a model file of autonet ...
    """


class RunMismatch(AutonetError, ValueError):
    """A run directory was created with a different space, direction, data or setting.

    Parameters
    ----------
    directory : str
    differences : sequence of str
        One sentence per difference.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from autonet.search import Study
    >>> with TemporaryDirectory() as folder:
    ...     with Study({"x": (0.0, 1.0)}, run_dir=folder) as study:
    ...         _ = study.optimize(lambda trial: trial["x"], max_trials=2)
    ...     Study({"x": (0.0, 2.0)}, run_dir=folder)
    Traceback (most recent call last):
    autonet.core.errors.RunMismatch: ... holds another search; give another run_dir, or open it as it was made: ...
    """

    def __init__(self, directory: str, differences: Sequence[str]) -> None:
        self.directory, self.differences = directory, list(differences)
        super().__init__(directory, self.differences)

    def __str__(self) -> str:
        """Return the message, with the list of differences."""
        listed = "".join(f"\n  - {difference}" for difference in self.differences)
        return f"{self.directory} holds another search; give another run_dir, or open it as it was made:{listed}"


class RunLocked(AutonetError, RuntimeError):
    """Another process uses the run directory.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from autonet.search import Study
    >>> with TemporaryDirectory() as folder, Study({"x": (0.0, 1.0)}, run_dir=folder):
    ...     Study.open(folder)
    Traceback (most recent call last):
    autonet.core.errors.RunLocked: ... is in use by another study of this process; close() that study, ...
    """


class RunCorrupted(AutonetError, RuntimeError):
    """The file of a run directory is damaged; nothing was changed.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from autonet.search import Study
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "study.sqlite").write_bytes(b"no database")
    ...     Study.open(folder)
    Traceback (most recent call last):
    autonet.core.errors.RunCorrupted: ... cannot be read ...
    """


class RunUnavailable(AutonetError, OSError):
    """A run directory is not accessible; its content is unchanged, and the run can continue later.

    Examples
    --------
    >>> from autonet.search import Study
    >>> Study.open("no/such/folder")
    Traceback (most recent call last):
    autonet.core.errors.RunUnavailable: There is no study in no/such/folder; create one with Study(space, run_dir=...).
    """


class TrialPruned(AutonetError):
    """Raised by an objective to end its trial early; the last reported value is kept.

    Examples
    --------
    >>> from autonet.search import TrialPruned, minimize
    >>> def objective(trial):
    ...     if trial["x"] > 0.5:
    ...         raise TrialPruned
    ...     return trial["x"]
    >>> str(minimize(objective, {"x": (0.0, 1.0)}, max_trials=5, random_state=0).best.status)
    'finished'
    """


class AutonetWarning(UserWarning):
    """Base class of all warnings of autonet.

    Examples
    --------
    >>> import warnings
    >>> from autonet import errors
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", errors.AutonetWarning)  # turn warnings into errors
    """


class SearchInterrupted(AutonetWarning):
    """The user interrupted the search; the best model so far is returned.

    Examples
    --------
    >>> import warnings
    >>> from autonet import errors
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", errors.SearchInterrupted)  # where jobs end with SIGTERM
    """


class BaselineReturned(AutonetWarning):
    """The linear baseline is returned, because no searched network was better.

    Examples
    --------
    >>> import warnings
    >>> from autonet import AutoNetClassification, errors
    >>> auto = AutoNetClassification("tiny_cs", max_trials=1, budget_type="epochs", max_budget=3)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", errors.BaselineReturned)
    ...     auto.fit([[0.0], [1.0], [2.0], [3.0]], ["a", "a", "a", "a"])
    Traceback (most recent call last):
    autonet.core.errors.BaselineReturned: y has a single class, so the linear baseline is returned ...
    """


class RefitSkipped(AutonetWarning):
    """There was no time to train the networks of the final model on all rows, as ``refit_on_all_rows=True`` requests.

    Examples
    --------
    >>> import warnings
    >>> from autonet import errors
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", errors.RefitSkipped)
    """


class ScoreSkipped(AutonetWarning):
    """There was no time to score the final model by a slow additional metric, or on the test rows.

    Examples
    --------
    >>> import warnings
    >>> from autonet import errors
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", errors.ScoreSkipped)
    """


class DataWarning(AutonetWarning):
    """A column or target is possibly not used as intended: an identifier, ambiguous dates, one-hot labels.

    Examples
    --------
    >>> import warnings
    >>> from autonet import AutoNetClassification, errors
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", errors.DataWarning)
    ...     AutoNetClassification().fit([["01/02/03"], ["02/03/04"]] * 10, [0, 1] * 10)
    Traceback (most recent call last):
    autonet.core.errors.DataWarning: Column 0: ambiguous dates, for example '01/02/03': taken as categories; ...
    """


class EnqueuedIgnored(AutonetWarning):
    """An enqueued value was not used: it is out of range, or its name was never suggested.

    Examples
    --------
    >>> import warnings
    >>> from autonet import errors
    >>> from autonet.search import Study
    >>> study = Study(random_state=0)
    >>> study.enqueue({"x": 5.0})
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", errors.EnqueuedIgnored)
    ...     study.optimize(lambda trial: trial.suggest_float("x", 0, 1), max_trials=1)
    Traceback (most recent call last):
    autonet.core.errors.EnqueuedIgnored: Enqueued trial 0: 'x' = 5.0 is not in float [0.0, 1.0]; ...
    """


class ValidationReused(AutonetWarning):
    """Too few rows for a validation split: networks are validated on their training rows.

    Examples
    --------
    >>> import warnings
    >>> from autonet import AutoNetClassification, errors
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", errors.ValidationReused)
    ...     AutoNetClassification().fit([[0.0], [1.0], [2.0]], [0, 1, 0])
    Traceback (most recent call last):
    autonet.core.errors.ValidationReused: 3 rows are too few for a holdout; validating on the training rows.
    """

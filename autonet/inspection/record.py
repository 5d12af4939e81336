"""Record of a fit: what is known of it besides its history and its model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autonet.core.spec import describable
from autonet.core.validation import is_integer, is_real

__all__ = ["FitRecord"]


@describable
@dataclass(frozen=True)
class FitRecord:
    """Record of a fit in plain values, which model files and pickles keep.

    Attributes
    ----------
    metric : str
        Name of the optimized metric; empty in models of older versions.
    greater_is_better : bool
        Direction of its scores.
    seconds : mapping of str to float
        Duration of each stage, in their order.
    ended_by : str
        What ended the search.
    workers : int
        Trials at once.
    tree_seconds : mapping of str to float
        Seconds that each tree ensemble took, by its name.
    notes : sequence of str
        Warnings about what was left out, such as a refit without time.
    root_folders : sequence of str
        Folders in which a fit to images has looked for the relative paths of CSV files; empty for those of the files.
    """

    metric: str = ""
    greater_is_better: bool = True
    seconds: Mapping[str, float] = field(default_factory=dict)
    ended_by: str = ""
    workers: int = 1
    tree_seconds: Mapping[str, float] = field(default_factory=dict)
    notes: Sequence[str] = ()
    root_folders: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Check the types of a record from a file.

        Raises
        ------
        TypeError
        """
        texts = (self.metric, self.ended_by, *self.notes, *self.root_folders)
        times = (*self.seconds.values(), *self.tree_seconds.values())
        is_valid = all(isinstance(text, str) for text in texts) and all(is_real(seconds) for seconds in times)
        if not (is_valid and is_integer(self.workers) and isinstance(self.greater_is_better, bool)):
            raise TypeError("a value of the record of the fit is of another type")

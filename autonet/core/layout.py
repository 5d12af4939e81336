"""Which columns of an encoded row are numbers, which are categories."""

from dataclasses import dataclass

from autonet.core.spec import describable

__all__ = ["InputLayout"]


@describable
@dataclass(frozen=True)
class InputLayout:
    """The columns of an encoded row: numbers, then other features, then indices of categories.

    Attributes
    ----------
    n_in : int
        Number of columns.
    n_numbers : int
        So many columns at the beginning are scaled numbers.  Other features are indicators of missing values, one-hot
        columns and components of texts.
    vocabularies : tuple of int
        The last columns hold indices of categories; for each of them, how many there are.
    """

    n_in: int
    n_numbers: int = 0
    vocabularies: tuple[int, ...] = ()

"""Check names of columns, and indexes of rows."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from numbers import Integral
from typing import Any

from autonet.core.errors import DataWarning, InvalidData
from autonet.core.warn import warn
from autonet.data.reading.canonical import canonicalize
from autonet.data.reading.columns import Names

__all__ = ["are_strings", "check_features", "check_names", "join_first", "warn_if_index_order_differs"]

SHOWN = 5  # names in a message, as in scikit-learn


def join_first(items: Sequence[str], limit: int = SHOWN) -> str:
    """Join the first items for a message: "a, b and 3 more"."""
    return ", ".join(items[:limit]) + (f" and {len(items) - limit} more" if len(items) > limit else "")


def are_strings(names: Names | None) -> bool:
    """Return whether all names are strings, as `feature_names_in_` requires."""
    return bool(names) and all(isinstance(name, str) for name in names or ())


def check_names(names: Sequence[Hashable], what: str) -> None:
    """Check that the names of columns are unique and of one type.

    Parameters
    ----------
    names : sequence of hashable
    what : str
        What the names are in the message, such as "Names of columns".

    Raises
    ------
    InvalidData
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        listed = join_first([repr(name) for name in twice])
        raise InvalidData(f"Columns of X have the same name: {listed}; rename or drop them.")
    types = {type(name).__name__: name for name in names}
    if "str" in types and len(types) > 1:
        examples = ", ".join(f"{name!r} ({cls})" for cls, name in sorted(types.items()))
        raise InvalidData(f"{what} are of different types: {examples}. Make all of them strings.")


def check_features(estimator: str, fitted: Names | None, names: Names | None, n_fitted: int, n_features: int) -> None:
    """Check that a table has the columns that were fitted.

    Parameters
    ----------
    estimator : str
        Name of its class, for the messages.
    fitted, names : tuple or None
        Names of the columns in fit and of the table; None if columns have no names.
    n_fitted, n_features : int
        Number of columns in fit and of the table.

    Raises
    ------
    InvalidData
        If names are missing, unknown or in another order, or if there are more or fewer columns.

    Warns
    -----
    UserWarning
        If only one of the tables has names.
    """
    ours, theirs = _chosen_names(fitted), _chosen_names(names)
    if fitted is not None and names is not None and (_are_integers(fitted + names) or (ours and theirs)):
        _check_equal(fitted, names)
    elif theirs and {*map(str, theirs)} == {*map(str, range(n_fitted))}:  # the columns of an array, perhaps as strings
        _check_equal(tuple(range(n_fitted)), theirs)
    elif theirs and not ours:
        warn(f"X has feature names, but {estimator} was fitted without feature names", UserWarning)
    elif ours and not theirs:
        warn(f"X does not have valid feature names, but {estimator} was fitted with feature names", UserWarning)
    if n_features != n_fitted:
        raise InvalidData(f"X has {n_features} features, but {estimator} is expecting {n_fitted} features as input.")


def _chosen_names(names: Names | None) -> Names | None:
    """Return names, but None for 0, 1, ..., with which pandas numbers columns without names."""
    return None if names is None or names == tuple(range(len(names))) else names


def _are_integers(names: Names) -> bool:
    return all(isinstance(name, Integral) for name in names)


def _check_equal(fitted: Names, names: Names) -> None:
    if _are_equal(fitted, names):
        return
    message = "The feature names should match those that were passed during fit.\n"
    unseen, missing = set(names) - set(fitted), set(fitted) - set(names)
    if {*map(str, unseen)} == {*map(str, missing)}:  # the same ones as strings
        unseen, missing = set(), set()
    if unseen:
        message += f"Feature names unseen at fit time:\n{_format_names(unseen)}"
    if missing:
        message += f"Feature names seen at fit time, yet now missing:\n{_format_names(missing)}"
    if not unseen and not missing:
        message += "Feature names must be in the same order as they were in fit.\n"
    raise InvalidData(message)


def _are_equal(fitted: Names, names: Names) -> bool:
    """Return whether names are equal, or equal as strings, to which other libraries convert them."""
    if fitted == names:
        return True
    if are_strings(fitted + names):
        return False
    return [*map(canonicalize, fitted)] == [*map(canonicalize, names)] or [*map(str, fitted)] == [*map(str, names)]


def _format_names(names: set[Any]) -> str:
    lines = [f"- {name}\n" for name in sorted(map(str, names))]
    return "".join(lines[:SHOWN] + (["- ...\n"] if len(lines) > SHOWN else []))


def warn_if_index_order_differs(what: str, table: Any, others: Mapping[Hashable, Any]) -> None:
    """Warn if other data have the pandas index of a table in another order, because rows are matched by position.

    Parameters
    ----------
    what : str
        Name of the table in the message.
    table : object
        Data without a pandas index are ignored.
    others : mapping of str to object
        Data by their name in the message.
    """
    index = _get_index(table)
    for name, other in others.items():
        theirs = _get_index(other)
        if index is None or theirs is None or len(index) != len(theirs) or index.equals(theirs):
            continue
        if index.is_unique and theirs.is_unique and set(index) == set(theirs):
            warn(
                f"{name} has the index of {what} in another order, but rows are matched by position; to match them by "
                f"index, pass {name}.loc[{what}.index].",
                DataWarning,
            )


def _get_index(rows: Any) -> Any:
    index = getattr(rows, "index", None)  # lists have a method index
    return index if hasattr(index, "equals") and hasattr(index, "is_unique") else None

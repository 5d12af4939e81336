"""Names of columns, of any type, compared with those of the fitted table in the words of scikit-learn."""

from collections import Counter
from collections.abc import Hashable, Sequence
from numbers import Integral
from typing import Any

from autonet.core.errors import InvalidData
from autonet.core.warn import warn
from autonet.data.reading.canonical import canonicalize
from autonet.data.reading.columns import Names

__all__ = ["are_strings", "check_features", "check_names"]

SHOWN = 5  # names in a list of scikit-learn


def are_strings(names: Names | None) -> bool:
    """Whether scikit-learn would keep the names as `feature_names_in_`."""
    return bool(names) and all(isinstance(name, str) for name in names or ())


def check_names(names: Sequence[Hashable], what: str) -> None:
    """Check that columns can be told apart by their names.

    Parameters
    ----------
    names : sequence of hashable
    what : str
        What they are called in the message, for example "names of columns".
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        listed = ", ".join(map(repr, twice[:SHOWN])) + (f" and {len(twice) - SHOWN} more" if twice[SHOWN:] else "")
        raise InvalidData(f"Columns of X have the same name: {listed}. Rename or drop them.")
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
        Names of the columns that were fitted, and of the columns of the table; None where columns have no names.
    n_fitted, n_features : int
        Their numbers.

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
    elif theirs and {*map(str, theirs)} == {*map(str, range(n_fitted))}:  # the columns of an array, maybe as strings
        _check_equal(tuple(range(n_fitted)), theirs)
    elif theirs and not ours:
        warn(f"X has feature names, but {estimator} was fitted without feature names", UserWarning)
    elif ours and not theirs:
        warn(f"X does not have valid feature names, but {estimator} was fitted with feature names", UserWarning)
    if n_features != n_fitted:
        raise InvalidData(f"X has {n_features} features, but {estimator} is expecting {n_fitted} features as input.")


def _chosen_names(names: Names | None) -> Names | None:
    """Return names that somebody chose: pandas numbers the columns that have none."""
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
    """Compare names; a frame of another brand may have turned the same ones into strings."""
    if fitted == names:
        return True
    if are_strings(fitted + names):
        return False
    return [*map(canonicalize, fitted)] == [*map(canonicalize, names)] or [*map(str, fitted)] == [*map(str, names)]


def _format_names(names: set[Any]) -> str:
    lines = [f"- {name}\n" for name in sorted(map(str, names))]
    return "".join(lines[:SHOWN] + (["- ...\n"] if len(lines) > SHOWN else []))

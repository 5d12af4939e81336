"""Keywords of Auto-PyTorch 0.0.2 as options of the estimators, and its numbers of iterations."""

import inspect
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from autonet.core.errors import InvalidOption
from autonet.estimators.autopytorch.old_options import translate_old_option
from autonet.estimators.synonyms import unknown_option_error

if TYPE_CHECKING:
    from autonet.search.rungs import Rungs

__all__ = [
    "RENAMED_OPTIONS",
    "accept_old_keywords",
    "count_bracket_trials",
    "translate_data",
    "translate_options",
    "translate_refit",
]

_Init = TypeVar("_Init", bound=Callable[..., None])

# Arguments of its methods, and options of earlier versions of autonet.
RENAMED_OPTIONS = {
    "config_preset": "preset",
    "refit": "refit_on_all_rows",
    "traditional_learners": "tree_ensembles",
}
IGNORED_IN_REFIT = ("rescore", "ensemble")  # weights of the ensemble are selected anew
RENAMED_DATA = {"X_train": "X", "Y_train": "y", "Y_valid": "y_valid", "Y_test": "y_test"}


def translate_options(keywords: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Translate keywords to options; a note in the log says which are ignored.

    Parameters
    ----------
    keywords : mapping
    names : collection of str
        The options that exist.

    Raises
    ------
    InvalidOption
        For a value of an option of Auto-PyTorch that asks for something that there is not.
    UnknownName
        For a keyword that is neither an option nor one of Auto-PyTorch's.
    """
    options: dict[str, Any] = {}
    for name, value in keywords.items():
        translated = translate_old_option(name, value, names)
        if translated is not None:  # an option of autonet says more
            options |= {key: new for key, new in translated.items() if key == name or key not in keywords}
        elif name in names:
            options[name] = value
        elif name in RENAMED_OPTIONS:
            options |= {RENAMED_OPTIONS[name]: value} if RENAMED_OPTIONS[name] not in keywords else {}
        else:
            raise unknown_option_error(name, names)
    return options


def translate_data(data: Mapping[str, Any], keywords: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Move data from keywords with old names to where they belong; return the data and the other keywords."""
    renamed = {RENAMED_DATA[name]: value for name, value in keywords.items() if name in RENAMED_DATA}
    return {**data, **renamed}, {name: value for name, value in keywords.items() if name not in RENAMED_DATA}


def translate_refit(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a refit, those in Auto-PyTorch's `autonet_config` included."""
    options = {name: value for name, value in keywords.items() if name not in IGNORED_IN_REFIT}
    config = options.pop("autonet_config", None)
    if config is not None and not isinstance(config, Mapping):
        raise InvalidOption(f"autonet_config must be a mapping of options, or None; got {config!r:.60}.")
    options = {**(config or {}), **options}
    share = options.get("refit_validation_split")
    return {**options, "validation_split": share} if share else options


def accept_old_keywords(init: _Init) -> _Init:
    """Let a constructor accept old keywords, too; its signature stays as it is."""
    names = list(inspect.signature(init).parameters)[1:]

    @wraps(init)
    def translating(self: Any, *args: Any, **keywords: Any) -> None:
        init(self, *args, **translate_options(keywords, names))

    return translating  # type: ignore[return-value]


def count_bracket_trials(n_iterations: float, rungs: "Rungs") -> int:
    """Return the number of configurations that Hyperband starts in its first brackets."""
    return sum(rungs.bracket_size(i) for i in range(int(n_iterations)))

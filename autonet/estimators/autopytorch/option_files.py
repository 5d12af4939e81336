"""Option files of Auto-PyTorch 0.0.2, lines of ``option=value``, and options given as a preset."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autonet.core.errors import InvalidOption
from autonet.core.files import read_text
from autonet.estimators.autopytorch.keywords import translate_options
from autonet.estimators.autopytorch.old_options import OLD_OPTIONS
from autonet.estimators.param_docs import describe_parameters
from autonet.estimators.params import Params

if TYPE_CHECKING:
    from autonet.estimators.options import Options

__all__ = ["ConfigFileParser", "collect_options", "read_option_file"]

SUFFIX = ".txt"  # of a preset that is an option file
UPDATES = "hyperparameter_search_space_updates"
WORDS = {"True": True, "False": False, "None": None, "inf": float("inf")}
FLAG_WORDS = {"1": True, "yes": True, "y": True, "true": True, "0": False, "no": False, "n": False, "false": False}


class ConfigFileParser:
    r"""Parser of option files: a line ``option=value`` for each option, as Auto-PyTorch 0.0.2 has them.

    Values are numbers, words, lists such as ``[adam, sgd]`` and dictionaries such as ``{"n_splits": 3}``; quotes are
    optional.  Blank lines and lines that begin with ``#`` are skipped.  Names are those of the constructor and, as
    there, of Auto-PyTorch.  A relative path of updates is looked for in the folder of the file and in those above it.

    Parameters
    ----------
    options : type, optional
        Options of an estimator, a subclass of `Options`.  Default: those of the estimators of tables.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from autonet import AutoNetClassification
    >>> parser = AutoNetClassification().get_autonet_config_file_parser()
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "mine.txt")
    ...     _ = path.write_text("max_runtime=300\nnetworks=[mlpnet, shapedresnet]\nrandom_seed=1\n")
    ...     parser.read(path)
    {'max_runtime': 300, 'networks': ['mlpnet', 'shapedresnet'], 'random_state': 1}
    """

    def __init__(self, options: "type[Options] | None" = None) -> None:
        self._options = options

    def read(self, path: str | Path, *, silent: bool = False) -> dict[str, Any]:
        """Read the options of a file, under the names of the constructor.

        Parameters
        ----------
        path : str or Path
        silent : bool, default=False
            Skip options that do not exist.

        Raises
        ------
        InvalidOption
            If the file or one of its lines cannot be read.
        UnknownName
            If an option does not exist.
        """
        return read_option_file(path, self._options or Params, silent=silent)

    def set_defaults(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return every option: those given, and the others with their defaults or the value of the preset.

        Raises
        ------
        InvalidOption
            If a value cannot work.
        UnknownName
            If an option does not exist.
        """
        from autonet.estimators.options import Options  # noqa: PLC0415 - imports ConfigSpace

        kind = self._options or Options
        names, defaults = kind.names(), kind()
        params = {name: getattr(defaults, name) for name in names}
        resolved = kind.resolve(collect_options(params, translate_options(config, names), kind))
        return {name: getattr(resolved, name) for name in names}

    def check_validity(self, config: Mapping[str, Any]) -> None:
        """Raise as `set_defaults`, if an option does not exist or cannot have its value."""
        self.set_defaults(config)

    def print_help(self) -> None:
        """Print every option with its default and meaning."""
        print(describe_parameters(self._options or Params))  # noqa: T201 - its purpose


def read_option_file(path: str | Path, kind: type[Params] = Params, *, silent: bool = False) -> dict[str, Any]:
    """Read an option file; see `ConfigFileParser`.

    Parameters
    ----------
    path : str or Path
    kind : type
        Of the options that exist; by default those of the estimators of tables.
    silent : bool
        Whether to skip others.
    """
    given = dict[str, Any]()
    for number, text in enumerate(read_text(path, "Option file").splitlines(), start=1):
        line = text.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not (name and equals and value):
            raise InvalidOption(f"{path}, line {number}: expected 'option=value', got {line!r:.80}.")
        if name in given:
            raise InvalidOption(f"{path}, line {number}: {name} is given twice; remove one of the lines.")
        try:
            given[name] = _parse(name, value, kind)
        except (ValueError, RecursionError) as error:  # RecursionError: thousands of brackets
            raise InvalidOption(
                f"{path}, line {number}: expected a number, a word, a list [a, b] or a dictionary, got {value!r:.80}."
            ) from error
    if isinstance(given.get(UPDATES), str):
        given[UPDATES] = _find_file(given[UPDATES], Path(path))
    names = kind.names()
    if silent:
        given = {name: value for name, value in given.items() if _exists(name, value, names)}
    return translate_options(given, names)


def collect_options(
    params: Mapping[str, Any], overrides: Mapping[str, Any], kind: type[Params] = Params
) -> dict[str, Any]:
    """Return parameters under overrides; options of a preset take the place of parameters at their defaults.

    Parameters
    ----------
    params : mapping
        Of the estimator.
    overrides : mapping
        Options of one call.
    kind : type
        Of the estimator's options.

    Returns
    -------
    dict
        `preset` is None, a name or a path of a TOML file in it.  Updates of the search space in the preset come before
        those of the user.
    """
    given = {**params, **overrides}
    options, defaults = _read_preset(given["preset"], kind), kind()
    if options is None:
        return given
    base = options.pop("preset", None)
    if _read_preset(base, kind) is not None:
        raise InvalidOption(f"The preset inside of a preset must be a name, a TOML file or None; got {base!r:.60}.")
    left = {
        name: value
        for name, value in options.items()
        if name not in overrides and _is_default(params[name], getattr(defaults, name, None))
    }
    if options.get(UPDATES) is not None and given[UPDATES] is not None:
        left[UPDATES] = _join_updates(options[UPDATES], given[UPDATES])
    return {**given, **left, "preset": base}


def _read_preset(preset: Any, kind: type[Params]) -> dict[str, Any] | None:
    """Return the options of a preset that is a mapping or an option file; None for others."""
    if isinstance(preset, Mapping):
        return translate_options(preset, kind.names())
    if isinstance(preset, str | Path) and Path(preset).suffix == SUFFIX:
        return read_option_file(preset, kind)
    return None


def _is_default(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) and bool(value == default))


def _join_updates(first: Any, second: Any) -> Any:
    """Join updates of the search space, which are objects or paths."""
    from autonet.space.updates import (  # noqa: PLC0415 - imports ConfigSpace
        HyperparameterSearchSpaceUpdates,
        parse_hyperparameter_search_space_updates,
    )

    parts = [parse_hyperparameter_search_space_updates(p) if isinstance(p, str | Path) else p for p in (first, second)]
    return HyperparameterSearchSpaceUpdates(update for part in parts for update in part)


def _exists(name: str, value: Any, names: Collection[str]) -> bool:
    try:
        translate_options({name: value}, names)
    except InvalidOption:
        return False
    return True


def _find_file(name: str, option_file: Path) -> str:
    """Return the path of a file that is in the folder of an option file, or relative to one above it."""
    candidates = (folder / name for folder in option_file.resolve().parents)
    return str(next((path for path in candidates if path.is_file()), name))


def _parse(name: str, text: str, kind: type[Params]) -> Any:
    """Parse a value, as the type of the option says where it is a list or a flag."""
    parameter, old = kind.__dataclass_fields__.get(name), OLD_OPTIONS.get(name)
    type_, default = parameter.metadata["type"] if parameter else "", old.default if old else None
    if (type_.startswith("bool") or isinstance(default, bool)) and text.lower() in FLAG_WORDS:
        return FLAG_WORDS[text.lower()]
    value = _parse_value(text)
    is_list = type_.startswith(("list of str", "list of path-like")) or isinstance(default, list)
    return [value] if is_list and isinstance(value, str) else value


def _parse_value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass
    if text.startswith("["):
        if not text.endswith("]"):
            raise ValueError(text)
        return [_parse_value(item.strip()) for item in text[1:-1].split(",") if item.strip()]
    if text.startswith("{"):  # of Python, with its quotes and words
        for word, plain in (("'", '"'), ("True", "true"), ("False", "false"), ("None", "null")):
            text = text.replace(word, plain)
        return json.loads(text)
    return WORDS.get(text, text.strip("'\""))

"""Options that commands share, among them those of the estimators, in the words of `Params`."""

import json
import re
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

import click

__all__ = [
    "TASKS",
    "TRACEBACK",
    "EstimatorOption",
    "estimator_options",
    "format_option",
    "json_option",
    "name_classes",
    "parse_class_weight",
    "parse_settings",
    "traceback_option",
]

TRACEBACK = "autonet.traceback"  # key in the context of click
TASKS = ("classification", "regression")
FORMATS = ("csv", "parquet", "jsonl")

_Function = TypeVar("_Function", bound=Callable[..., Any])


class _NumberOrWord(click.ParamType):  # type: ignore[type-arg]  # of click 8.2 not generic
    """A whole number, or a word such as "auto", which the estimator checks."""

    name = "number or word"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return int(value) if isinstance(value, str) and re.fullmatch(r"[+-]?\d+", value) else value


class EstimatorOption(click.Option):
    """An option of the estimators, whose meaning is that of the parameter; it is imported only to be printed."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option and its meaning."""
        self.help = self._describe()
        return super().get_help_record(ctx)

    def _describe(self) -> str:
        from autonet.estimators.params import Params  # noqa: PLC0415 - imports torch

        parameter = Params.__dataclass_fields__[str(self.name)]
        text = re.sub(r"`+([^`]+)`+", lambda match: _as_flag(match[1]), parameter.metadata["meaning"])
        text = re.sub(r"\s+", " ", text)
        return text if parameter.default is None else f"{text}  Default: {parameter.default}."


def _as_flag(code: str) -> str:
    """Return a name as it is written on the command line, if it is an option here."""
    name, _, value = code.partition("=")
    if name not in FLAGS:
        return code
    flag = f"--{name.replace('_', '-')}"
    return f"{flag} {value}" if value else flag


# Those that command lines set most; --set sets every other.  Names are those of `Params`.
FLAGS: Mapping[str, Mapping[str, Any]] = {
    "preset": {"metavar": "NAME|FILE"},
    "max_runtime": {"type": float, "metavar": "SECONDS"},
    "max_trials": {"type": int, "metavar": "NUMBER"},
    "optimize_metric": {"metavar": "METRIC"},
    "validation_split": {"type": float, "metavar": "SHARE"},
    "categorical_features": {"multiple": True, "metavar": "COLUMN"},
    "class_weight": {"metavar": "balanced|JSON"},
    "ensemble_size": {"type": int, "metavar": "NUMBER"},
    "tree_ensembles": {"is_flag": True},
    "n_jobs": {"type": _NumberOrWord(), "metavar": "NUMBER|auto"},
    "run_dir": {"type": click.Path(file_okay=False), "metavar": "DIRECTORY"},
    "device": {"metavar": "DEVICE"},
    "random_state": {"type": int, "metavar": "SEED"},
    "log_level": {"metavar": "LEVEL"},
}


def estimator_options(*names: str) -> Callable[[_Function], _Function]:
    """Return a decorator that adds options of the estimators to a command, and ``--set`` for all others."""

    def decorate(function: _Function) -> _Function:
        function = click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="NAME=VALUE",
            help="Any other option of the estimators, with a value in JSON: --set 'networks=[\"mlpnet\"]'.",
        )(function)
        for name in reversed(names):
            flag = f"--{name.replace('_', '-')}"
            declared = f"{flag}/--no-{flag[2:]}" if FLAGS[name].get("is_flag") else flag
            function = click.option(declared, name, cls=EstimatorOption, default=None, **FLAGS[name])(function)
        return function

    return decorate


def parse_settings(settings: tuple[str, ...]) -> dict[str, Any]:
    """Parse the values of ``--set``: JSON, or a word, which stands for itself.

    Raises
    ------
    click.BadParameter
        If a value is neither.
    """
    return dict(_parse_setting(setting) for setting in settings)


def _parse_setting(setting: str) -> tuple[str, Any]:
    name, equals, text = setting.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"expected NAME=VALUE; got {setting!r:.60}.", param_hint="--set")
    try:
        return name.strip().replace("-", "_"), json.loads(text)
    except ValueError:
        if re.fullmatch(r"[^\W\d][\w.:/-]*", text) and text not in ("True", "False", "None"):
            return name.strip().replace("-", "_"), text
    raise click.BadParameter(
        f'the value of {name} must be in JSON, such as 3, true, null, "text" or ["a", "b"]; got {text!r:.60}.',
        param_hint="--set",
    )


def parse_class_weight(text: str) -> Any:
    """Parse ``--class-weight``: a word, or weights of the classes in JSON.

    Raises
    ------
    click.BadParameter
        If it is neither.
    """
    if not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise click.BadParameter(
            f'expected balanced, or weights in JSON, such as {{"yes": 2, "no": 1}}; got {text!r:.60}.',
            param_hint="--class-weight",
        ) from None


def name_classes(weights: Mapping[str, Any], y: Any) -> dict[Any, Any]:
    """Return weights of classes under their labels, which are text as keys of JSON; others stay as they are.

    Parameters
    ----------
    weights : mapping of str to number
    y : array-like of shape (n,)
        Labels: text, numbers, or truth values, which are `true` and `false` in any case.
    """
    from autonet.data.targets.arrays import to_array  # noqa: PLC0415 - imports scikit-learn

    labels = [label for label in to_array(y).ravel().tolist() if isinstance(label, Hashable)]
    by_text = {_write_label(label): label for label in dict.fromkeys(labels)}
    return {by_text.get(key, by_text.get(_read_key(key), key)): weight for key, weight in weights.items()}


def _write_label(label: Any) -> str:
    """Write a label as a key of JSON; a number as a float."""
    if isinstance(label, bool):
        return str(label).lower()
    return str(float(label)) if isinstance(label, int | float) else str(label)


def _read_key(key: str) -> str:
    """Return a key as `_write_label` writes the number or truth value that it may stand for."""
    try:
        return str(float(key))
    except ValueError:
        return key.lower() if key.lower() in ("true", "false") else key


def _keep_traceback(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    ctx.meta[TRACEBACK] = value


def traceback_option(function: _Function) -> _Function:
    """Add ``--traceback``."""
    help_ = "Print where an error was raised."
    option = click.option("--traceback", is_flag=True, expose_value=False, callback=_keep_traceback, help=help_)
    return option(function)


def format_option(function: _Function) -> _Function:
    """Add ``--format``, of the tables that are read."""
    help_ = "Format of the tables.  Default: by the name of the file; CSV for standard input."
    return click.option("--format", "format_", type=click.Choice(FORMATS), help=help_)(function)


def json_option(function: _Function) -> _Function:
    """Add ``--json``, for results that programs read."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")(function)

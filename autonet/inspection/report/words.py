"""Words and numbers of a report: durations, scores, and configurations in readable words."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["count", "describe_config", "format_seconds", "format_value", "join_words", "name_part", "shorten"]

MAX_CHARACTERS = 300  # of a value in a table

# Steps of the pipeline whose names say something else to most readers.
PARTS = {
    "CreateDataLoader": "Batches",
    "EmbeddingSelector": "Embedding of categories",
    "Imputation": "Missing values",
    "LearningrateSchedulerSelector": "Learning rate schedule",
    "LossModuleSelector": "Loss",
    "NormalizationStrategySelector": "Normalization",
    "NumericEmbeddingSelector": "Embedding of numbers",
    "TargetMeansSelector": "Target means of categories",
    "TrainNode": "Training batches",
}


def shorten(value: Any, limit: int = MAX_CHARACTERS) -> str:
    """Return a value as text of one line, cut to `limit` characters; characters that no file can hold are escaped."""
    text = " ".join(str(value).encode("utf-8", "backslashreplace").decode().split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def format_value(value: Any) -> str:
    """Format a value of a table: numbers with four digits, None as nothing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    if isinstance(value, float):
        if value and abs(value) < 1e-3:
            digits, _, exponent = f"{value:.2e}".partition("e")
            return f"{float(digits):g}e{int(exponent)}".replace("-", "−")
        text = f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
        return text.replace("-", "−")
    return shorten(value)


def format_seconds(seconds: float) -> str:
    """Format a duration.

    Examples
    --------
    >>> format_seconds(0.0412), format_seconds(75), format_seconds(7322)
    ('0.041 s', '1 min 15 s', '2 h 2 min')
    """
    if seconds < 10:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def count(n: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> count(1, "row"), count(1200, "row"), count(2, "category", "categories")
    ('1 row', '1,200 rows', '2 categories')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def join_words(words: list[str]) -> str:
    """Join words with commas and "and".

    Examples
    --------
    >>> join_words(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def name_part(node: str) -> str:
    """Return the name of a step of the pipeline in words.

    Examples
    --------
    >>> name_part("OptimizerSelector"), name_part("TargetTransformSelector"), name_part("CreateDataLoader")
    ('Optimizer', 'Target transform', 'Batches')
    """
    words = re.findall(r"[A-Z][a-z]*|[^A-Z]+", node.removesuffix("Selector"))
    return PARTS.get(node, " ".join(words).lower().capitalize())


def describe_config(
    config: Mapping[str, Any], nodes: Mapping[str, str], searched: set[str] | None
) -> list[dict[str, str]]:
    """Describe a configuration, a row per step of the pipeline.

    Parameters
    ----------
    config : mapping
        Values by the full names of hyperparameters.
    nodes : mapping of str to str
        Names of the steps in their order, with the key of what is chosen for each.
    searched : set of str or None
        Hyperparameters that had several values to choose from: the others are marked as fixed.  None: not known.

    Returns
    -------
    list of dict of str to str
        ``part``, the step; ``choice`` for it; ``values`` of its hyperparameters.

    Examples
    --------
    >>> config = {"OptimizerSelector:optimizer": "sgd", "OptimizerSelector:sgd:learning_rate": 0.01}
    >>> describe_config(config, {"OptimizerSelector": "OptimizerSelector:optimizer"}, {"OptimizerSelector:optimizer"})
    [{'part': 'Optimizer', 'choice': 'sgd', 'values': 'learning rate 0.01 (fixed)'}]
    """
    rows = []
    for node, key in nodes.items():
        names = [name for name in config if name.split(":")[0] == node]
        if not names:
            continue
        texts = {name: _plain(config[name]) for name in names}
        fixed = {name for name in names if searched is not None and name not in searched}
        marks = {name: " (fixed)" if name in fixed else "" for name in names}
        values = [
            f"{name.split(':')[-1].replace('_', ' ')} {texts[name]}{marks[name]}" for name in names if name != key
        ]
        choice = f"{texts[key].replace('_', ' ')}{marks[key]}" if key in texts else ""
        rows.append({"part": name_part(node), "choice": choice, "values": ", ".join(values)})
    return rows


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format_value(value) if isinstance(value, float) else shorten(value, 40)

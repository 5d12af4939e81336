"""Section of a report about the data: rows, target, columns as they were understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from autonet.core.typing import Array
from autonet.data.reading.columns import Column
from autonet.inspection.report.blocks import Block, Facts, Fold, Section, Table, Text, make_table
from autonet.inspection.report.words import count, format_value, join_words, shorten

__all__ = ["describe_data"]

MAX_SHOWN = 15  # columns of a table up to which all are shown
MAX_COLUMNS = 500  # of the page
MAX_LABELS = 12
MAX_LEVELS = 3
SHORT = 24  # characters of a level or label

TITLES = {"name": "column", "kind": "kind", "values": "values", "missing": "missing", "used": "used", "note": "note"}


def describe_data(estimator: Any) -> Section:
    """Describe the data of a fit.

    Parameters
    ----------
    estimator : AutoNetClassification or AutoNetRegression
        Fitted.
    """
    model = estimator.model_
    task, columns = model.best[0].task, list(estimator.columns_)
    if columns and not model.schema.are_named:  # named as in other tables
        columns = [replace(column, name=f"x{i}") for i, column in enumerate(columns)]
    facts = [("training rows", format_value(task.n_rows)), ("target", describe_target(model.targets))]
    blocks: list[Block] = []
    if columns:
        unused = sum(not column.is_used for column in columns)
        kinds = Counter(column.kind for column in columns).most_common()
        facts[1:1] = [
            ("columns", f"{count(len(columns), 'column')}: {join_words([f'{n:,} {kind}' for kind, n in kinds])}"),
            ("not used", count(unused, "column") if unused else "none: all columns are used"),
            ("missing values", _describe_missing(columns)),
        ]
        blocks = _show_columns(columns)
    else:
        blocks = [Text("The data are not a table with columns, so that none are listed.")]
    return Section("data", "Data", (Facts(tuple(facts)), *blocks))


def describe_target(targets: Any) -> str:
    """Describe what is predicted.

    Parameters
    ----------
    targets : ClassTargets, MultilabelTargets or RegressionTargets
    """
    if targets.kind == "multilabel":
        return f"{targets.n_outputs} labels, of which a row may have several or none{_list_names(targets.columns)}"
    if targets.kind == "classification" and targets.n_outputs == 1:
        return f"the only class of the training rows, {shorten(targets.labels[0], SHORT)}"
    if targets.kind == "classification":
        return f"one of {count(targets.n_outputs, 'class', 'classes')}{_list_names(targets.labels)}"
    if targets.quantiles:
        return f"a number, as its quantiles {join_words([f'{level:g}' for level in targets.quantiles])}"
    return "a number" if targets.n_targets == 1 else f"{targets.n_targets} numbers{_list_names(targets.columns)}"


def _list_names(names: Sequence[object] | Array) -> str:
    """List names after a colon; return an empty text for none."""
    shown = ", ".join(shorten(name, SHORT) for name in names[:MAX_LABELS])
    rest = f", and {len(names) - MAX_LABELS:,} more" if len(names) > MAX_LABELS else ""
    return f": {shown}{rest}" if len(names) else ""


def _describe_missing(columns: Sequence[Column]) -> str:
    with_missing = [column for column in columns if column.missing]
    if not with_missing:
        return "none"
    worst = max(with_missing, key=lambda column: column.missing)
    name = shorten(worst.name, SHORT)
    return f"in {count(len(with_missing), 'column')}; most in {name} ({worst.missing:.1%} of its rows)"


def _show_columns(columns: Sequence[Column]) -> list[Block]:
    if len(columns) <= MAX_SHOWN:
        return [_make_table(columns, "Columns as they were understood")]
    noted = [column for column in columns if column.note or not column.is_used or column.missing]
    blocks: list[Block] = []
    if noted:
        shown = noted[:MAX_SHOWN]
        title = f"Columns with missing values or a note, {len(shown):,} of {len(noted):,}"
        blocks.append(_make_table(shown, title))
    listed = columns[:MAX_COLUMNS]
    title = f"All {len(columns):,} columns" if len(listed) == len(columns) else f"The first {len(listed):,} columns"
    return [*blocks, Fold(title, (_make_table(listed, "Columns as they were understood"),))]


def _make_table(columns: Sequence[Column], caption: str) -> Table:
    rows = [
        {
            "name": str(column.name),
            "kind": column.kind,
            "values": _describe_values(column),
            "missing": f"{column.missing:.1%}" if column.missing else "",
            "used": column.is_used,
            "note": column.note,
        }
        for column in columns
    ]
    empty = {name for name in ("values", "missing", "note") if not any(row[name] for row in rows)}
    return make_table(rows, {name: title for name, title in TITLES.items() if name not in empty}, caption)


def _describe_values(column: Column) -> str:
    if column.zone:
        return f"in {column.zone}"
    if column.kind not in ("boolean", "categorical", "ordinal") or not column.levels:
        return ""
    shown = ", ".join(shorten(level, SHORT) for level in column.levels[:MAX_LEVELS])
    return f"{len(column.levels):,}: {shown}" + (", …" if len(column.levels) > MAX_LEVELS else "")

"""A history as a CSV or JSON Lines file: a row per report."""

import csv
import io
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ConfigSpace import ConfigurationSpace

from autonet.core.files import find_target, write_file
from autonet.search.export.values import list_names, to_json, value_of
from autonet.search.history import History
from autonet.search.records import Trial
from autonet.search.reporting import escape_surrogates

__all__ = ["COLUMNS", "to_csv", "to_jsonl"]

COLUMNS = (
    *("trial", "job", "origin", "seed", "start", "target", "budget", "value", "loss", "tie_breaker"),
    *("status", "began", "seconds", "cost", "complete", "reason"),
)

# Groups of further columns in a CSV file, with the attribute of a trial or report that has them.
PARAMS, METRICS, ATTRIBUTES = "params", "metrics", "user_attrs"


def to_csv(history: History, space: ConfigurationSpace, path: str | os.PathLike[str]) -> None:
    """Write a CSV file; see `Study.to_csv`."""
    target = find_target(path, "The history")
    names = [(PARAMS, name) for name in list_names([space, *(trial.config for trial in history)])]
    names += [(METRICS, name) for name in list_names(report.metrics for _, report in history.reports)]
    names += [(ATTRIBUTES, name) for name in list_names(trial.attributes for trial in history)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, *(escape_surrogates(f"{group}_{name}") for group, name in names)])
    for record in _records(history):
        row = [_format(record[column]) for column in COLUMNS]
        row += [_format_or_none(record[group][name]) if name in record[group] else "" for group, name in names]
        writer.writerow(row)
    write_file(target, [text.getvalue().encode()])


def to_jsonl(history: History, space: ConfigurationSpace, path: str | os.PathLike[str]) -> None:
    """Write a JSON Lines file; see `Study.to_jsonl`."""
    target = find_target(path, "The history")
    order = {name: i for i, name in enumerate(space)}

    def lines() -> Iterator[bytes]:
        for record in _records(history):
            params = record[PARAMS]
            record[PARAMS] = {name: params[name] for name in sorted(params, key=lambda n: order.get(n, len(order)))}
            yield json.dumps(to_json(record), allow_nan=False).encode() + b"\n"

    write_file(target, lines())


def _records(history: History) -> Iterator[dict[str, Any]]:
    """Yield a record per report, by trial and job."""
    for trial in history:
        for job in range(len(trial.reports)):
            yield _make_record(trial, job)


def _make_record(trial: Trial, job: int) -> dict[str, Any]:
    report, value = trial.reports[job], value_of(trial, trial.reports[job])
    return {
        "trial": trial.number,
        "job": job,
        "origin": trial.origin,
        "seed": trial.seed,
        "start": report.start,
        "target": report.target,
        "budget": report.budget,
        "value": value,
        "loss": None if value is None else report.loss,
        "tie_breaker": report.tie_breaker,
        "status": str(report.status),
        "began": datetime.fromtimestamp(report.began, UTC).isoformat(timespec="microseconds"),
        "seconds": report.seconds,
        "cost": report.cost,
        "complete": report.complete,
        "reason": report.reason,
        "error": report.error,
        PARAMS: dict(trial.config),
        METRICS: dict(report.metrics),
        ATTRIBUTES: dict(trial.attributes),
        "details": dict(report.details),
        "curve": trial.curve if job == len(trial.reports) - 1 else [],
    }


def _format(value: Any) -> str:
    """Format the value of a cell; None is empty."""
    plain = to_json(value)
    if plain is None:
        return ""
    return json.dumps(plain, allow_nan=False) if isinstance(plain, list | dict) else str(plain)


def _format_or_none(value: Any) -> str:
    """Format the value of a cell that is empty only where it is absent."""
    return "None" if value is None else _format(value)

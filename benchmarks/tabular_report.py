"""What the runs of `tabular.py` come to: shares of tables won or tied, ratios of errors, latency and size."""

import contextlib
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from statistics import geometric_mean, mean, median
from typing import Any

TIE = 1.01
SMALLEST = 1e-15  # error in a ratio

Record = dict[str, Any]
MEASURES = {"log_loss": "log-loss", "accuracy": "1 - accuracy", "roc_auc": "1 - ROC-AUC"}

Errors = dict[str, dict[int, float]]  # table -> split -> error


def key(record: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes a run; of two with the same key, the later one counts."""
    return tuple(record.get(name) for name in ("table", "split", "system", "seconds", "max_rows"))


def read(path: Path) -> dict[tuple[Any, ...], Record]:
    """Runs that are there, by key; a line that was cut short is none."""
    records = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        with contextlib.suppress(json.JSONDecodeError):
            record = json.loads(line)
            records[key(record)] = record
    return records


def error_of(record: Record, measure: str) -> float | None:
    """What is compared, less is better; infinite for a run that failed, None where the measure is not defined."""
    if record["status"] != "ok":
        return math.inf
    if record["kind"] == "regression":
        return float(record["rmse"])
    value = record.get(measure)
    return value if value is None or measure == "log_loss" else 1 - value


@dataclass(frozen=True)
class Comparison:
    """A system against a peer: on how many tables and splits, on which share won or tied, mean ratio of the errors."""

    tables: int
    runs: int
    share: float
    ratio: float


def compare(ours: Errors, theirs: Errors) -> Comparison:
    """Compare mean errors over the splits that both were run on.

    A table is won or tied if our error is at most 1 % above theirs.  Infinite errors lose, even against each other,
    and are not in the geometric mean.
    """
    wins, ratios, runs = [], [], 0
    for table in ours.keys() & theirs.keys():
        splits = ours[table].keys() & theirs[table].keys()
        if not splits:
            continue
        a, b = (max(mean(e[table][s] for s in splits), SMALLEST) for e in (ours, theirs))
        runs += len(splits)
        wins.append(math.isfinite(a) and a <= TIE * b)
        if math.isfinite(a) and math.isfinite(b):
            ratios.append(a / b)
    share = mean(wins) if wins else math.nan
    return Comparison(len(wins), runs, share, geometric_mean(ratios) if ratios else math.nan)


def collected(records: Iterable[Record], measure: str) -> dict[str, Errors]:
    """Errors by system, table and split."""
    found: dict[str, Errors] = defaultdict(lambda: defaultdict(dict))
    for record in records:
        error = error_of(record, measure)
        if error is not None:
            found[record["system"]][record["table"]][record["split"]] = error
    return found


def report(records: Sequence[Record], ours: str, measure: str) -> Iterator[str]:
    """Tables in Markdown of the runs of one time limit."""
    errors_of = collected(records, measure)
    systems = [ours, *sorted(errors_of.keys() - {ours})]
    calls = sorted({int(name.removeprefix("predict_")) for r in records for name in r if name.startswith("predict_")})
    costly = ["failed", "fit: median, most", *(f"{n:,} rows" if n > 1 else "1 row" for n in calls), "size"]
    yield f"| {ours} against | tables (splits) | won or tied | ratio of errors | {' | '.join(costly)} |"
    yield "|---|---|---|---" + "|---" * len(costly) + "|"
    for system in systems:
        compared = compare(errors_of[ours], errors_of[system])
        against = " | " if system == ours else f"{compared.share:.0%} | {compared.ratio:.3f}"
        of_system = costs([r for r in records if r["system"] == system], calls)
        yield f"| {system} | {compared.tables} ({compared.runs}) | {against} | {of_system} |"
    yield f"\n| table | split | rows | measure | {' | '.join(systems)} |"
    yield "|---|---|---|---" + "|---" * len(systems) + "|"
    for (table, split), first in sorted({(r["table"], r["split"]): r for r in records}.items(), key=itemgetter(0)):
        errors = [errors_of[system].get(table, {}).get(split) for system in systems]
        name = "RMSE" if first["kind"] == "regression" else MEASURES[measure]
        cells = ["" if error is None else f"{error:.4g}" for error in errors]
        yield f"| {table} | {split} | {first['rows']} | {name} | {' | '.join(cells)} |"
    versions = {(r["family"], package, v) for r in records for package, v in r.get("versions", {}).items()}
    for family in sorted({family for family, _, _ in versions}):
        yield f"\n{family}: {', '.join(f'{package} {v}' for f, package, v in sorted(versions) if f == family)}"
    splits, dates = sorted({r["split"] for r in records}), [r["date"] for r in records if "date" in r]
    load = median(r["load"] for r in records if "load" in r)
    yield f"\nSplits {splits}, {min(dates)} to {max(dates)}; load of the machine before a run: median {load:.1f}"


def costs(runs: Sequence[Record], calls: Sequence[int]) -> str:
    """Cells of a row: failures, seconds to fit, medians of the latency of calls with so many rows, and of size."""
    failed = f"{sum(r['status'] != 'ok' for r in runs)} of {len(runs)}"
    done = [r for r in runs if "fit_seconds" in r]  # of a few runs only the errors were kept
    if not done:
        return f"{failed}{' |' * (len(calls) + 2)} "
    fit = [r["fit_seconds"] for r in done]
    size = median(r["bytes"] for r in done)
    took = [[r[f"predict_{n}"] for r in done if f"predict_{n}" in r] for n in calls]
    latency = " | ".join(f"{1e3 * median(seconds):,.1f} ms" if seconds else "" for seconds in took)
    return f"{failed} | {median(fit):.1f} s, {max(fit):.1f} s | {latency} | {size / 2**20:.2f} MiB"

"""Format a study: log lines, a one-line summary, an HTML table, a data frame."""

import logging
from collections import Counter
from datetime import UTC, datetime
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any

from autonet.core.errors import MissingPackage
from autonet.search.records import Status, Trial

if TYPE_CHECKING:
    from autonet.search.history import History

__all__ = [
    "choose_optuna_state",
    "describe",
    "escape_surrogates",
    "html_table",
    "list_failures",
    "log_trial",
    "trials_dataframe",
]

logger = logging.getLogger("autonet.search")

MAX_ROWS = 10  # number of trials in the HTML table
MAX_CHARACTERS = 60  # maximum number of characters of a displayed value
WARNED = frozenset({Status.CRASHED, Status.DIVERGED, Status.MEMOUT})  # statuses logged as warnings

# Columns of the data frame, besides those of parameters, attributes and metrics.
COLUMNS = (
    *("number", "value", "datetime_start", "datetime_complete", "duration"),
    *("state", "budget", "status", "origin", "seed", "reason"),
)


def log_trial(history: "History", trial: Trial, *, failures_only: bool = False) -> None:
    """Log the end of a job: a warning if it failed, else at info level."""
    report = trial.reports[-1]
    if report.status in WARNED:
        logger.warning("trial %d %s: %s", trial.number, report.status, report.reason)
        return
    if failures_only or not logger.isEnabledFor(logging.INFO):
        return
    value = "no value" if trial.value is None else f"value {trial.value:.6g}"
    budget = f" at budget {trial.budget:g}" if history.rungs.unit != "none" else ""
    best = "" if history.best is None else f"; best: trial {history.best.number}, {history.best.value:.6g}"
    logger.info(
        "trial %d %s: %s%s in %.3g s with %s%s",
        *(trial.number, report.status, value, budget, report.seconds, _format_config(trial), best),
    )


def describe(history: "History") -> str:
    """Summarize number, statuses and best value of trials in one line."""
    ended = Counter("running" if t.running or not t.status else str(t.status) for t in history)
    counts = ", ".join(f"{n} {status}" for status, n in ended.most_common())
    best = history.best
    found = "no value yet" if best is None else f"best {best.value:g} (trial {best.number})"
    noun = "trial" if len(history) == 1 else "trials"
    return (
        f"{'maximize' if history.maximize else 'minimize'}, {len(history)} {noun}{counts and f' ({counts})'}, {found}"
    )


def html_table(title: str, history: "History") -> str:
    """Return a summary and the best trials as an HTML table."""
    trials = list(islice(history.ranked(), MAX_ROWS))
    names = list(dict.fromkeys(name for trial in trials for name in trial.config))
    columns = ["trial", "value", *(["budget"] if history.rungs.unit != "none" else []), "status", *names]
    rows = [_format_row("th", columns)]
    for trial in trials:
        own = {"trial": trial.number, "value": trial.value, "budget": float(trial.budget), "status": trial.status}
        shown = [own[name] for name in columns[: len(columns) - len(names)]]
        rows.append(_format_row("td", [*shown, *(trial.config.get(name, "") for name in names)]))
    rest = len(history) - len(trials)
    caption = f"{title}: {describe(history)}" + (f"; the best {len(trials)} of {len(history)} trials:" if rest else "")
    return f"<p>{_format_cell(caption, limit=500)}</p><table>{''.join(rows)}</table>"


def _format_row(tag: str, cells: list[Any]) -> str:
    return f"<tr>{''.join(f'<{tag}>{_format_cell(cell)}</{tag}>' for cell in cells)}</tr>"


def _format_config(trial: Trial) -> str:
    return f"{{{', '.join(f'{name}: {_format_value(value)}' for name, value in trial.config.items())}}}"


def _format_value(value: Any, limit: int = MAX_CHARACTERS) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= limit else f"{text[:limit]}..."


def _format_cell(value: Any, limit: int = MAX_CHARACTERS) -> str:
    return escape(_format_value(value, limit))


def list_failures(history: "History", limit: int = 10) -> str:
    """List the reasons of failures, the most frequent first; empty if there are none."""
    counts = Counter(
        (str(r.status), r.reason.splitlines()[0] if r.reason else "no reason given")
        for _, r in history.reports
        if r.failed
    )
    rows = [f"\n  {n:>5} x {status:<9} {reason}" for (status, reason), n in counts.most_common(limit)]
    rest = len(counts) - len(rows)
    return "".join(rows) + (f"\n  and {rest} more reasons" if rest > 0 else "")


def trials_dataframe(history: "History") -> Any:
    """Return a pandas data frame with a row per trial; see `Study.trials_dataframe`."""
    try:
        import pandas as pd  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingPackage("trials_dataframe", "pandas", "plot") from error
    columns = list(COLUMNS)
    for prefix, parts in (("params", "config"), ("user_attrs", "attributes"), ("metrics", "metrics")):
        at = columns.index("state") if prefix != "metrics" else columns.index("budget")
        columns[at:at] = [f"{prefix}_{name}" for name in sorted({name for t in history for name in getattr(t, parts)})]
    return pd.DataFrame([_make_row(t) for t in history], columns=columns)


def _make_row(trial: Trial) -> dict[str, Any]:
    began = [r.began for r in trial.reports]
    ended = [r.began + r.seconds for r in trial.reports]
    start = datetime.fromtimestamp(min(began), UTC).replace(tzinfo=None) if began else None
    complete = datetime.fromtimestamp(max(ended), UTC).replace(tzinfo=None) if ended and not trial.running else None
    latest = None if trial.running else trial.status
    row = {
        "number": trial.number,
        "value": trial.value,
        "datetime_start": start,
        "datetime_complete": complete,
        "duration": complete - start if complete and start else None,
        **{f"params_{name}": value for name, value in trial.config.items()},
        **{f"user_attrs_{name}": value for name, value in trial.attributes.items()},
        "state": choose_optuna_state(trial, trial.value),
        **{f"metrics_{name}": value for name, value in trial.metrics.items()},
        "budget": trial.budget,
        "status": str(latest) if latest else "running",
        "origin": trial.origin,
        "seed": trial.seed,
        "reason": trial.reports[-1].reason if trial.reports and latest else "",
    }
    return {name: escape_surrogates(value) if isinstance(value, str) else value for name, value in row.items()}


def choose_optuna_state(trial: Trial, value: float | None) -> str:
    """Return the name of Optuna's state of a trial: with a value, it counts as complete, as it does in `Study.best`.

    Parameters
    ----------
    trial : Trial
    value : float, optional
        Its value, perhaps at a certain budget.
    """
    if value is not None:
        return "COMPLETE"
    if trial.running:
        return "RUNNING"
    if not trial.reports:
        return "WAITING"
    return "PRUNED" if trial.usable or trial.status is Status.PRUNED else "FAIL"


def escape_surrogates(text: str) -> str:
    """Escape lone surrogates, so that the text can be encoded."""
    return text.encode("utf-8", "backslashreplace").decode()

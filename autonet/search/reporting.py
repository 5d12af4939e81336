"""What people see of a study: a line in the log per trial, a line in a console, a table in a notebook."""

import logging
from collections import Counter
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any

from autonet.search.records import Status, Trial

if TYPE_CHECKING:
    from autonet.search.history import History

__all__ = ["describe", "html_table", "log_trial"]

logger = logging.getLogger("autonet.search")

# Trials in a table of a notebook, the best ones.
ROWS = 10

# Characters of a value that are shown.
MAX_CHARACTERS = 60

# What is worth a warning; a deadline ends trials of ordinary searches, and a pruner is asked to.
WARNED = frozenset({Status.CRASHED, Status.DIVERGED, Status.MEMOUT})


def log_trial(history: "History", trial: Trial, *, failures_only: bool = False) -> None:
    """Log that a job of a trial has ended: a warning if it failed, else a line at info level."""
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
    """Say in a line how many trials there are, how they ended, and what is best."""
    ended = Counter("running" if t.running or not t.status else str(t.status) for t in history)
    counts = ", ".join(f"{n} {status}" for status, n in ended.most_common())
    best = history.best
    found = "no value yet" if best is None else f"best {best.value:g} (trial {best.number})"
    noun = "trial" if len(history) == 1 else "trials"
    return (
        f"{'maximize' if history.maximize else 'minimize'}, {len(history)} {noun}{counts and f' ({counts})'}, {found}"
    )


def html_table(title: str, history: "History") -> str:
    """Return the best trials as a table, below a line that sums up all."""
    trials = list(islice(history.ranked(), ROWS))
    names = list(dict.fromkeys(name for trial in trials for name in trial.config))
    columns = ["trial", "value", *(["budget"] if history.rungs.unit != "none" else []), "status", *names]
    rows = [_row("th", columns)]
    for trial in trials:
        own = {"trial": trial.number, "value": trial.value, "budget": float(trial.budget), "status": trial.status}
        shown = [own[name] for name in columns[: len(columns) - len(names)]]
        rows.append(_row("td", [*shown, *(trial.config.get(name, "") for name in names)]))
    rest = len(history) - len(trials)
    caption = f"{title}: {describe(history)}" + (f"; the best {len(trials)} of {len(history)} trials:" if rest else "")
    return f"<p>{_cell(caption, limit=500)}</p><table>{''.join(rows)}</table>"


def _row(tag: str, cells: list[Any]) -> str:
    return f"<tr>{''.join(f'<{tag}>{_cell(cell)}</{tag}>' for cell in cells)}</tr>"


def _format_config(trial: Trial) -> str:
    return f"{{{', '.join(f'{name}: {_format_value(value)}' for name, value in trial.config.items())}}}"


def _format_value(value: Any, limit: int = MAX_CHARACTERS) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= limit else f"{text[:limit]}..."


def _cell(value: Any, limit: int = MAX_CHARACTERS) -> str:
    return escape(_format_value(value, limit))

"""What came out of a study, for people to read."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from autonet.core.errors import MissingPackage
from autonet.search.history import History
from autonet.search.records import Status, Trial

__all__ = ["escape_surrogates", "list_failures", "trials_dataframe"]

# Columns of the data frame; those of parameters, attributes and metrics come between them.
COLUMNS = (
    *("number", "value", "datetime_start", "datetime_complete", "duration"),
    *("state", "budget", "status", "origin", "seed", "reason"),
)

# Optuna's words for how a trial ended.
OPTUNA_STATES = {
    None: "RUNNING",
    Status.FINISHED: "COMPLETE",
    Status.CUT: "COMPLETE",
    Status.INTERRUPTED: "COMPLETE",
    Status.PRUNED: "PRUNED",
}


def list_failures(history: History, limit: int = 10) -> str:
    """List why trials failed, the most frequent reason first; empty if none did."""
    counts = Counter(
        (str(r.status), r.reason.splitlines()[0] if r.reason else "no reason given")
        for _, r in history.reports
        if r.failed
    )
    rows = [f"\n  {n:>5} x {status:<9} {reason}" for (status, reason), n in counts.most_common(limit)]
    rest = len(counts) - len(rows)
    return "".join(rows) + (f"\n  and {rest} more reasons" if rest > 0 else "")


def trials_dataframe(history: History) -> Any:
    """Return a pandas data frame with a row per trial; see `Study.trials_dataframe`."""
    try:
        import pandas as pd  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingPackage("trials_dataframe", "pandas", "plot") from error
    columns = list(COLUMNS)
    for prefix, parts in (("params", "config"), ("user_attrs", "attributes"), ("metrics", "metrics")):
        at = columns.index("state") if prefix != "metrics" else columns.index("budget")
        columns[at:at] = [f"{prefix}_{name}" for name in sorted({name for t in history for name in getattr(t, parts)})]
    return pd.DataFrame([_row(t) for t in history], columns=columns)


def _row(trial: Trial) -> dict[str, Any]:
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
        "state": OPTUNA_STATES.get(latest, "FAIL"),
        **{f"metrics_{name}": value for name, value in trial.metrics.items()},
        "budget": trial.budget,
        "status": str(latest) if latest else "running",
        "origin": trial.origin,
        "seed": trial.seed,
        "reason": trial.reports[-1].reason if trial.reports and latest else "",
    }
    return {name: escape_surrogates(value) if isinstance(value, str) else value for name, value in row.items()}


def escape_surrogates(text: str) -> str:
    """Return text that can be encoded: half a surrogate pair is written as an escape."""
    return text.encode("utf-8", "backslashreplace").decode()

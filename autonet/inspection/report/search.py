"""Sections of a report about the search: what was tried, what the time went into, what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from autonet.core.resulttable import ResultTable
from autonet.inspection.report.blocks import Bar, Block, Code, Facts, Fold, Section, Table, Text, make_table
from autonet.inspection.report.pictures import draw
from autonet.inspection.report.words import count, format_seconds, format_value, join_words, name_part, shorten

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace
    from matplotlib.axes import Axes

__all__ = ["NO_HISTORY", "describe_curves", "describe_failures", "describe_search"]

NO_HISTORY = (
    "This estimator was loaded from a model file without the history of its search. Save it with with_history=True to "
    "see trials, learning curves and failures here."
)

MAX_CHOICES = 6
MAX_FAILURES = 20
MAX_TRACEBACKS = 5
MAX_IMPORTANCE_TRIALS = 1000  # above, the forests take long


def describe_search(estimator: Any) -> Section:
    """Describe what was searched, and how the time was divided.

    Parameters
    ----------
    estimator : AutoNetClassification or AutoNetRegression
        Fitted.
    """
    summary, history = estimator.summary(), getattr(estimator, "history_", None)
    blocks: list[Block] = [] if history is not None else [Text(NO_HISTORY, is_caution=True)]
    if history is not None:
        counts = [f"{row['count']:,} {row['item']}" for row in summary if row["section"] == "trials"]
        trials = ("trials", ", ".join(counts) or "none")
        blocks.append(Facts((("space", _describe_space(estimator.search_space_)), trials, *_describe_limits(summary))))
        blocks += _tabulate_trials(summary)
    blocks += _tabulate_seconds(summary)
    if history is not None and history.best is not None:
        blocks += _draw_search(estimator, len(history))
    if history is not None:
        blocks.append(_list_hyperparameters(estimator))
    return Section("search", "Search", tuple(blocks))


def describe_curves(estimator: Any) -> Section | None:
    """Show the learning curves of all trials, and those of the best network; None without a history."""
    history = getattr(estimator, "history_", None)
    if history is None or history.best is None:
        return None
    from autonet.inspection.plots.curves import LearningCurvesDisplay  # noqa: PLC0415 - draws

    name = str(estimator.fit_result_["best_network"]["name"])
    rows = [row for row in estimator.learning_curves() if str(row["trial"]) == name]
    all_trials = draw(
        partial(LearningCurvesDisplay.from_estimator, estimator),
        f"Validation scores of {count(len(history), 'trial')} by epoch",
        "Validation score of each trial by epoch, in the colour of the highest budget that it reached. Trials that did "
        "well were trained longer.",
    )
    blocks: list[Block] = [all_trials]
    if rows:
        folds = {row["fold"] for row in rows}
        last = rows[-1]
        alt = (
            f"Training and validation loss of trial {name} over {last['epoch']:g} epochs; the last validation loss is "
            f"{format_value(last['val_loss'])}"
        )
        caption = (
            f"Loss of the best network, trial {name}, by epoch"
            f"{f', a line per fold ({len(folds)})' if len(folds) > 1 else ''}. The training loss is that of batches as "
            "they are trained, with dropout and mixup: it may be above the validation loss."
        )
        blocks.append(draw(partial(_plot_losses, rows), alt, caption))
    return Section("curves", "Learning curves", tuple(blocks))


def describe_failures(estimator: Any) -> Section | None:
    """List the jobs that failed; None without a history."""
    if getattr(estimator, "history_", None) is None:
        return None
    failures = estimator.failures()
    if not failures:
        return Section("failures", "Failures", (Text("No trial failed."),))
    reasons = Counter((row["status"], shorten(row["reason"])) for row in failures)
    by_reason = [{"status": status, "reason": reason, "jobs": n} for (status, reason), n in reasons.most_common()]
    jobs = f"{count(len(failures), 'job')} of {count(len(estimator.history_), 'trial')} ended without a value."
    text = f"{jobs} A few are common: a search tries configurations that do not work. Many of one kind are a sign."
    titles = {"trial": "trial", "budget": "budget", "status": "status", "reason": "reason", "seconds": "seconds"}
    title = "Failed jobs" if len(failures) <= MAX_FAILURES else f"The first {MAX_FAILURES} failed jobs"
    blocks: list[Block] = [
        Text(text),
        make_table(by_reason, {"status": "status", "reason": "reason", "jobs": "jobs"}, "Failures by reason"),
        Fold(title, (make_table(failures[:MAX_FAILURES], titles, "Jobs without a value, in their order"),)),
    ]
    traced = {row["error"]: row["trial"] for row in reversed(failures) if row["error"]}
    for error, trial in list(traced.items())[::-1][:MAX_TRACEBACKS]:
        blocks.append(Fold(f"Traceback of trial {trial}", (Code(str(error)),)))
    return Section("failures", "Failures", tuple(blocks))


def _describe_space(space: ConfigurationSpace) -> str:
    free = [hyperparameter for hyperparameter in space.values() if hyperparameter.size > 1]
    conditional = sum(bool(space.parents_of[h.name]) for h in free)
    only = f", {conditional} of them only under a condition" if conditional else ""
    return f"{count(len(free), 'hyperparameter')} with several values{only}"


def _describe_limits(summary: ResultTable) -> list[tuple[str, str]]:
    rows = [row for row in summary if row["section"] == "limits"]
    ended = [("search", row["note"]) for row in rows if row["item"] == "search"]
    limited = [
        (row["item"], f"{count(row['count'], 'job')}: {row['note']}") for row in rows if row["count"] is not None
    ]
    return [*ended, *limited]


def _tabulate_trials(summary: ResultTable) -> list[Block]:
    """Return tables of trials by status and of jobs by rung."""
    tables: list[Block] = []
    names = (
        ("trials", "status", "trials", "Trials by the status of their last job"),
        ("rungs", "rung", "jobs", "Jobs by the budget that they were to reach"),
        ("division", "part", "jobs", "New trials, and continued ones"),
    )
    for section, first, counted, caption in names:
        rows = [row for row in summary if row["section"] == section]
        shown = [_with_bar(row, row["count"] or 0, sum(r["count"] or 0 for r in rows)) for row in rows]
        titles = {"item": first, "count": counted, "bar": "share", "seconds": "seconds", "note": "note"}
        if not any(row["note"] for row in rows):
            del titles["note"]
        if len(rows) > 1:
            tables.append(make_table(shown, titles, caption))
    return tables


def _tabulate_seconds(summary: ResultTable) -> list[Block]:
    rows = [row for row in summary if row["section"] in ("seconds", "trees") and row["seconds"] is not None]
    total = next((row["seconds"] for row in rows if row["item"] == "total"), 0.0)
    stages = [row for row in rows if row["item"] != "total" and row["section"] == "seconds"]
    if not stages:
        return [Text("How the time was divided is not known: the model is of an older version.", is_caution=True)]
    shown = [{**_with_bar(row, row["seconds"], total), "seconds": format_seconds(row["seconds"])} for row in stages]
    titles = {"item": "stage", "bar": "share", "seconds": "time"}
    blocks: list[Block] = [make_table(shown, titles, f"Wall time by stage, {format_seconds(total)} in all")]
    trees = [f"{row['item']} {format_seconds(row['seconds'])}" for row in rows if row["section"] == "trees"]
    if trees:
        blocks.append(Text(f"Tree ensembles took, within these stages or beside them: {join_words(trees)}."))
    return blocks


def _with_bar(row: dict[str, Any], part: float, whole: float) -> dict[str, Any]:
    return {**row, "bar": Bar(part / whole if whole else 0.0)}


def _draw_search(estimator: Any, n_trials: int) -> list[Block]:
    from autonet.inspection.plots.importance import HyperparameterImportanceDisplay  # noqa: PLC0415 - draws
    from autonet.inspection.plots.trajectory import TrajectoryDisplay  # noqa: PLC0415 - draws

    best = estimator.trajectory()[-1]
    alt = (
        f"Best validation score over wall time; the last of {count(len(estimator.trajectory()), 'improvement')} is "
        f"{format_value(best['score'])} after {format_seconds(best['seconds'])}"
    )
    caption = "Best validation score so far over wall time, and the result of every job as a dot."
    blocks: list[Block] = [draw(partial(TrajectoryDisplay.from_estimator, estimator), alt, caption)]
    if n_trials <= MAX_IMPORTANCE_TRIALS:
        blocks.append(
            draw(
                partial(HyperparameterImportanceDisplay.from_estimator, estimator),
                "Bars of the share of the variance of the loss that each hyperparameter explains, with a noise floor",
                "Which hyperparameters the validation loss depends on (functional ANOVA). Grey bars do not exceed the "
                "noise floor: with few trials nothing can be said about them.",
                (7.2, 4.4),
            )
        )
    return blocks


def _list_hyperparameters(estimator: Any) -> Fold:
    space, best = estimator.search_space_, estimator.best_config_
    rows = [
        {
            "part": name_part(name.split(":")[0]),
            "name": ": ".join(name.split(":")[1:]).replace("_", " ") or name,
            "values": _describe_values(hyperparameter),
            "best": best.get(name),
        }
        for name, hyperparameter in space.items()
        if hyperparameter.size > 1
    ]
    titles = {"part": "part", "name": "hyperparameter", "values": "values", "best": "best network"}
    table: Table = make_table(rows, titles, "Hyperparameters with several values; empty where one is not active")
    return Fold(f"The search space: {count(len(rows), 'hyperparameter')}", (table,))


def _describe_values(hyperparameter: Any) -> str:
    values: Sequence[Any] = getattr(hyperparameter, "choices", None) or getattr(hyperparameter, "sequence", None) or ()
    if values:
        shown = ", ".join(shorten(value, 30) for value in values[:MAX_CHOICES])
        return shown + (f", … ({len(values)})" if len(values) > MAX_CHOICES else "")
    low, high = format_value(hyperparameter.lower), format_value(hyperparameter.upper)
    return f"{low} to {high}{', logarithmic' if hyperparameter.log else ''}"


def _plot_losses(rows: Sequence[dict[str, Any]], ax: Axes) -> None:
    from autonet.inspection.plots.figures import BLUE, ORANGE, add_legend, strip_axes  # noqa: PLC0415 - draws

    for fold in sorted({row["fold"] for row in rows}):
        curve = [row for row in rows if row["fold"] == fold]
        epochs = [row["epoch"] for row in curve]
        for name, label, color, style in (
            ("train_loss", "training", ORANGE, "--"),
            ("val_loss", "validation", BLUE, "-"),
        ):
            ax.plot(epochs, [row[name] for row in curve], style, color=color, label=label if fold == 0 else None)
    ax.set(xlabel="epoch", ylabel="loss")
    add_legend(ax)
    strip_axes(ax)

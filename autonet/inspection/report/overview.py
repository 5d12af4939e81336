"""Beginning and end of a report: the main figures, what is not sure, how to load the model, and versions."""

from __future__ import annotations

import inspect
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from autonet.data.images.reader import ImageReader
from autonet.inspection.report.blocks import Block, Code, Facts, Section, Text
from autonet.inspection.report.scores import HeldOut, format_interval
from autonet.inspection.report.search import NO_HISTORY
from autonet.inspection.report.words import count, format_seconds, format_value, join_words, shorten
from autonet.inspection.scoring import find_optimized_metric, optimized_name
from autonet.models.network import find_custom

__all__ = ["Figure", "describe_loading", "describe_provenance", "list_cautions", "list_figures"]

PACKAGES = ("autonet-torch", "torch", "scikit-learn", "numpy")
FEW_ROWS = 200  # test rows below which intervals are wide
FEW_OF_CLASS = 20
MANY_FAILED = 0.2  # share of trials
LATE = 0.8  # share of the search after which an improvement is late

LOADING = """\
# Once, after the fit:
auto.save("model.autonet")

# Anywhere, without the training data:
import autonet

auto = autonet.load("model.autonet")
auto.predict(X)  # {X}
"""
OF_TABLES = "a table with the columns of the fit; selected by name, in any order"
OF_IMAGES = "images: an array as in the fit, files, PIL images, or a folder"


@dataclass(frozen=True)
class Figure:
    """Main figure of a report: a value, what it is, and a note."""

    label: str
    value: str
    note: str = ""


def list_figures(estimator: Any, tested: HeldOut | None, summary: Sequence[dict[str, Any]]) -> list[Figure]:
    """Return the main figures.

    Parameters
    ----------
    estimator : AutoNetClassification or AutoNetRegression
        Fitted.
    tested : HeldOut or None
    summary : sequence of dict
        Rows of ``estimator.summary()``.
    """
    result = estimator.fit_result_
    metric = optimized_name(result)
    figures = []
    if tested is not None:
        row = tested.evaluation[0]
        interval = format_interval(row)
        note = f"95% interval {interval}" if interval else ""
        figures.append(Figure(f"{metric} on {count(len(tested), 'test row')}", _show(row["score"]), note))
    elif f"test_{metric}" in result["info"]:
        figures.append(Figure(f"{metric} on the test rows of the fit", _show(result["info"][f"test_{metric}"])))
    validation = Figure(
        f"{metric} on validation rows", _show(result["info"][f"val_{metric}"]), "these rows chose the model"
    )
    figures.append(validation)
    if "linear" in result["models"]:
        score = result["models"]["linear"][f"val_{metric}"]
        figures.append(Figure(f"{metric} of a linear baseline", _show(score), "on validation rows"))
    figures += _figures_of_search(summary)
    return figures


def _figures_of_search(summary: Sequence[dict[str, Any]]) -> list[Figure]:
    n_trials = sum(row["count"] or 0 for row in summary if row["section"] == "trials")
    total = next((r["seconds"] for r in summary if r["section"] == "seconds" and r["item"] == "total"), None)
    took = "" if total is None else f"the fit took {format_seconds(total)}"
    if any(row["section"] == "trials" for row in summary):
        return [Figure("configurations tried", f"{n_trials:,}", took)]
    return [Figure("time of the fit", format_seconds(total))] if total else []


def _show(score: float | None) -> str:
    return "undefined" if score is None else format_value(float(score))


def list_cautions(estimator: Any, tested: HeldOut | None, summary: Sequence[dict[str, Any]]) -> list[str]:
    """Return what is not known, or not sure, in sentences."""
    cautions = []
    if tested is None:
        cautions.append(
            "No test rows were given: how good the model is on other rows is known from validation rows only, which "
            "chose the model. Expect slightly less."
        )
    else:
        cautions += _question_test(estimator, tested)
    if getattr(estimator, "history_", None) is None:
        cautions.append(NO_HISTORY)
    else:
        cautions += _question_search(estimator, summary)
    cautions += [shorten(row["note"], 400) for row in summary if row["item"] == "warning"]
    return cautions


def _question_test(estimator: Any, tested: HeldOut) -> list[str]:
    """Return doubts about the scores on test rows."""
    cautions = [
        "The scores hold for rows that come from where the test rows came from, and only if the fit has not seen them: "
        "this page cannot check either."
    ]
    if len(tested) < FEW_ROWS:
        few = count(len(tested), "test row")
        cautions.append(
            f"With only {few}, scores are rough, and bootstrap intervals are too narrow rather than too wide."
        )
    targets = estimator.model_.targets
    if targets.kind == "classification":
        rows = [int((tested.rows.y == code).sum()) for code in range(targets.n_outputs)]
        rare = [shorten(targets.labels[code], 30) for code, n in enumerate(rows) if n < FEW_OF_CLASS]
        if rare:
            named = join_words(rare) if len(rare) <= 4 else f"{join_words(rare[:3])} and others"
            have = "has" if len(rare) == 1 else "have"
            cautions.append(
                f"{len(rare):,} of {count(targets.n_outputs, 'class', 'classes')} {have} fewer than {FEW_OF_CLASS} "
                f"test rows ({named}): what is said of them may be chance."
            )
    result, row = estimator.fit_result_, tested.evaluation[0]
    validation = result["info"][f"val_{row['metric']}"]
    if row["low"] is not None and row["low"] == row["high"]:
        cautions.append(f"All resamples have the same {row['metric']}: its interval says nothing.")
    elif row["low"] is not None and not row["low"] <= validation <= row["high"]:
        metric = find_optimized_metric(result, targets, estimator.optimize_metric, estimator.pos_label)
        is_worse = (row["score"] < validation) == (metric.optimum is not None)
        verdict = "worse than" if is_worse else "better than"
        cautions.append(
            f"On test rows {row['metric']} is {verdict} on validation rows, beyond the interval: the rows may differ, "
            f"or chance {'favoured' if is_worse else 'was against'} the chosen model on validation rows."
        )
    return cautions


def _question_search(estimator: Any, summary: Sequence[dict[str, Any]]) -> list[str]:
    """Return doubts about the search."""
    history, cautions = estimator.history_, []
    if history.best is None:
        return ["No configuration was trained to a value: the model is what was fitted besides the search."]
    failed = len({row["trial"] for row in estimator.failures()})
    if failed >= MANY_FAILED * len(history):
        cautions.append(f"{failed:,} of {count(len(history), 'trial')} failed: see Failures.")
    last = estimator.trajectory()[-1]["seconds"]
    total = sum(row["seconds"] for row in summary if row["section"] == "seconds" and row["item"] == "search")
    if len(history) > 1 and total and LATE * total < last:
        cautions.append("The last improvement came late in the search: more time may well find a better model.")
    return cautions


def describe_loading(estimator: Any) -> Section:
    """Show how to save and load the model."""
    blocks: list[Block] = [
        Code(LOADING.format(X=OF_IMAGES if isinstance(estimator.model_.schema, ImageReader) else OF_TABLES)),
        Text("The file holds numbers and text, no code, and no rows of the training data."),
    ]
    nodes = estimator._known_nodes()  # noqa: SLF001 - of the same package
    custom = {name for member in estimator.model_.networks for name in find_custom(member.config, nodes).values()}
    if custom:
        names = join_words([shorten(name, 40) for name in sorted(custom)])
        blocks.append(Text(f"It has custom components ({names}): load(path, components=[...]) needs their builders."))
    return Section("loading", "Load the model", tuple(blocks))


def describe_provenance(estimator: Any) -> Section:
    """Tell versions, options that differ from the defaults, and when the page was made."""
    options = inspect.signature(type(estimator)).parameters
    given = [
        (name, shorten(repr(value), 120))
        for name, value in estimator.get_params(deep=False).items()
        if name not in options or not _is_default(value, options[name].default)
    ]
    facts = [
        ("page written", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
        ("estimator", type(estimator).__name__),
        *((package, version(package)) for package in PACKAGES),
        ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
    ]
    text = "Versions are those that this page was made with."
    blocks: list[Block] = [Facts(tuple(facts)), Text(text)]
    if given:
        blocks += [Text("Options of the estimator that are not the defaults:"), Facts(tuple(given))]
    return Section("provenance", "Versions and options", tuple(blocks))


def _is_default(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) and repr(value) == repr(default))

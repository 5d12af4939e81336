"""The page of a report: collects its sections, lays them out, and writes one file."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from autonet.core.errors import InvalidOption, MissingPackage
from autonet.core.files import find_target, write_file
from autonet.inspection.plots.predictions import find_rows
from autonet.inspection.report.blocks import Section
from autonet.inspection.report.data import describe_data, describe_target
from autonet.inspection.report.features import describe_features
from autonet.inspection.report.images import are_images, describe_images, describe_patches, show_mistakes
from autonet.inspection.report.overview import (
    describe_loading,
    describe_provenance,
    list_cautions,
    list_figures,
)
from autonet.inspection.report.pictures import require_matplotlib
from autonet.inspection.report.scores import HeldOut, describe_scores
from autonet.inspection.report.search import describe_curves, describe_failures, describe_search
from autonet.inspection.report.winner import describe_members, describe_winner
from autonet.inspection.report.words import count

__all__ = ["write_report"]


def write_report(
    estimator: Any, path: str | os.PathLike[str], X_test: Any = None, y_test: Any = None, *, title: str | None = None
) -> Path:
    """Write a report of a fitted estimator: one HTML file, without scripts, that loads nothing else.

    Parameters
    ----------
    estimator : AutoNetClassification or AutoNetRegression
        Fitted.
    path : path-like
        Replaced if it exists.
    X_test, y_test : as in `fit`, optional
        Rows that the fit has not seen.
    title : str, optional
        Default: the class of the estimator.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    NotFittedError
    InvalidOption
        If only one of `X_test` and `y_test` is given, or there is no such directory.
    InvalidData
        If they do not fit the model.
    MissingPackage
        If jinja2 or matplotlib is not installed.
    """
    template = _load_template()
    require_matplotlib()
    _ = estimator.model_  # raises if there is none
    X_test, y_test = find_rows(estimator, X_test, y_test)
    if (X_test is None) != (y_test is None):
        raise InvalidOption("X_test and y_test belong together; got only one of them.")
    target = find_target(path, "The report")
    tested = None if X_test is None else HeldOut.predict(estimator, X_test, y_test)
    heading = f"Report of {type(estimator).__name__}" if title is None else str(title)
    write_file(target, [template.render(**_collect(estimator, tested), title=_clean(heading)).encode()])
    return Path(path)


def _load_template() -> Any:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingPackage("report", "jinja2", "report") from error
    loader = PackageLoader("autonet.inspection.report")
    options: Any = {"autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    environment = Environment(loader=loader, finalize=_clean, **options)  # noqa: S701 - autoescape is in options
    return environment.get_template("page.html")


def _clean(value: Any) -> Any:
    """Escape surrogates, which no file in UTF-8 can hold, and characters that no HTML may hold."""
    if type(value) is not str:
        return value
    text = value.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() or c in "\n\t" or ord(c) > 159 else "\N{REPLACEMENT CHARACTER}" for c in text)


def _collect(estimator: Any, tested: HeldOut | None) -> dict[str, Any]:
    """Return the values that the template lays out."""
    summary = estimator.summary()
    board = estimator.leaderboard() if tested is None else estimator.leaderboard(tested.X, tested.y)
    of_images, target = are_images(estimator.model_), describe_target(estimator.model_.targets)
    scores, describe_parts = describe_scores(estimator, tested), describe_patches if of_images else describe_features
    if of_images and tested is not None:
        scores = replace(scores, blocks=(*scores.blocks, *show_mistakes(estimator.model_, tested)))
    sections: list[Section | None] = [
        describe_winner(estimator, board),
        scores,
        None if tested is None else describe_parts(estimator, tested),
        describe_images(estimator, tested, target) if of_images else describe_data(estimator),
        describe_search(estimator),
        describe_curves(estimator),
        describe_failures(estimator),
        describe_loading(estimator),
        describe_provenance(estimator),
    ]
    fitted_to = count(estimator.model_.best[0].task.n_rows, "image" if of_images else "row")
    return {
        "subtitle": f"Predicts {target}. Fitted to {fitted_to}. {describe_members(estimator)}",
        "figures": list_figures(estimator, tested, summary),
        "cautions": list_cautions(estimator, tested, summary),
        "sections": [section for section in sections if section is not None],
        "style": files("autonet.inspection.report").joinpath("templates", "style.css").read_text(encoding="utf-8"),
    }

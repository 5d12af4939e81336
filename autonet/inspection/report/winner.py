"""Section of a report about the model: ranking, ensemble, configuration and architecture of the best network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from autonet.core.errors import AutonetError
from autonet.inspection.report.blocks import Block, Drawing, Fold, Section, Table, Text, make_table
from autonet.inspection.report.pictures import draw
from autonet.inspection.report.words import count, describe_config, format_value, join_words

__all__ = ["describe_members", "describe_winner", "rank_models"]

MAX_ROWS = 12  # of the leaderboard

TITLES = {
    "rank": "rank",
    "name": "name",
    "family": "family",
    "val_score": "validation",
    "test_score": "test",
    "weight": "weight",
    "budget": "budget",
    "seconds": "seconds",
    "parameters": "parameters",
    "ms_per_row": "ms/row",
    "status": "status",
}


def describe_winner(estimator: Any, board: Sequence[dict[str, Any]]) -> Section:
    """Describe the fitted model.

    Parameters
    ----------
    estimator : AutoNetClassification or AutoNetRegression
        Fitted.
    board : sequence of dict
        Rows of its leaderboard.
    """
    from autonet.inspection.plots.weights import EnsembleWeightsDisplay  # noqa: PLC0415 - draws

    shares = estimator.fit_result_["ensemble"]
    blocks: list[Block] = [Text(describe_members(estimator)), *rank_models(board)]
    if len(shares) > 1:
        weights = ", ".join(f"{name} {share:.0%}" for name, share in sorted(shares.items(), key=lambda item: -item[1]))
        blocks.append(
            draw(
                partial(EnsembleWeightsDisplay.from_estimator, estimator),
                f"Weights in the ensemble: {weights}",
                "What the final model is made of. Members with small weights matter little.",
                (7.2, 1.2 + 0.32 * len(shares)),
            )
        )
    blocks += [_tabulate_config(estimator), *_draw_architecture(estimator)]
    return Section("model", "Model", tuple(blocks))


def describe_members(estimator: Any) -> str:
    """Say what the final model consists of, in a sentence."""
    result = estimator.fit_result_
    names, best = list(result["ensemble"]), str(result["best_network"]["name"])
    trials = [name for name in names if name.isdigit()]
    others = [_name_member(name) for name in names if not name.isdigit()]
    if len(names) == 1:
        made = f"the network of trial {names[0]}" if trials else others[0]
        return f"The final model is {made}."
    parts = [count(len(trials), "network")] if trials else []
    members = join_words([*parts, *others])
    return f"The final model is an ensemble of {members}. The best network alone is {_name_member(best)}."


def _name_member(name: str) -> str:
    return "the linear baseline" if name == "linear" else _name_row(name)


def rank_models(board: Sequence[dict[str, Any]]) -> list[Block]:
    """Return the leaderboard: its first rows, and the others in a fold."""
    known = {name for name in TITLES if any(row[name] is not None for row in board)}
    if all(row["status"] == "finished" for row in board):
        known.discard("status")
    titles = {name: title for name, title in TITLES.items() if name in known}
    caption = "Ranking by the score on validation rows"
    if "test_score" in titles:
        caption += "; only members of the final model can be scored on test rows afterwards"
    first = _rank(board[:MAX_ROWS], titles, caption)
    if len(board) <= MAX_ROWS:
        return [first]
    rest = board[MAX_ROWS : 20 * MAX_ROWS]
    return [first, Fold(f"The next {len(rest):,} of {len(board):,} models", (_rank(rest, titles, caption),))]


def _rank(rows: Sequence[dict[str, Any]], titles: dict[str, str], caption: str) -> Table:
    shown = [
        {**row, "name": _name_row(row["name"]), "weight": f"{row['weight']:.0%}" if row["weight"] else ""}
        for row in rows
    ]
    is_final = [i for i, row in enumerate(rows) if row["weight"] == 1]
    return make_table(shown, titles, caption, is_final)


def _name_row(name: str) -> str:
    return f"trial {name}" if name.isdigit() else name.replace("_", " ")


def _tabulate_config(estimator: Any) -> Table:
    best = estimator.fit_result_["best_network"]["name"]
    space = getattr(estimator, "search_space_", None)
    searched = None if space is None else {name for name, known in space.items() if known.size > 1}
    nodes = {name: node.key for name, node in estimator.modality.nodes.items()}
    rows = describe_config(estimator.best_config_, nodes, searched)
    titles = {"part": "part", "choice": "choice", "values": "hyperparameters"}
    name = _name_member(str(best))
    caption = f"Configuration of the best network, {name}, in the order in which data pass"
    fixed = "; fixed ones had a single value in the space" if any("(fixed)" in str(row) for row in rows) else ""
    return make_table(rows, titles, caption + fixed)


def _draw_architecture(estimator: Any) -> list[Block]:
    from autonet.inspection.architecture import draw_architecture  # noqa: PLC0415 - runs the network

    try:
        drawing = draw_architecture(estimator, title="Best network")
    except AutonetError as error:
        return [Text(f"The architecture cannot be drawn: {error}", is_caution=True)]
    folds = len(estimator.model_.best)
    caption = f"Architecture of the best network, {format_value(drawing.network.n_parameters)} parameters"
    if folds > 1:
        caption += f", of the first of {folds} folds"
    return [Drawing(drawing.html, f"{caption}. Blocks open and close.")]

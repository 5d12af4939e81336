"""Model sections of reports."""

from autonet import AutoNetClassification, AutoNetRegression
from autonet.inspection.report.winner import MAX_ROWS, describe_members, describe_winner, rank_models
from tests.inspection.report.pages import find_blocks, find_table


def test_the_ranking_is_the_leaderboard(classifier: AutoNetClassification) -> None:
    board = classifier.leaderboard()
    section = describe_winner(classifier, board)
    table = find_table(section, "Ranking")
    assert [row[0] for row in table.rows] == [str(row["rank"] or "") for row in board]
    column = table.columns.index("validation")
    assert [row[column] for row in table.rows] == [f"{row['val_score']:.4g}" for row in board]
    assert {"trial 0", "linear"} <= {row[1] for row in table.rows}
    assert [table.rows[i][table.columns.index("weight")] for i in table.emphasized] == ["100%"]


def test_the_members_are_those_of_the_ensemble(classifier: AutoNetClassification) -> None:
    shares = classifier.fit_result["ensemble"]
    sentence = describe_members(classifier)
    n_networks = sum(name.isdigit() for name in shares)
    assert sentence.startswith("The final model is an ensemble of " if len(shares) > 1 else "The final model is ")
    assert n_networks == 0 or len(shares) == 1 or f"{n_networks} network" in sentence
    alts = [picture.alt for picture in find_blocks(describe_winner(classifier, classifier.leaderboard()), "picture")]
    assert all(f"{name} {share:.0%}" in alts[0] for name, share in shares.items())


def test_the_configuration_and_the_architecture_are_those_of_the_best_network(regressor: AutoNetRegression) -> None:
    section = describe_winner(regressor, regressor.leaderboard())
    table = find_table(section, "Configuration of the best network")
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["Network"][0].startswith(regressor.best_config_["NetworkSelector:network"])
    rate = regressor.best_config_["OptimizerSelector:sgd:learning_rate"]
    assert f"learning rate {rate:.4g}" in rows["Optimizer"][1]
    n_parameters = sum(parameter.numel() for parameter in regressor.get_pytorch_model().parameters())
    [drawing] = find_blocks(section, "drawing")
    assert f"{n_parameters:,} parameters" in drawing.caption
    assert f"{n_parameters:,} parameters" in drawing.html


def test_a_long_ranking_is_folded(regressor: AutoNetRegression) -> None:
    board = [{**regressor.leaderboard()[0], "rank": i + 1} for i in range(MAX_ROWS + 3)]
    first, fold = rank_models(board)
    assert len(first.rows) == MAX_ROWS  # type: ignore[union-attr]
    assert fold.title == f"The next 3 of {MAX_ROWS + 3} models"  # type: ignore[union-attr]

import pytest
import torch
from sklearn.metrics import mean_pinball_loss
from torch import nn
from torch.nn import functional

from autonet.core.task import Task
from autonet.training.losses import LOSSES


def test_cross_entropy_smooths_labels() -> None:
    logits, y = torch.randn(6, 3), torch.randint(3, (6,))
    loss = LOSSES.components["cross_entropy"].build(
        y=y, weights=None, task=Task("classification", n_outputs=3), label_smoothing=0.1
    )
    target = 0.9 * functional.one_hot(y, 3) + 0.1 / 3
    torch.testing.assert_close(loss(logits, y), -(target * logits.log_softmax(1)).sum(1).mean())


def test_weighted_cross_entropy_counts_every_class_the_same() -> None:
    y = torch.tensor([0] * 8 + [1] * 2)
    loss = LOSSES.components["cross_entropy_weighted"].build(
        y=y, weights=None, task=Task("classification", n_outputs=2), label_smoothing=0.0
    )
    logits = torch.randn(10, 2)
    each = functional.cross_entropy(logits, y, reduction="none")
    torch.testing.assert_close(loss(logits, y), 0.5 * each[:8].mean() + 0.5 * each[8:].mean())


@pytest.mark.parametrize(
    ("name", "settings", "formula"),
    [
        ("mse_loss", {}, lambda e: (e**2).mean()),
        ("l1_loss", {}, lambda e: e.abs().mean()),
        ("huber_loss", {"delta": 0.5}, lambda e: torch.where(e.abs() < 0.5, e**2 / 2, 0.5 * (e.abs() - 0.25)).mean()),
    ],
)
def test_regression_losses_are_their_formulas(name: str, settings: dict, formula: object) -> None:
    a, b = torch.randn(20, 2), torch.randn(20, 2)
    loss = LOSSES.components[name].build(y=b, weights=None, task=Task("classification", n_outputs=2), **settings)
    torch.testing.assert_close(loss(a, b), formula(a - b))  # type: ignore[operator]


@pytest.mark.parametrize("name", ["cross_entropy", "mse_loss", "bce_with_logits"])
def test_a_weight_of_two_is_the_row_twice(name: str) -> None:
    y = {"cross_entropy": torch.randint(2, (5,)), "mse_loss": torch.randn(5, 2)}.get(name, torch.randint(2, (5, 2)))
    y = y.float() if name == "bce_with_logits" else y
    settings = {"label_smoothing": 0.1} if name == "cross_entropy" else {}
    loss = LOSSES.components[name].build(y=y, weights=None, task=Task("classification", n_outputs=2), **settings)
    output, twice = torch.randn(5, 2), torch.tensor([0, 0, 1, 2, 3, 4])
    weights = torch.tensor([2.0, 1, 1, 1, 1])
    torch.testing.assert_close(loss(output, y, weights / weights.mean()), loss(output[twice], y[twice]))


def test_classes_are_weighed_by_the_weights_of_their_rows() -> None:
    y, weights = torch.tensor([0] * 4 + [1] * 4), torch.tensor([3.0] * 4 + [1.0] * 4)
    loss = LOSSES.components["cross_entropy_weighted"].build(
        y=y, weights=weights, task=Task("classification", n_outputs=2), label_smoothing=0.0
    )
    logits = torch.randn(8, 2)
    each = functional.cross_entropy(logits, y, reduction="none")
    expected = weights.mean() * (0.5 * each[:4].mean() + 0.5 * each[4:].mean())
    torch.testing.assert_close(loss(logits, y, weights), expected)


def test_weighted_labels_count_as_much_with_as_without() -> None:
    y = torch.tensor([[1.0], [0.0], [0.0], [0.0]])
    loss = LOSSES.components["bce_with_logits_weighted"].build(
        y=y, weights=None, task=Task("classification", n_outputs=1)
    )
    expected = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0]))
    logits = torch.randn(4, 1)
    torch.testing.assert_close(loss(logits, y), expected(logits, y))


def test_the_pinball_loss_is_that_of_each_level() -> None:
    task = Task("regression", n_outputs=3, quantiles=(0.9, 0.1, 0.5))
    y, output, weights = torch.randn(30, 1), torch.randn(30, 3), torch.rand(30)
    loss = LOSSES.components["pinball_loss"].build(y=y, weights=None, task=task)
    for given in (None, weights):
        of_levels = [
            mean_pinball_loss(y[:, 0], output[:, k], alpha=level, sample_weight=given)
            for k, level in enumerate(task.quantiles)
        ]
        expected = sum(of_levels) / 3 * (1.0 if given is None else float(given.mean()))
        assert loss(output, y, *([] if given is None else [given])).item() == pytest.approx(expected, rel=1e-5)
    members = torch.stack([output, -output], dim=1)
    torch.testing.assert_close(loss(members, y), (loss(output, y) + loss(-output, y)) / 2)
    assert LOSSES.names(task) == ["pinball_loss"]
    assert "pinball_loss" not in LOSSES.names(Task("regression"))

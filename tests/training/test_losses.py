import pytest
import torch
from torch.nn import functional

from autonet.training.losses import LOSSES


def test_cross_entropy_smooths_labels() -> None:
    logits, y = torch.randn(6, 3), torch.randint(3, (6,))
    loss = LOSSES.components["cross_entropy"].build(y=y, n_outputs=3, label_smoothing=0.1)
    target = 0.9 * functional.one_hot(y, 3) + 0.1 / 3
    torch.testing.assert_close(loss(logits, y), -(target * logits.log_softmax(1)).sum(1).mean())


def test_weighted_cross_entropy_counts_every_class_the_same() -> None:
    y = torch.tensor([0] * 8 + [1] * 2)
    loss = LOSSES.components["cross_entropy_weighted"].build(y=y, n_outputs=2, label_smoothing=0.0)
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
    loss = LOSSES.components[name].build(y=b, n_outputs=2, **settings)
    torch.testing.assert_close(loss(a, b), formula(a - b))  # type: ignore[operator]

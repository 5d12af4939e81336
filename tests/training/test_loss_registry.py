"""Registration of losses and batch techniques."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from autonet import register_batch_technique, register_loss
from autonet.core.errors import InvalidOption, UnknownName
from autonet.core.task import Task
from autonet.training.batches import BATCH_LOSSES, IMAGE_BATCH_LOSSES, EncodedRows
from autonet.training.loss_registry import make_custom_batch_technique, make_custom_loss
from autonet.training.losses import LOSSES

pytestmark = pytest.mark.usefixtures("custom_components")


class Focal(nn.Module):
    """Focal loss without a parameter `reduction`."""

    def forward(self, output: Tensor, y: Tensor) -> Tensor:
        chosen = output.log_softmax(1).gather(1, y[:, None])[:, 0]
        return (-((1 - chosen.exp()) ** 2) * chosen).mean()


class PlainCrossEntropy(nn.Module):
    """Cross entropy without a parameter `reduction`."""

    def forward(self, output: Tensor, y: Tensor) -> Tensor:
        return functional.cross_entropy(output, y)


@pytest.mark.parametrize("builder", [nn.CrossEntropyLoss, PlainCrossEntropy])
def test_a_loss_weights_rows_whether_it_has_a_reduction_or_not(builder: Any) -> None:
    build = make_custom_loss("mine", builder, tasks=("classification",)).build
    generator = torch.Generator().manual_seed(0)
    output, y = torch.randn(5, 3, generator=generator), torch.tensor([0, 1, 2, 0, 1])
    weights = torch.tensor([0.0, 2.0, 1.0, 1.0, 1.0])
    loss = build(y=y, weights=weights, task=Task("classification"))
    expected = (weights * functional.cross_entropy(output, y, reduction="none")).mean()
    assert torch.allclose(loss(output, y, weights), expected)
    assert torch.allclose(loss(output, y), functional.cross_entropy(output, y))
    members = output[:, None].expand(5, 2, 3)
    assert torch.allclose(loss(members, y, weights), expected)


def test_mixup_mixes_the_targets_of_a_loss_for_regression_alone() -> None:
    rows = EncodedRows(torch.tensor([[0.0], [2.0]]), torch.tensor([[0.0], [1.0]]))
    build = make_custom_loss("mine", nn.SmoothL1Loss).build
    values = {}
    for kind in ("regression", "multilabel"):
        mixup = BATCH_LOSSES.components["mixup"].build(alpha=1.0)
        mixup.generator = torch.Generator().manual_seed(0)
        values[kind] = mixup(nn.Identity(), build(y=rows.y, weights=None, task=Task(kind)), rows).item()
    share = torch.rand((), generator=torch.Generator().manual_seed(0)).item()  # Beta(1, 1) is uniform
    outputs, smooth = torch.tensor([2 * (1 - share), 2 * share]), functional.smooth_l1_loss
    own, other = torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0])
    assert values["regression"] == pytest.approx(smooth(outputs, share * own + (1 - share) * other).item())
    separate = share * smooth(outputs, own) + (1 - share) * smooth(outputs, other)
    assert values["multilabel"] == pytest.approx(separate.item())
    assert values["regression"] < values["multilabel"]


def test_a_loss_is_offered_for_the_tasks_on_which_it_works() -> None:
    register_loss("focal", Focal)
    component = LOSSES.components["focal"]
    assert component.tasks == ("classification",)
    assert not component.supports(Task("regression", quantiles=(0.1, 0.9)))
    assert make_custom_loss("smooth", nn.SmoothL1Loss).tasks == ("multilabel", "regression")
    with pytest.raises(InvalidOption, match="Loss 'mine' fails on toy data of a regression"):
        make_custom_loss("mine", Focal, tasks=("classification", "regression"))
    with pytest.raises(UnknownName, match=r"Unknown kind of task 'regresion'. Did you mean 'regression'"):
        make_custom_loss("mine", nn.MSELoss, tasks=("regresion",))  # type: ignore[arg-type]
    for tasks in ("regression", ()):
        with pytest.raises(InvalidOption, match="tasks must be a tuple of kinds of task, such as"):
            make_custom_loss("mine", nn.MSELoss, tasks=tasks)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("loss", "why"),
    [
        (lambda o, y: ((o - y) ** 2).sum(), r"it is \d.*, and the mean over rows .*; return a mean over rows"),
        (lambda o, y: (o - y) ** 2, r"it returns a tensor of shape \(16, 3\), not a scalar"),
        (lambda o, y: (o - y).mean() / 0, "it is -?inf"),
        (lambda o, y: (o * 0).mean(), "its gradient is 0 or not finite"),
        (lambda o, y: (o.detach() - y).mean(), "does not require grad"),
        (lambda o: o.mean(), "positional argument"),
    ],
    ids=["sum", "rows", "infinite", "flat", "detached", "arguments"],
)
def test_a_loss_that_cannot_work_is_refused_by_name(loss: Any, why: str) -> None:
    with pytest.raises(InvalidOption, match=f"Loss 'mine' fails on toy data of a regression: .*{why}"):
        register_loss("mine", lambda: loss, tasks=("regression",))
    assert "mine" not in LOSSES.components


def test_a_batch_technique_computes_the_loss_of_a_batch() -> None:
    def doubled() -> Any:
        return lambda network, loss, batch: 2 * loss(network(batch.x), batch.y, batch.weights)

    register_batch_technique("doubled", doubled)
    technique = BATCH_LOSSES.components["doubled"].build()
    rows = EncodedRows(torch.ones(4, 2), torch.zeros(4, 1))
    value = technique(nn.Identity(), lambda output, y, weights: (output - y).square().mean(), rows)
    assert value.item() == 2.0
    with pytest.raises(InvalidOption, match="'mixup' is a built-in batch technique"):
        register_batch_technique("mixup", doubled)


def test_a_batch_technique_is_offered_for_the_data_that_it_works_on() -> None:
    def pooled() -> Any:
        return lambda network, loss, batch: loss(network(batch.x - batch.x.mean((2, 3), keepdim=True)), batch.y)

    register_batch_technique("pooled", pooled)
    assert "pooled" in IMAGE_BATCH_LOSSES.components
    assert "pooled" not in BATCH_LOSSES.components
    register_batch_technique("both", lambda: lambda network, loss, batch: loss(network(batch.x), batch.y))
    assert "both" in IMAGE_BATCH_LOSSES.custom
    assert "both" in BATCH_LOSSES.custom
    with pytest.raises(InvalidOption, match="'cutmix' is a built-in batch technique"):
        register_batch_technique("cutmix", pooled)


def test_a_batch_technique_whose_name_is_taken_for_one_kind_of_data_is_registered_for_none() -> None:
    def of_images() -> Any:
        return lambda network, loss, batch: loss(network(batch.x - batch.x.mean((2, 3), keepdim=True)), batch.y)

    def of_both() -> Any:
        return lambda network, loss, batch: loss(network(batch.x), batch.y)

    register_batch_technique("mine", of_images)
    with pytest.raises(
        InvalidOption, match="A batch technique 'mine' is already registered; use another name, or over"
    ):
        register_batch_technique("mine", of_both)
    assert "mine" not in BATCH_LOSSES.components
    register_batch_technique("mine", of_both, overwrite=True)
    assert BATCH_LOSSES.components["mine"].build is IMAGE_BATCH_LOSSES.components["mine"].build is of_both


@pytest.mark.parametrize(
    ("technique", "why"),
    [
        (lambda n, loss, b: n(b.x), r"without weights: it returns a tensor of shape \(16, 3\), not a scalar"),
        (lambda n, loss, b: loss(n(b.x), b.y).detach(), "without weights: .*does not require grad"),
        (lambda n, loss, b: loss(n(b.x), b.y) / (b.weights is None), "with weights: "),
        (lambda n, loss, b: loss(n(b.x), b.y) * float("nan"), "the loss is nan"),
    ],
    ids=["rows", "detached", "weights", "nan"],
)
def test_a_batch_technique_that_cannot_work_is_refused_by_name(technique: Any, why: str) -> None:
    with pytest.raises(InvalidOption, match=f"Batch technique 'mine' fails on a toy batch .*{why}"):
        make_custom_batch_technique("mine", lambda: technique)

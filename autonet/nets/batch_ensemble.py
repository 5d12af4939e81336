"""Layers of networks that are ensembles of k members.

Activations have shape (n, k, width).  The output is that of every member in training, (n, k, n_out), and the mean
prediction of the members in evaluation, (n, n_out).

BatchEnsemble: Wen et al. (2020), arXiv 2002.06715.  TabM: Gorishniy et al. (2025), arXiv 2410.24210.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from autonet.core.task import TaskKind
from autonet.core.validation import check_choice
from autonet.nets.optimizer_factors import set_optimizer_factors

__all__ = ["POOLINGS", "BatchEnsembleLinear", "EnsembleMean", "LinearEnsemble", "sample_signs"]


def sample_signs(n_members: int, width: int) -> Tensor:
    """Draw random signs, -1 or 1, of shape (n_members, width)."""
    return torch.randint(2, (n_members, width)).to(torch.get_default_dtype()).mul_(2.0).sub_(1.0)


class BatchEnsembleLinear(nn.Module):
    """Linear layers of k members with shared weights: member i computes ``((x_i * r_i) W^T) * s_i + b_i``.

    Parameters
    ----------
    input_scales : Tensor of shape (k, d_in)
        Initial values of r, which make the members differ, such as random signs.
    d_out : int
    scales_outputs : bool
        Whether members have s and biases of their own; without, the bias is shared.

    Attributes
    ----------
    in_features, out_features, n_members : int
    linear : nn.Linear
        W, and b if it is shared.
    input_scales : nn.Parameter of shape (k, d_in)
    output_scales, biases : nn.Parameter of shape (k, d_out) or None
        s, initially 1, and b, initially the same for all members.  Weight decay applies to none of r, s and b.
    """

    def __init__(self, input_scales: Tensor, d_out: int, *, scales_outputs: bool) -> None:
        super().__init__()
        n_members, d_in = input_scales.shape
        self.in_features, self.out_features, self.n_members = d_in, d_out, n_members
        self.linear = nn.Linear(d_in, d_out)
        self.input_scales = nn.Parameter(input_scales)
        set_optimizer_factors(self.input_scales, weight_decay=0.0)
        self.output_scales: nn.Parameter | None = None
        self.biases: nn.Parameter | None = None
        if scales_outputs:
            self.output_scales = nn.Parameter(torch.ones(n_members, d_out))
            self.biases = nn.Parameter(self.linear.bias.detach().repeat(n_members, 1))
            self.linear.bias = None  # type: ignore[assignment]
            set_optimizer_factors(self.output_scales, weight_decay=0.0)
            set_optimizer_factors(self.biases, weight_decay=0.0)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, k, d_in), or (n, d_in) shared by all members, to (n, k, d_out)."""
        y: Tensor = self.linear((x if x.ndim == 3 else x.unsqueeze(1)) * self.input_scales)
        if self.output_scales is None or self.biases is None:
            return y
        return torch.addcmul(self.biases, y, self.output_scales)

    def extra_repr(self) -> str:
        """Show the number of members."""
        return f"n_members={self.n_members}, scales_outputs={self.output_scales is not None}"


class LinearEnsemble(nn.Module):
    """Linear layers of k members without shared weights.

    Parameters
    ----------
    d_in, d_out, n_members : int

    Attributes
    ----------
    in_features, out_features, n_members : int
    weight : nn.Parameter of shape (k, d_out, d_in)
    bias : nn.Parameter of shape (k, d_out)
        Without weight decay.
    """

    def __init__(self, d_in: int, d_out: int, n_members: int) -> None:
        super().__init__()
        self.in_features, self.out_features, self.n_members = d_in, d_out, n_members
        weight, bias = torch.empty(n_members, d_out, d_in), torch.empty(n_members, d_out)
        for member in range(n_members):
            layer = nn.Linear(d_in, d_out)
            weight[member].copy_(layer.weight.detach())
            bias[member].copy_(layer.bias.detach())
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)
        set_optimizer_factors(self.bias, weight_decay=0.0)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, k, d_in) to (n, k, d_out)."""
        outputs = torch.baddbmm(self.bias.unsqueeze(1), x.transpose(0, 1), self.weight.transpose(1, 2))
        return outputs.transpose(0, 1)

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, n_members={self.n_members}"


def _mean_softmax(outputs: Tensor) -> Tensor:
    """Return the logarithm of the mean class probabilities of the members."""
    return outputs.log_softmax(dim=2).logsumexp(dim=1) - math.log(outputs.shape[1])


def _mean_sigmoid(outputs: Tensor) -> Tensor:
    """Return the logit of the mean label probabilities of the members."""
    return functional.logsigmoid(outputs).logsumexp(dim=1) - functional.logsigmoid(-outputs).logsumexp(dim=1)


_POOL: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": _mean_softmax,
    "sigmoid": _mean_sigmoid,
    "identity": lambda outputs: outputs.mean(dim=1),
}

POOLINGS: dict[TaskKind, str] = {"classification": "softmax", "multilabel": "sigmoid", "regression": "identity"}
"""Pooling by kind of task."""


class EnsembleMean(nn.Module):
    """Average the members' predictions in evaluation, and keep them apart in training.

    Training thus minimizes the mean of the members' losses, and not the loss of their mean.

    Parameters
    ----------
    pooling : {"softmax", "sigmoid", "identity"}
        Whether outputs are averaged as class probabilities, label probabilities or values.  The result is the
        logarithm or logit of the mean probability, or the mean value.
    """

    def __init__(self, pooling: str) -> None:
        super().__init__()
        self.pooling = check_choice("pooling", pooling, _POOL)

    def forward(self, outputs: Tensor) -> Tensor:
        """Map (n, k, n_out) to (n, n_out) in evaluation, and to itself in training."""
        return outputs if self.training else _POOL[self.pooling](outputs)

    def extra_repr(self) -> str:
        """Show the pooling."""
        return repr(self.pooling)

"""Layers of networks that are k members at once, and the way back to k ordinary networks.

What passes from layer to layer has the shape (n, k, width).  While such a network is trained, its output is that of
every member, (n, k, n_out); in evaluation it is the members' mean prediction, (n, n_out).

BatchEnsemble: Wen et al. (2020), arXiv 2002.06715.  TabM: Gorishniy et al. (2025), arXiv 2410.24210.
"""

import math
from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional

from autonet.core.errors import InvalidNetwork
from autonet.core.task import TaskKind
from autonet.core.validation import check_choice
from autonet.nets.optimizer_factors import set_optimizer_factors

__all__ = ["POOLINGS", "BatchEnsembleLinear", "EnsembleMean", "LinearEnsemble", "sample_signs", "unstack"]


def sample_signs(n_members: int, width: int) -> Tensor:
    """Draw -1 or 1 for every input of every member: (n_members, width)."""
    return torch.randint(2, (n_members, width)) * 2.0 - 1.0


class BatchEnsembleLinear(nn.Module):
    """Linear layers of k members with shared weights: member i computes ``((x_i * r_i) W^T) * s_i + b_i``.

    Parameters
    ----------
    input_scales : Tensor of shape (k, d_in)
        The r to begin with.  What makes members differ: random signs, or normal numbers, of which all columns that
        stand for one feature may share one.
    d_out : int
    scales_outputs : bool
        Without, members have no s, and their b is shared, too.

    Attributes
    ----------
    in_features, out_features : int
    linear : nn.Linear
        W, and b where it is shared.
    input_scales : nn.Parameter of shape (k, d_in)
    output_scales, biases : nn.Parameter of shape (k, d_out) or None
        s, which begins with 1, and b, which begins with the same numbers for all members.  None of r, s and b loses
        weight.
    """

    def __init__(self, input_scales: Tensor, d_out: int, *, scales_outputs: bool) -> None:
        super().__init__()
        n_members, d_in = input_scales.shape
        self.in_features, self.out_features = d_in, d_out
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
        """Map (n, k, d_in), or (n, d_in) that all members share, to (n, k, d_out)."""
        y: Tensor = self.linear((x if x.ndim == 3 else x.unsqueeze(1)) * self.input_scales)
        if self.output_scales is None or self.biases is None:
            return y
        return torch.addcmul(self.biases, y, self.output_scales)

    def member(self, i: int) -> nn.Linear:
        """Return the layer of a member, scales included."""
        weight: Tensor = self.linear.weight * self.input_scales[i]
        bias: Tensor = self.linear.bias
        if self.output_scales is not None and self.biases is not None:
            weight, bias = self.output_scales[i].unsqueeze(1) * weight, self.biases[i]
        return _linear(weight, bias)

    def extra_repr(self) -> str:
        """Show the number of members."""
        return f"n_members={len(self.input_scales)}, scales_outputs={self.output_scales is not None}"


class LinearEnsemble(nn.Module):
    """Linear layers of k members that share nothing.

    Parameters
    ----------
    d_in, d_out, n_members : int

    Attributes
    ----------
    weight : nn.Parameter of shape (k, d_out, d_in)
    bias : nn.Parameter of shape (k, d_out)
        Does not lose weight.
    """

    def __init__(self, d_in: int, d_out: int, n_members: int) -> None:
        super().__init__()
        layers = [nn.Linear(d_in, d_out) for _ in range(n_members)]
        self.weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in layers]))
        self.bias = nn.Parameter(torch.stack([layer.bias.detach() for layer in layers]))
        set_optimizer_factors(self.bias, weight_decay=0.0)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, k, d_in) to (n, k, d_out)."""
        of_members = torch.baddbmm(self.bias.unsqueeze(1), x.transpose(0, 1), self.weight.transpose(1, 2))
        return of_members.transpose(0, 1)

    def member(self, i: int) -> nn.Linear:
        """Return the layer of a member."""
        return _linear(self.weight[i], self.bias[i])

    def extra_repr(self) -> str:
        """Show the sizes."""
        n_members, d_out, d_in = self.weight.shape
        return f"in_features={d_in}, out_features={d_out}, n_members={n_members}"


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    """Make a layer of copies of these weights."""
    layer = nn.Linear(weight.shape[1], weight.shape[0], device="meta")  # draws no numbers
    layer.weight, layer.bias = nn.Parameter(weight.detach().clone()), nn.Parameter(bias.detach().clone())
    return layer


def _mean_softmax(outputs: Tensor) -> Tensor:
    """Logarithm of the mean of the members' probabilities of classes."""
    return outputs.log_softmax(dim=2).logsumexp(dim=1) - math.log(outputs.shape[1])


def _mean_sigmoid(outputs: Tensor) -> Tensor:
    """Logit of the mean of the members' probabilities of labels."""
    return functional.logsigmoid(outputs).logsumexp(dim=1) - functional.logsigmoid(-outputs).logsumexp(dim=1)


_POOLED: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": _mean_softmax,
    "sigmoid": _mean_sigmoid,
    "identity": lambda outputs: outputs.mean(dim=1),
}

POOLINGS: dict[TaskKind, str] = {"classification": "softmax", "multilabel": "sigmoid", "regression": "identity"}
"""Of what the members' mean is taken, by kind of task."""


class EnsembleMean(nn.Module):
    """Leave the members apart in training; in evaluation give what stands for their mean prediction.

    The loss is thus the mean of the members' losses, and not the loss of their mean, for which members need not be
    good by themselves.

    Parameters
    ----------
    pooling : {"softmax", "sigmoid", "identity"}
        Outputs are averaged as probabilities of classes, as probabilities of labels, or as values.  The result is an
        output again: the logarithm, or the logit, of the mean probability.
    """

    def __init__(self, pooling: str) -> None:
        super().__init__()
        self.pooling = check_choice("pooling", pooling, _POOLED)

    def forward(self, outputs: Tensor) -> Tensor:
        """Map (n, k, n_out) to (n, n_out) in evaluation."""
        return outputs if self.training else _POOLED[self.pooling](outputs)

    def extra_repr(self) -> str:
        """Show the pooling."""
        return repr(self.pooling)


def unstack(network: nn.Sequential) -> list[nn.Sequential]:
    """Take a network of k members apart into k ordinary ones, with weights of their own.

    Parameters
    ----------
    network : nn.Sequential
        Its layers before the first with members, such as embeddings, come into every one.

    Returns
    -------
    list of nn.Sequential
        They map (n, n_in) to (n, n_out).  The mean of their predictions is the prediction of `network`.

    Raises
    ------
    InvalidNetwork
        If the network has no members.
    """
    heads = [layer for layer in network if isinstance(layer, LinearEnsemble)]
    if not heads:
        raise InvalidNetwork(
            f"Only networks of members can be unstacked; got layers {[type(m).__name__ for m in network]}."
        )
    layers = [layer for layer in network if not isinstance(layer, EnsembleMean)]
    members = [nn.Sequential(*(_of_member(layer, i) for layer in layers)) for i in range(len(heads[0].weight))]
    return [member.train(network.training) for member in members]


def _of_member(layer: nn.Module, i: int) -> nn.Module:
    if isinstance(layer, BatchEnsembleLinear | LinearEnsemble):
        return layer.member(i)
    return deepcopy(layer)

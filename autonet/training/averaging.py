"""An average of a network's weights over the last part of its training: what is validated, and what predicts."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import nn

__all__ = ["AveragedWeights"]

# Decay per step: a memory of 200 steps, or of the last ninth of the training as long as there were fewer than 1,800.
DECAY = 0.995
SHARE = 9


class AveragedWeights:
    """Exponential moving average of the weights and buffers of a network in training.

    The weights of a step jump about with the learning rate, and those of a whole schedule may have learned the
    training rows by heart when the rate has come down; the average is calm all the time, so it can be validated, and
    its best moment found, from the first epoch on.  Polyak & Juditsky, "Acceleration of Stochastic Approximation by
    Averaging" (1992); as moving averages: Tarvainen & Valpola, "Mean teachers" (2017), arXiv 1703.01780.

    Parameters
    ----------
    network : nn.Module
        On its device already; its tensors must stay the same objects.

    Attributes
    ----------
    network : nn.Module
        A copy, with averaged weights, in evaluation mode.
    steps : int
        Of training so far.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = deepcopy(network).requires_grad_(requires_grad=False).eval()
        self.steps = 0
        pairs = list(zip(_tensors(self.network), _tensors(network), strict=True))
        self._means = [mean for mean, _ in pairs if mean.is_floating_point()]
        self._weights = [weight for mean, weight in pairs if mean.is_floating_point()]
        self._counts = [pair for pair in pairs if not pair[0].is_floating_point()]

    @torch.no_grad()
    def update(self) -> None:
        """Take up the weights after a step; the first ones as they are."""
        decay = min(DECAY, self.steps / (self.steps + SHARE))
        torch._foreach_lerp_(self._means, self._weights, 1 - decay)
        for mean, count in self._counts:
            mean.copy_(count)
        self.steps += 1

    def state_dict(self) -> dict[str, Any]:
        """Return copies of the averaged weights, and the steps."""
        weights = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        return {"weights": weights, "steps": self.steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to an earlier average."""
        self.network.load_state_dict(state["weights"])
        self.steps = state["steps"]


def _tensors(network: nn.Module) -> list[torch.Tensor]:
    return [*(p.detach() for p in network.parameters()), *network.buffers()]

"""Exponential moving average (EMA) of the weights of a network."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import nn

__all__ = ["EMAWeights"]

# Largest decay per step: a memory of 200 steps.
MAX_DECAY = 0.995
# The decay warms up as t / (t + WARMUP_STEPS): a memory of the last ninth of the steps, up to step 1,800.
WARMUP_STEPS = 9


class EMAWeights:
    """Exponential moving average of the weights and buffers of a network in training.

    While the learning rate is high, the weights of single steps are noisy; when it is low, the network may already
    overfit.  The average is smooth throughout training, so that it can be validated, and stopped early, from the first
    epoch on.  Polyak & Juditsky, "Acceleration of Stochastic Approximation by
    Averaging" (1992); as moving averages: Tarvainen & Valpola, "Mean teachers" (2017), arXiv 1703.01780.

    Parameters
    ----------
    network : nn.Module
        Already on its device; its tensors must remain the same objects.

    Attributes
    ----------
    network : nn.Module
        A copy with the averaged weights, in evaluation mode.
    steps : int
        Number of training steps so far.
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
        """Average in the weights after a training step; the first call copies them."""
        decay = min(MAX_DECAY, self.steps / (self.steps + WARMUP_STEPS))
        torch._foreach_lerp_(self._means, self._weights, 1 - decay)
        for mean, count in self._counts:
            mean.copy_(count)
        self.steps += 1

    def state_dict(self, copies: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return copies of the averaged weights, by default new ones, and the number of steps."""
        if copies is None:
            copies = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        return {"weights": copies, "steps": self.steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore an earlier average."""
        self.network.load_state_dict(state["weights"])
        self.steps = state["steps"]


def _tensors(network: nn.Module) -> list[torch.Tensor]:
    return [*(p.detach() for p in network.parameters()), *network.buffers()]

"""Memory of a training step: networks that need more than there is are refused, before the kernel kills the process."""

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy

import torch
from torch import Tensor, nn

from autonet.core.errors import InvalidNetwork
from autonet.core.memory import available_memory
from autonet.core.modality import Inputs
from autonet.training.loop import TrainingPlan
from autonet.training.random import draw_from

__all__ = ["check_step_memory", "share_memory"]

# Of the available memory, that trials may take: the rest is for the backward pass, and for what else runs.
STEP_SHARE = 0.8
N_TRIED = 2  # images: with a single one, BatchNorm fails on maps of one pixel
# Tensors that a layer keeps for the backward pass, in the bound that spares small networks the estimate.
KEPT_BY_LAYER = 2


def share_memory(n_slots: int = 1) -> float:
    """Return the bytes that each of several trials at once may take; infinity if the system does not say."""
    available = available_memory()
    return math.inf if available is None else STEP_SHARE * available / n_slots


def check_step_memory(network: nn.Module, plan: TrainingPlan, x: Inputs, limit: float) -> None:
    """Raise if what a training step keeps for its backward pass exceeds a limit.

    The forward pass of a copy for two images is scaled to a batch, and ends at the limit.  Networks that fail on them
    are not refused; their training will report the error.  GPUs are not checked: torch raises an error there.

    Parameters
    ----------
    network : nn.Module
    plan : TrainingPlan
    x : Inputs of shape (n, channels, height, width)
        Training images.
    limit : float
        In bytes.

    Raises
    ------
    InvalidNetwork
    """
    n = min(plan.batch_size, len(x))
    if x.device.type != "cpu" or n * _bound_image(network, x.shape[2:]) <= limit:
        return
    images = x[torch.arange(N_TRIED) % len(x)]
    kept = _Kept(network, limit, n / N_TRIED)
    with suppress(Exception), _isolated(), plan.autocast(x.device):
        # The weights are shared, the running statistics of BatchNorm are copied.
        twin = deepcopy(network, {id(p): p for p in network.parameters()}).train()
        with torch.autograd.graph.saved_tensors_hooks(kept.add, lambda tensor: tensor):
            twin(images)
    if kept.exceeded:
        raise InvalidNetwork(
            f"A training step of the network on {n} images needs more than the {limit / 2**30:.3g} GiB of memory that "
            "are available to a trial; search smaller networks, images or batch sizes, or fewer trials at once."
        )


def _bound_image(network: nn.Module, size: tuple[int, ...]) -> float:
    """Bound the bytes kept for an image, by maps of its size, as wide as the widest layer, after each layer.

    Only networks that upsample, or compare pixels with one another, keep more.
    """
    width = max((p.shape[0] for p in network.parameters() if p.ndim), default=1)
    return KEPT_BY_LAYER * sum(1 for _ in network.modules()) * width * math.prod(size) * 4.0


@contextmanager
def _isolated() -> Iterator[None]:
    """Leave the random numbers of training as they are."""
    with torch.enable_grad(), torch.random.fork_rng(devices=[]), draw_from(torch.Generator()):
        yield


class _Kept:
    """Sum of the bytes that the tensors of a batch take, each once, without the weights of a network.

    Tensors of the shape of a weight, also transposed, are made of weights, by autocast or normalization of weights: a
    batch has one of them.  All others are of images, and scaled from those that were tried to a batch.
    """

    def __init__(self, network: nn.Module, limit: float, scale: float) -> None:
        self.limit, self.scale = limit, scale
        self.n_bytes = 0.0
        self._seen = {p.untyped_storage().data_ptr() for p in network.parameters()}
        self._shapes = {tuple(sorted(p.shape)) for p in network.parameters()}

    @property
    def exceeded(self) -> bool:
        return self.n_bytes > self.limit

    def add(self, tensor: Tensor) -> Tensor:
        """Count a tensor; raise once there are too many, so that two images never take much."""
        storage = tensor.untyped_storage()
        if tensor.ndim > 1 and storage.data_ptr() not in self._seen:  # vectors are statistics, of any number of images
            self._seen.add(storage.data_ptr())
            self.n_bytes += storage.nbytes() * (1 if tuple(sorted(tensor.shape)) in self._shapes else self.scale)
        if self.exceeded:
            raise MemoryError
        return tensor

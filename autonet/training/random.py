"""Random numbers of one training run, independent of other draws in the process."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["DrawFrom", "SkipValues", "bind_generator", "draw_from", "seed_gpu"]

aten: Any = torch.ops.aten
# Operations whose overload with a generator is a separate function.
WITH_GENERATOR: Mapping[Any, Any] = {
    aten.rand.default: aten.rand.generator,
    aten.rand_like.default: getattr(aten.rand_like, "generator", aten.rand_like.default),
    aten.randn.default: aten.randn.generator,
    aten.randn_like.default: getattr(aten.randn_like, "generator", aten.randn_like.default),
    aten.randint.default: aten.randint.generator,
    aten.randint.low: aten.randint.low_generator,
    aten.randperm.default: aten.randperm.generator,
}


class _Mode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Dispatch mode that leaves `torch._dynamo` out."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Keep `torch._dynamo` from being imported; see `autonet.training.optimizers`."""
        return False


class DrawFrom(_Mode):
    """Redirect the operations of this thread from torch's global generator to another one of the same device.

    Layers are initialized, and registered networks trained, without an effect on the draws of other threads.  Every
    operation takes some microseconds longer.  Operations on other devices draw as before.

    Attributes
    ----------
    generator : torch.Generator
        On the CPU.
    n_draws : int
        Number of operations that drew.
    """

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.generator, self.n_draws = generator, 0

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Call an operation with the generator."""
        kwargs = dict(kwargs or {})
        drawing = WITH_GENERATOR.get(func, func)
        if (
            "generator" in _arguments(drawing)
            and kwargs.get("generator") is None
            and len(args) < _generator_position(drawing)
            and _find_device(args, kwargs).type == self.generator.device.type
        ):
            func, kwargs["generator"] = drawing, self.generator
            self.n_draws += 1
        return func(*args, **kwargs)


class SkipValues(_Mode):  # type: ignore[no-untyped-call]
    """Leave out operations that change values in place, for tensors on the meta device, which have none.

    Many of them, such as ``normal_`` and ``mul_``, would import `torch._dynamo`, which takes seconds.
    """

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Call an operation, unless it works in place."""
        return args[0] if func._schema.name.endswith("_") else func(*args, **(kwargs or {}))  # noqa: SLF001


_ARGUMENTS: dict[Any, list[str]] = {}


def _arguments(func: Any) -> list[str]:
    if func not in _ARGUMENTS:
        _ARGUMENTS[func] = [argument.name for argument in func._schema.arguments]  # noqa: SLF001
    return _ARGUMENTS[func]


def _generator_position(func: Any) -> int:
    """Return the number of positional arguments that include the generator."""
    return _arguments(func).index("generator") + 1


def _find_device(args: Sequence[Any], kwargs: Mapping[str, Any]) -> torch.device:
    """Return the device that an operation draws on: the one it is asked for, else that of its first tensor."""
    device = kwargs.get("device")
    tensors = (value for value in (*args, *kwargs.values()) if isinstance(value, Tensor))
    return torch.device(device) if device is not None else next((t.device for t in tensors), torch.device("cpu"))


@contextmanager
def draw_from(generator: torch.Generator | None) -> Iterator[Callable[[], int]]:
    """Draw from a generator inside a ``with`` block, or from torch's global one if it is None.

    Yields a function that returns the number of draws so far.
    """
    mode = None if generator is None else DrawFrom(generator)
    with mode or nullcontext():
        yield lambda: mode.n_draws if mode else 0


def bind_generator(generator: torch.Generator | None, *parts: Any) -> None:
    """Set ``generator`` of all parts, and layers of parts, whose class declares ``takes_generator``.

    The attribute ``generator`` alone is not a sign: a registered network may have a layer of that name.
    """
    for part in parts:
        for layer in part.modules() if isinstance(part, nn.Module) else (part,):
            if getattr(type(layer), "takes_generator", False):
                layer.generator = generator


@contextmanager
def seed_gpu(seed: int, device: torch.device) -> Iterator[None]:
    """Seed the global generator of a GPU, which its layers draw from, and restore it at the end of a ``with`` block."""
    if device.type != "cuda":
        yield
        return
    previous = torch.cuda.get_rng_state(device)
    with torch.cuda.device(device):  # `manual_seed` seeds the current one
        torch.cuda.manual_seed(seed)
    try:
        yield
    finally:
        torch.cuda.set_rng_state(previous, device)

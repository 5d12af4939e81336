"""Record what a network runs: layers, functions between them, and where their inputs come from."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from autonet.inspection.drawing.layers import INPUT, Function, Layer, Shape, Step, categorize, describe_layer
from autonet.inspection.subject import Subject, copy_network

__all__ = ["trace_network"]

# Functions that only rearrange or convert values, and are left out.
_ARRANGING = frozenset({
    "broadcast_to", "bool", "chunk", "clone", "contiguous", "cpu", "cuda", "detach", "double", "expand", "expand_as",
    "flatten", "float", "getitem", "half", "int", "long", "movedim", "narrow", "permute", "ravel", "requires_grad_",
    "reshape", "reshape_as", "select", "split", "squeeze", "swapaxes", "swapdims", "t", "tensor_split", "tile", "to",
    "transpose", "type", "type_as", "unbind", "unflatten", "unsqueeze", "view", "view_as",
})  # fmt: skip
# Names of operators.
_OPERATORS = {
    "__iadd__": "add",
    "__radd__": "add",
    "__isub__": "sub",
    "__rsub__": "rsub",
    "__imul__": "mul",
    "__rmul__": "mul",
    "__rtruediv__": "rdiv",
    "__itruediv__": "div",
    "__matmul__": "matmul",
    "__rmatmul__": "matmul",
}


@dataclass
class _Run:
    """A module that is running.

    Attributes
    ----------
    module : nn.Module
    input : Shape or None
    origins : dict of int to int
        Steps that tensors came from, by identity of the tensor.
    steps : list of Step
    """

    module: nn.Module
    input: Shape | None
    origins: dict[int, int] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)


def trace_network(subject: Subject) -> Layer:
    """Run a copy of a network in evaluation mode, and return it with all that it ran.

    Raises
    ------
    InvalidNetwork
        If it cannot be copied, or fails on the input.
    """
    with copy_network(subject) as network:
        return _Recorder(network, subject.inputs).run(tuple(x.clone() for x in subject.inputs))


class _Recorder(TorchFunctionMode):
    """Records calls of modules by hooks, and calls of functions as a torch function mode."""

    def __init__(self, network: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        super().__init__()
        self.network = network
        self.n_rows = inputs[0].shape[0] if inputs and inputs[0].ndim else 0
        self.paths = {module: path for path, module in network.named_modules()}
        # Names of the parameters and buffers that a tensor was computed from alone.
        named = [*network.named_parameters(), *network.named_buffers()]
        self.constants: dict[int, tuple[str, ...]] = {id(t): (name.rpartition(".")[2],) for name, t in named}
        self.kept: list[Any] = []  # identities hold as long as the tensors live
        self.running: list[_Run] = []
        self.layers: dict[nn.Module, Layer] = {}
        # Several networks within one may have members; shapes tell whose they are.
        self.members = {m.n_members for m in self.paths if isinstance(getattr(m, "n_members", None), int)}
        self.is_paused = False

    def run(self, inputs: tuple[Tensor, ...]) -> Layer:
        """Run the network."""
        with ExitStack() as hooks:
            for module in self.paths:
                hooks.callback(module.register_forward_pre_hook(self._enter, with_kwargs=True).remove)
                hooks.callback(module.register_forward_hook(self._leave, with_kwargs=True).remove)
            with self:
                self.network(*inputs)
        return self.layers[self.network]

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        if not self.is_paused and self.running:
            self._record_function(func, (args, kwargs), output)
        return output

    def _record_function(self, func: Callable[..., Any], arguments: Any, output: Any) -> None:
        run, outputs = self.running[-1], list(_tensors(output))
        self.kept += outputs
        tensors = list(_tensors(arguments))
        sources = self._sources(run, tensors)
        operands = self._name_constants(tensors)
        if not sources:
            self.constants |= dict.fromkeys(map(id, outputs), operands)
            return
        name = getattr(func, "__name__", str(func))
        name = _OPERATORS.get(name, name.strip("_"))
        is_alone = len(sources) == 1 and not operands
        if name in _ARRANGING or name == "get" or (is_alone and name in ("cat", "stack")):
            run.origins |= {id(t): sources[0] for t in outputs}
        elif outputs:
            numbers = [f"{x:.3g}" for x in arguments[0] if isinstance(x, float)]
            run.steps.append(Step(Function(name, (*operands, *numbers), self._shape(outputs)), sources))
            run.origins |= {id(t): len(run.steps) - 1 for t in outputs}

    def _enter(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        tensors = list(_tensors((args, kwargs)))
        run = _Run(module, self._shape(tensors))
        run.origins = {id(t): INPUT for t in tensors}
        self.kept += tensors
        self.running.append(run)

    def _leave(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> Any:
        run = self.running.pop()
        inputs, outputs = list(_tensors((args, kwargs))), list(_tensors(output))
        layer = self._make_layer(run, outputs)
        self.layers.setdefault(module, layer)
        if not self.running:
            return output
        parent = self.running[-1]
        if any(id(t) in parent.origins or id(t) in self.constants for t in outputs):
            with self._paused():  # what returns its input returns the same object
                output = _map_tensors(output, lambda t: t.view_as(t))
            outputs = list(_tensors(output))
        self.kept += outputs
        sources = self._sources(parent, inputs)
        if inputs and not sources:
            self.constants |= dict.fromkeys(map(id, outputs), self._name_constants(inputs))
        else:
            parent.steps.append(Step(self.layers[module], sources or (len(parent.steps) - 1,)))
            parent.origins |= {id(t): len(parent.steps) - 1 for t in outputs}
        return output

    def _name_constants(self, tensors: list[Tensor]) -> tuple[str, ...]:
        """Name the parameters and buffers among tensors, and those that others were computed from."""
        return tuple(dict.fromkeys(name for t in tensors for name in self.constants.get(id(t), ())))

    def _sources(self, run: _Run, tensors: list[Tensor]) -> tuple[int, ...]:
        """Return the steps that tensors came from; nothing for constants."""
        found = [
            run.origins.get(id(t), len(run.steps) - 1)  # from where hooks do not see: taken for the previous step
            for t in tensors
            if id(t) in run.origins or id(t) not in self.constants
        ]
        return tuple(dict.fromkeys(found))

    def _make_layer(self, run: _Run, outputs: list[Tensor]) -> Layer:
        output = self._shape(outputs)
        called = any(isinstance(step.called, Layer) for step in run.steps)
        results = self._sources(run, outputs)
        unused = [m for m in run.module.children() if not any(c in self.layers for c in m.modules())] if called else []
        return self._describe(
            run.module,
            input=run.input,
            output=output,
            steps=tuple(run.steps) if called else (),
            results=results if called else (),
            unused=tuple(layer for m in unused if (layer := self._describe(m)).n_parameters),
        )

    def _describe(self, module: nn.Module, **found: Any) -> Layer:
        category, parameters, buffers = categorize(module), list(module.parameters()), list(module.buffers())
        output: Shape = found.get("output") or ()
        detail = describe_layer(module, category, found.get("input"), output)
        return Layer(
            self.paths[module],
            type(module).__name__,
            detail,
            category,
            n_parameters=sum(p.numel() for p in parameters),
            n_trainable=sum(p.numel() for p in parameters if p.requires_grad),
            n_buffered=sum(b.numel() for b in buffers),
            n_bytes=sum(t.nbytes for t in (*parameters, *buffers)),
            n_members=next((k for k in self.members if len(output) > 2 and output[1] == k), 1),
            **found,
        )

    def _shape(self, tensors: list[Tensor]) -> Shape | None:
        if not tensors:
            return None
        first: Shape = tuple(tensors[0].shape)
        return ("n", *first[1:]) if first[:1] == (self.n_rows,) else first

    @contextmanager
    def _paused(self) -> Iterator[None]:
        self.is_paused = True
        try:
            yield
        finally:
            self.is_paused = False


def _tensors(value: Any) -> Iterator[Tensor]:
    """Yield the tensors in a value and in its lists, tuples and dictionaries."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _tensors(part)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _map_tensors(value: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """Replace the tensors in a value and in its plain lists, tuples and dictionaries."""
    if isinstance(value, Tensor):
        return function(value)
    if type(value) in (list, tuple):
        return type(value)(_map_tensors(part, function) for part in value)
    if type(value) is dict:
        return {key: _map_tensors(part, function) for key, part in value.items()}
    return value

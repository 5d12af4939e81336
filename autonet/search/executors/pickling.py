"""Pickle objectives and outcomes for other processes."""

import functools
import inspect
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import cloudpickle

from autonet.core.errors import InvalidOption
from autonet.core.pickling import pickle_arrays
from autonet.search.evaluation import Objective, Outcome, make_failure
from autonet.search.records import Status

__all__ = ["SentObjective", "SentOutcome", "pickle_objective", "pickle_outcome", "unpickle"]


def unpickle(data: bytes, memory: Iterable[memoryview] = ()) -> Any:
    """Load an object pickled by this module, with the memory of the arrays that were left out."""
    return cloudpickle.loads(data, buffers=memory)


def pickle_objective(objective: Objective, keep: Callable[[pickle.PickleBuffer], Any] | None = None) -> bytes:
    """Pickle an objective; raise with the name of the part that cannot be pickled.

    Memory of arrays for which `keep` returns a false value is left out; see `pickle_arrays`.
    """
    try:
        return pickle_arrays(objective, keep)
    except Exception as error:
        name, part = _find_unpicklable("objective", objective)
        raise InvalidOption(
            f"The objective cannot be pickled: {name} is of type {type(part).__name__} ({error}); open "
            "files, locks and connections inside the objective."
        ) from error


def pickle_outcome(outcome: Outcome) -> bytes:
    """Pickle an outcome; if that fails, pickle a crashed outcome with the reason."""
    outcome = replace(outcome, exception=_make_portable(outcome), job=replace(outcome.job, checkpoint=None))
    try:
        return bytes(cloudpickle.dumps(outcome))
    except Exception as error:  # noqa: BLE001 - a part may raise anything while it is pickled
        name, part = _find_unpicklable("outcome", outcome)
        reason = f"{name.removeprefix('outcome.')}, of type {type(part).__name__}, cannot be pickled: {error}"
        return bytes(cloudpickle.dumps(make_failure(outcome.job, Status.CRASHED, reason, outcome.seconds)))


class SentObjective:
    """Objective that is pickled once by the sender and unpickled once by each receiver."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective

    @functools.cached_property
    def data(self) -> bytes:
        """The pickled objective."""
        return pickle_objective(self.objective)

    def __reduce__(self) -> tuple[Any, ...]:
        """Reduce to the pickled objective."""
        return _load_objective, (self.data,)


@functools.lru_cache(maxsize=1)
def _load_objective(data: bytes) -> SentObjective:
    return SentObjective(unpickle(data))


class SentOutcome:
    """Outcome that can always be pickled; between threads it is shared."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome

    def __reduce__(self) -> tuple[Any, ...]:
        """Reduce to the pickled outcome; see `pickle_outcome`."""
        return _load_outcome, (pickle_outcome(self.outcome),)


def _load_outcome(data: bytes) -> SentOutcome:
    return SentOutcome(unpickle(data))


def _make_portable(outcome: Outcome) -> Exception | None:
    """Return the exception with its traceback as a note, or a RuntimeError with its message if it cannot be pickled."""
    exception = outcome.exception
    if exception is None:
        return None
    if not getattr(exception, "__notes__", None):
        exception.add_note(f"in another process:\n{outcome.error}")
    try:
        unpickle(cloudpickle.dumps(exception))
    except Exception:  # noqa: BLE001 - for example, its constructor does not accept its `args`
        return RuntimeError(outcome.reason)
    return exception


def _find_unpicklable(name: str, value: Any, depth: int = 8) -> tuple[str, Any]:
    """Return name and value of the innermost part that cannot be pickled."""
    for part_name, part in _iterate_parts(name, value) if depth else ():
        try:
            cloudpickle.dumps(part)
        except Exception:  # noqa: BLE001 - this part is to blame
            return _find_unpicklable(part_name, part, depth - 1)
    return name, value


def _iterate_parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Iterate over names and values of the parts that are pickled with a value."""
    if inspect.isfunction(value):
        variables = inspect.getclosurevars(value)
        yield from {**variables.globals, **variables.nonlocals}.items()
    elif inspect.ismethod(value):
        yield f"{name}.__self__", value.__self__
    elif isinstance(value, functools.partial):
        yield from ((f"{name}.func", value.func), (f"{name}.args", value.args), (f"{name}.keywords", value.keywords))
    elif isinstance(value, Mapping):
        yield from ((f"{name}[{key!r}]", item) for key, item in value.items())
    elif isinstance(value, list | tuple):
        yield from ((f"{name}[{i}]", item) for i, item in enumerate(value))
    elif hasattr(value, "__dict__") and not inspect.ismodule(value):
        yield from ((f"{name}.{key}", item) for key, item in vars(value).items())

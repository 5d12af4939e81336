"""Data that comes with scikit-learn, and searches that take a second or two."""

import gc
import logging
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import settings
from sklearn.datasets import load_diabetes, load_digits, load_iris

from autonet.pipeline import trees
from autonet.pipeline.components import list_nodes
from autonet.pipeline.images import IMAGES
from tests.clocks import FakeClock

settings.register_profile("shared cores", deadline=None)  # how long an example takes depends on what runs beside it
settings.load_profile("shared cores")

FULL_TREES = {"FOREST_SIZE": trees.FOREST_SIZE, "MAX_ITERATIONS": trees.MAX_ITERATIONS}
SMALL_TREES = {"FOREST_SIZE": 20, "MAX_ITERATIONS": 24}

QUICK: dict[str, Any] = {
    "budget_type": "epochs",
    "min_budget": 1,
    "max_budget": 9,
    "max_trials": 3,
    "cross_validator": "none",
    "ensemble_size": 1,
    "tree_ensembles": False,
    "n_jobs": 1,
    "random_state": 0,
}


@pytest.fixture(autouse=True)
def _loggers_as_they_are() -> Iterator[None]:
    """Levels of the loggers, which programs and fixtures of modules set for good, are none of the next test."""
    loggers = [logging.getLogger(name) for name in ("autonet", "autonet.search")]
    yield
    for logger in loggers:
        logger.setLevel(logging.NOTSET)
        logger.propagate, logger.disabled = True, False


@pytest.fixture(autouse=True)
def _signals_as_they_are() -> Iterator[None]:
    """A test that leaves another handler of Ctrl-C fails, instead of a later one that sends it."""
    before = signal.getsignal(signal.SIGINT)
    yield
    after = signal.getsignal(signal.SIGINT)
    if after != before:
        signal.signal(signal.SIGINT, before)
    assert after == before


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Tests share their cores; see autonet.models.model."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _no_swallowed_interrupts() -> None:
    """Hypothesis counts the time of garbage collections: Python swallows an interrupt that arrives in its counting."""
    gc.callbacks[:] = [c for c in gc.callbacks if not getattr(c, "__module__", "").startswith("hypothesis")]


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    """Close figures after each test that drew some: matplotlib keeps them, and warns of twenty."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="session", autouse=True)
def _small_trees() -> Iterator[None]:
    """Fits of default options have tree ensembles, too, which are grown in a moment; `full_trees` restores them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, size in SMALL_TREES.items():
            patch.setattr(trees, name, size)
        yield


@pytest.fixture
def full_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tree ensembles of their full size."""
    for name, size in FULL_TREES.items():
        monkeypatch.setattr(trees, name, size)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """A clock that the test moves, in place of ``time.monotonic``."""
    fake = FakeClock()
    monkeypatch.setattr(time, "monotonic", fake)
    return fake


@pytest.fixture
def cpu_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count the CPU seconds of this process, alarms included: how busy the machine is makes no difference."""
    monkeypatch.setattr(time, "monotonic", time.process_time)
    monkeypatch.setattr(signal, "ITIMER_REAL", signal.ITIMER_PROF)
    monkeypatch.setattr(signal, "SIGALRM", signal.SIGPROF)


@pytest.fixture
def custom_components() -> Iterator[None]:
    """Remove the components that a test registers."""
    nodes = [*list_nodes().values(), *IMAGES.nodes.values()]
    before = [dict(node.components) for node in nodes]
    yield
    for node, components in zip(nodes, before, strict=True):
        node.components.clear()
        node.components.update(components)


@pytest.fixture
def quick() -> dict[str, Any]:
    """Options of a search of three configurations that a seed repeats."""
    return dict(QUICK)


@pytest.fixture(scope="session")
def iris() -> Any:
    return load_iris(return_X_y=True)


@pytest.fixture(scope="session")
def digits() -> Any:
    return load_digits(return_X_y=True)


@pytest.fixture(scope="session")
def diabetes() -> Any:
    return load_diabetes(return_X_y=True)

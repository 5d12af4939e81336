"""Names and defaults of samplers, schedulers and executors."""

import pytest

from autonet.core.errors import InvalidOption
from autonet.search import InProcess, Study
from autonet.search.executors.processes import Processes
from autonet.search.registry import make_executor
from autonet.search.samplers.gaussian_process import GaussianProcessSampler
from tests.search.executors.jobs import LINE


def test_adaptive_tpe_is_said_to_be_a_gaussian_process(caplog: pytest.LogCaptureFixture) -> None:
    assert Study(LINE, sampler="atpe").sampler == GaussianProcessSampler()
    assert "Gaussian process of autonet.search runs instead of adaptive TPE" in caplog.text


def test_n_jobs_chooses_the_executor() -> None:
    assert isinstance(make_executor(1), InProcess)
    assert make_executor(3).n_slots == 3
    assert make_executor(-1).n_slots >= 1
    for wrong in (0, -2, 1.5, "2"):
        with pytest.raises(InvalidOption, match=f"n_jobs must be an integer of at least 1, or -1.*; got {wrong!r}"):
            Study(LINE).optimize(lambda _: 1.0, n_jobs=wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidOption, match="memory_limit_mb must be a positive number; got -1"):
        Processes(2, memory_limit_mb=-1)

"""Worker processes encode a fold once, and map it."""

import hashlib
import os
import pickle
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from autonet import AutoNetClassification, Callback
from autonet.core.errors import SearchInterrupted
from autonet.core.pickling import pickle_arrays
from autonet.data.table import Table
from autonet.pipeline.context import EncodedFold, TrialContext
from autonet.pipeline.tabular import Tables
from autonet.pipeline.trial import run_trial
from autonet.search import Processes, RunningTrial
from autonet.search.evaluation import evaluate
from autonet.search.records import Job
from tests.pipeline.trials import chosen, context, default
from tests.search.executors.jobs import outcomes
from tests.search.executors.test_sharing import mapped_at

if sys.platform != "linux":
    pytest.skip("encodings are shared on Linux", allow_module_level=True)

from autonet.pipeline import shared_encodings
from autonet.pipeline.shared_encodings import SharedEncodings

rng = np.random.default_rng(0)
X = rng.normal(size=(10_000, 8))
Y = (X[:, 0] > 0).astype(int)
NAME = "memfd:autonet-encodings"
SIZE = X.size * 4  # of an encoding, in bytes


class Noted(Tables):
    """Tables that note which process fits an encoder; the first one may come to an end in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fit_encoder(self, data: Table, rows: Any, components: Any, seed: int, y: Any = None) -> Any:
        with (self.folder / "fitted").open("a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(0.2)  # so that others come meanwhile
        for name, end in (("deadly", partial(os.kill, os.getpid(), signal.SIGKILL)), ("wrong", self.fail)):
            if (self.folder / name).exists():
                (self.folder / name).unlink()
                end()
        return super().fit_encoder(data, rows, components, seed, y)

    def fail(self) -> None:
        raise ValueError("wrong")

    @property
    def fitted(self) -> list[str]:
        file = self.folder / "fitted"
        return file.read_text().split() if file.exists() else []


@pytest.fixture(scope="module")
def workers() -> Iterator[Processes]:
    executor = Processes(2, imports=["autonet.pipeline.trial"])
    yield executor
    executor.close()


@pytest.fixture
def noted(tmp_path: Path) -> Iterator[TrialContext]:
    with SharedEncodings.create(1) as shared:
        yield replace(context((X, Y)), modality=Noted(tmp_path), shared=shared)


def jobs(space: TrialContext, n: int) -> list[Job]:
    return [Job(number, default(space.task), 0.0, 1.0, seed=3) for number in range(n)]


def scaled(space: TrialContext, way: str) -> EncodedFold:
    return space.encode_fold(chosen(space, **{"NormalizationStrategySelector:normalization_strategy": way}), 0)


def elsewhere(space: TrialContext) -> TrialContext:
    """The context as another process gets it."""
    loaded: TrialContext = pickle.loads(pickle_arrays(space))
    return loaded


def digest(encoded: EncodedFold) -> str:
    return hashlib.sha256(encoded.rows.x[:].numpy().tobytes() + encoded.valid.x[:].numpy().tobytes()).hexdigest()


def describe(space: TrialContext, trial: RunningTrial) -> float:
    encoded = space.encode_fold(space.resolve(trial.params), 0)
    where = mapped_at(encoded.rows.x.data_ptr())  # type: ignore[attr-defined]
    trial.set_user_attr("found", [os.getpid(), digest(encoded), where])
    encoded.rows.x[:].zero_()  # stays in this process
    return 0.0


def held(shared: SharedEncodings) -> tuple[int, Any]:
    """Another descriptor of the file, and how to ask for the bytes that it takes."""
    descriptor = os.open(shared._path, os.O_RDONLY)
    return descriptor, lambda: os.fstat(descriptor).st_blocks * 512


def test_one_worker_encodes_and_all_map_the_same_bits(noted: TrialContext, workers: Processes) -> None:
    found = [o.attributes["found"] for o in outcomes(workers, partial(describe, noted), *jobs(noted, 4))]
    assert len({pid for pid, _, _ in found}) == 2
    assert {of for _, of, _ in found} == {digest(context((X, Y)).encode_fold(chosen(noted), 0))}
    assert all(NAME in where for _, _, where in found)
    assert len(noted.modality.fitted) == 1  # type: ignore[attr-defined]


def test_workers_train_what_one_process_trains(noted: TrialContext, workers: Processes) -> None:
    objective, alone = partial(run_trial, noted), partial(run_trial, context((X, Y)))
    for outcome in outcomes(workers, objective, *jobs(noted, 2)):
        expected = evaluate(alone, jobs(noted, 1)[0]).result
        assert outcome.result.loss == expected.loss
        best, same = (result.checkpoint[0].best.weights for result in (outcome.result, expected))
        assert all(best[name].equal(same[name]) for name in same)


@pytest.mark.parametrize(("end", "status"), [("deadly", "crashed"), ("wrong", "crashed")])
def test_another_worker_goes_on_where_one_has_ended(
    noted: TrialContext, workers: Processes, tmp_path: Path, end: str, status: str
) -> None:
    (tmp_path / end).touch()
    ended = outcomes(workers, partial(describe, noted), *jobs(noted, 3))
    assert sorted(str(outcome.result.status) for outcome in ended) == [status, "finished", "finished"]
    assert len(noted.modality.fitted) == 2  # type: ignore[attr-defined]


def test_what_is_unused_is_dropped_from_a_full_cache(noted: TrialContext, monkeypatch: pytest.MonkeyPatch) -> None:
    assert noted.shared is not None
    descriptor, size = held(noted.shared)
    monkeypatch.setattr(shared_encodings, "SHARED_BYTES", 2 * SIZE + 50_000)
    first = scaled(noted, "standardize")
    before = digest(first)
    for way in ("minmax", "none", "maxabs", "robust"):
        scaled(noted, way)
        assert size() < 2 * SIZE + 100_000
    assert digest(first) == before  # the oldest, but mapped
    n_fitted = len(noted.modality.fitted)  # type: ignore[attr-defined]
    for way, n_new in (("standardize", 0), ("robust", 0), ("minmax", 1)):
        scaled(elsewhere(noted), way)
        n_fitted += n_new
        assert len(noted.modality.fitted) == n_fitted  # type: ignore[attr-defined]
    os.close(descriptor)


def test_the_folds_of_a_configuration_are_kept_whatever_their_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_encodings, "SHARED_BYTES", 0)
    with SharedEncodings.create(3) as shared:
        space = replace(context((X, Y), folds=3), modality=Noted(tmp_path), shared=shared)
        for fold in (0, 1, 2, 0, 1, 2):
            space.encode_fold(chosen(space), fold)
    assert len(space.modality.fitted) == 3  # type: ignore[attr-defined]


def test_slots_are_used_again(noted: TrialContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_encodings, "SLOTS", 2)
    ways = ("standardize", "minmax", "none", "maxabs")
    kept = [digest(scaled(noted, way)) for way in ways]
    assert [digest(scaled(context((X, Y)), way)) for way in ways] == kept
    mapped = [scaled(noted, way) for way in ways]  # two of them are private
    assert [digest(encoded) for encoded in mapped] == kept


def test_without_memory_each_process_encodes_for_itself(noted: TrialContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_encodings, "MEMORY_SHARE", 0.0)
    encoded = scaled(noted, "minmax")
    assert NAME not in mapped_at(encoded.rows.x.data_ptr())  # type: ignore[attr-defined]
    assert scaled(noted, "minmax").rows.x is encoded.rows.x
    assert digest(encoded) == digest(scaled(context((X, Y)), "minmax"))


def test_where_files_are_limited_nothing_is_shared() -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, before[1]))
    try:
        with SharedEncodings.create(1) as shared:
            assert shared is None
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_rows_of_wide_sparse_tables_are_shared(noted: TrialContext) -> None:
    table = sparse.random_array((10_000, 400), density=0.02, rng=0, format="csr")
    space = replace(noted, data=Table.from_numbers(sparse.csr_array(table)))
    one, other = scaled(space, "standardize"), scaled(elsewhere(space), "standardize")
    assert len(noted.modality.fitted) == 1  # type: ignore[attr-defined]
    assert digest(one) == digest(other)


def test_all_rows_are_shared_by_the_content_of_an_encoder(noted: TrialContext) -> None:
    encoder = scaled(noted, "standardize").encoder
    one, other = noted.encode_all(encoder), elsewhere(noted).encode_all(scaled(elsewhere(noted), "standardize").encoder)
    assert NAME in mapped_at(one.data_ptr())  # type: ignore[attr-defined]
    assert one[:].equal(encoder.inputs(noted.data, noted.device)[:])
    assert one[:].equal(other[:])


def test_an_encoder_is_one_object_while_it_is_used(noted: TrialContext) -> None:
    encoder = scaled(noted, "minmax").encoder
    assert scaled(noted, "minmax").encoder is encoder


def test_memory_is_free_at_the_end_even_if_a_worker_stays(noted: TrialContext, workers: Processes) -> None:
    with SharedEncodings.create(1) as shared:
        assert shared is not None
        descriptor, size = held(shared)
        outcomes(workers, partial(describe, replace(noted, shared=shared)), *jobs(noted, 2))
        assert size() > SIZE
    assert size() < 50_000
    os.close(descriptor)


class Raises(Callback):
    def on_trial_end(self, estimator: Any, trial: Any) -> None:
        raise ZeroDivisionError


class Interrupts(Callback):
    interrupted = False

    def on_trial_end(self, estimator: Any, trial: Any) -> None:
        if not self.interrupted:  # twice would end the fit without a model
            self.interrupted = True
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def _sigint() -> Iterator[None]:
    """A shell has programs in the background ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_sigint")
@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_fits_leave_nothing_behind(workers: Processes) -> None:
    options = {"max_trials": 6, "budget_type": "epochs", "max_budget": 1, "random_state": 0}
    seen = []

    class Looks(Callback):
        def on_trial_end(self, estimator: Any, trial: Any) -> None:
            seen.append(NAME in opened())

    ends = (
        (Looks(), nullcontext()),
        (Raises(), pytest.raises(ZeroDivisionError)),
        (Interrupts(), pytest.warns(SearchInterrupted)),
    )
    for callback, end in ends:
        with end:
            AutoNetClassification("tiny_cs", executor=workers, callbacks=[callback], **options).fit(X, Y)
        assert NAME not in opened()
    assert seen == 6 * [True]


def opened() -> str:
    return " ".join(str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink())

import time

import numpy as np
from autonet.search.sampler import MAX_RECORDS, GaussianProcessSampler, thinned
from ConfigSpace import ConfigurationSpace, Float, Integer

from autonet.search.encoding import Encoding
from autonet.search.records import History, Report, Status, Trial
from autonet.search.rungs import Rungs

RUNGS = Rungs.geometric(1, 9, 3, "epochs")


def encoding(n: int = 6) -> Encoding:
    space = ConfigurationSpace()
    space.add(*(Float(f"x{i}", (0.0, 1.0)) for i in range(n)))
    return Encoding(space)


def history(columns: Encoding, n: int) -> History:
    rng = np.random.default_rng(0)
    trials = []
    for number, row in enumerate(columns.sample(n, rng)):
        config = columns.config(row)
        loss = sum((v - 0.5) ** 2 for v in config.values())
        reports = [Report(0, 1, 1, loss, Status.FINISHED, 1.0, 1.0)]
        trials.append(Trial(number, config, 0, "test", reports))
    return History(trials)


def test_proposals_are_functions_of_the_history_and_the_stream() -> None:
    columns = encoding()
    record = history(columns, 30)
    sampler = GaussianProcessSampler()
    first, again, other = (sampler.propose(columns, record, RUNGS, np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_after_enough_trials_proposals_are_better_than_random_ones() -> None:
    columns = encoding()
    record = history(columns, 40)
    sampler = GaussianProcessSampler(random_share=0.0)
    rows = [sampler.propose(columns, record, RUNGS, np.random.default_rng(s)) for s in range(10)]
    distances = [float(((row - 0.5) ** 2).sum()) for row in rows if row is not None]
    assert np.median(distances) < 0.5 * np.median([r.loss for _, r in record.reports])


def test_running_trials_keep_others_away() -> None:
    columns = encoding(1)
    record = history(columns, 12)
    sampler = GaussianProcessSampler(random_share=0.0)
    first = sampler.propose(columns, record, RUNGS, np.random.default_rng(0))
    assert first is not None
    running = Trial(len(record), columns.config(first), 0, "test")
    running.running = object()  # type: ignore[assignment]
    record.trials.append(running)
    second = sampler.propose(columns, record, RUNGS, np.random.default_rng(0))
    assert second is not None
    assert not np.array_equal(first, second)


def test_thousands_of_records_are_thinned_to_the_best_and_the_newest() -> None:
    records = [(np.array([float(i)]), float(1 + 2 * (i % 10 == 0)), float(-i)) for i in range(5000)]
    kept = thinned(records)
    assert len(kept) <= MAX_RECORDS
    assert records[4990] in kept
    assert records[-1] in kept
    columns = encoding()
    record = history(columns, 3000)
    began = time.monotonic()
    assert (
        GaussianProcessSampler(random_share=0.0).propose(columns, record, RUNGS, np.random.default_rng(0)) is not None
    )
    assert time.monotonic() - began < 10


def test_a_small_space_is_exhausted_with_none() -> None:
    space = ConfigurationSpace()
    space.add(Integer("n", (1, 3)))
    columns = Encoding(space)
    trials = [Trial(i, {"n": i + 1}, 0, "test") for i in range(3)]
    assert GaussianProcessSampler().propose(columns, History(trials), RUNGS, np.random.default_rng(0)) is None

"""Stages of a fit: named in the progress bar, and timed."""

from autonet.estimators.stages import FitStages
from autonet.search.progress import ProgressBar
from tests.clocks import FakeClock


def test_stages_are_timed_one_after_the_other(clock: FakeClock) -> None:
    with ProgressBar(None, 3, shown=False) as bar:
        stages = FitStages(bar)
        stages.end()
        for name, seconds in (("reading", 2.0), ("search", 30.0)):
            stages.begin(name)
            clock.now += seconds
        assert stages.seconds == {"reading": 2.0}
        stages.end()
        clock.now += 5.0
        stages.end()
    assert stages.seconds == {"reading": 2.0, "search": 30.0}

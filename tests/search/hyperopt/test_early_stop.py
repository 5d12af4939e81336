"""Rules that stop a search, under the name that users of Hyperopt import."""

from autonet.search.hyperopt import Trials, hp, tpe
from autonet.search.hyperopt.early_stop import no_progress_loss


def test_trials_minimize_and_stop() -> None:
    trials = Trials()
    options = {"max_evals": 30, "rstate": 0, "show_progressbar": False, "early_stop_fn": no_progress_loss(5)}
    best = trials.fmin(lambda x: 1.0, hp.uniform("x", 0, 1), tpe.suggest, **options)
    assert best == trials.argmin == {"x": trials.vals["x"][0]}
    assert len(trials) < 10

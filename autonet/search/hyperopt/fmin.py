"""fmin and the algorithms of Hyperopt, run by a study."""

import functools
import inspect
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autonet.core.errors import InvalidOption, SearchFailed
from autonet.core.jsonvalues import is_storable
from autonet.core.validation import is_integer, is_real
from autonet.search.hyperopt.base import STATUS_FAIL, STATUS_OK, Trials
from autonet.search.hyperopt.pyll.base import CompiledSpace, Node, space_eval
from autonet.search.records import Result
from autonet.search.registry import SAMPLERS, resolve
from autonet.search.results import as_number
from autonet.search.running_trial import RunningTrial
from autonet.search.samplers.kde import KernelDensitySampler
from autonet.search.seeds import resolve_seed
from autonet.search.spaces.space import describe_space, sort_sets
from autonet.search.spaces.values import safe_repr
from autonet.search.study import Study

__all__ = [
    "Algorithm",
    "anneal",
    "atpe",
    "fmin",
    "generate_trials_to_calculate",
    "no_progress_loss",
    "rand",
    "space_eval",
    "tpe",
]

logger = logging.getLogger("autonet.search")

OPTIONS = {"n_EI_candidates": "n_candidates", "gamma": "good_share"}  # of tpe.suggest, and of the sampler


class Algorithm:
    """Algorithm of Hyperopt, with the sampler of `autonet.search` that runs for it.

    Attributes
    ----------
    name, sampler : str
    n_startup : int
        Number of random trials before the sampler proposes any.
    note : str
        What differs.
    """

    def __init__(self, name: str, sampler: str, n_startup: int = 0, note: str = "") -> None:
        self.name, self.sampler, self.n_startup, self.note = name, sampler, n_startup, note

    def suggest(self, *args: Any, **kwargs: Any) -> Any:
        """Name the algorithm in ``fmin(algo=...)``; not to be called."""
        raise InvalidOption(f"Pass algo={self.name}.suggest to fmin; calling it is not possible here.")


tpe = Algorithm("tpe", "tpe", n_startup=20)  # as in Hyperopt
rand = Algorithm("rand", "random", n_startup=1)  # instead of the default configuration
atpe = Algorithm("atpe", "bohb", note="the Gaussian process of autonet.search runs instead of adaptive TPE")
anneal = Algorithm("anneal", "bohb", note="the Gaussian process of autonet.search runs instead of annealing")


def fmin(
    fn: Callable[..., Any],
    space: Any,
    algo: Any = None,
    max_evals: int | None = None,
    timeout: float | None = None,
    loss_threshold: float | None = None,
    trials: Trials | None = None,
    rstate: Any = None,
    allow_trials_fmin: bool = True,
    pass_expr_memo_ctrl: bool | None = None,
    catch_eval_exceptions: bool = False,
    verbose: bool = True,
    return_argmin: bool = True,
    points_to_evaluate: Sequence[Mapping[str, Any]] | None = None,
    max_queue_len: int = 1,
    show_progressbar: bool = True,
    early_stop_fn: Callable[..., Any] | None = None,
    trials_save_file: str | os.PathLike[str] = "",
) -> Any:
    """Minimize a function over a space of Hyperopt.

    Parameters
    ----------
    fn : callable
        Takes a point of the space; returns a loss, or a dict with ``"loss"``, ``"status"`` and anything else.
    space : object
        Nested dicts, lists and tuples with hyperparameters of `hp`; or "annotated", then the annotations of `fn`.
    algo : optional
        ``tpe.suggest``, ``rand.suggest``, ``atpe.suggest`` or ``anneal.suggest``; or a sampler of `Study`, by name or
        as an object.  Default: "bohb", as in `Study`.
    max_evals : int, optional
        Number of trials, with those that `trials` has already.  A finite space ends when all its points are tried.
    timeout : float, optional
        Seconds; the running trial is stopped, too.
    loss_threshold : float, optional
        Loss at which to stop.
    trials : Trials, optional
        Gets the trials; those of an earlier call are continued.
    rstate : int, Generator or RandomState, optional
        Seed of a new search.  Default: that of the environment variable ``HYPEROPT_FMIN_SEED``, or none.
    allow_trials_fmin, max_queue_len
        Not used: there is one kind of `Trials`, and each trial knows all results before it.
    pass_expr_memo_ctrl : bool
        Refused.
    catch_eval_exceptions : bool
        Whether an exception fails its trial only.
    verbose, show_progressbar : bool
        A progress bar is shown if both are true.
    return_argmin : bool
        Whether to return values by label; otherwise the best point, or None without one.
    points_to_evaluate : list of dict, optional
        Values by label to try first, indices for choices; those of branches that are not chosen are ignored.  In a new
        search they come on top of `max_evals`.
    early_stop_fn : callable, optional
        Called as ``early_stop_fn(trials, *state)`` after each trial; returns whether to stop, and the next state.
    trials_save_file : path-like
        Directory in which trials are saved; an existing one is continued.

    Returns
    -------
    dict or object

    Raises
    ------
    InvalidOption
        If an argument is invalid.
    SearchFailed
        If `return_argmin` and no trial has a loss.
    """
    if not callable(fn):
        raise InvalidOption(f"fn must be callable; got {safe_repr(fn)}.")
    if trials is not None and not isinstance(trials, Trials):
        raise InvalidOption(f"trials must be Trials of autonet.search.hyperopt; got {type(trials).__name__}.")
    _check_options(max_evals, loss_threshold, pass_expr_memo_ctrl, show_progressbar, points_to_evaluate)
    if isinstance(space, str):
        fn, space = _read_annotations(fn, space)
    compiled = CompiledSpace(space)
    trials = Trials() if trials is None else trials
    save_file = os.fspath(trials_save_file) or trials.save_file
    seed = resolve_seed(_read_seed() if rstate is None else rstate)
    sampler, n_startup = _make_sampler(algo)
    study = _open_study(trials, compiled, sampler, seed, save_file)
    try:
        n_queued = _enqueue(study, compiled, [*trials.queue, *(points_to_evaluate or ())], n_startup, seed)
        trials.queue = []
        study.optimize(
            _make_objective(fn, compiled, trials),
            max_trials=None if max_evals is None or max_evals >= sys.maxsize else max_evals + n_queued,
            timeout=timeout,
            stop_at=loss_threshold,
            on_error="record" if catch_eval_exceptions else "raise",
            callbacks=[] if early_stop_fn is None else [_make_callback(early_stop_fn, trials)],
            progress=bool(verbose and show_progressbar),
        )
    except SearchFailed:
        if return_argmin:
            raise
    finally:
        if save_file:
            study.close()
    if return_argmin:
        return trials.argmin
    return None if study.history.best is None else compiled.point(trials.argmin)


def _check_options(
    max_evals: Any, loss_threshold: Any, pass_expr_memo_ctrl: Any, show_progressbar: Any, points: Any
) -> None:
    if max_evals is not None and not (is_integer(max_evals) and max_evals >= 1):
        raise InvalidOption(f"max_evals must be an integer of at least 1; got {max_evals!r}.")
    if loss_threshold is not None and not is_real(loss_threshold):
        raise InvalidOption(f"loss_threshold must be a number; got {loss_threshold!r}.")
    if pass_expr_memo_ctrl:
        raise InvalidOption("pass_expr_memo_ctrl is not supported; use Study, whose trials report and keep attributes.")
    if callable(show_progressbar):
        raise InvalidOption("show_progressbar must be True or False; pass a callback to Study.optimize instead.")
    if points is not None and not (isinstance(points, list | tuple) and all(isinstance(p, Mapping) for p in points)):
        raise InvalidOption(f"points_to_evaluate must be a list of dicts; got {safe_repr(points)}.")


def _read_seed() -> int | None:
    """Return the seed in the environment."""
    text = os.environ.get("HYPEROPT_FMIN_SEED", "")
    if text and not text.isdecimal():
        raise InvalidOption(f"HYPEROPT_FMIN_SEED must be a non-negative integer; got {text!r}.")
    return int(text) if text else None


def _read_annotations(fn: Callable[..., Any], space: str) -> tuple[Callable[..., Any], Mapping[str, Any]]:
    """Return a function of a dict, and the space in the annotations of a function of keywords."""
    if space != "annotated":
        raise InvalidOption(f"space must be 'annotated' or made of hyperparameters; got {space!r}.")
    annotations = {k: v for k, v in inspect.get_annotations(fn, eval_str=True).items() if k != "return"}
    for name, part in annotations.items():
        if not isinstance(part, Node):
            raise InvalidOption(f"The argument {name!r} is annotated with {safe_repr(part)}; expected one of hp.")
    return lambda point: fn(**point), annotations


def _make_sampler(algo: Any) -> tuple[Any, int]:
    """Return the sampler for an algorithm, as the argument of a study, and the number of random trials before it."""
    options: dict[str, Any] = {}
    if isinstance(algo, functools.partial):
        algo, options = algo.func, dict(algo.keywords)
    algorithm = getattr(algo, "__self__", None)
    if not isinstance(algorithm, Algorithm):
        return ("bohb" if algo is None else algo), 0
    if algorithm.note:
        logger.warning("algo=%s.suggest: %s", algorithm.name, algorithm.note)
    n_startup = options.pop("n_startup_jobs", algorithm.n_startup)
    if not is_integer(n_startup) or n_startup < 0:
        raise InvalidOption(f"n_startup_jobs must be an integer of at least 0; got {n_startup!r}.")
    known = {OPTIONS[name]: options.pop(name) for name in OPTIONS if name in options and algorithm is tpe}
    if options:
        logger.warning("algo=%s.suggest: not used: %s", algorithm.name, ", ".join(options))
    return (KernelDensitySampler(**known) if known else algorithm.sampler), int(n_startup)


def _open_study(trials: Trials, space: CompiledSpace, sampler: Any, seed: int, save_file: str | None) -> Study:
    """Return the study of the trials, a new one, or that in the directory."""
    study = trials.study
    if study is not None:
        given, known = (sort_sets(describe_space(s)) for s in (space.space, study.space))
        if given != known or save_file != trials.save_file:
            what = "space" if given != known else "trials_save_file"
            raise InvalidOption(f"These trials belong to another {what}; pass new Trials().")
        if not save_file:
            study.sampler = resolve("sampler", sampler, SAMPLERS, "propose")
            trials.use(study, space, None)
            return study
    if save_file and Path(save_file).is_file():
        raise InvalidOption(
            f"trials_save_file={save_file!r} is a file, perhaps a pickle of Hyperopt, which is not read; pass another "
            "path, which becomes a directory."
        )
    resumes = save_file and Path(save_file).exists()  # with its seed
    study = Study(space.space, sampler=sampler, run_dir=save_file or None, random_state=None if resumes else seed)
    trials.use(study, space, save_file)
    return study


def _enqueue(study: Study, space: CompiledSpace, points: Sequence[Mapping[str, Any]], n_startup: int, seed: int) -> int:
    """Enqueue points, and distinct random ones in a new search; return how many come on top of `max_evals`."""
    begins = not len(study.history) and not study.history.queue
    for point in points:
        config = space.configure(point)
        active = study.encoding.active_names(config)
        study.enqueue({name: value for name, value in config.items() if name in active})
    if begins:
        rng = np.random.default_rng(seed)
        for _ in range(n_startup - len(points)):
            config = space.sample(rng)
            if config not in study.history.queue:
                study.enqueue(config)
    return len(points) if begins else 0


def _make_objective(fn: Callable[..., Any], space: CompiledSpace, trials: Trials) -> Callable[[RunningTrial], Any]:
    """Make the objective of a study from a function of points."""

    def objective(trial: RunningTrial) -> Any:
        returned = fn(space.point(space.assign(trial.params)))
        if not isinstance(returned, Mapping):
            return returned
        trials.keep(trial.number, returned)
        status = returned.get("status", STATUS_OK)
        if status not in (STATUS_OK, STATUS_FAIL):
            raise ValueError(f"the objective returned the status {safe_repr(status)}; expected 'ok' or 'fail'.")
        if status == STATUS_FAIL:
            return {key: returned[key] for key in ("status", "reason") if key in returned}
        if returned.get("loss") is None:
            raise TypeError(
                f"the objective returned a dict with the keys {list(returned)}; expected 'loss' among them."
            )
        kept = {k: v for k, v in returned.items() if k not in ("loss", "status") and is_storable(v)}
        return Result(as_number(returned["loss"], "the objective returned the loss"), metrics=kept)

    return objective


def _make_callback(early_stop_fn: Callable[..., Any], trials: Trials) -> Callable[..., bool]:
    """Make a callback of a study from a function of trials and its own state."""
    state: list[Any] = []

    def callback(*_: Any) -> bool:
        returned = early_stop_fn(trials, *state)
        if not isinstance(returned, tuple) or len(returned) != 2:
            raise InvalidOption(
                f"early_stop_fn returned {safe_repr(returned)}; expected whether to stop, and a list of arguments of "
                "its next call."
            )
        state[:] = returned[1]
        return bool(returned[0])

    return callback


def no_progress_loss(iteration_stop_count: int = 20, percent_increase: float = 0.0) -> Callable[..., Any]:
    """Make a function for ``early_stop_fn`` that stops when the loss has not improved for a number of trials.

    Parameters
    ----------
    iteration_stop_count : int
    percent_increase : float
        Improvement that counts, in percent of the best loss.
    """

    def stop(trials: Trials, *_: Any) -> tuple[bool, list[Any]]:
        best: float | None = None
        n_without = 0
        for loss in trials.losses():  # all of them: a resumed search stops at the same trial
            if loss is not None and (best is None or loss < best - abs(best * percent_increase / 100)):
                best, n_without = loss, 0
            else:
                n_without += 1
        return n_without >= iteration_stop_count, [best, n_without]

    return stop


def generate_trials_to_calculate(points: Sequence[Mapping[str, Any]]) -> Trials:
    """Return trials that begin with some points; see ``points_to_evaluate`` of `fmin`."""
    trials = Trials()
    trials.queue = list(points)
    return trials

"""Fitting of tree ensembles: the jobs that run beside the trials of a search, and in the refit."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from autonet.core.alarms import TimedOut
from autonet.core.clock import TimeLimit
from autonet.core.interrupts import current_interrupt
from autonet.core.modality import Allocate, Inputs, TreeEncoding
from autonet.core.task import Task
from autonet.core.threads import one_native_thread
from autonet.core.typing import Array
from autonet.data.targets.transforms import TargetEncoder
from autonet.metrics.formulas import PLAIN_LOSSES
from autonet.models.ensemble import TreeMember
from autonet.pipeline.context import TrialContext
from autonet.pipeline.tree_learners import LEARNERS, TREE_LEARNER, TreeLearner
from autonet.pipeline.trees import Boosting, Forest, TreeGrower
from autonet.search.records import Result
from autonet.search.running_trial import RunningTrial

__all__ = ["fit_tree_learner", "refit_tree_learner"]

FIRST_STEP = 16  # iterations of boosting, or trees; later steps double their number
PROBED_ROWS = 2000  # on which the first iteration is timed; from fewer, costs are overestimated
MIN_ITERATION_SHARE = 0.1  # of the time of a step, that its iterations take: the fixed part is an estimate
MIN_GROWTH = 0.1  # smallest step, as a share of the trees grown so far
REFIT_STEPS = 4  # in which a refit grows: after the first its duration is known

GROWERS: dict[str, type[Boosting | Forest]] = {"boosting": Boosting, "forest": Forest}


def fit_tree_learner(context: TrialContext, trial: RunningTrial) -> Result:
    """Fit a tree ensemble on a fold.

    Parameters
    ----------
    context : TrialContext
    trial : RunningTrial
        Its parameters name the learner and the fold; its budget is the time limit in seconds.  If that is infinite, no
        clock is read and a seed repeats the result.

    Returns
    -------
    Result
        Its checkpoint is the `TreeMember` with its predictions (n_valid, n_outputs); None if trees do not suit the
        data, such as wide sparse tables.
    """
    learner, number = LEARNERS[trial[TREE_LEARNER]], trial["fold"]
    limit = min(TimeLimit.after(trial.job.target), trial.limit)
    with one_native_thread():
        fold = _encode_fold(context, number, context.folds[number].train, context.folds[number].valid)
        if fold is None:
            return Result(0.0)
        trees = _build(learner, context.task, context.seed, fold)
        pace = None if trial.job.target == float("inf") else _Pace.probe(_build(learner, context.task, 0, fold), fold)
        _grow(trees, fold, pace, limit)
        if not trees.size:
            raise TimedOut("no time")
        member = TreeMember(fold.encoder, fold.targets, trees.export())
        return Result(0.0, checkpoint=(member, fold.decode(member.trees.predict(fold.valid))))


def refit_tree_learner(context: TrialContext, trial: RunningTrial) -> Result:
    """Fit a tree ensemble on all rows.

    Parameters
    ----------
    context : TrialContext
    trial : RunningTrial
        Its parameters name the learner and the size to grow to; there is no other limit than its deadline.

    Returns
    -------
    Result
        Its checkpoint is the `TreeMember`.
    """
    learner = LEARNERS[trial[TREE_LEARNER]]
    with one_native_thread():
        fold = _encode_fold(context, None, context.refit_rows, context.refit_rows[:0])
        assert fold is not None  # noqa: S101 - for the type checker; these data have suited trees
        trees = _build(learner, context.task, context.seed, fold)
        size = min(trial["size"], trees.largest)
        for step in range(1, REFIT_STEPS + 1):
            began = time.monotonic()
            trees.grow(max(size * step // REFIT_STEPS, 1), fold.x, fold.y, fold.weights)
            if current_interrupt().requested or trial.limit.left() < (REFIT_STEPS - step) * (time.monotonic() - began):
                raise TimedOut("no time")
        return Result(0.0, checkpoint=TreeMember(fold.encoder, fold.targets, trees.export()))


@dataclass(frozen=True)
class _EncodedFold:
    """Fold encoded for trees: training rows of positive weight, and the validation rows with their loss."""

    encoder: TreeEncoding
    targets: TargetEncoder
    x: Array
    y: Array
    weights: Array | None
    valid: Array
    loss: Callable[[Array], float]

    def decode(self, outputs: Array) -> Array:
        """Return probabilities as they are, and values in the unit of the target."""
        return _decode(self.targets, outputs)


def _decode(targets: TargetEncoder, outputs: Array) -> Array:
    return targets.decode(outputs) if targets.kind == "regression" else outputs


def _encode_fold(
    context: TrialContext, key: int | None, rows: NDArray[np.intp], valid_rows: NDArray[np.intp]
) -> _EncodedFold | None:
    """Encode training and validation rows, shared under a key; return None for data that do not suit trees."""
    weights = None
    if context.weights is not None:
        rows = rows[context.weights[rows] > 0]
        weights = context.weights[rows] / context.weights[rows].mean()

    def encode(allocate: Allocate | None) -> tuple[TreeEncoding | None, list[Inputs]]:
        encoder = context.modality.fit_tree_encoder(context.data, rows, context.seed)
        parts = (rows, valid_rows)
        return encoder, [context.inputs(encoder, part, allocate) for part in parts] if encoder else []

    encoder, inputs = context.share(("trees", key), encode)
    if encoder is None:
        return None
    x, valid = inputs
    targets = TargetEncoder.fit(context.task.kind, context.y[rows], None)
    return _EncodedFold(
        encoder,
        targets,
        x[:].cpu().numpy(),
        targets.encode(context.y[rows]),
        weights,
        valid[:].cpu().numpy(),
        partial(_plain_loss, context, targets, valid_rows),
    )


def _plain_loss(context: TrialContext, targets: TargetEncoder, rows: NDArray[np.intp], outputs: Array) -> float:
    """Return the validation loss that early stopping of boosting uses."""
    loss = PLAIN_LOSSES[context.task.kind]
    return loss(context.y[rows], _decode(targets, outputs), context.metric_weights(rows))


def _build(learner: TreeLearner, task: Task, seed: int, fold: _EncodedFold) -> TreeGrower:
    return GROWERS[learner.kind](task, seed, fold.encoder.n_categories, **learner.parameters)


@dataclass
class _Pace:
    """Cost of growing trees, in seconds.

    Attributes
    ----------
    fixed : float
        Per step, however small: columns are binned again.
    each : float
        Per iteration.
    """

    fixed: float
    each: float

    @classmethod
    def probe(cls, trees: TreeGrower, fold: _EncodedFold) -> "_Pace":
        """Time one iteration on a sample of the rows."""
        some = slice(None, None, -(-len(fold.x) // PROBED_ROWS))
        began = time.monotonic()
        trees.grow(1, fold.x[some], fold.y[some], None if fold.weights is None else fold.weights[some])
        seconds = (time.monotonic() - began) * len(fold.x) / len(fold.x[some])
        return cls(seconds, seconds)

    def learn(self, seconds: float, grown: int) -> None:
        """Update the costs by those of a step."""
        self.fixed = min(self.fixed, (1 - MIN_ITERATION_SHARE) * seconds)
        self.each = (seconds - self.fixed) / grown

    def step(self, size: int, left: float) -> float:
        """Return how many iterations to add to `size` in the seconds left."""
        affordable = (left - self.fixed) / self.each
        wanted = max(size, FIRST_STEP, self.fixed / self.each)
        return affordable if affordable < 2 * wanted else wanted  # too little would be left for another step


def _grow(trees: TreeGrower, fold: _EncodedFold, pace: _Pace | None, limit: TimeLimit) -> None:
    """Grow trees on a fold until early stopping, the largest size, or the time limit."""
    while trees.size < trees.largest:
        if current_interrupt().requested:
            raise TimedOut("interrupted")
        began = time.monotonic()
        step = max(trees.size, FIRST_STEP) if pace is None else pace.step(trees.size, limit.left())
        grown = int(min(step, trees.largest - trees.size))
        if grown < max(MIN_GROWTH * trees.size, 1):
            break
        trees.grow(trees.size + grown, fold.x, fold.y, fold.weights)
        over = trees.should_stop(fold.valid, fold.loss)
        if pace is not None:
            pace.learn(time.monotonic() - began, grown)
        if over:
            break

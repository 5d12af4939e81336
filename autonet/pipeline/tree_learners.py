"""Tree ensembles of scikit-learn as further members of the ensemble, fitted on every fold within a time limit."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from autonet.core.clock import TimeLimit
from autonet.core.interrupts import current_interrupt
from autonet.core.modality import TreeEncoding
from autonet.core.task import Task
from autonet.core.threads import one_native_thread
from autonet.core.typing import Array
from autonet.data.targets.targets import TargetEncoder
from autonet.models.ensemble import TreeMember
from autonet.pipeline.context import TrialContext
from autonet.pipeline.selection import PLAIN_LOSSES, Candidate, score_fold
from autonet.pipeline.trees import Boosting, Forest, TreeGrower

__all__ = ["LEARNERS", "fit_tree_learners"]

FIRST_STEP = 16  # iterations of boosting, or trees; later steps double their number
PROBED_ROWS = 2000  # on which the first iteration is timed; from fewer, costs are overestimated
MIN_ITERATION_SHARE = 0.1  # of the time of a step, that its iterations take: the fixed part is an estimate
MIN_GROWTH = 0.1  # smallest step, as a share of the trees grown so far


# The best first: where time is short, the first gets half of it, the next half of the rest.
LEARNERS: dict[str, Callable[[Task, int, int], TreeGrower]] = {
    "hist_gradient_boosting": partial(Boosting, learning_rate=0.06),
    "extra_trees": partial(Forest, min_samples_leaf=1),
    "hist_gradient_boosting_shallow": partial(
        Boosting, learning_rate=0.06, max_leaf_nodes=6, min_samples_leaf=5, max_features=0.5
    ),
    "extra_trees_smooth": partial(Forest, min_samples_leaf=5, max_features=0.5),
}
"""Maps names to ``build(task, seed, n_categories)``."""


def fit_tree_learners(context: TrialContext, *, seconds: float, encoding_seconds: float) -> list[Candidate[TreeMember]]:
    """Fit tree ensembles one after the other on every fold, as long as there is time.

    Parameters
    ----------
    context : TrialContext
    seconds : float
        Time limit for all of them.  If infinite, no clock is read and a seed repeats the result.
    encoding_seconds : float
        Time to encode a row.

    Returns
    -------
    list of Candidate
        One per learner that was fitted on all folds.
    """
    fitted, limit = list[Candidate[TreeMember]](), TimeLimit.after(seconds)
    n_rows = sum(len(rows) for fold in context.folds for rows in (fold.train, fold.valid))
    if encoding_seconds * n_rows > seconds:
        return fitted
    with current_interrupt().abandoning(), one_native_thread():
        folds = _encode_folds(context)
        *_, last = LEARNERS
        for name, build in LEARNERS.items() if folds else ():
            candidate = _fit_learner(name, build, context, folds, limit.share(1 if name == last else 2))
            if candidate is not None:
                fitted.append(candidate)
    return fitted


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


def _encode_folds(context: TrialContext) -> list[_EncodedFold]:
    """Encode all folds; return none for data that do not suit trees, such as wide sparse tables."""
    folds = []
    for fold in context.folds:
        rows, weights = fold.train, None
        if context.weights is not None:
            rows = rows[context.weights[rows] > 0]
            weights = context.weights[rows] / context.weights[rows].mean()
        encoder = context.modality.fit_tree_encoder(context.data, rows, context.seed)
        if encoder is None:
            return []
        x, valid = context.inputs(encoder, rows), context.inputs(encoder, fold.valid)
        targets = TargetEncoder.fit(context.task.kind, context.y[rows], None)
        folds.append(
            _EncodedFold(
                encoder,
                targets,
                x[:].cpu().numpy(),
                targets.encode(context.y[rows]),
                weights,
                valid[:].cpu().numpy(),
                partial(_plain_loss, context, targets, fold.valid),
            )
        )
    return folds


def _plain_loss(context: TrialContext, targets: TargetEncoder, rows: NDArray[np.intp], outputs: Array) -> float:
    """Return the validation loss that early stopping of boosting uses."""
    loss = PLAIN_LOSSES[context.task.kind]
    return loss(context.y[rows], _decode(targets, outputs), context.metric_weights(rows))


def _decode(targets: TargetEncoder, outputs: Array) -> Array:
    """Return probabilities as they are, and values in the unit of the target."""
    return targets.decode(outputs) if targets.kind == "regression" else outputs


def _fit_learner(
    name: str,
    build: Callable[[Task, int, int], TreeGrower],
    context: TrialContext,
    folds: list[_EncodedFold],
    limit: TimeLimit,
) -> Candidate[TreeMember] | None:
    """Fit a learner on all folds; return None if there is no time for all of them, or if it fails."""
    logger, began = logging.getLogger("autonet"), time.monotonic()
    members = list[TreeMember]()
    pace: _Pace | None = None
    try:
        for number, fold in enumerate(folds):
            trees = build(context.task, context.seed, fold.encoder.n_categories)
            fold_limit = limit.share(len(folds) - number)
            if pace is None and np.isfinite(limit.at):
                pace = _Pace.probe(build(context.task, context.seed, fold.encoder.n_categories), fold)
            _grow(trees, fold, pace, fold_limit)
            if not trees.size:
                logger.info("%s: no time", name)
                return None
            members.append(TreeMember(fold.encoder, fold.targets, trees.export()))
        outputs = [m.trees.predict(fold.valid) for m, fold in zip(members, folds, strict=True)]
    except Exception:  # there are networks, and other learners
        logger.warning("%s failed", name, exc_info=True)
        return None
    predictions = [_decode(m.targets, output) for m, output in zip(members, outputs, strict=True)]
    losses = [score_fold(context, f.valid, p) for f, p in zip(context.folds, predictions, strict=True)]
    loss, tie_breaker = np.mean(losses, axis=0)
    score = context.metric.to_score(float(loss))
    took = time.monotonic() - began
    logger.info("%s: validation %s %.4f in %.1f s", name, context.metric.name, score, took)
    return Candidate(name, {}, 0.0, (float(loss), float(tie_breaker)), predictions, lambda: members)


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
            raise KeyboardInterrupt
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

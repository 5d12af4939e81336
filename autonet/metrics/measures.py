"""Metrics with a fast formula, of decisions, probabilities or values.

Sources: scikit-learn's definitions; the AutoML challenge (Guyon et al., Design and analysis of the ChaLearn AutoML
challenge series, 2019, section 10.4.2) for ``auc_metric`` and ``pac_metric``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
from sklearn.metrics import average_precision_score, top_k_accuracy_score

from autonet.core.task import TaskKind
from autonet.core.typing import Array
from autonet.metrics import formulas
from autonet.metrics.formulas import Counts, count, decide
from autonet.metrics.thresholds import best_of_cuts

__all__ = ["BINARY", "PINBALL", "Decision", "Measure", "own_measures"]

Measure = Callable[[Array, Array, Array | None, float | Array | None], float]
"""``measure(y_true, prediction, sample_weight, threshold)``"""

RATIOS = {"f1": formulas.f1, "jaccard": formulas.jaccard, "precision": formulas.precision, "recall": formulas.recall}


PINBALL = "pinball"  # the metric of quantiles; with a level, that of one of them


# Metrics of the positive class of two.
BINARY = frozenset(
    [*RATIOS, "average_precision", "roc_auc", "positive_likelihood_ratio", "neg_negative_likelihood_ratio"]
)


@dataclass(frozen=True)
class Decision:
    """A metric of decisions, which is a function of their `Counts`."""

    of_counts: Callable[[Counts], Array]
    kind: TaskKind

    def __call__(self, y: Array, p: Array, weight: Array | None, threshold: float | Array | None) -> float:
        """Decide, count and score."""
        return float(self.of_counts(count(y, decide(p, self.kind, threshold), p.shape[1], weight)))

    def best_threshold(self, y: Array, p: Array, weight: Array | None) -> float | Array:
        """Find the best threshold on probabilities (n, 2), or of each label on its own, (n, n_labels)."""
        if self.kind == "classification":
            return best_of_cuts(y, p[:, 1], weight, self.of_counts, only=False)
        return np.array([best_of_cuts(y[:, k], p[:, k], weight, self.of_counts, only=True) for k in range(y.shape[1])])


@dataclass(frozen=True)
class Direct:
    """A measure of probabilities or values, independent of thresholds."""

    formula: Callable[[Array, Array, Array | None], float]

    def __call__(self, y: Array, p: Array, weight: Array | None, threshold: float | Array | None) -> float:
        """Compute the score."""
        return self.formula(y, p, weight)


@dataclass(frozen=True)
class EachLabel:
    """A binary metric averaged over labels, without labels for which it is undefined."""

    formula: Callable[[Array, Array, Array | None], float]

    def __call__(self, y: Array, p: Array, weight: Array | None, threshold: float | Array | None) -> float:
        """Compute the mean score of the labels."""
        p = p.astype(np.float64)
        each = [self.formula(y[:, k], np.column_stack([1 - p[:, k], p[:, k]]), weight) for k in range(y.shape[1])]
        defined = [value for value in each if not np.isnan(value)]
        return float(np.mean(defined)) if defined else float("nan")


def _negative(formula: Callable[..., float], y: Array, p: Array, weight: Array | None) -> float:
    return -formula(y, p, weight)


def _positive_likelihood_ratio(c: Counts, positive: int) -> Array:
    return formulas.likelihood_ratio(c, positive, predicted=True)


def _minus_negative_likelihood_ratio(c: Counts, positive: int) -> Array:
    return -formulas.likelihood_ratio(c, positive, predicted=False)


def _present(y: Array, n_classes: int, weight: Array | None) -> Array:
    return np.flatnonzero(np.bincount(y, weight, n_classes))


def _one_vs_rest(
    formula: Callable[[Array, Array, Array | None], float],
    y: Array,
    p: Array,
    weight: Array | None,
    *,
    weighted: bool = False,
    positive: int = 1,
) -> float:
    """Average a ranking metric over the classes with rows; for two classes, compute it for the positive one."""
    present = _present(y, p.shape[1], weight)
    if len(present) < 2:
        return float("nan")
    if p.shape[1] == 2:
        return formula(y == positive, p[:, positive], weight)
    shares = formulas.class_shares(y, p.shape[1], weight)[present] if weighted else None
    return float(np.average([formula(y == k, p[:, k], weight) for k in present], weights=shares))


def _one_vs_one(y: Array, p: Array, weight: Array | None, *, weighted: bool = False) -> float:
    """Average the AUC over all pairs of classes with rows (Hand & Till, 2001)."""
    present = _present(y, p.shape[1], weight)
    if len(present) < 2:
        return float("nan")
    shares, areas, importance = formulas.class_shares(y, p.shape[1], weight), [], []
    for a, b in combinations(present, 2):
        rows = (y == a) | (y == b)
        w = None if weight is None else weight[rows]
        areas.append(np.mean([formulas.area_under_curve(y[rows] == k, p[rows, k], w) for k in (a, b)]))
        importance.append(shares[a] + shares[b])
    return float(np.average(areas, weights=importance if weighted else None))


def _average_precision(positive: Array, p: Array, weight: Array | None) -> float:
    return float(average_precision_score(positive, p, sample_weight=weight))


def _twice_minus_one(formula: Callable[..., float], y: Array, p: Array, weight: Array | None) -> float:
    return 2 * formula(y, p, weight) - 1


def _top_k(y: Array, p: Array, weight: Array | None) -> float:
    return float(top_k_accuracy_score(y, p, labels=np.arange(p.shape[1]), sample_weight=weight))


def _share_explained(loss: Callable[..., float], y: Array, p: Array, weight: Array | None) -> float:
    """Compute 1 - loss / loss of the class-prior predictor; NaN for a single class."""
    shares = formulas.class_shares(y, p.shape[1], weight)
    if shares.max() == 1:
        return float("nan")
    return 1 - loss(y, p, weight) / loss(y, np.broadcast_to(shares, p.shape), weight)


def _probabilistic_accuracy(y: Array, p: Array, weight: Array | None) -> float:
    """Compute ``exp(-log loss)``, scaled so that the class-prior predictor scores 0."""
    chance = np.exp(-formulas.entropy(formulas.class_shares(y, p.shape[1], weight)))
    if chance == 1:
        return float("nan")
    return float((np.exp(-formulas.log_loss(y, p, weight)) - chance) / (1 - chance))


def _probabilistic_accuracy_of_labels(y: Array, p: Array, weight: Array | None) -> float:
    """Compute the probabilistic accuracy, averaged over labels before the scaling."""
    p = p.astype(np.float64)
    scores, chances = [], []
    for k in range(y.shape[1]):
        both = np.column_stack([1 - p[:, k], p[:, k]])
        scores.append(np.exp(-formulas.log_loss(y[:, k], both, weight)))
        chances.append(np.exp(-formulas.entropy(formulas.class_shares(y[:, k], 2, weight))))
    chance = np.mean(chances)
    return float("nan") if chance == 1 else float((np.mean(scores) - chance) / (1 - chance))


def _all_labels_right(y: Array, p: Array, weight: Array | None, threshold: float | Array | None) -> float:
    return float(np.average((decide(p, "multilabel", threshold) == y).all(axis=1), weights=weight))


def own_measures(
    kind: TaskKind, n_outputs: int, positive: int = 1, quantiles: Sequence[float] = ()
) -> dict[str, tuple[Measure, bool]]:
    """Return the metrics with a fast formula, each with whether its decision threshold should be optimized.

    Thresholds are not optimized for precision and recall alone, whose optimum is trivial, and for accuracy, for which
    calibrated probabilities suffice.

    Parameters
    ----------
    kind : {"classification", "multilabel", "regression"}
    n_outputs : int
        Number of classes.
    positive : {0, 1}
        Code of the positive class of binary metrics.
    quantiles : sequence of float
        Levels that a regression predicts; empty for means.
    """
    if kind == "regression":
        return _of_quantiles(quantiles) if quantiles else _of_values()
    return _of_labels() if kind == "multilabel" else _of_classes(n_outputs, positive)


def _of_quantiles(quantiles: Sequence[float]) -> dict[str, tuple[Measure, bool]]:
    """Return the mean pinball loss, and that of each level."""
    of_levels = {
        f"{PINBALL}_{level!r}": partial(_pinball_of_level, number=number, level=level)
        for number, level in enumerate(quantiles)
    }
    every = partial(formulas.pinball, quantiles=tuple(quantiles))
    return {name: (Direct(formula), False) for name, formula in {PINBALL: every, **of_levels}.items()}


def _pinball_of_level(y: Array, p: Array, weight: Array | None, *, number: int, level: float) -> float:
    return formulas.pinball(y, p[:, number : number + 1], weight, quantiles=(level,))


def _of_values() -> dict[str, tuple[Measure, bool]]:
    plain: dict[str, Callable[[Array, Array, Array | None], float]] = {
        "r2": formulas.r2,
        "rmse": formulas.root_mean_squared_error,
        "mean_distance": formulas.mean_absolute_error,
        "neg_mean_squared_error": partial(_negative, formulas.mean_squared_error),
        "neg_root_mean_squared_error": partial(_negative, formulas.root_mean_squared_error),
        "neg_mean_absolute_error": partial(_negative, formulas.mean_absolute_error),
    }
    return {name: (Direct(formula), False) for name, formula in plain.items()}


def _of_probabilities(positive: int) -> dict[str, Callable[[Array, Array, Array | None], float]]:
    area = partial(_one_vs_rest, formulas.area_under_curve)
    return {
        "roc_auc": area,
        "auc_metric": partial(_twice_minus_one, area),
        "average_precision": partial(_one_vs_rest, _average_precision, positive=positive),
        "cross_entropy": formulas.log_loss,
        "neg_log_loss": partial(_negative, formulas.log_loss),
        "neg_brier_score": partial(_negative, formulas.brier),
        "d2_log_loss_score": partial(_share_explained, formulas.log_loss),
        "d2_brier_score": partial(_share_explained, formulas.brier),
    }


def _of_classes(n_classes: int, positive: int) -> dict[str, tuple[Measure, bool]]:
    decisions: dict[str, tuple[Callable[..., Array], bool]] = {
        "accuracy": (formulas.accuracy, False),
        "balanced_accuracy": (formulas.balanced_accuracy, True),
        "matthews_corrcoef": (formulas.matthews, True),
    }
    if n_classes == 2:
        decisions["positive_likelihood_ratio"] = partial(_positive_likelihood_ratio, positive=positive), False
        decisions["neg_negative_likelihood_ratio"] = partial(_minus_negative_likelihood_ratio, positive=positive), False
    for name, ratio in RATIOS.items():
        steered = name in ("f1", "jaccard")
        if n_classes <= 2:
            decisions[name] = partial(ratio, average="binary", positive=positive), steered
        decisions[f"{name}_macro"] = partial(ratio, average="macro"), steered or name == "recall"
        decisions[f"{name}_micro"] = partial(ratio, average="micro"), False
        decisions[f"{name}_weighted"] = partial(ratio, average="weighted"), steered
    direct = _of_probabilities(positive) | {
        "pac_metric": _probabilistic_accuracy,
        "roc_auc_ovr": partial(_one_vs_rest, formulas.area_under_curve),
        "roc_auc_ovr_weighted": partial(_one_vs_rest, formulas.area_under_curve, weighted=True),
        "roc_auc_ovo": _one_vs_one,
        "roc_auc_ovo_weighted": partial(_one_vs_one, weighted=True),
    }
    if n_classes > 2:
        direct["top_k_accuracy"] = _top_k
    return {
        **{name: (Decision(formula, "classification"), steered) for name, (formula, steered) in decisions.items()},
        **{name: (Direct(formula), False) for name, formula in direct.items()},
    }


def _of_labels() -> dict[str, tuple[Measure, bool]]:
    decisions: dict[str, tuple[Callable[..., Array], bool]] = {
        "multilabel_accuracy": (formulas.label_accuracy, False),
        "balanced_accuracy": (formulas.label_balanced_accuracy, True),
    }
    for name, ratio in RATIOS.items():
        steered = name in ("f1", "jaccard")
        decisions[f"{name}_macro"] = partial(ratio, average="labels"), steered
        decisions[f"{name}_micro"] = partial(ratio, average="micro"), steered
        decisions[f"{name}_weighted"] = partial(ratio, average="weighted"), steered
    each = _of_probabilities(1)
    each |= dict.fromkeys(("roc_auc_ovr", "roc_auc_ovo"), each["roc_auc"])  # scikit-learn: the same for labels
    return {
        "accuracy": (_all_labels_right, False),
        **{name: (Decision(formula, "multilabel"), steered) for name, (formula, steered) in decisions.items()},
        **{name: (EachLabel(formula), False) for name, formula in each.items()},
        "pac_metric": (Direct(_probabilistic_accuracy_of_labels), False),
    }

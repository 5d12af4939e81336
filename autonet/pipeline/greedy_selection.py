"""Greedy selection of an ensemble, with replacement.

Caruana et al., "Ensemble selection from libraries of models" (2004).
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from autonet.core.typing import Array

__all__ = ["greedy_selection"]


def greedy_selection(
    predictions: Sequence[Array],
    loss: Callable[[Array], tuple[float, float]],
    *,
    size: int,
    initial: Sequence[int] = (0,),
    is_over: Callable[[], bool] = lambda: False,
) -> NDArray[np.float64]:
    """Select models one by one, each the one that most improves the mean of those selected.

    Parameters
    ----------
    predictions : sequence of ndarray
        Predictions of each model for the same validation rows, shape (n, n_outputs), the best model first.
    loss : callable
        Maps a mean of predictions to its loss and a tie-breaker; smaller is better.
    size : int
        Number of models to select, at least 1; a model may be selected several times.
    initial : sequence of int
        Models that are selected at first, of which at most `size` are.
    is_over : callable
        Returns whether there is no time for another evaluation; the first models need none.

    Returns
    -------
    ndarray of shape (n_models,)
        Weights, which sum to 1, of the best mean on the way; of equally good ones, the smallest.
    """
    one = np.eye(len(predictions))  # row i: model i alone
    first = list(initial)[:size]
    total, counts = np.array([predictions[i] for i in first], np.float64).sum(axis=0), one[first].sum(axis=0)
    best, best_counts = loss(predictions[first[0]] if len(first) == 1 else total / len(first)), counts
    for chosen_so_far in range(len(first), size):
        losses = []
        for prediction in predictions:
            if is_over():
                return np.asarray(best_counts / best_counts.sum())
            losses.append(loss((total + prediction) / (chosen_so_far + 1)))
        # Ties: prefer a model that is already selected, which keeps the ensemble small.
        chosen = min(range(len(predictions)), key=lambda i: (losses[i], -counts[i]))
        total += predictions[chosen]
        counts = counts + one[chosen]
        if losses[chosen] < best:
            best, best_counts = losses[chosen], counts
    return np.asarray(best_counts / best_counts.sum())

"""Which models an ensemble is made of: greedy selection with replacement.

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
    is_over: Callable[[], bool] = lambda: False,
) -> NDArray[np.float64]:
    """Choose one model after the other, always the one that improves the mean of the chosen ones most.

    Parameters
    ----------
    predictions : sequence of ndarray
        What each model predicts for the same validation rows, the best model first.
    loss : callable
        Loss of a mean of predictions, and what decides between equal losses; smaller is better.
    size : int
        Models to choose, from 1 on; one may be chosen several times.
    is_over : callable
        Whether there is no time for another evaluation; the first model needs none.

    Returns
    -------
    ndarray of shape (n_models,)
        Weights, which sum to 1; of all the means on the way the best one, and of equally good ones the smallest.
    """
    one = np.eye(len(predictions))  # a row is an ensemble of one
    total, counts = np.array(predictions[0], np.float64), one[0]
    best, best_counts = loss(predictions[0]), one[0]
    for chosen_so_far in range(1, size):
        losses = []
        for prediction in predictions:
            if is_over():
                return np.asarray(best_counts / best_counts.sum())
            losses.append(loss((total + prediction) / (chosen_so_far + 1)))
        # Of equally good models one that is chosen already: the ensemble stays small.
        chosen = min(range(len(predictions)), key=lambda i: (losses[i], -counts[i]))
        total += predictions[chosen]
        counts = counts + one[chosen]
        if losses[chosen] < best:
            best, best_counts = losses[chosen], counts
    return np.asarray(best_counts / best_counts.sum())

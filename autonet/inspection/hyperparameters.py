"""Importance of hyperparameters: functional ANOVA of a random forest of the losses.

After Hutter, Hoos & Leyton-Brown, "An efficient approach for assessing hyperparameter importance" (2014), and Saltelli
et al., "Variance based sensitivity analysis of model output" (2010).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace
from numpy.typing import NDArray

from autonet.core.resulttable import ResultTable
from autonet.core.typing import FloatArray
from autonet.inspection.randomness import make_rng
from autonet.inspection.surrogate import LossForest, LossTable
from autonet.search.history import History
from autonet.search.spaces.encoding import Encoding
from autonet.search.spaces.seeds import list_seeds

__all__ = ["HyperparameterImportance", "hyperparameter_importance"]

N_FORESTS = 16  # each with a random hyperparameter of its own
N_SAMPLES = 512  # pairs of configurations per forest, a power of 2
COLUMNS = ("hyperparameter", "main_effect", "total_effect", "above_noise")
NOISE_DEVIATIONS = 3.0  # standard deviations of the importance of random hyperparameters above their mean


@dataclass(frozen=True, eq=False, repr=False)
class HyperparameterImportance:
    """Shares of the variance of the loss that hyperparameters explain, the most important first; prints as a table.

    Attributes
    ----------
    names : tuple of str
        Hyperparameters with more than one value.
    main_effects : ndarray of shape (n_hyperparameters,)
        Share that each explains alone.
    total_effects : ndarray of shape (n_hyperparameters,)
        Share that each explains alone or together with others; the sum may exceed 1.
    noise_floor : float
        Total effect that a hyperparameter of random numbers, which nothing depends on, reaches by chance: smaller
        effects are not distinguishable from none.
    budget : float
        Budget of the losses.
    n_trials : int
        Number of trials that the forests were fitted to.
    seeds : tuple of str
        Seeds of the space, which are never modelled: their rows in the table are the noise floor.

    Examples
    --------
    >>> from autonet.search import minimize
    >>> study = minimize(lambda trial: trial["x"] ** 2, {"x": (-1.0, 1.0)}, max_trials=20, random_state=0)
    >>> importance = hyperparameter_importance(study.history, study.space)
    >>> importance.names, importance.n_trials, bool(importance.main_effects[0] > 0.9)
    (('x',), 20, True)
    """

    names: tuple[str, ...]
    main_effects: FloatArray
    total_effects: FloatArray
    noise_floor: float
    budget: float
    n_trials: int
    seeds: tuple[str, ...] = ()

    @property
    def table(self) -> ResultTable:
        """Effects as a table: ``hyperparameter``, ``main_effect``, ``total_effect`` and ``above_noise``."""
        rows: list[dict[str, Any]] = [
            {
                "hyperparameter": name,
                "main_effect": float(main),
                "total_effect": float(total),
                "above_noise": bool(total > self.noise_floor),
            }
            for name, main, total in zip(self.names, self.main_effects, self.total_effects, strict=True)
        ]
        rows += [
            {"hyperparameter": f"{name} (noise floor)", "total_effect": self.noise_floor, "above_noise": False}
            for name in self.seeds
        ]
        rows.sort(key=lambda row: -row["total_effect"])
        caption = (
            f"shares of the variance of the loss, of {self.n_trials} trials; random numbers reach a total effect of "
            f"{self.noise_floor:.3f} by chance"
        )
        return ResultTable(rows, COLUMNS, caption)

    def __repr__(self) -> str:
        """Print a line per hyperparameter."""
        return repr(self.table)

    def _repr_html_(self) -> str:
        """Show a table in a notebook."""
        return self.table._repr_html_()

    @property
    def important(self) -> tuple[str, ...]:
        """Names of the hyperparameters whose total effect exceeds the noise floor."""
        return tuple(n for n, total in zip(self.names, self.total_effects, strict=True) if total > self.noise_floor)


def hyperparameter_importance(
    history: History, space: ConfigurationSpace, *, random_state: int = 0
) -> HyperparameterImportance:
    """Compute which hyperparameters the loss of a search depends on, by functional ANOVA.

    Random forests are fitted to the loss of each trial; one that was not promoted to the highest budget gets the median
    change of those that were.  The variance of their predictions is taken over the whole space, with the priors of the
    hyperparameters; forbidden clauses are ignored.  A conditional hyperparameter counts by how often it is active.
    Hyperparameters that matter only together are seen in many trials alone.

    Parameters
    ----------
    history : History
    space : ConfigSpace.ConfigurationSpace
    random_state : int, default=0

    Returns
    -------
    HyperparameterImportance

    Raises
    ------
    NoFinishedTrial
        If no trial has a value.
    InvalidOption
        If fewer than four configurations were tried.

    Examples
    --------
    >>> from autonet.search import minimize
    >>> study = minimize(
    ...     lambda trial: trial["x"] ** 2, {"x": (-1.0, 1.0), "unused": (0, 9)}, max_trials=30, random_state=0
    ... )
    >>> hyperparameter_importance(study.history, study.space).important
    ('x',)
    """
    table, rng = LossTable(history, space), make_rng(random_state)
    n = table.encoding.n_features
    effects = np.zeros((N_FORESTS, 2, n + 1))
    for main_and_total in effects:
        main_and_total[:] = decompose_variance(LossForest(table, rng, n_noise=1), table.encoding, rng)
    main, total = effects[:, :, :n].mean(axis=0).clip(0.0, 1.0)  # estimates
    noise = effects[:, 1, n]
    order = np.argsort(-total, kind="stable")
    return HyperparameterImportance(
        names=tuple(table.names[i] for i in order),
        main_effects=main[order],
        total_effects=total[order],
        noise_floor=float(noise.mean() + NOISE_DEVIATIONS * noise.std()),
        budget=table.budget,
        n_trials=len(table.losses),
        seeds=tuple(list_seeds(space)),
    )


def decompose_variance(forest: LossForest, encoding: Encoding, rng: np.random.Generator) -> FloatArray:
    """Return main and total effects, of shape (2, n_features + 1), of a forest with a column of noise, the last one.

    Sobol indices by pairs of samples A and B: the loss of A with one column of B is compared with those of A and B.
    Values of inactive hyperparameters are drawn, too, so that columns are independent; exchanging one that is inactive
    does not change the configuration, and by definition not the loss.
    """
    from scipy.stats import sobol_indices  # noqa: PLC0415 - slow to import

    rows = encoding.redraw(2 * N_SAMPLES, rng)
    samples = np.column_stack([encoding.features(rows), rng.random(len(rows))])
    A, B = samples[:N_SAMPLES], samples[N_SAMPLES:]
    active = np.ones(A.shape, bool)
    active[:, :-1] = ~np.isnan(encoding.canonicalize(rows[:N_SAMPLES])[:, encoding.free])
    exchanged = [_exchange(A, B, column, active[:, column]) for column in range(A.shape[1])]
    predicted = forest.predict(np.vstack([A, B, *exchanged]))
    if np.ptp(predicted) == 0:
        return np.zeros((2, A.shape[1]))
    if A.shape[1] == 1:  # the noise alone explains whatever the forest predicts
        return np.ones((2, 1))
    f_A, f_B, f_exchanged = np.split(predicted, [N_SAMPLES, 2 * N_SAMPLES])
    f_AB = np.tile(f_A, (A.shape[1], 1))
    f_AB[active.T] = f_exchanged
    found = sobol_indices(func={"f_A": f_A[None], "f_B": f_B[None], "f_AB": f_AB[:, None]}, n=N_SAMPLES)
    return np.array([np.ravel(found.first_order), np.ravel(found.total_order)])


def _exchange(A: FloatArray, B: FloatArray, column: int, rows: NDArray[np.bool_]) -> FloatArray:
    """Return some rows of A with a column of B."""
    exchanged = A[rows]
    exchanged[:, column] = B[rows, column]
    return exchanged

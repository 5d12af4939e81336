"""`AutoNetEnsemble`: Auto-PyTorch's name of an estimator whose final model is an ensemble of networks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from sklearn.base import clone

from autonet.core.errors import InvalidOption
from autonet.estimators.base import AutoNet

__all__ = ["AutoNetEnsemble"]

DEFAULT_PRESET = "medium_cs"  # an estimator keeps its own

_Estimator = TypeVar("_Estimator", bound=AutoNet)


def AutoNetEnsemble(  # noqa: N802 - a class in Auto-PyTorch
    autonet: type[_Estimator] | _Estimator,
    preset: str | Path | Mapping[str, Any] | None = DEFAULT_PRESET,
    *,
    ensemble_size: int = 3,
    tree_ensembles: bool = False,
    **options: Any,
) -> _Estimator:
    """Return an estimator whose final model is an ensemble of networks, as `AutoNetEnsemble` of Auto-PyTorch 0.0.2.

    Every estimator selects an ensemble if its `ensemble_size` is greater than 1.  Thus this is a function that returns
    one with other defaults, rather than a class around it: it can be cloned, searched, pickled, saved and loaded.

    Parameters
    ----------
    autonet : AutoNetClassification, AutoNetRegression or AutoNetMultilabel
        A class; or an estimator, whose parameters are taken over, except for those given here.
    preset : str, Path, dict or None, default="medium_cs"
        As in the constructor; an estimator keeps its own unless another one is given.
    ensemble_size : int, default=3
        Largest number of networks in the ensemble, counted with repetition.
    tree_ensembles : bool, default=False
        Whether tree ensembles may be members, too.
    **options
        Any option of the constructor, such as `ensemble_only_consider_n_best` and
        `ensemble_sorted_initialization_n_best`.  `ensemble_server_credentials` is ignored with a note in the log.

    Returns
    -------
    AutoNetClassification, AutoNetRegression or AutoNetMultilabel
        Not fitted.  After `fit`, ``fit_result`` has ``ensemble``, the weights, and ``ensemble_configs``; `refit` trains
        the latter again if it gets them.

    Raises
    ------
    InvalidOption
        If ``autonet`` is neither a class nor an estimator of autonet.
    UnknownName
        If an option does not exist.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from autonet import AutoNetClassification, AutoNetEnsemble
    >>> X, y = load_iris(return_X_y=True)
    >>> auto = AutoNetEnsemble(
    ...     AutoNetClassification, "tiny_cs", max_trials=3, budget_type="epochs", max_budget=9, random_state=0
    ... )
    >>> weights = auto.fit(X, y).fit_result["ensemble"]
    >>> len(weights) <= 3, round(sum(weights.values()), 6)
    (True, 1.0)
    """
    given = {"ensemble_size": ensemble_size, "tree_ensembles": tree_ensembles, **options}
    if isinstance(autonet, type) and issubclass(autonet, AutoNet):
        return autonet(**{"preset": preset, **given})
    if not isinstance(autonet, AutoNet):
        raise InvalidOption(
            f"autonet must be AutoNetClassification, AutoNetRegression, or an estimator of them; got {autonet!r:.60}."
        )
    if preset != DEFAULT_PRESET:
        given = {"preset": preset, **given}
    return cast(_Estimator, clone(autonet).set_params(**given))

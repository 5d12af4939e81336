"""Log functions of Auto-PyTorch 0.0.2: test rows that `additional_logs` asks for the scores of."""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from autonet.core.errors import InvalidOption

if TYPE_CHECKING:
    from autonet.estimators.base import AutoNet

__all__ = ["LOG_FUNCTIONS", "TEST_RESULT", "LogFunctionsNode", "add_logged_rows"]

LOG_FUNCTIONS = "LogFunctionsSelector"  # Auto-PyTorch's name of the node
TEST_RESULT = "test_result"


class LogFunctionsNode:
    """Node of log functions; ``test_result`` is the only one, and scores test rows in each trial.

    Parameters
    ----------
    estimator : AutoNet
    """

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def add_log_function(self, name: str, log_function: Callable[..., float], loss_transform: Any = False) -> None:
        """Keep the test rows of a log function, which `fit` scores if `additional_logs` names it.

        Parameters
        ----------
        name : "test_result"
        log_function : autonet.compat.autopytorch.test_result
            Its ``X_test`` and ``Y_test``; an estimator keeps them out of pickles and clones.
        loss_transform : optional
            Not used: scores are those of `optimize_metric` and `additional_metrics`.

        Raises
        ------
        InvalidOption
            For another function.
        """
        if name != TEST_RESULT or not hasattr(log_function, "X_test"):
            raise InvalidOption(
                f"The log function must be {TEST_RESULT!r} with test rows; got {name!r:.60}. Pass other functions to "
                "the option callbacks."
            )
        rows = vars(log_function)
        self._estimator._logged_rows = (rows["X_test"], rows["Y_test"])  # noqa: SLF001 - part of the estimator

    def remove_log_function(self, name: str) -> None:
        """Forget the test rows of a log function."""
        vars(self._estimator).pop("_logged_rows", None)

    def __repr__(self) -> str:
        """Show the name."""
        return f"LogFunctionsNode({LOG_FUNCTIONS!r})"


def add_logged_rows(
    estimator: "AutoNet", data: Mapping[str, Any], additional_logs: Any
) -> tuple[dict[str, Any], list[str]]:
    """Add the test rows of a log function to the data of a fit, which have none.

    Parameters
    ----------
    estimator : AutoNet
    data : mapping
        X, y, X_valid, y_valid, X_test and y_test.
    additional_logs : list of str or None
        The option.

    Returns
    -------
    data : dict
    logs : list of str
        What is still to be logged: nothing where a log function has no rows.
    """
    logs, rows = list(additional_logs or ()), vars(estimator).get("_logged_rows")
    if not logs or rows is None or data.get("X_test") is not None:
        return dict(data), logs
    X_test, y_test = rows
    if X_test is None or y_test is None:
        logging.getLogger("autonet").info("%s has no test rows, so that nothing is logged", TEST_RESULT)
        return dict(data), []
    return {**data, "X_test": X_test, "y_test": y_test}, logs

"""Methods of fitted estimators that show what a fit came to; each passes the parts to a function of inspection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autonet.core.resulttable import ResultTable
    from autonet.models.model import FittedModel
    from autonet.search.history import History

__all__ = ["InspectedEstimator"]


class InspectedEstimator:
    """Methods of a fitted estimator that show what its fit came to.

    Functions of inspection are imported where they are called: predictions need none of them.
    """

    fit_result_: dict[str, Any]
    history_: History
    model_: FittedModel

    def trajectory(self) -> ResultTable:
        """Return the best validation score of the search over wall time, a row per improvement.

        Returns
        -------
        ResultTable
            ``seconds`` of wall time since the first trial began, without pauses; ``score`` by ``optimize_metric``;
            ``trial`` and ``budget`` that reached it.

        Raises
        ------
        NotFittedError
        AttributeError
            If the estimator was loaded from a model file without history.
        """
        from autonet.inspection.trajectory import find_metric, score_trajectory  # noqa: PLC0415

        return score_trajectory(self.history_, find_metric(self.fit_result_))

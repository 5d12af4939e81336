"""What a fitted estimator answers about itself."""

from typing import Any

from ConfigSpace import ConfigurationSpace
from sklearn.utils.validation import check_is_fitted
from torch import nn

from autonet.data.reading.schema import Column, Schema
from autonet.estimators.logs import described
from autonet.estimators.pickling import PortableEstimator
from autonet.estimators.winner import Winner
from autonet.search.history import History

__all__ = ["FittedEstimator"]


class FittedEstimator(PortableEstimator):
    """The public attributes of an estimator that `fit` has set."""

    best_config_: dict[str, Any]
    fit_result_: dict[str, Any]
    history_: History
    search_space_: ConfigurationSpace
    _schema: Schema
    _winner: Winner

    @property
    def fit_result(self) -> dict[str, Any]:
        """What Auto-PyTorch's fit returned: configuration, budget, loss and scores; fit for JSON."""
        check_is_fitted(self, "fit_result_")
        return self.fit_result_

    @property
    def columns_(self) -> tuple[Column, ...]:
        """What the columns of the table were taken for: names, kinds, levels, shares of missing values."""
        check_is_fitted(self, "best_config_")
        return self._schema.columns

    def get_pytorch_model(self) -> nn.Module:
        """Return the network of the best configuration; of several folds, that of the first.

        Returns
        -------
        nn.Module
            On the CPU, in evaluation mode.  For the built-in networks an ``nn.Sequential`` that begins with a
            ``Linear``, the scale of a ``realmlp``, or with embeddings of numbers or categories if there are any:
            ``model[0].in_features`` is the width after preprocessing.  Classification networks give logits, regression
            networks standardized targets.
        """
        check_is_fitted(self, "best_config_")
        return self._winner.members[0].network

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        """Show the parameters and, once fitted, what the search found."""
        text: str = super().__repr__(N_CHAR_MAX)
        if not hasattr(self, "fit_result_"):
            return text
        return "\n".join([text, *described(self.fit_result_, self.history_, self.search_space_)])

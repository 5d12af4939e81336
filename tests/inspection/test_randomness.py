"""The option random_state of all that draws: evaluate, importance of columns and hyperparameters."""

from typing import Any

import numpy as np
import pytest

from autonet import AutoNetClassification
from autonet.core.errors import InvalidOption
from autonet.inspection import hyperparameter_importance
from tests.inspection.histories import search_conditional


@pytest.mark.parametrize("state", [-1, "a", 2.5])
def test_what_is_no_seed_is_refused(classifier: AutoNetClassification, iris: Any, state: Any) -> None:
    study = search_conditional(8)
    for function in (
        lambda: classifier.evaluate(*iris, random_state=state),
        lambda: classifier.feature_importance(*iris, random_state=state),
        lambda: hyperparameter_importance(study.history, study.space, random_state=state),
    ):
        with pytest.raises(InvalidOption, match=f"random_state must be a whole number of at least 0, .*got {state!r}"):
            function()


def test_seeds_and_generators_are_taken(classifier: AutoNetClassification, iris: Any) -> None:
    table = classifier.evaluate(*iris, metrics=["neg_log_loss"], random_state=3)
    assert classifier.evaluate(*iris, metrics=["neg_log_loss"], random_state=np.random.default_rng(3)) == table
    assert classifier.evaluate(*iris, metrics=["neg_log_loss"], random_state=4) != table

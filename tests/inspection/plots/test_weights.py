"""The display of the weights of an ensemble."""

import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

from autonet import AutoNetClassification
from autonet.core.errors import InvalidOption
from autonet.inspection import EnsembleWeightsDisplay


def test_bars_are_weights_the_largest_first(classifier: AutoNetClassification) -> None:
    display = EnsembleWeightsDisplay.from_estimator(classifier)
    shares = sorted(classifier.fit_result["ensemble"].values(), reverse=True)
    assert [bar.get_width() for bar in display.bars_] == pytest.approx(shares)
    assert sum(display.weights.values()) == pytest.approx(1)


def test_members_have_names_of_their_kind(iris: object) -> None:
    options = {"max_trials": 2, "budget_type": "epochs", "max_budget": 3, "cross_validator": "none", "random_state": 0}
    auto = AutoNetClassification("tiny_cs", tree_ensembles=True, ensemble_size=10, **options).fit(*iris)  # type: ignore[misc]
    display = EnsembleWeightsDisplay.from_model(auto.model_)
    kinds = dict(zip(display.weights, display.kinds, strict=True))
    assert "tree ensemble" in kinds.values()
    for label, kind in kinds.items():
        expected = {"linear": "linear network"}.get(label, "network" if label.startswith("trial ") else "tree ensemble")
        assert kind == expected
    shown = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert shown == list(display.weights)


def test_what_has_no_ensemble_is_refused() -> None:
    with pytest.raises(NotFittedError):
        EnsembleWeightsDisplay.from_estimator(AutoNetClassification())
    with pytest.raises(InvalidOption, match="got LinearRegression"):
        EnsembleWeightsDisplay.from_estimator(LinearRegression())

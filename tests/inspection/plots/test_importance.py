"""The display of the importance of hyperparameters."""

import pytest
from matplotlib.colors import to_hex

from autonet import AutoNetClassification
from autonet.core.errors import InvalidOption
from autonet.inspection import HyperparameterImportanceDisplay, hyperparameter_importance
from autonet.inspection.plots.figures import GREY, SKY
from autonet.search import Study
from tests.inspection.histories import search_one


def test_bars_are_effects_and_a_line_is_the_noise_floor(conditional: Study) -> None:
    found = hyperparameter_importance(conditional.history, conditional.space)
    display = HyperparameterImportanceDisplay.from_study(conditional)
    assert [bar.get_width() for bar in display.total_bars_] == pytest.approx(found.total_effects)
    assert [bar.get_width() for bar in display.main_bars_] == pytest.approx(
        found.main_effects.clip(max=found.total_effects)
    )
    assert list(display.noise_line_.get_xdata()) == [found.noise_floor] * 2
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names[0] == "network"
    assert len(names) == len(found.names)


def test_bars_below_the_noise_floor_are_grey(conditional: Study) -> None:
    display = HyperparameterImportanceDisplay.from_study(conditional)
    n = len(display.importance.important)
    colors = [to_hex(bar.get_facecolor()).upper() for bar in display.total_bars_]
    assert set(colors[:n]) == {SKY}
    assert set(colors[n:]) == {GREY}


def test_the_most_important_ones_are_shown(classifier: AutoNetClassification) -> None:
    display = HyperparameterImportanceDisplay.from_estimator(classifier, max_hyperparameters=3)
    assert len(display.total_bars_) == 3
    assert not any("Selector" in label.get_text() for label in display.ax_.get_yticklabels())


def test_the_number_of_bars_is_checked(conditional: Study) -> None:
    with pytest.raises(InvalidOption, match="max_hyperparameters must be a whole number of at least 1; got 0"):
        HyperparameterImportanceDisplay.from_study(conditional, max_hyperparameters=0)


def test_a_history_needs_its_space(conditional: Study) -> None:
    with pytest.raises(InvalidOption, match=r"space=study\.space"):
        HyperparameterImportanceDisplay.from_study(conditional.history)
    HyperparameterImportanceDisplay.from_study(conditional.history, space=conditional.space)


def test_too_few_trials_are_refused() -> None:
    with pytest.raises(InvalidOption, match="Run more trials"):
        HyperparameterImportanceDisplay.from_study(search_one())

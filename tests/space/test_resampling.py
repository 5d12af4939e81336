"""Options, updates and presets that ask for resampling, and spaces that are as before without."""

import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import ConfigurationSpace

from autonet import AutoNetClassification, AutoNetRegression, HyperparameterSearchSpaceUpdates
from autonet.core.errors import InvalidOption, MissingPackage

NODE = "ResamplingStrategySelector"
OVER, UNDER, STRATEGY = (
    f"{NODE}:{name}" for name in ("over_sampling_method", "under_sampling_method", "target_size_strategy")
)
NOTHING = {name: ["none"] for name in ("over_sampling_methods", "under_sampling_methods", "target_size_strategies")}


def space(preset: str = "tiny_cs", **options: Any) -> ConfigurationSpace:
    return AutoNetClassification(preset, **options).get_hyperparameter_search_space()


def values(space: ConfigurationSpace) -> dict[str, Any]:
    """The choices at each hyperparameter of the node."""
    return {
        name: list(getattr(hyperparameter, "choices", [hyperparameter.default_value]))
        for name, hyperparameter in space.items()
        if name.startswith(NODE) and name.count(":") == 1
    }


@pytest.mark.parametrize("preset", ["tiny_cs", "full_cs"])
def test_spaces_are_as_before_unless_rows_are_to_be_resampled(preset: str) -> None:
    assert values(space(preset)) == {}
    assert space(preset, **NOTHING) == space(preset)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"over_sampling_methods": ["smote"]}, [["smote"], ["none"], ["upsample"]]),
        ({"over_sampling_methods": ["none", "random"]}, [["none", "random"], ["none"], ["upsample"]]),
        ({"under_sampling_methods": ["random"]}, [["none"], ["random"], ["downsample"]]),
        (
            {"over_sampling_methods": ["smote"], "under_sampling_methods": ["random"]},
            [["smote"], ["random"], ["average"]],
        ),
        (
            {"over_sampling_methods": ["smote"], "target_size_strategies": ["none", "upsample", "median"]},
            [["smote"], ["none"], ["none", "upsample", "median"]],
        ),
    ],
    ids=["smote", "perhaps", "under", "both", "strategies"],
)
def test_options_say_how_to_resample(options: dict[str, Any], expected: list[list[str]]) -> None:
    found = space(**options)
    assert values(found) == dict(zip((OVER, UNDER, STRATEGY), expected, strict=True))
    assert (f"{NODE}:smote:k_neighbors" in found) == ("smote" in expected[0])


def test_updates_and_presets_ask_for_it_too(tmp_path: Path) -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append(NODE, "over_sampling_method", ["smote"])
    updates.append(NODE, "smote:k_neighbors", [3, 9])
    updates.append(NODE, "target_size_strategy", ["median"])
    found = space(hyperparameter_search_space_updates=updates)
    assert values(found) == {OVER: ["smote"], UNDER: ["none"], STRATEGY: ["median"]}
    assert found[f"{NODE}:smote:k_neighbors"].upper == 9
    own = tmp_path / "rare.toml"
    own.write_text(f'schema = 1\nbase = "tiny_cs"\n[components]\n{NODE} = ["none", "random"]\n')
    found = space(str(own))
    assert values(found)[OVER] == ["none", "random"]
    assert found[STRATEGY].default_value == "upsample"
    assert space(str(own), **NOTHING) == space()


def test_target_sizes_without_a_method_have_no_effect_and_the_log_says_so(caplog: Any) -> None:
    with caplog.at_level(logging.INFO, "autonet"):
        assert space(target_size_strategies=["none", "upsample"]) == space()
    assert "target_size_strategies has no effect without over_sampling_methods" in caplog.text


def test_what_cannot_be_resampled_is_refused(iris: Any, monkeypatch: Any, caplog: Any) -> None:
    auto = AutoNetRegression("tiny_cs", over_sampling_methods=["smote"])
    sentence = r"over_sampling_methods is for tables with one label per row; got \['smote'\] for regression. Remove it."
    with pytest.raises(InvalidOption, match=sentence):
        auto.fit(*iris)
    several = np.arange(300).reshape(150, 2) // 100 % 2
    with pytest.raises(InvalidOption, match="under_sampling_methods is for tables with one label per row"):
        AutoNetClassification("tiny_cs", under_sampling_methods=["random"]).fit(iris[0], several)
    assert AutoNetRegression("tiny_cs", **NOTHING).get_hyperparameter_search_space()
    for option, method in (("over_sampling_methods", "smoote"), ("under_sampling_methods", "smote")):
        with pytest.raises(InvalidOption, match=f"'{method}'"):
            space(**{option: [method]})
    monkeypatch.setitem(sys.modules, "imblearn", None)
    with pytest.raises(MissingPackage, match=r'SMOTE needs imbalanced-learn; .* "autonet-torch\[imbalanced\]"'):
        space(over_sampling_methods=["none", "smote"])
    assert space(over_sampling_methods=["random"])
    with caplog.at_level(logging.WARNING, "autonet"):
        assert values(space(over_sampling_methods=["none", "random", "smote"]))[OVER] == ["none", "random"]
    assert "smote is left out, as it needs imbalanced-learn" in caplog.text


def test_a_search_resamples_and_predicts_rare_classes_more_often(quick: dict[str, Any], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=400), "b": rng.normal(size=400), "c": rng.choice(list("uvwxyz"), 400)})
    y = np.where(X.a + rng.normal(size=400) > 1.9, "rare", "often")
    options = {**quick, "max_trials": 1, "baseline": False, "refit_on_all_rows": True, "random_state": 1}
    rates = []
    for more in ({}, {"over_sampling_methods": ["smote"], "run_dir": tmp_path / "run"}):
        auto = AutoNetClassification("tiny_cs", **options, **more).fit(X, y)
        rates.append((auto.predict(X) == "rare").mean())
    assert rates[0] < 0.1 < rates[1]
    assert auto.best_config_[OVER] == "smote"
    again = AutoNetClassification("tiny_cs", **options, **more).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), auto.predict_proba(X))

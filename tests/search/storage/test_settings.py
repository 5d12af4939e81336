"""What a study was made with, and what must not change."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ConfigSpace import Categorical, ConfigurationSpace

from autonet.core.errors import InvalidOption, RunMismatch
from autonet.search.study import Study
from tests.search.storage.runs import BUDGETS, SPACE, database, objective


@pytest.mark.parametrize("fixed", [True, False])
def test_objects_as_choices_are_refused(fixed: bool, tmp_path: Path) -> None:
    choices = [int, "float"]

    def search(run_dir: Path | None) -> set[Any]:
        with Study({"kind": choices} if fixed else None, run_dir=run_dir, random_state=0) as study:
            study.optimize(lambda trial: len(str(trial.suggest_categorical("kind", choices))), max_trials=2)
            return {t.config["kind"] for t in study.trials}

    assert search(None) == {int, "float"}  # in memory all goes
    with pytest.raises(
        InvalidOption, match=r"'kind' has the choice <class 'int'>, which cannot be saved in a run directory"
    ):
        search(tmp_path / "run")


def test_data_are_compared_by_their_values_tensors_too(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    given = {"space": SPACE, "random_state": 0, "run_dir": tmp_path / "run"}
    with Study(**given, data={"x": [torch.arange(3.0)]}):
        pass
    with Study(**given, data={"x": [torch.arange(3.0).clone()]}):
        pass
    with pytest.raises(RunMismatch, match="data was"):
        Study(**given, data={"x": [torch.arange(4.0)]})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"space": {**SPACE, "x": (-1.0, 2.0)}}, ["space: x was x, Type: UniformFloat, Range: [-1.0, 1.0]"]),
        ({"space": {"x": (-1.0, 1.0)}}, ["space: units is missing now"]),
        ({"space": {**SPACE, "y": (0, 3)}}, ["space: y is new"]),
        ({"direction": "maximize"}, ["direction was 'minimize', now 'maximize'"]),
        ({"max_budget": 27}, ["budgets was '1 - 3 - 9 epochs', now '1 - 3 - 9 - 27 epochs'"]),
        ({"eta": 2.5, "max_budget": 3}, ["eta was 3, now 2.5", "budgets was"]),
        ({"min_budget": None, "max_budget": None}, ["budgets was '1 - 3 - 9 epochs', now 'no budgets'"]),
        ({"data": np.ones(4)}, ["data was "]),
        ({"data": np.zeros(3)}, ["data was "]),
        ({"random_state": 1}, ["random_state was 0, now 1"]),
        ({"random_state": 1, "direction": "maximize"}, ["random_state was 0", "direction was"]),
    ],
)
def test_another_search_is_refused_with_the_differences(
    options: Mapping[str, Any], said: list[str], tmp_path: Path
) -> None:
    given = {"space": SPACE, "random_state": 0, "data": np.ones(3), "run_dir": tmp_path / "run", **BUDGETS}
    with Study(**given) as study:
        study.optimize(objective, max_trials=2, progress=False)
    before = database(tmp_path / "run").read_bytes()
    with pytest.raises(RunMismatch) as caught:
        Study(**{**given, **options})
    assert str(caught.value).startswith(f"{tmp_path / 'run'} holds another search; give another run_dir, or open it")
    for sentence in said:
        assert any(difference.startswith(sentence) for difference in caught.value.differences)
    assert database(tmp_path / "run").read_bytes() == before
    with Study(**{**given, "random_state": None, "data": None}) as study:  # what is left out is not compared
        assert len(study.optimize(objective, max_trials=3, progress=False).trials) == 3


def test_settings_of_a_space_object_are_those_of_a_dict(tmp_path: Path) -> None:
    with Study({"c": ["a", "b"]}, run_dir=tmp_path / "run"):
        pass
    with Study(ConfigurationSpace({"c": Categorical("c", ["a", "b"])}), run_dir=tmp_path / "run") as study:
        assert study.trials == []

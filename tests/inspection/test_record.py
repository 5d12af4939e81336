"""The record of a fit: kept by model files, absent in those of older versions."""

import pickle
from pathlib import Path
from typing import Any

import pytest

import autonet
from autonet import AutoNetRegression
from autonet.core.errors import InvalidModelFile
from autonet.core.spec import from_spec, to_spec
from autonet.core.specfile import read_spec, write_spec
from autonet.inspection.record import FitRecord

ASSETS = Path(__file__).parents[1] / "assets"


def test_a_record_has_a_spec() -> None:
    record = FitRecord("rmse", False, {"search": 1.5}, "a callback", 2, {"extra_trees": 0.5}, ["no refit"])
    assert from_spec(to_spec(record)) == record


@pytest.mark.parametrize("wrong", [{"metric": 1}, {"seconds": {"search": "long"}}, {"workers": 1.5}, {"notes": [2]}])
def test_values_of_other_types_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="of another type"):
        FitRecord(**wrong)


def test_a_file_whose_record_is_something_else_is_refused(regressor: AutoNetRegression, tmp_path: Path) -> None:
    regressor.save(tmp_path / "model")
    spec = read_spec((tmp_path / "model").read_bytes())
    (tmp_path / "forged").write_bytes(b"".join(write_spec({**spec, "record": "fast"}, {})))
    with pytest.raises(InvalidModelFile, match="forged cannot be loaded: its record is a str"):
        autonet.load(tmp_path / "forged")


def test_errors_have_their_direction(regressor: AutoNetRegression) -> None:
    record = pickle.loads(pickle.dumps(regressor))._record
    assert (record.metric, record.greater_is_better, record.tree_seconds) == ("rmse", False, {})
    assert record.seconds["search"] > 0


def test_files_of_older_versions_have_none() -> None:
    loaded = autonet.load(ASSETS / "format2.autonet")
    assert loaded._record == FitRecord()
    assert len(loaded.summary()) == 0

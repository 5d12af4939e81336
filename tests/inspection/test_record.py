"""The record of a fit: kept by model files, absent in those of older versions."""

import pickle
from pathlib import Path

import autonet
from autonet import AutoNetRegression
from autonet.core.spec import from_spec, to_spec
from autonet.inspection.record import FitRecord

ASSETS = Path(__file__).parents[1] / "assets"


def test_a_record_has_a_spec() -> None:
    record = FitRecord("rmse", False, {"search": 1.5}, "a callback", 2, {"extra_trees": 0.5}, ["no refit"])
    assert from_spec(to_spec(record)) == record


def test_errors_have_their_direction(regressor: AutoNetRegression) -> None:
    record = pickle.loads(pickle.dumps(regressor))._record
    assert (record.metric, record.greater_is_better, record.tree_seconds) == ("rmse", False, {})
    assert record.seconds["search"] > 0


def test_files_of_older_versions_have_none() -> None:
    loaded = autonet.load(ASSETS / "format2.autonet")
    assert loaded._record == FitRecord()
    assert len(loaded.summary()) == 0

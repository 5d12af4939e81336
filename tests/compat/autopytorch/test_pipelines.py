"""Single configurations and their space."""

from typing import Any

import pytest

from autonet.compat.autopytorch import StatusType, TabularClassificationTask
from autonet.core.errors import InvalidOption


def test_a_configuration_of_the_space_is_trained(quadrants: Any) -> None:
    X_train, X_test, y_train, y_test = quadrants
    api = TabularClassificationTask(resampling_strategy_args={"val_share": 0.5})
    dataset = api.get_dataset(X_train=X_train, y_train=y_train, X_test=X_test, y_test=y_test, dataset_name="quadrants")
    configuration = api.get_search_space(dataset).get_default_configuration()
    api.set_pipeline_options(epochs=1)
    pipeline, info, value, rows = api.fit_pipeline(configuration, dataset=dataset, run_time_limit_secs=75)
    assert info.budget == api.get_pipeline_options()["epochs"] == 1
    assert info.config == dict(configuration)
    assert value.status is StatusType.SUCCESS
    assert value.additional_info is not None
    assert value.cost == value.additional_info["opt_loss"]["accuracy"]
    assert rows is dataset
    assert pipeline.predict(X_test).shape == (60,)


def test_there_is_no_space_without_data() -> None:
    with pytest.raises(InvalidOption, match="get_search_space needs dataset=get_dataset"):
        TabularClassificationTask().get_search_space()


def test_after_a_search_the_space_is_its_own(searched: Any) -> None:
    assert searched.get_search_space() is searched.estimator_.search_space_

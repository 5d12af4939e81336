import copy
from typing import Any

import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.svm import SVC
from torch import nn

from autonet import AutoNetRegression
from autonet.core.errors import InvalidNetwork, InvalidOption
from autonet.inspection.subject import copy_network, find_subject
from tests.inspection.models import FAMILIES, Counting, build, embed, fitted


@pytest.mark.parametrize("family", FAMILIES)
def test_networks_get_rows_as_wide_as_they_take(family: str) -> None:
    assert find_subject(build(family)).inputs[0].shape == (2, 5)
    assert find_subject(embed(family)).inputs[0].shape == (2, 4)


@pytest.mark.parametrize("layer", [nn.BatchNorm1d(6), nn.LayerNorm(6), nn.Linear(6, 2, dtype=torch.float64)], ids=str)
def test_the_first_layer_with_a_width_tells_width_and_precision(layer: nn.Module) -> None:
    x = find_subject(nn.Sequential(nn.ReLU(), layer)).inputs[0]
    assert x.shape == (2, 6)
    assert x.dtype == next(layer.parameters()).dtype


def test_of_an_estimator_it_is_the_best_network_with_an_encoded_row() -> None:
    auto = fitted()
    for model in (auto, auto.model_):
        subject = find_subject(model)
        assert subject.network is auto.get_pytorch_model()
        assert subject.inputs[0].shape == (2, len(auto.get_feature_names_out()))
    assert find_subject(auto).title == "AutoNetClassification"


def test_examples_may_be_arrays_and_several() -> None:
    x = [[1.0, 2.0]]
    assert torch.equal(find_subject(nn.Linear(2, 1), x).inputs[0], torch.tensor(x))
    assert len(find_subject(nn.Bilinear(2, 2, 1), (x, x)).inputs) == 2
    for example in ("a", {"x": 1}, ([[1.0], [2.0, 3.0]],)):
        with pytest.raises(InvalidOption, match="example_input must be a tensor or an array that the network takes"):
            find_subject(nn.Linear(2, 1), example)


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (AutoNetRegression(), NotFittedError, "This AutoNetRegression has no network yet; call fit first"),
        (SVC(), NotFittedError, "This SVC has no network yet"),
        ("net", InvalidOption, "drawn of an nn.Module or of a fitted estimator of autonet; got str"),
        (nn.ReLU(), InvalidOption, "No layer of this ReLU has in_features.*give example_input"),
    ],
)
def test_what_has_no_network_or_width_is_refused(model: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        find_subject(model)


def test_a_copy_runs_and_the_network_and_random_numbers_stay_as_they_are() -> None:
    network = Counting().train()
    network.linear.eval()
    before, random = copy.deepcopy(network.state_dict()), torch.get_rng_state()
    with copy_network(find_subject(network)) as twin:
        twin(torch.ones(2, 3))
        assert twin.calls == 1
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert (network.training, network.linear.training, network.norm.training) == (True, False, True)
    assert torch.equal(torch.get_rng_state(), random)


def test_a_failure_says_on_what_it_failed() -> None:
    subject = find_subject(nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 1)))
    with (
        pytest.raises(InvalidNetwork, match=r"Sequential fails on an example of shape \(2, 3\): .*Give example_input"),
        copy_network(subject) as network,
    ):
        network(*subject.inputs)

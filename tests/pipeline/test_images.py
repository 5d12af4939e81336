"""Images as a modality: trials, refit and predictions of convolutional networks."""

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from autonet import AutoNetClassification
from autonet.core.component import Components
from autonet.core.task import Task
from autonet.pipeline.images import IMAGES
from autonet.training.augmentation import StandardAugmentation


class ImageClassification(AutoNetClassification):
    modality = IMAGES


CONFIG = {
    "NetworkSelector:network": "resnet",
    "NetworkSelector:resnet:initial_filters": 8,
    "NetworkSelector:resnet:num_groups": 2,
    "ImageAugmentation:augmentation": "standard",
    "TrainNode:batch_loss_computation_technique": "standard",
    "CreateDataLoader:batch_size": 32,
    "OptimizerSelector:adamw:learning_rate": 0.01,
}
OPTIONS: dict[str, Any] = {
    "budget_type": "epochs",
    "random_state": 0,
    "n_jobs": 1,
    "ensemble_size": 1,
    "cross_validator": "none",
    "validation_split": 0.2,
}


@pytest.fixture(scope="module")
def digits() -> tuple[Any, Any]:
    X, y = load_digits(return_X_y=True)
    return (X.reshape(-1, 8, 8) * 15.9).astype(np.uint8), y


@pytest.fixture(scope="module")
def fitted(digits: tuple[Any, Any]) -> ImageClassification:
    X, y = digits
    return ImageClassification(**OPTIONS).refit(X[:600], y[:600], CONFIG, budget=10)


def test_a_convolutional_network_learns_digits(fitted: ImageClassification, digits: tuple[Any, Any]) -> None:
    X, y = digits
    assert fitted.score(X[1000:], y[1000:]) > 0.8
    network = fitted.get_pytorch_model()
    assert isinstance(network[0], torch.nn.Conv2d)
    assert network[0].in_channels == 1
    images = torch.from_numpy(fitted.transform(X[:3]))
    assert images.shape == (3, 1, 8, 8)
    np.testing.assert_array_equal(network(images).argmax(1).numpy(), fitted.predict(X[:3]))


def test_a_pickle_predicts_the_same(fitted: ImageClassification, digits: tuple[Any, Any]) -> None:
    X, _ = digits
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(X[:50]), fitted.predict_proba(X[:50]))


def test_a_seed_repeats_the_weights(fitted: ImageClassification, digits: tuple[Any, Any]) -> None:
    X, y = digits
    cutmix = {**CONFIG, "TrainNode:batch_loss_computation_technique": "cutmix"}
    first, second = (ImageClassification(**OPTIONS).refit(X[:200], y[:200], cutmix, budget=1) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X[:50]), second.predict_proba(X[:50]))


def test_the_nodes_are_those_of_images() -> None:
    assert next(iter(IMAGES.nodes)) == "ImageAugmentation"
    assert "cutmix" in IMAGES.nodes["TrainNode"].components
    assert not {"Imputation", "EmbeddingSelector", "PreprocessorSelector"} & set(IMAGES.nodes)
    config = {"ImageAugmentation:augmentation": "standard", "ImageAugmentation:standard:flip": "both"}
    components = Components.resolve(IMAGES.nodes.values(), config)
    assert IMAGES.augmentation(components) == StandardAugmentation(flip="both")
    linear = IMAGES.build_linear(
        Task("classification", n_outputs=3),
        IMAGES.fit_encoder(IMAGES.read(np.zeros((5, 4, 6), np.uint8))[1], np.arange(5), components, 0).layout,
    )
    assert linear(torch.zeros(2, 1, 4, 6)).shape == (2, 3)

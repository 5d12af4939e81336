"""Networks, augmentations and batch techniques of the user's own for images: fits, files, runs and refusals."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ConfigSpace import ConfigurationSpace, Integer
from torch import Tensor, nn

import autonet
from autonet import AutoNetClassification, AutoNetImageClassification, AutoNetImageRegression
from autonet.core.errors import InvalidModelFile, InvalidNetwork, InvalidOption, UnknownName
from autonet.core.task import Task
from tests.conftest import QUICK

OPTIONS: dict[str, Any] = {**QUICK, "max_trials": 1, "max_budget": 2, "baseline": False}
OPTIONS.pop("tree_ensembles")


class Tiny(nn.Module):
    def __init__(self, shape: tuple[int, int, int], n_out: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(shape[0], width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(4 * width, n_out),
        )

    @staticmethod
    def space(task: Task) -> ConfigurationSpace:
        space = ConfigurationSpace()
        space.add(Integer("width", (4, 16), default=8))
        return space

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.layers(x)
        return output


class Rows(nn.Module):
    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.layer = nn.Linear(n_in, n_out)


class OneOutput(Tiny):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)[:, :1]


class Viewed(Tiny):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.view(len(x), -1).view(x.shape))


class LargeOnly(nn.Sequential):
    def __init__(self, shape: tuple[int, int, int], n_out: int) -> None:
        super().__init__(nn.MaxPool2d(16), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(shape[0], n_out))


def noise() -> Any:
    return lambda images: images + 0.1 * torch.randn_like(images)


def doubled() -> Any:
    return lambda network, loss, batch: 2 * loss(network(batch.x), batch.y, batch.weights)


@pytest.fixture(scope="module")
def images() -> tuple[Any, Any]:
    X = np.random.default_rng(0).integers(256, size=(60, 6, 5, 3), dtype=np.uint8)
    return X, np.arange(60) % 3


def build(run_dir: Path | None = None) -> Any:
    return AutoNetImageClassification(
        "tiny_cs",
        networks=[Tiny],
        augmentations=[noise],
        batch_loss_computation_techniques=[doubled],
        search_space={"NetworkSelector:Tiny:width": (4, 6)},
        run_dir=None if run_dir is None else str(run_dir),
        **OPTIONS,
    )


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("own") / "run"


@pytest.fixture(scope="module")
def fitted(images: Any, run_dir: Path) -> Any:
    return build(run_dir).fit(*images)


def test_classes_and_functions_are_chosen_under_their_names(fitted: Any) -> None:
    config = fitted.best_config_
    assert config["NetworkSelector:network"] == "Tiny"
    assert config["ImageAugmentation:augmentation"] == "noise"
    assert config["TrainNode:batch_loss_computation_technique"] == "doubled"
    assert type(fitted.get_pytorch_model()) is Tiny
    assert fitted.get_pytorch_model().layers[0].out_channels == config["NetworkSelector:Tiny:width"] <= 6


def test_a_seed_repeats_a_fit_with_and_without_a_run_directory(fitted: Any, images: Any) -> None:
    np.testing.assert_array_equal(build().fit(*images).predict_proba(images[0]), fitted.predict_proba(images[0]))


def test_files_pickles_and_runs_have_them(fitted: Any, images: Any, run_dir: Path, tmp_path: Path) -> None:
    path, expected = tmp_path / "own.autonet", fitted.predict_proba(images[0])
    fitted.save(path)
    with pytest.raises(InvalidModelFile, match="it has the network 'Tiny', which Tiny builds; register it, or"):
        autonet.load(path)
    loaded = autonet.load(path, components=[Tiny])
    assert loaded.augmentations == ["noise"]
    for other in (
        loaded,
        pickle.loads(pickle.dumps(fitted)),
        autonet.open_run(run_dir).best_estimator(components=[Tiny, noise, doubled]),
    ):
        np.testing.assert_array_equal(other.predict_proba(images[0]), expected)
    again = build(run_dir).fit(*images, max_trials=2)
    assert len(again.history_) == 2


@pytest.mark.parametrize(
    ("options", "error", "why"),
    [
        (
            {"networks": [OneOutput]},
            InvalidNetwork,
            r"Network 'OneOutput' fails on toy images of shape \(3, 64, 64\): its output for a batch of shape "
            r"\(2, 3, 64, 64\) and n_out=3 has shape \(2, 1\)",
        ),
        ({"networks": [Viewed]}, InvalidNetwork, r"view size is not compatible .* Use .reshape"),
        (
            {"networks": ["resnet", LargeOnly]},
            InvalidNetwork,
            r"Network 'LargeOnly' fails on images of shape \(3, 6, 5\)",
        ),
        (
            {"networks": [Rows]},
            InvalidNetwork,
            "Network 'Rows' is for tables: its builder takes n_in, and for images shape, the channels, height and",
        ),
        ({"networks": ["realmlp"]}, UnknownName, "Unknown component of NetworkSelector for classification 'realmlp'"),
        ({"augmentations": [doubled]}, InvalidOption, r"Augmentation 'doubled' fails on toy images of shape \(4, 3"),
        ({"networks": [nn.ReLU()]}, InvalidOption, "In networks: A component must be a name, a class or a named"),
    ],
    ids=["output", "view", "size", "table", "name", "augmentation", "instance"],
)
def test_what_cannot_work_is_refused_before_any_training(options: Any, error: Any, why: str, images: Any) -> None:
    with pytest.raises(error, match=why):
        AutoNetImageClassification("tiny_cs", **options, **OPTIONS).fit(*images)


def test_a_network_for_images_is_refused_for_tables(iris: Any) -> None:
    with pytest.raises(InvalidNetwork, match="Network 'Tiny' is for images: its builder takes shape, and for tables"):
        AutoNetClassification("tiny_cs", networks=[Tiny]).fit(*iris)


@pytest.mark.usefixtures("custom_components")
def test_registered_networks_are_those_of_their_kind_of_data(images: Any) -> None:
    autonet.register_network("tiny", Tiny, modality="images")
    auto = AutoNetImageRegression("tiny_cs", networks=["tiny"], **OPTIONS).fit(images[0], images[1] * 2.5)
    assert auto.best_config_["NetworkSelector:network"] == "tiny"
    with pytest.raises(UnknownName, match="Unknown component of NetworkSelector for classification 'tiny'"):
        AutoNetClassification(networks=["tiny"]).get_hyperparameter_search_space()
    with pytest.raises(InvalidOption, match="A network 'tiny' is already registered; use another name, or overwrite"):
        autonet.register_network("tiny", Tiny, modality="images")
    with pytest.raises(UnknownName, match=r"Unknown modality 'image'. Did you mean 'images'"):
        autonet.register_network("other", Tiny, modality="image")  # type: ignore[arg-type]
    autonet.unregister_network("tiny")
    with pytest.raises(UnknownName, match="Unknown registered component of NetworkSelector 'tiny'"):
        autonet.unregister_component("networks", "tiny")

"""Classes and functions of the user's at every node: in a fit, its run directory, its files and its pickles."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ConfigSpace import ConfigurationSpace, Float
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.preprocessing import PowerTransformer, StandardScaler
from torch import Tensor, nn
from torch.nn import functional

import autonet
from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import DataWarning, InvalidModelFile, InvalidOption, UnknownName
from autonet.core.task import Task
from autonet.estimators.files import find_components
from autonet.nets.registry import NETWORKS
from autonet.training.optimizers import OPTIMIZERS
from tests.conftest import QUICK

OPTIONS = {**QUICK, "max_trials": 2, "max_budget": 3, "baseline": False}


class OneLayer(nn.Module):
    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.layer = nn.Linear(n_in, n_out)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.layer(x)
        return output


class Focal(nn.Module):
    def __init__(self, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma

    @staticmethod
    def space(task: Task) -> ConfigurationSpace:
        space = ConfigurationSpace()
        space.add(Float("gamma", (0.5, 4.0), default=2.0))
        return space

    def forward(self, output: Tensor, y: Tensor) -> Tensor:
        chosen = output.log_softmax(1).gather(1, y[:, None])[:, 0]
        return (-((1 - chosen.exp()) ** self.gamma) * chosen).mean()


def falling() -> Any:
    return lambda t: 1 - t


def doubled() -> Any:
    return lambda network, loss, batch: 2 * loss(network(batch.x), batch.y, batch.weights)


def narrow() -> Any:
    return lambda weight: nn.init.normal_(weight, std=0.01)


def half_right(y_true: Any, y_pred: Any) -> float:
    return float((y_true == y_pred).mean() / 2)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("own") / "run"


@pytest.fixture(scope="module")
def fitted(iris: Any, run_dir: Path) -> Iterator[Any]:
    autonet.register_metric("half_right", half_right)
    auto = AutoNetClassification(
        "tiny_cs",
        networks=[OneLayer],
        optimizer=[torch.optim.RAdam],
        loss_modules=[Focal],
        lr_scheduler=[falling],
        batch_loss_computation_techniques=[doubled],
        initialization_methods=[narrow],
        preprocessors=[PCA],
        normalization_strategies=[StandardScaler],
        optimize_metric="half_right",
        class_weight="balanced",
        search_space={"OptimizerSelector:RAdam:learning_rate": (0.01, 0.1, "log", ("normal", 0.05, 0.3))},
        run_dir=run_dir,
        **OPTIONS,
    )
    yield auto.fit(*iris)
    autonet.unregister_component("optimize_metric", "half_right")


def test_classes_and_functions_are_chosen_under_their_names(fitted: Any) -> None:
    config = fitted.best_config_
    chosen = {
        "NetworkSelector:network": "OneLayer",
        "OptimizerSelector:optimizer": "RAdam",
        "LossModuleSelector:loss_module": "Focal",
        "LearningrateSchedulerSelector:lr_scheduler": "falling",
        "TrainNode:batch_loss_computation_technique": "doubled",
        "InitializationSelector:initialization_method": "narrow",
        "PreprocessorSelector:preprocessor": "PCA",
        "NormalizationStrategySelector:normalization_strategy": "StandardScaler",
    }
    assert {name: config[name] for name in chosen} == chosen
    assert 0.5 <= config["LossModuleSelector:Focal:gamma"] <= 4.0
    assert 0.01 <= config["OptimizerSelector:RAdam:learning_rate"] <= 0.1
    assert next(iter(fitted.history_)).config["OptimizerSelector:RAdam:learning_rate"] == pytest.approx(0.05)
    assert {report.status.name for trial in fitted.history_ for report in trial.reports} == {"FINISHED"}
    assert 0.0 <= fitted.fit_result["info"]["val_half_right"] <= 0.5


def test_they_are_known_to_the_estimator_alone(fitted: Any) -> None:
    assert not NETWORKS.custom
    assert not OPTIMIZERS.custom
    with pytest.raises(UnknownName, match="Unknown component of NetworkSelector for classification 'OneLayer'"):
        AutoNetClassification(networks=["OneLayer"]).get_hyperparameter_search_space()
    again = clone(fitted).set_params(networks=["OneLayer"])
    assert again.get_hyperparameter_search_space()["NetworkSelector:network"].value == "OneLayer"


def test_a_model_file_names_what_predictions_need(fitted: Any, iris: Any, tmp_path: Path) -> None:
    path = tmp_path / "own.autonet"
    fitted.set_params(run_dir=None).save(path)
    with pytest.raises(
        InvalidModelFile, match=r"it has the network 'OneLayer', which OneLayer builds; register it, or"
    ):
        autonet.load(path)
    with pytest.raises(InvalidModelFile, match=r"it has the component of PreprocessorSelector 'PCA', which PCA builds"):
        autonet.load(path, components=[OneLayer, StandardScaler])
    with pytest.raises(InvalidOption, match=r"components must be a list of builders; got .*OneLayer"):
        autonet.load(path, components=OneLayer)  # type: ignore[arg-type]
    loaded = autonet.load(path, components=[OneLayer, StandardScaler, PCA])
    np.testing.assert_array_equal(loaded.predict_proba(iris[0]), fitted.predict_proba(iris[0]))
    assert loaded.loss_modules == ["Focal"]
    with pytest.raises(
        InvalidOption, match=r"has the transformer '\w+', which computes with NumPy, so it cannot be exp"
    ):
        fitted.export(tmp_path / "own.onnx")


def test_what_a_lambda_built_is_found_by_the_name_of_the_component() -> None:
    def mine(n_in: int, n_out: int) -> nn.Module:
        return nn.Linear(n_in, n_out)

    found = find_components({NETWORKS.name: {"mine": "study.<locals>.<lambda>"}}, {}, [OneLayer, mine])
    assert found[NETWORKS.name]["mine"].build is mine


def test_a_pickle_has_them_all(fitted: Any, iris: Any) -> None:
    again = pickle.loads(pickle.dumps(fitted.set_params(run_dir=None)))
    np.testing.assert_array_equal(again.predict_proba(iris[0]), fitted.predict_proba(iris[0]))
    again.refit(*iris, budget=1)
    assert again.best_config_["LossModuleSelector:loss_module"] == "Focal"


def test_a_run_is_opened_with_them(fitted: Any, iris: Any, run_dir: Path) -> None:
    run = autonet.open_run(run_dir)
    assert run.params["optimizer"] == ["RAdam"]
    given = [OneLayer, StandardScaler, PCA, Focal, falling, doubled, narrow, torch.optim.RAdam]
    best = run.best_estimator(components=given)
    np.testing.assert_array_equal(best.predict(iris[0]), fitted.predict(iris[0]))


class Rounded(nn.Module):
    """All columns, and those of numbers rounded."""

    def __init__(self, n_in: int, n_numbers: int) -> None:
        super().__init__()
        self.n_numbers, self.out_features = n_numbers, n_in + n_numbers
        self.scale = nn.Parameter(torch.ones(n_numbers))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.scale * x[:, : self.n_numbers].round(), x], dim=1)


class Levels(nn.Module):
    """Columns that are not indices, and a learned number per index."""

    def __init__(self, n_in: int, vocabularies: tuple[int, ...]) -> None:
        super().__init__()
        self.n_numbers, self.out_features = n_in - len(vocabularies), n_in
        self.tables = nn.ModuleList(nn.Embedding(size, 1) for size in vocabularies)

    def forward(self, x: Tensor) -> Tensor:
        indices = x[:, self.n_numbers :].long().T
        return torch.cat([x[:, : self.n_numbers], *(t(i) for t, i in zip(self.tables, indices, strict=True))], dim=1)


def test_embeddings_of_ones_own_and_a_loss_that_sees_members(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 6, 60)
    X = np.column_stack([rng.normal(size=(60, 2)), levels])
    auto = AutoNetRegression(
        "tiny_cs",
        networks=["tabm"],
        embeddings=[Levels],
        numeric_embeddings=[Rounded],
        loss_modules=[nn.SmoothL1Loss],
        categorical_features=[2],
        search_space={"EmbeddingSelector:Levels:min_unique_values_for_embedding": 3},
        **{**OPTIONS, "max_trials": 1},
    ).fit(X, X[:, 0] + levels, sample_weight=np.where(levels > 2, 2.0, 1.0))
    assert auto.best_config_["EmbeddingSelector:embedding"] == "Levels"
    auto.save(tmp_path / "embedded.autonet")
    loaded = autonet.load(tmp_path / "embedded.autonet", components=[Levels, Rounded])
    np.testing.assert_array_equal(loaded.predict(X), auto.predict(X))
    with pytest.raises(InvalidModelFile, match="it has the component of EmbeddingSelector 'Levels'"):
        autonet.load(tmp_path / "embedded.autonet", components=[Rounded])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (
            {"loss_modules": [nn.L1Loss()]},
            r"In loss_modules: A component must be a name, .* Pass the class, such as L1L",
        ),
        ({"optimizer": [lambda groups: None]}, "In optimizer: A component must be a name, a class or a named function"),
        ({"networks": [functional.linear, "resnet"]}, "Network 'linear' fails|'linear' is a built-in network"),
        ({"imputation_strategies": [OneLayer]}, "Imputation takes no custom components"),
        ({"include": {"loss": [nn.L1Loss]}}, "Unknown key of include 'loss'. Did you mean 'loss_module'"),
        ({"loss_modules": [nn.L1Loss]}, "Unknown component of LossModuleSelector for classification 'L1Loss'"),
    ],
    ids=["instance", "lambda", "taken", "no own", "key", "task"],
)
def test_what_cannot_be_a_component_is_refused_before_any_training(options: Any, why: str, iris: Any) -> None:
    with pytest.raises(InvalidOption, match=why):
        AutoNetClassification(**options).fit(*iris)


def test_a_transformer_that_no_file_can_hold_is_refused_with_a_run_directory(iris: Any, tmp_path: Path) -> None:
    auto = AutoNetClassification("tiny_cs", normalization_strategies=[PowerTransformer], run_dir=tmp_path / "run")
    with pytest.raises(
        InvalidOption, match=r"With run_dir, models are stored in files. .* 'PowerTransformer' cannot be"
    ):
        auto.fit(*iris)


def test_an_own_metric_as_a_function_is_left_out_of_files(fitted: Any, tmp_path: Path) -> None:
    other = pickle.loads(pickle.dumps(fitted)).set_params(optimize_metric=half_right)
    with pytest.warns(DataWarning, match="leaves out optimize_metric"):
        other.save(tmp_path / "metric.autonet")

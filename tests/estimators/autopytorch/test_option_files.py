"""Files of options in the format of Auto-PyTorch 0.0.2, and options as a preset."""

from pathlib import Path
from typing import Any

import pytest
from sklearn.base import clone

from autonet import AutoNetClassification, AutoNetImageClassification, HyperparameterSearchSpaceUpdates
from tests.estimators.refusals import refused

FILE = """\
# a comment
max_budget=150
min_budget = 0.5
budget_type=time

optimize_metric=balanced_accuracy
cross_validator=k_fold
cross_validator_args={'n_splits': 4, 'shuffle': True}
networks=[mlpnet, 'shapedresnet']
optimizer=sgd
normalization_strategies=["maxabs"]
additional_metrics=[]
hyperparameter_search_space_updates=spaces/mine.txt
max_runtime=inf
num_iterations=None
log_level='debug'
baseline=no
cuda=False
random_seed=3
min_workers=2
"""
OPTIONS: dict[str, Any] = {
    "max_budget": 150,
    "min_budget": 0.5,
    "budget_type": "time",
    "optimize_metric": "balanced_accuracy",
    "cross_validator": "k_fold",
    "cross_validator_args": {"n_splits": 4, "shuffle": True},
    "networks": ["mlpnet", "shapedresnet"],
    "optimizer": ["sgd"],
    "normalization_strategies": ["maxabs"],
    "additional_metrics": [],
    "max_runtime": float("inf"),
    "num_iterations": None,
    "log_level": "debug",
    "baseline": False,
    "device": "cpu",
    "random_state": 3,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file whose updates are named from a folder above, as in a checkout of Auto-PyTorch."""
    (tmp_path / "spaces").mkdir()
    (tmp_path / "options").mkdir()
    (tmp_path / "spaces" / "mine.txt").write_text(
        "NetworkSelector mlpnet:num_layers [2,4]\nCreateDataLoader batch_size [5,10]"
    )
    path = tmp_path / "options" / "mine.txt"
    path.write_text(FILE)
    return path


def test_a_file_is_read_as_keywords_of_the_constructor(path: Path, tmp_path: Path) -> None:
    parser = AutoNetClassification().get_autonet_config_file_parser()
    options = parser.read(path)
    assert options == {**OPTIONS, "hyperparameter_search_space_updates": str(tmp_path / "spaces" / "mine.txt")}
    parser.check_validity(options)
    complete = parser.set_defaults(options)
    assert complete == AutoNetClassification(None, **options).get_current_autonet_config() | {"preset": "medium_cs"} | {
        name: complete[name] for name in ("ensemble_size", "refit_on_all_rows", "tree_ensembles", "n_jobs")
    }
    assert (complete["eta"], complete["ensemble_size"]) == (3, 25)


def test_the_parser_prints_the_options(capsys: Any) -> None:
    AutoNetClassification().get_autonet_config_file_parser().print_help()
    assert "max_runtime : float, optional" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_runtime", "line 1: expected 'option=value', got 'max_runtime'."),
        ("\n=3", "line 2: expected 'option=value', got '=3'."),
        ("eta=", "line 1: expected 'option=value', got 'eta='."),
        ("eta=3\neta=4", "line 2: eta is given twice; remove one of the lines."),
        ("networks=[mlpnet", "line 1: expected a number, a word, a list [a, b] or a dictionary, got '[mlpnet'."),
        ("cross_validator_args={n: 3}", "line 1: expected a number, a word, a list [a, b] or a dictionary"),
        ("max_runtme=3", "Unknown option 'max_runtme'. Did you mean 'max_runtime'"),
    ],
)
def test_mistakes_in_a_file_are_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(text)
    parser = AutoNetClassification().get_autonet_config_file_parser()
    refused(lambda: parser.read(path), message)
    refused(lambda: AutoNetClassification(path).get_hyperparameter_search_space(), message)


def test_unknown_options_may_be_skipped(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("max_runtme=3\neta=2")
    assert AutoNetClassification().get_autonet_config_file_parser().read(path, silent=True) == {"eta": 2}
    refused(lambda: AutoNetClassification().get_autonet_config_file_parser().read(tmp_path / "no.txt"), "Option file")
    refused(
        lambda: AutoNetClassification().get_autonet_config_file_parser().check_validity({"eta": 0}),
        "eta must be a finite number greater than 1; got 0.",
    )


def test_a_file_of_options_is_a_preset(path: Path) -> None:
    auto = AutoNetClassification(str(path), max_budget=60, min_budget=None)
    config = auto.get_current_autonet_config()
    assert {name: config[name] for name in OPTIONS} == {**OPTIONS, "max_budget": 60}
    assert (config["preset"], config["ensemble_size"], config["tree_ensembles"]) == (None, 1, False)
    space = auto.get_hyperparameter_search_space(networks=["mlpnet", "resnet"])
    assert set(space["NetworkSelector:network"].choices) == {"mlpnet", "resnet"}
    layers, batch = (space[f"{name}"] for name in ("NetworkSelector:mlpnet:num_layers", "CreateDataLoader:batch_size"))
    assert (layers.lower, layers.upper, batch.lower, batch.upper) == (2, 4, 5, 10)


def test_updates_of_the_user_come_after_those_of_the_preset(path: Path) -> None:
    updates = HyperparameterSearchSpaceUpdates()
    updates.append("CreateDataLoader", "batch_size", [20, 30])
    auto = AutoNetClassification(path, hyperparameter_search_space_updates=updates)
    space = auto.get_hyperparameter_search_space()
    batch, layers = space["CreateDataLoader:batch_size"], space["NetworkSelector:mlpnet:num_layers"]
    assert (batch.lower, batch.upper, layers.lower, layers.upper) == (20, 30, 2, 4)


@pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")
def test_a_dictionary_is_a_preset(iris: Any) -> None:
    options = {"config_preset": "tiny_cs", "budget_type": "epochs", "max_budget": 2, "max_trials": 1, "baseline": False}
    auto = AutoNetClassification(options)
    assert clone(auto).get_params() == auto.get_params()
    assert auto.get_current_autonet_config()["preset"] == "tiny_cs"
    assert [trial.budget for trial in auto.fit(*iris, max_budget=1).history_] == [1]
    assert [trial.budget for trial in auto.refit(*iris, max_budget=3, budget=2).history_] == [2]
    refused(
        lambda: AutoNetClassification({"preset": {}}).get_current_autonet_config(),
        "The preset inside of a preset must be a name, a TOML file or None; got {}.",
    )
    refused(
        lambda: AutoNetClassification(3).get_current_autonet_config(),  # type: ignore[arg-type]
        "preset must be a name, a path, a dictionary of options or None; got 3.",
    )


def test_presets_have_the_options_of_images(tmp_path: Path) -> None:
    file = tmp_path / "options.txt"
    file.write_text("preset=tiny_cs\nimages_shape=[3, 12, 16]\non_bad_files=skip\n")
    for preset in (file, {"preset": "tiny_cs", "images_shape": [3, 12, 16], "on_bad_files": "skip"}):
        options = AutoNetImageClassification(preset).get_current_autonet_config()
        assert (options["preset"], options["image_size"], options["on_bad_files"]) == ("tiny_cs", (12, 16), "skip")
    refused(
        lambda: AutoNetImageClassification({"tree_ensembles": True}).get_current_autonet_config(),
        "Unknown option 'tree_ensembles'",
    )


def test_the_parser_of_images_has_their_options(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "options.txt"
    file.write_text("image_size=16\nroot_folders=pictures\naugmentations=none\nprecision=float32\n")
    auto = AutoNetImageClassification()
    parser = auto.get_autonet_config_file_parser()
    options = parser.read(file)
    assert options == {
        "image_size": 16,
        "root_folders": ["pictures"],
        "augmentations": ["none"],
        "precision": "float32",
    }
    assert parser.set_defaults(options) == AutoNetImageClassification(**options).get_current_autonet_config()
    assert parser.set_defaults({}) == auto.get_current_autonet_config()
    refused(lambda: parser.check_validity({"image_size": 0}), "image_size must be a number of pixels")
    refused(lambda: parser.check_validity({"categorical_features": ["a"]}), "Unknown option 'categorical_features'")
    assert AutoNetImageClassification(file).get_current_autonet_config()["precision"] == "float32"
    parser.print_help()
    printed = capsys.readouterr().out
    assert "image_size : int or (int, int), optional" in printed
    assert 'precision : {"auto", "float32", "bfloat16"}, default="auto"' in printed
    assert "categorical_features" not in printed


def test_no_preset_is_everything_without_a_portfolio() -> None:
    space = AutoNetClassification(None).get_hyperparameter_search_space()
    assert space == AutoNetClassification("full_cs").get_hyperparameter_search_space()
    config = AutoNetClassification(None).get_current_autonet_config()
    chosen = {"cross_validator": "none", "ensemble_size": 1, "tree_ensembles": False, "n_jobs": 1}
    assert {name: config[name] for name in chosen} == chosen

"""Networks, metrics and splitters of users: to worker processes, into pickles, and under which names."""

import io
import json
import pickle
import pickletools
import subprocess
import sys
import textwrap
from collections.abc import Callable
from copy import copy, deepcopy
from enum import Enum
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from torch import nn

import autonet
from autonet import AutoNetClassification, AutoNetRegression, register_network, unregister_network
from autonet.core.errors import InvalidModelFile
from autonet.core.specfile import FORMAT
from autonet.estimators.files import save
from autonet.nets.registry import NETWORKS
from tests.assets.make import FOLDER, table
from tests.mixed import mixed_table
from tests.nets.networks import deep, perceptron

pytestmark = [
    pytest.mark.usefixtures("custom_components"),
    pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned"),
]

FILES = [path for path in sorted(FOLDER.glob("format*")) if path.suffix != ".json"]  # of this version and earlier ones
# All that the pickle of a fitted estimator names, besides classes and functions of the user's.
NAMED = {
    "autonet.estimators.classification AutoNetClassification",
    "autonet.estimators.pickling _unpickle",
    "autonet.estimators.regression AutoNetRegression",
}

# Read by Python from standard input: nothing of it can be imported by another process.
SCRIPT = """
    import sys
    import joblib, numpy as np, pickle, torch
    from ConfigSpace import ConfigurationSpace, Integer
    from torch import nn
    from autonet import AutoNetClassification, register_network

    class Wide(nn.Module):
        def __init__(self, n_in, n_out, width):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(n_in, width), nn.SiLU(), nn.Linear(width, n_out))

        def forward(self, x):
            return self.layers(x * SCALE)

    SCALE = 2.0

    def space(task):
        space = ConfigurationSpace()
        space.add(Integer("width", (16, 64), default=32))
        return space

    def hits(y_true, y_pred):
        return float((y_true == y_pred).mean())

    class Thirds:
        def split(self, X, y=None, groups=None):
            rows = np.arange(len(X))
            for i in range(3):
                yield rows[rows % 3 != i], rows[rows % 3 == i]

    class Steps(torch.optim.Optimizer):
        def __init__(self, params, lr=1e-3):
            super().__init__(params, {"lr": lr})

        @torch.no_grad()
        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    p.sub_(group["lr"] * p.grad)

    class Halved(nn.Module):
        def forward(self, output, y):
            return nn.functional.cross_entropy(output * SCALE, y) / SCALE

    class Center:
        def fit(self, X):
            self.center = X.mean(axis=0)

        def transform(self, X):
            return X - self.center

    def falling():
        return lambda t: SCALE - t

    register_network("wide", Wide, space)
    register_network("layers", lambda n_in, n_out: nn.Sequential(nn.Linear(n_in, 32), nn.Linear(32, n_out)))
    X = np.random.default_rng(0).normal(size=(90, 2))
    y = ((X[:, 0] > 0) ^ (X[:, 1] > 0)).astype(int)
    auto = AutoNetClassification(
        "tiny_cs", networks=["wide", "layers"], n_jobs=2, optimize_metric=hits, cross_validator=Thirds(),
        optimizer=[Steps], loss_modules=[Halved], preprocessors=[Center], lr_scheduler=[falling],
        max_trials=3, budget_type="epochs", min_budget=3, max_budget=3, ensemble_size=5, random_state=0,
    ).fit(X, y)
    assert {report.status.name for trial in auto.history_ for report in trial.reports} == {"FINISHED"}
    assert {trial.config["NetworkSelector:network"] for trial in auto.history_} == {"wide", "layers"}
    folder = sys.argv[1]
    joblib.dump(auto, folder + "/auto.joblib")
    with open(folder + "/auto.pickle", "wb") as file:
        pickle.dump(auto, file)
    np.save(folder + "/expected.npy", auto.predict_proba(X))
    np.save(folder + "/X.npy", X)
    np.save(folder + "/y.npy", y)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the script leaves: an estimator, pickled, and what it predicts."""
    path = tmp_path_factory.mktemp("script")
    code = textwrap.dedent(SCRIPT)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-", str(path)], input=code, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return path


def load(folder: Path, brand: str) -> Any:
    if brand == "joblib":
        return joblib.load(folder / "auto.joblib")
    return pickle.loads((folder / "auto.pickle").read_bytes())


@pytest.mark.parametrize("brand", ["joblib", "pickle"])
def test_an_estimator_with_parts_of_a_script_is_loaded_by_another_process(folder: Path, brand: str) -> None:
    auto = load(folder, brand)
    X, expected = np.load(folder / "X.npy"), np.load(folder / "expected.npy")
    np.testing.assert_array_equal(auto.predict_proba(X), expected)
    assert auto.get_params()["optimize_metric"](np.ones(2), np.array([1, 0])) == 0.5


def test_an_estimator_is_fitted_again_where_its_networks_are_not_registered(folder: Path) -> None:
    X, y, expected = (np.load(folder / f"{name}.npy") for name in ("X", "y", "expected"))
    auto = load(folder, "pickle")
    assert "wide" not in NETWORKS.components
    for again in (clone(auto), pickle.loads(pickle.dumps(auto))):
        again.set_params(n_jobs=1).fit(X, y)
        np.testing.assert_array_equal(again.predict_proba(X), expected)
        assert list(again.get_hyperparameter_search_space()["NetworkSelector:network"].choices) == ["wide", "layers"]


def test_an_unpickled_estimator_keeps_its_network(iris: Any, quick: dict[str, Any]) -> None:
    register_network("mine", perceptron)
    sent = cloudpickle.dumps(AutoNetClassification("tiny_cs", networks=["mine"], **quick))
    register_network("mine", deep, overwrite=True)
    auto = cloudpickle.loads(sent).fit(*iris)
    assert len(auto.model_.ensemble.members[0].network) == 1


def test_a_fit_goes_on_with_the_networks_that_it_began_with(iris: Any, quick: dict[str, Any]) -> None:
    def unregister(y: Any, p: Any) -> float:
        if "mine" in NETWORKS.components:
            unregister_network("mine")
        return float((y == p).mean())

    register_network("mine", deep)
    auto = AutoNetClassification("tiny_cs", networks=["mine"], **quick, optimize_metric=unregister).fit(*iris)
    assert {str(report.status) for trial in auto.history_ for report in trial.reports} == {"finished"}


def test_a_copy_shares_and_a_deep_copy_does_not(iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **quick).fit(*iris)
    assert copy(auto).history_ is auto.history_
    assert deepcopy(auto).history_ is not auto.history_
    np.testing.assert_array_equal(deepcopy(auto).predict_proba(iris[0]), auto.predict_proba(iris[0]))


def names_in(data: bytes) -> set[str]:
    """Return the modules and names of a pickle, and of the pickles in it."""
    strings, found = list[str](), set[str]()
    for operation, argument, _ in pickletools.genops(data):
        if isinstance(argument, str):
            strings.append(argument)
        if operation.name == "GLOBAL":
            found.add(str(argument))
        elif operation.name == "STACK_GLOBAL":
            found.add(" ".join(strings[-2:]))
        elif isinstance(argument, bytes) and argument.startswith(b"\x80") and argument[8:9] != b"{":  # no model file
            found |= names_in(argument)
    return found


def dump_joblib(auto: Any) -> bytes:
    joblib.dump(auto, buffer := io.BytesIO())
    return buffer.getvalue()


DUMPS: dict[str, Callable[[Any], bytes]] = {
    "pickle": pickle.dumps,
    "cloudpickle": cloudpickle.dumps,
    "joblib": dump_joblib,
}
CHANGES: list[dict[str, Any]] = [
    {"preset": "tiny_cs"},
    {"preset": "medium_cs", "cross_validator": 3, "ensemble_size": 5, "tree_ensembles": True},
    {"preset": "full_cs", "refit_on_all_rows": True},
]


@pytest.mark.parametrize(
    ("cls", "changes", "brand"),
    [
        *((AutoNetClassification, CHANGES[0], brand) for brand in DUMPS),
        *((AutoNetRegression, changes, "pickle") for changes in CHANGES),
        (AutoNetClassification, CHANGES[1], "joblib"),
    ],
)
def test_a_pickle_holds_a_model_file_with_history(
    cls: Any, changes: dict[str, Any], brand: str, quick: dict[str, Any], tmp_path: Path
) -> None:
    X = mixed_table()
    y = X["town"] if cls is AutoNetClassification else X["size"].fillna(0)
    auto = cls(**{**quick, **changes}).fit(X, y)
    data = DUMPS[brand](auto)
    assert names_in(data) <= NAMED
    again = joblib.load(io.BytesIO(data)) if brand == "joblib" else pickle.loads(data)
    np.testing.assert_array_equal(again.predict(X), auto.predict(X))
    if cls is AutoNetClassification:
        np.testing.assert_array_equal(again.predict_proba(X), auto.predict_proba(X))
        assert again.classes_.dtype == auto.classes_.dtype
    assert again.history_.to_dicts() == auto.history_.to_dicts()
    assert [trial.seed for trial in again.history_] == [trial.seed for trial in auto.history_]
    assert again.search_space_ == auto.search_space_
    assert (again.best_config_, again.fit_result) == (auto.best_config_, auto.fit_result)
    assert again.get_params() == auto.get_params()
    assert repr(again) == repr(auto)
    assert again.get_hyperparameter_search_space() == auto.search_space_
    assert list(again.feature_names_in_) == list(X.columns)
    assert DUMPS[brand](again) == DUMPS[brand](auto) == data
    save(auto, tmp_path / "a.autonet", with_history=True)
    assert len(data) < (tmp_path / "a.autonet").stat().st_size + 2000


def test_what_the_user_has_set_is_kept(iris: Any, quick: dict[str, Any], tmp_path: Path) -> None:
    auto = AutoNetClassification("tiny_cs", **quick).set_output(transform="pandas").fit(iris[0], iris[1] > 1)
    auto.note, auto.threshold_ = "mine", 0.25
    again = pickle.loads(pickle.dumps(auto))
    assert (again.note, again.threshold_) == ("mine", 0.25)
    assert isinstance(again.transform(iris[0]), pd.DataFrame)
    assert not hasattr(pickle.loads(pickle.dumps(clone(auto))), "model_")
    auto.save(tmp_path / "a.autonet")
    loaded = pickle.loads(pickle.dumps(autonet.load(tmp_path / "a.autonet")))  # without history
    assert not hasattr(loaded, "history_")
    np.testing.assert_array_equal(loaded.predict_proba(iris[0]), auto.predict_proba(iris[0]))
    with_history = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(auto))))
    assert len(with_history.history_) == 3


class Holding:
    """A callback that knows the estimator that it is a parameter of."""

    auto: Any = None

    def on_trial_end(self, estimator: Any, trial: Any) -> None: ...


def test_attributes_may_refer_to_the_estimator(iris: Any, quick: dict[str, Any]) -> None:
    holding = Holding()
    with sklearn.config_context(enable_metadata_routing=True):
        auto = AutoNetClassification("tiny_cs", **quick, callbacks=[holding]).set_fit_request(sample_weight=True)
        holding.auto = auto
        auto.fit(*iris)
    for again in (pickle.loads(pickle.dumps(auto)), pickle.loads(dump_joblib(auto)), deepcopy(auto)):
        assert again.callbacks[0].auto is again
        assert again.get_metadata_routing().consumes("fit", ["sample_weight"])
        np.testing.assert_array_equal(again.predict_proba(iris[0]), auto.predict_proba(iris[0]))
    assert not hasattr(clone(auto), "model_")


class Color(Enum):
    RED, BLUE = "red", "blue"


def rectified(n_in: int, n_out: int) -> nn.Module:
    return nn.Sequential(nn.Linear(n_in, n_out), nn.ReLU())


def test_what_a_model_file_cannot_hold_is_pickled_as_objects(iris: Any, quick: dict[str, Any]) -> None:
    X, y = iris
    register_network("mine", perceptron)
    of_another = AutoNetClassification("tiny_cs", **quick, networks=["mine"], baseline=False).fit(X, y)
    register_network("mine", rectified, overwrite=True)  # of equal weights
    labels = np.array([Color.RED, Color.BLUE, Color.RED])[y]
    exotic = pd.DataFrame({"x": pd.Categorical([(1, Color.RED)] * 75 + [(2, Color.BLUE)] * 75), "z": X[:, 0]})
    of_colors = AutoNetClassification("tiny_cs", **quick).fit(exotic, labels == Color.RED)
    for auto, rows in ((of_another, X), (of_colors, exotic)):
        data = pickle.dumps(auto)
        assert "autonet.models.model FittedModel" in names_in(data)
        again = pickle.loads(data)
        np.testing.assert_array_equal(again.predict_proba(rows), auto.predict_proba(rows))
        assert len(again.history_) == 3


def test_a_network_of_one_fit_is_in_the_pickle(iris: Any, quick: dict[str, Any]) -> None:
    register_network("mine", deep)
    auto = AutoNetClassification("tiny_cs", **quick, baseline=False, networks=["shapedresnet"])
    auto.fit(*iris, networks=["mine"])
    data, expected = pickle.dumps(auto), auto.predict_proba(iris[0])
    assert names_in(data) - NAMED == {"tests.nets.networks deep"}
    register_network("mine", perceptron, overwrite=True)
    np.testing.assert_array_equal(pickle.loads(data).predict_proba(iris[0]), expected)
    again = pickle.loads(pickle.dumps(auto))  # whose weights fit no perceptron
    np.testing.assert_array_equal(again.predict_proba(iris[0]), expected)
    unregister_network("mine")
    np.testing.assert_array_equal(pickle.loads(data).predict_proba(iris[0]), expected)


def test_a_damaged_pickle_is_refused(iris: Any, quick: dict[str, Any]) -> None:
    auto = AutoNetClassification("tiny_cs", **quick).fit(*iris)
    data, (_, (_, fitted, _)) = pickle.dumps(auto), auto.__reduce__()
    end = data.index(fitted) + len(fitted)
    refusal = "The pickled estimator cannot be loaded: its (checksum is wrong|description is damaged)"
    for position in range(end - 8000, end, 1000):
        with pytest.raises(InvalidModelFile, match=refusal):
            pickle.loads(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])


def test_there_is_a_file_of_this_version() -> None:
    assert {f"format{FORMAT}.pickle", f"format{FORMAT}.autonet"} <= {path.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_of_earlier_versions_open(path: Path) -> None:
    X = table()[0]
    assert path.stat().st_size < 50_000
    auto = pickle.loads(path.read_bytes()) if path.suffix == ".pickle" else autonet.load(path)
    expected = json.loads(path.with_suffix(".json").read_text())
    np.testing.assert_allclose(auto.predict_proba(X), expected["probabilities"], atol=1e-6)
    assert auto.threshold_ == expected["threshold"]
    assert auto.best_config_ == expected["best_config"]
    assert auto.set_params(log_level="info").get_params().keys() == AutoNetClassification().get_params().keys()
    if path.suffix == ".pickle":
        assert [dict(trial.config) for trial in auto.history_] == expected["trials"]
        assert sorted(auto.search_space_) == expected["space"]


def test_parameters_of_earlier_and_later_versions() -> None:
    auto = AutoNetClassification(max_trials=3)
    vars(auto)["refit"] = vars(auto).pop("refit_on_all_rows")  # as it was called
    vars(auto).pop("callbacks")  # as if there were none then
    again = pickle.loads(pickle.dumps(auto, protocol=4))
    assert again.get_params() == AutoNetClassification(max_trials=3).get_params()

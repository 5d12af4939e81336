"""Networks, metrics and splitters of users: to worker processes, into pickles, and under which names."""

import pickle
import subprocess
import sys
import textwrap
from copy import copy, deepcopy
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pytest
from sklearn.base import clone

from autonet import AutoNetClassification, register_network, unregister_network
from autonet.nets.registry import NETWORKS
from tests.nets.networks import deep, perceptron

pytestmark = pytest.mark.usefixtures("own_networks")

# Read by Python from standard input: nothing of it can be imported by another process.
SCRIPT = """
    import sys
    import joblib, numpy as np, pickle
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

    register_network("wide", Wide, space)
    register_network("layers", lambda n_in, n_out: nn.Sequential(nn.Linear(n_in, 32), nn.Linear(32, n_out)))
    X = np.random.default_rng(0).normal(size=(90, 2))
    y = ((X[:, 0] > 0) ^ (X[:, 1] > 0)).astype(int)
    auto = AutoNetClassification(
        "tiny_cs", networks=["wide", "layers"], n_jobs=2, optimize_metric=hits, cross_validator=Thirds(),
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

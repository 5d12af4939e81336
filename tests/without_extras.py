"""The installed package without its extras: fits, predicts, and names the extra where one is missing.

A program of its own, for an environment without pytest: ``make test-wheel``.
"""

import importlib.util
import warnings

from sklearn.datasets import load_diabetes, load_iris

import autonet
from autonet.cli.tables import read_table
from autonet.core.errors import MissingPackage
from autonet.inspection import TrajectoryDisplay
from autonet.search import minimize

EXTRAS = (
    "cmaes",
    "pandas",
    "matplotlib",
    "distributed",
    "pygraphviz",
    "polars",
    "pyarrow",
    "optuna",
    "tensorboard",
    "imblearn",
    "pytest",
)


def main() -> None:
    installed = [name for name in EXTRAS if importlib.util.find_spec(name)]
    assert not installed, f"this environment has {installed}; it should have the package without extras"

    options = {"max_trials": 2, "budget_type": "epochs", "max_budget": 9, "random_state": 0}
    for estimator, data in (
        (autonet.AutoNetClassification("tiny_cs", **options), load_iris(return_X_y=True)),
        (autonet.AutoNetRegression("medium_cs", **options, tree_ensembles=True), load_diabetes(return_X_y=True)),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # two configurations may well be beaten by the baseline
            score = estimator.fit(*data).score(*data)
        assert score > 0.3, score
        assert estimator.predict(data[0][:3]).shape == (3,)
        print(f"{type(estimator).__name__}: {score:.3f}")
        print(estimator.leaderboard(*data)[:3], estimator.evaluate(*data)[:1], estimator.summary()[:1], sep="\n")

    study = minimize(lambda trial: trial["x"] ** 2, {"x": (-1.0, 1.0)}, max_trials=4, n_jobs=2)
    estimator_with_smote = autonet.AutoNetClassification("tiny_cs", over_sampling_methods=["smote"])
    sentences = (
        ("plot", study.trials_dataframe),
        ("plot", lambda: TrajectoryDisplay.from_study(study)),
        ("report", lambda: estimator.report("report.html")),
        ("cmaes", lambda: minimize(abs, {"x": (-1.0, 1.0)}, sampler="cmaes", max_trials=4)),
        ("optuna", study.to_optuna),
        ("tensorboard", lambda: study.to_tensorboard("events")),
        ("parquet", lambda: read_table("rows.parquet")),
        ("imbalanced", estimator_with_smote.get_hyperparameter_search_space),
        ("dask", lambda: importlib.import_module("autonet.search.executors.dask")),
    )
    for extra, call in sentences:
        sentence = ""
        try:
            call()
        except MissingPackage as error:
            sentence = str(error)
        assert sentence.endswith(f'pip install "autonet-torch[{extra}]"'), (extra, sentence)
        print(sentence)
    print("10 passed, 0 failed")


if __name__ == "__main__":
    main()

"""
The workflow of AIQC
====================

Splits and folds, eight combinations with two repeats each, scores of every split and fold, charts, a run that continues
after a crash, and predictions later with a check of the columns.
"""

from pathlib import Path

import pandas as pd
from sklearn.datasets import load_iris
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split

from autonet import AutoNetClassification, load
from autonet.core.errors import InvalidData
from autonet.search import RunningTrial, Study

NETWORK, BATCH = "NetworkSelector:shapedmlpnet:max_units", "CreateDataLoader:batch_size"


def main(epochs: tuple[int, ...] = (30, 60), folder: Path = Path("iris")) -> Study:
    iris = load_iris(as_frame=True)
    species = pd.Series(iris.target_names[iris.target], name="species")
    parts = train_test_split(iris.data, species, test_size=0.22, stratify=species, random_state=0)
    X_train, X_test, y_train, y_test = parts
    options = {"networks": ["shapedmlpnet"], "budget_type": "epochs", "cross_validator_args": {"n_splits": 3}}
    auto = AutoNetClassification("full_cs", **options)

    def train(trial: RunningTrial) -> dict[str, float]:
        auto.set_params(random_state=trial.seed).refit(
            X_train, y_train, {NETWORK: trial[NETWORK], BATCH: trial[BATCH]}, trial["epochs"]
        )
        folds = {f"fold_{i}": auto.cv_results_[f"split{i}_test_score"][0] for i in range(3)}
        scores = {"train": auto.score(X_train, y_train), "test": auto.score(X_test, y_test), **folds}
        return {"value": auto.best_score_, **scores}

    space = {NETWORK: [32, 64], BATCH: [32, 64], "epochs": list(epochs)}
    with Study(space, direction="maximize", sampler="grid", run_dir=folder / "run") as study:
        print(study.optimize(train, repeats=2).aggregate())
    best = study.best.config
    auto.refit(X_train, y_train, {NETWORK: best[NETWORK], BATCH: best[BATCH]}, best["epochs"])
    auto.save(folder / "iris.autonet")
    ConfusionMatrixDisplay.from_estimator(auto, X_test, y_test)
    try:
        load(folder / "iris.autonet").predict(X_test.drop(columns="petal width (cm)"))
    except InvalidData as error:
        print(error)
    return study


if __name__ == "__main__":
    main()

# sphinx_gallery_thumbnail_path = "_static/thumbnails/grid.png"

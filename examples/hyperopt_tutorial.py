"""The tutorial of Hyperopt
========================

A parabola, a space with conditions, and three classifiers of iris: ``python examples/hyperopt_tutorial.py``.
"""

from sklearn.datasets import load_iris
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from autonet.search import RunningTrial, Study, cv_objective, maximize, minimize
from autonet.search.spaces.priors import NormalHyperparameter


def parabola(max_trials: int = 100, random_state: int = 0) -> Study:
    """hp.uniform('x', -10, 10)"""
    study = Study({"x": (-10.0, 10.0)}, random_state=random_state)
    study.enqueue({"x": 0.0})  # points_to_evaluate
    return study.optimize(lambda trial: (trial["x"] - 3) ** 2, max_trials=max_trials)


def two_cases(max_trials: int = 100, random_state: int = 0) -> Study:
    """hp.choice('a', [('case 1', 1 + hp.lognormal('c1', 0, 1)), ('case 2', hp.uniform('c2', -10, 10))])"""
    space = {
        "a": {
            "case 1": {"c1": NormalHyperparameter("c1", 0, 1, log=True)},
            "case 2": {"c2": (-10.0, 10.0)},
        }
    }

    def objective(trial: RunningTrial) -> float:
        if trial["a"] == "case 1":
            return 1 + trial["a:case 1:c1"]
        return trial["a:case 2:c2"] ** 2

    return minimize(objective, space, max_trials=max_trials, random_state=random_state)


def classifiers_of_iris(max_trials: int = 100, random_state: int = 0) -> dict[str, Study]:
    """The best hyperparameters by cross-validation; what is printed is what was used, not an index of it."""
    X, y = load_iris(return_X_y=True)
    estimators = {
        "KNN": (KNeighborsClassifier(), {"n_neighbors": (1, 49)}),
        "SVC": (
            SVC(),
            {"C": (1e-3, 20.0), "gamma": (1e-3, 20.0), "kernel": ["linear", "sigmoid", "poly", "rbf"]},
        ),
        "decision tree": (
            DecisionTreeClassifier(random_state=0),
            {"max_depth": (1, 19), "max_features": (1, 4), "criterion": ["gini", "entropy"]},
        ),
    }
    return {
        name: maximize(cv_objective(estimator, X, y), space, max_trials=max_trials, random_state=random_state)
        for name, (estimator, space) in estimators.items()
    }


def main(max_trials: int = 100) -> None:
    for name, study in {"parabola": parabola(max_trials), "two cases": two_cases(max_trials)}.items():
        print(f"{name}: {study.best}")
    for name, study in classifiers_of_iris(max_trials).items():
        print(f"{name} on iris: {study.best}")


if __name__ == "__main__":
    main()

# sphinx_gallery_thumbnail_path = "_static/thumbnails/parabola.png"

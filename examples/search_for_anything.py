"""
Search for anything
===================

A ``Study`` searches the hyperparameters of an estimator of scikit-learn, and the arguments of any function.
"""

import math

from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from autonet.inspection import LearningCurvesDisplay, SliceDisplay
from autonet.search import RunningTrial, Study, cv_objective

# %%
# An estimator or a pipeline of scikit-learn, by its cross-validated score. Names are those of ``set_params``.
X, y = load_breast_cancer(return_X_y=True)
pipeline = Pipeline([("scale", StandardScaler()), ("knn", KNeighborsClassifier())])
space = {"knn__n_neighbors": (1, 60), "knn__weights": ["uniform", "distance"]}
study = Study(space, direction="maximize", random_state=0)
study.optimize(cv_objective(pipeline, X, y), max_trials=25)
print(f"{study.best.value:.3f} with {study.best.config}")
SliceDisplay.from_study(study)

# %%
# Budgets: most forests are tried with three trees, the best third of them with nine, and so on.
forest = cv_objective(RandomForestClassifier(), X, y, cv=3, budget="n_estimators")
space = {"max_features": (1, 30), "min_samples_leaf": (1, 20)}
study = Study(space, direction="maximize", min_budget=3, max_budget=27, random_state=0)
study.optimize(forest, max_trials=15)
print(f"{study.best.value:.3f} with {study.best.config}")


# %%
# A custom function. It may ask for its hyperparameters as it runs, resume from a checkpoint when it is promoted,
# and fail: a failure is counted, and the search continues.
def descend(trial: RunningTrial) -> float:
    """Return the height that gradient descent reaches in a wavy valley."""
    rate = trial.suggest_float("rate", 1e-3, 1.0, log=True)
    momentum = trial.suggest_float("momentum", 0.0, 0.99)
    step, x, speed = trial.checkpoint.load() or (0, 8.0, 0.0)
    while step < trial.budget:
        speed = momentum * speed - rate * (2 * x + 6 * math.cos(3 * x))
        step, x = step + 1, x + speed
    trial.checkpoint.save((step, x, speed))
    return x**2 + 2 * math.sin(3 * x)


study = Study(min_budget=3, max_budget=81, random_state=0).optimize(descend, max_trials=40)
print(f"{study.best.value:.3f} with {study.best.config}")
LearningCurvesDisplay.from_study(study)

"""Optuna's interface to the search: ``import autonet.search.optuna as optuna`` runs code for one objective unchanged.

It translates names, defaults and results, and searches with `autonet.search`.  Optuna is imported for plots only.

>>> import autonet.search.optuna as optuna
>>> study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
>>> study.optimize(lambda trial: (trial.suggest_float("x", -10, 10) - 2) ** 2, n_trials=5)
>>> len(study.trials), study.trials[0].state.name
(5, 'COMPLETE')
"""

from autonet.search.optuna import distributions as distributions
from autonet.search.optuna import exceptions as exceptions
from autonet.search.optuna import importance as importance
from autonet.search.optuna import integration as integration
from autonet.search.optuna import logging as logging
from autonet.search.optuna import pruners as pruners
from autonet.search.optuna import samplers as samplers
from autonet.search.optuna import storages as storages
from autonet.search.optuna import study as study
from autonet.search.optuna import trial as trial
from autonet.search.optuna import visualization as visualization
from autonet.search.optuna.exceptions import TrialPruned as TrialPruned
from autonet.search.optuna.exceptions import make_refusal
from autonet.search.optuna.study import Study as Study
from autonet.search.optuna.study import create_study as create_study
from autonet.search.optuna.study import delete_study as delete_study
from autonet.search.optuna.study import get_all_study_names as get_all_study_names
from autonet.search.optuna.study import get_all_study_summaries as get_all_study_summaries
from autonet.search.optuna.study import load_study as load_study
from autonet.search.optuna.trial import Trial as Trial
from autonet.search.optuna.trial import create_trial as create_trial

__all__ = [
    "Study",
    "Trial",
    "TrialPruned",
    "create_study",
    "create_trial",
    "delete_study",
    "distributions",
    "exceptions",
    "get_all_study_names",
    "get_all_study_summaries",
    "importance",
    "integration",
    "load_study",
    "logging",
    "pruners",
    "samplers",
    "storages",
    "study",
    "trial",
    "visualization",
]

__getattr__ = make_refusal("optuna", __all__)

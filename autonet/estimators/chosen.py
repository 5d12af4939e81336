"""Configurations that the user chooses: those that `refit` trains instead of a search."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ConfigSpace import ConfigurationSpace

from autonet.core.errors import InvalidOption, UnknownName
from autonet.core.task import Task
from autonet.core.validation import is_integer, is_real
from autonet.estimators.autopytorch.keywords import translate_options
from autonet.estimators.autopytorch.option_files import collect_options
from autonet.estimators.options import Options, check_budget
from autonet.models.network import LINEAR_CONFIG
from autonet.search.spaces.encoding import Encoding
from autonet.search.spaces.space import complete_config

if TYPE_CHECKING:
    from autonet.estimators.base import AutoNet

__all__ = ["Chosen", "choose_configuration", "complete_configs"]

# Options about searches and ensembles, which a refit does without.
WITHOUT_SEARCH: Mapping[str, Any] = {
    "max_trials": 1,
    "num_iterations": None,
    "ensemble_size": 1,
    "tree_ensembles": False,
    "algorithm": "bohb",
    "min_budget_for_cv": None,
    "initial_configs": None,
    "n_jobs": 1,
    "run_dir": None,
    "warm_start": False,
}


@dataclass(frozen=True)
class Chosen:
    """The only configurations of a fit, mostly one.

    Attributes
    ----------
    config : mapping of str to Any
        Hyperparameters; others have their defaults.
    space : ConfigurationSpace or None
        A space that has it; default: the space of the options.
    task : Task or None
        Task that it was found for.
    others : tuple of mapping
        Further configurations, for an ensemble.
    """

    config: Mapping[str, Any]
    space: ConfigurationSpace | None = None
    task: Task | None = None
    others: tuple[Mapping[str, Any], ...] = ()

    @property
    def configs(self) -> list[Mapping[str, Any]]:
        """All configurations."""
        return [self.config, *self.others]

    @property
    def is_linear(self) -> bool:
        """Whether it is the linear baseline alone."""
        return self.has_linear and not self.others

    @property
    def has_linear(self) -> bool:
        """Whether the linear baseline is among them."""
        return any(dict(config) == LINEAR_CONFIG for config in self.configs)

    def check(self, task: Task) -> None:
        """Refuse a configuration that was found for another kind of task.

        Raises
        ------
        InvalidOption
        """
        if self.task is not None and self.task.title != task.title and not self.is_linear:
            raise InvalidOption(
                f"best_config_ is of a {self.task.title} fit, and y is for {task.title}; pass "
                "hyperparameter_config={} for the default configuration, or another one."
            )

    def complete(self, encoding: Encoding) -> list[dict[str, Any]]:
        """Return the configurations with the defaults of a space; the linear baseline, which has no space, is left out.

        Raises
        ------
        InvalidOption
            If one is not in the space.
        """
        return complete_configs(self.configs, encoding)


def complete_configs(configs: Iterable[Mapping[str, Any]], encoding: Encoding) -> list[dict[str, Any]]:
    """Return configurations with the defaults of a space; the linear baseline, which has no space, is left out.

    Raises
    ------
    InvalidOption
        If one is not in the space.
    """
    return [_complete(config, encoding) for config in configs if dict(config) != LINEAR_CONFIG]


def _complete(config: Mapping[str, Any], encoding: Encoding) -> dict[str, Any]:
    for name in config:
        if name not in encoding.space:
            unknown = UnknownName("hyperparameter", name, encoding.space)
            unknown.hint = "" if unknown.nearest else "one of get_hyperparameter_search_space()"
            raise unknown
    completed = complete_config(encoding, config)
    exact = {name for name, value in completed.items() if isinstance(value, float) and name not in config}
    return completed | {name: float(encoding.space[name].default_value) for name in exact}


def choose_configuration(
    estimator: "AutoNet", config: Any, budget: Any, overrides: Mapping[str, Any], ensemble_configs: Any = None
) -> tuple[Chosen, dict[str, Any]]:
    """Return the configurations of a refit, and the options that train them without a search.

    Parameters
    ----------
    estimator : AutoNet
        Fitted or not.
    config : mapping of str to Any, or int, optional
        Also the number of a trial.  Default: the best configuration, or the default one if the estimator is not fitted.
    budget : float, optional
        Default: that of the best network, or `max_budget`.
    overrides : mapping
        Options of this fit only.
    ensemble_configs : mapping of str to mapping, optional
        Configurations of an ensemble, instead of `config`.

    Raises
    ------
    InvalidOption
    """
    if is_integer(config):
        config = _find_trial(estimator, int(config))
    if config is not None and not (isinstance(config, Mapping) and all(isinstance(name, str) for name in config)):
        raise InvalidOption(
            "hyperparameter_config must be a mapping of names to values, the number of a trial, or None; got "
            f"{config!r:.60}."
        )
    kind = estimator._options()  # noqa: SLF001
    if ensemble_configs is not None:
        chosen = _choose_ensemble(config, ensemble_configs)
    elif config is not None or not hasattr(estimator, "model_"):
        chosen = Chosen(kind.translate_config(config or {}))
    else:
        space = getattr(estimator, "search_space_", None)  # a loaded model may have none
        chosen = Chosen(estimator.best_config_, space, estimator.model_.best[0].task)
    params = {name: getattr(estimator, name) for name in kind.names()}
    given = {**translate_options(overrides, kind.names()), "baseline": chosen.has_linear}
    known = kind.names()
    keywords = {**given, **{name: value for name, value in WITHOUT_SEARCH.items() if name in known}}
    if chosen.others:
        size = max(kind.resolve(collect_options(params, given, kind)).max_networks, len(chosen.configs))
        keywords |= {"max_trials": len(chosen.configs), "ensemble_size": size}
    options = kind.resolve(collect_options(params, keywords, kind))
    if options.refit_on_all_rows == "auto" and options.max_networks == 1:
        keywords["refit_on_all_rows"] = False  # the budget is the training that was asked for
    budget = _find_budget(estimator, options) if budget is None else budget
    _check_budget(budget, options)
    return chosen, {**keywords, "min_budget": budget, "max_budget": budget}


def _find_trial(estimator: "AutoNet", number: int) -> Mapping[str, Any]:
    """Return the configuration of a trial of the last fit."""
    history = estimator.history_
    if not 0 <= number < len(history):
        raise InvalidOption(
            f"hyperparameter_config is {number}, but the trials of the last fit have numbers from 0 to "
            f"{len(history) - 1}."
        )
    return history.trials[number].config


def _choose_ensemble(config: Any, ensemble_configs: Any) -> Chosen:
    """Return the configurations of an ensemble."""
    if config is not None:
        raise InvalidOption("hyperparameter_config and ensemble_configs are both given; pass one of them.")
    configs = list(ensemble_configs.values()) if isinstance(ensemble_configs, Mapping) else []
    if not configs or not all(isinstance(each, Mapping) for each in configs):
        raise InvalidOption(
            "ensemble_configs must map names to configurations, as fit_result['ensemble_configs'], or be None; got "
            f"{ensemble_configs!r:.60}."
        )
    return Chosen(configs[0], others=tuple(configs[1:]))


def _find_budget(estimator: "AutoNet", options: Options) -> float:
    """Return the budget of the best network, if it has the unit of the options, or the highest budget."""
    highest = options.plan_time().rungs(0.0).top
    if not hasattr(estimator, "model_"):
        return highest
    history = getattr(estimator, "history_", None)
    unit = estimator.budget_type if history is None else history.rungs.unit
    budget: float = estimator.fit_result_["budget"] if unit == options.unit else 0.0
    return budget or highest


def _check_budget(budget: Any, options: Options) -> None:
    unit, runtime = options.unit, options.max_runtime
    if not (is_real(budget) and 0 < budget < float("inf")):
        raise InvalidOption(f"budget must be a finite number greater than 0, or None; got {budget!r:.60}.")
    check_budget("budget", budget, unit)
    if unit == "time" and runtime is not None and budget > runtime:
        raise InvalidOption(
            f"budget must not exceed max_runtime; got budget={budget:g} and max_runtime={runtime:g} seconds."
        )

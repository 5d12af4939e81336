"""The options of a fit: parameters of the estimator under those of the call, resolved against the preset."""

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from ConfigSpace import ConfigurationSpace
from sklearn.utils import check_random_state

from autonet.core.component import ComponentList, CustomComponents, Node
from autonet.core.cores import in_daemon
from autonet.core.errors import InvalidOption
from autonet.core.modality import Modality
from autonet.core.task import Task, TaskKind
from autonet.core.validation import check_choice
from autonet.estimators.autopytorch.keywords import RENAMED_OPTIONS, count_bracket_trials
from autonet.estimators.params import Params
from autonet.estimators.time_plan import DEFAULT_RUNTIME, WORKER_IMPORTS, TimePlan
from autonet.metrics.measures import PINBALL
from autonet.metrics.metric import METRICS
from autonet.pipeline.components import adopt, find_node, list_makers, name_component
from autonet.pipeline.selection import EnsembleLimits
from autonet.pipeline.tabular import NODES, TABLES
from autonet.search.executors.adopt import adopt_executor
from autonet.search.executors.base import Executor
from autonet.search.executors.starting import check_memory_limit
from autonet.search.rungs import Rungs, Unit
from autonet.search.spaces.encoding import Encoding
from autonet.space.build import build_space, log_idle_updates
from autonet.space.portfolio import fit_portfolio
from autonet.space.presets import Preset, load_preset
from autonet.space.resampling import check_resampling, update_resampling
from autonet.space.shorthand import read_shorthand
from autonet.space.updates import HyperparameterSearchSpaceUpdate, parse_hyperparameter_search_space_updates

__all__ = ["Options", "check_budget"]

# Options that presets may set, with their values if a preset does not.
PRESET_OPTIONS = {
    "cross_validator": "none",
    "cross_validator_args": None,
    "ensemble_size": 1,
    "refit_on_all_rows": False,
    "tree_ensembles": False,
    "n_jobs": 1,
}


@dataclass(frozen=True)
class Options(Params):
    """Parameters of a fit, checked, with what follows from them."""

    modality: ClassVar[Modality] = TABLES

    @classmethod
    def resolve(cls, values: Mapping[str, Any]) -> Self:
        """Check everything that can be checked without data, and fill in what is left to the preset.

        Raises
        ------
        InvalidOption
            If a value cannot work.
        UnknownName
            If a name does not exist.
        """
        options = cls(**values)
        options.check()
        preset = options.load_preset(Task("classification"))
        chosen = {RENAMED_OPTIONS.get(name, name): value for name, value in preset.options.items()}
        for name in chosen:
            check_choice(f"option in preset {preset.name}", name, PRESET_OPTIONS)
        if options.cross_validator is not None:  # arguments belong to the choice of the preset
            chosen.pop("cross_validator_args", None)
        if options.executor is not None:  # which knows how many
            chosen["n_jobs"] = "auto"
        left = {k: v for k, v in {**PRESET_OPTIONS, **chosen}.items() if getattr(options, k) is None}
        if options.ensemble_size == 1 and options.tree_ensembles is None:
            left["tree_ensembles"] = False
        if options.validation_split == 0:
            left |= options._train_on_all_rows()
        options = replace(options, **left)
        options.check()
        return options

    def _train_on_all_rows(self) -> dict[str, Any]:
        """Return the options that ``validation_split=0`` stands for."""
        if self.refit_on_all_rows is False:
            raise InvalidOption(
                "validation_split=0 trains the final model on all rows, and refit_on_all_rows=False does not; remove "
                "one of them."
            )
        return {"validation_split": None, "refit_on_all_rows": True}

    def check(self) -> None:
        """Check everything that can be checked without data."""
        self.check_each()
        self._check_budgets()
        if self.memory_limit_mb is not None:
            self._check_memory_limit()
        if self.tree_ensembles and self.ensemble_size == 1:
            raise InvalidOption(
                "tree_ensembles=True requires ensemble_size > 1; got 1. Give a larger one, such as ensemble_size=25."
            )

    def _check_budgets(self) -> None:
        if self.min_budget is not None and self.max_budget is not None and self.min_budget > self.max_budget:
            raise InvalidOption(
                f"min_budget must not exceed max_budget; got min_budget={self.min_budget:g} and "
                f"max_budget={self.max_budget:g}."
            )
        timed = self.unit == "time" and self.max_runtime is not None
        for name in ("min_budget", "max_budget"):
            value = getattr(self, name)
            if timed and value is not None and value > self.max_runtime:
                raise InvalidOption(
                    f"{name} must not exceed max_runtime; got {name}={value:g} and max_runtime={self.max_runtime:g} "
                    "seconds."
                )
            if value is not None:
                check_budget(name, value, self.unit)

    @property
    def unit(self) -> Unit:
        """Unit of the budgets; seconds have two names, because only training counts."""
        return "time" if self.budget_type == "training_time" else self.budget_type  # type: ignore[return-value]  # checked

    def _check_memory_limit(self) -> None:
        """Raise where the limit cannot be kept."""
        if self.executor is not None:
            raise InvalidOption(
                "memory_limit_mb cannot be kept by an executor of yours; limit the memory of its workers, or pass "
                "executor=autonet.search.Processes(n_jobs, memory_limit_mb=...)."
            )
        if in_daemon():
            raise InvalidOption(
                "memory_limit_mb requires worker processes, which a daemonic process (a worker of multiprocessing.Pool "
                "or of dask) cannot start; remove it."
            )
        check_memory_limit(self.memory_limit_mb)

    def adopt_executor(self) -> AbstractContextManager[Executor | None]:
        """Return a context manager of the user's executor, wrapped; of None if there is none.

        Raises
        ------
        InvalidOption, MissingPackage
            On entry, if it cannot run trials.
        """
        if self.executor is None:
            return nullcontext()
        n_slots = None if self.n_jobs in ("auto", -1) else int(self.n_jobs or 1)
        return adopt_executor(self.executor, n_slots, WORKER_IMPORTS)

    def list_metrics(self, defaults: Mapping[TaskKind, str], kind: TaskKind) -> list[str | Callable[..., float]]:
        """Return the metric to optimize and those to record."""
        default = PINBALL if self.levels else defaults[kind]
        return [
            default if self.optimize_metric is None else self.optimize_metric,
            *(self.additional_metrics or ()),
        ]

    def build_space(
        self, task: Task, modality: Modality = TABLES, known: Mapping[str, Node[Any]] | None = None
    ) -> ConfigurationSpace:
        """Build the search space: the preset, then options, then the user's updates."""
        nodes = {name: (known or {}).get(name, node) for name, node in modality.nodes.items()}
        preset, chosen = self.load_preset(task), []
        for node, values in self.list_components(nodes).items():
            names = tuple(map(name_component, values))
            chosen.append(HyperparameterSearchSpaceUpdate(node, nodes[node].selector, names))
            if not nodes[node].names(task):
                option = nodes[node].option or node
                raise InvalidOption(f"{option} has no components for {task.kind}; remove it.")
        strategies = self.target_size_strategies
        chosen += update_resampling(self.over_sampling_methods, self.under_sampling_methods, strategies, task, nodes)
        edits = self.list_updates()
        if modality is not self.modality:  # of the user's own; what presets say of training holds for all data
            preset = preset.restrict([name for name in nodes if modality.nodes[name] is NODES.get(name)])
        excluded = {
            find_node(key, nodes, "key of exclude").name: names
            for key, names in (self.exclude or {}).items()
            if names is not None
        }
        space = build_space(task, preset.components, [*preset.updates, *chosen, *edits], nodes, excluded)
        check_resampling(space, strategies)
        log_idle_updates(space, edits)
        return space

    def list_updates(self) -> list[HyperparameterSearchSpaceUpdate]:
        """Return the user's updates of the search space, in order."""
        updates = self.hyperparameter_search_space_updates
        if isinstance(updates, str | Path):
            updates = parse_hyperparameter_search_space_updates(updates)
        return [*(updates or ()), *read_shorthand(self.search_space or {})]

    @staticmethod
    def translate_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a configuration of the user's under the names of autonet; default: as it is."""
        return config

    @classmethod
    def node_of_option(cls) -> dict[str, str]:
        """Return the nodes whose components options choose, by option."""
        return {node.option: node.name for node in cls.modality.nodes.values() if node.option}

    def list_components(self, nodes: Mapping[str, Node[Any]]) -> dict[str, ComponentList]:
        """Return the components that options and `include` choose, by node."""
        chosen: dict[str, ComponentList] = {}
        for option, node in self.node_of_option().items():
            if getattr(self, option) is not None:
                if node not in nodes:
                    raise InvalidOption(f"{option} has no components for this kind of data; remove it.")
                chosen[node] = getattr(self, option)
        include: Mapping[str, ComponentList | None] = self.include or {}
        for key, values in include.items():
            found = find_node(key, nodes, "key of include")
            if values is None:
                continue
            if found.name in chosen:
                raise InvalidOption(
                    f"include[{key!r}] and the option {found.option} choose at {found.name}; give one of them."
                )
            chosen[found.name] = values
        return chosen

    def adopt_classes(self, nodes: Mapping[str, Node[Any]]) -> CustomComponents:
        """Make components of the classes and functions in options, each after a try; by node and name."""
        chosen = self.list_components({name: nodes[name] for name in nodes if name != METRICS.name})
        return adopt(nodes, chosen, list_makers(self.modality))

    @property
    def first_configs(self) -> list[Mapping[str, Any]]:
        """Configurations of the user's to try first."""
        return list(map(self.translate_config, self.initial_configs or ()))

    @property
    def reading(self) -> dict[str, Any]:
        """Options of the modality's `read`."""
        return {"categorical_features": self.categorical_features}

    @property
    def levels(self) -> tuple[float, ...]:
        """Levels of the quantiles to predict; empty for means."""
        return () if self.quantiles is None else tuple(np.atleast_1d(self.quantiles).astype(float).tolist())

    def read_initial_weights(self) -> Mapping[str, torch.Tensor] | None:
        """Return the weights that networks begin with; default: None, they are drawn."""
        return None

    def load_preset(self, task: Task) -> Preset:
        """Read the preset for a task."""
        return load_preset(self.preset, task, self.modality.presets)  # type: ignore[arg-type]  # `collect_options` took dictionaries apart

    def load_portfolio(self, task: Task, encoding: Encoding) -> list[dict[str, Any]]:
        """Return the configurations of the preset to try first, fitted into the space."""
        return fit_portfolio(encoding, self.load_preset(task).portfolio)

    def plan_time(self) -> TimePlan:
        """Plan the time of a fit that begins now."""
        unlimited = self.max_runtime is None and self.max_trials is None and self.num_iterations is None
        seconds = DEFAULT_RUNTIME if unlimited else self.max_runtime
        return TimePlan(
            runtime=None if seconds is None or math.isinf(seconds) else float(seconds),
            unit=self.unit,
            min_budget=self.min_budget,
            max_budget=self.max_budget,
            eta=self.eta,
            selects=self.max_networks > 1,
            refits=self.refit_on_all_rows is True,
            n_jobs=self.n_jobs,
            refit_share=self.modality.refit.runtime,
            memory_limit_mb=self.memory_limit_mb,
            copies=self.modality.copies or self.resolve_device().type != "cpu",
        )

    def resolve_refit(self, n_folds: int, *, has_valid: bool, n_checked: int) -> Self:
        """Decide whether the final model is trained on all rows.

        "auto": if rows were held out, and there are several networks, or, for a modality that checks refitted networks,
        rows to check them by.  On folds all rows train anyway.

        Parameters
        ----------
        n_folds : int
        has_valid : bool
            Whether the user passed rows to validate on.  They stay unseen: a refit is on the same rows, for longer, and
            they check it.
        n_checked : int
            Number of rows that a refit leaves out, to check the refitted networks by.
        """
        if has_valid and not n_checked:
            refit = False
        elif self.refit_on_all_rows != "auto":
            refit = bool(self.refit_on_all_rows)
        elif n_folds > 1:
            refit = False
        elif self.modality.refit.checked_rows:
            refit = n_checked > 0
        else:
            refit = self.max_networks > 1
        return replace(self, refit_on_all_rows=refit)

    @property
    def wants_refit(self) -> bool:
        """Whether the user, not a preset's "auto", asks for a refit."""
        return self.refit_on_all_rows not in ("auto", False)

    @property
    def continues(self) -> bool:
        """Whether a later fit may continue with the search."""
        return self.run_dir is not None or bool(self.warm_start)

    @property
    def max_networks(self) -> int:
        """Maximum number of networks in the final model."""
        return int(self.ensemble_size or 1)

    @property
    def ensemble_limits(self) -> EnsembleLimits:
        """Numbers that limit the selection of the final model."""
        considered, initial = self.ensemble_only_consider_n_best, self.ensemble_sorted_initialization_n_best
        return EnsembleLimits(self.max_networks, int(considered or 0), int(initial or 1))

    def limit_trials(self, rungs: Rungs) -> int | None:
        """Return the number of configurations to start: of `max_trials`, or of `num_iterations` brackets."""
        if self.num_iterations is None or math.isinf(self.num_iterations):
            return None if self.max_trials is None else int(self.max_trials)
        brackets = count_bracket_trials(self.num_iterations, rungs)
        return brackets if self.max_trials is None else min(int(self.max_trials), brackets)

    def draw_seed(self) -> int:
        """Return the seed of all random numbers."""
        if self.random_state is None:
            return int(torch.randint(2**31, (1,), generator=_seed_generator()).item())
        try:
            state = check_random_state(self.random_state)
        except ValueError as error:
            raise InvalidOption(
                "random_state must be a whole number from 0 to 2**32 - 1, a numpy RandomState or None; "
                f"got {self.random_state!r:.60}."
            ) from error
        return int(self.random_state) if isinstance(self.random_state, Integral) else int(state.randint(2**31))

    def resolve_device(self) -> torch.device:
        """Return the device to train on; ``"auto"`` is a GPU if there is one."""
        if str(self.device) == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            device = torch.device(self.device)
        except (RuntimeError, TypeError):
            device = None
        if device is None or device.type not in ("cpu", "cuda"):
            raise InvalidOption(f"device must be 'auto', 'cpu' or 'cuda'; got {self.device!r:.60}.")
        if device.type == "cuda" and not torch.cuda.is_available():
            raise InvalidOption(f"device={str(self.device)!r}, but torch sees no CUDA GPU; use device='auto' or 'cpu'.")
        return device


def check_budget(name: str, value: float, unit: Unit) -> None:
    """Check a budget for its unit.

    Raises
    ------
    InvalidOption
    """
    if unit == "epochs" and value != int(value):
        raise InvalidOption(f"{name} must be a whole number of epochs; got {value!r}.")
    if unit == "subset" and value > 1:
        raise InvalidOption(f"{name} must be a share of the rows, at most 1, with budget_type='subset'; got {value!r}.")


def _seed_generator() -> torch.Generator:
    generator = torch.Generator()
    generator.seed()
    return generator

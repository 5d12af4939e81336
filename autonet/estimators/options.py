"""The options of the estimators: declared once, checked before anything runs."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ConfigSpace import ConfigurationSpace
from sklearn.utils import check_random_state
from torch import nn

from autonet.core.component import Node
from autonet.core.errors import InvalidOption
from autonet.core.modality import Modality
from autonet.core.task import Task, TaskKind
from autonet.core.validation import check_choice, is_real
from autonet.data.splits.folds import CROSS_VALIDATORS
from autonet.estimators.hints import unknown_option
from autonet.estimators.logs import log_level_number
from autonet.estimators.time_plan import DEFAULT_RUNTIME, TimePlan
from autonet.nets.registry import NETWORKS
from autonet.pipeline.tabular import NODES, TABLES
from autonet.search.rungs import Rungs, Unit
from autonet.search.spaces.encoding import Encoding
from autonet.space.build import build_space
from autonet.space.portfolio import fit_into
from autonet.space.presets import load_preset
from autonet.space.updates import (
    HyperparameterSearchSpaceUpdate,
    HyperparameterSearchSpaceUpdates,
    parse_hyperparameter_search_space_updates,
)

__all__ = ["Options", "renamed"]

# Options of Auto-PyTorch 0.0.2 about its servers and subprocesses: accepted, and ignored with a note in the log.
IGNORED = (
    "use_pynisher",
    "run_id",
    "task_id",
    "network_interface_name",
    "min_workers",
    "working_dir",
    "run_worker_on_master_node",
    "memory_limit_mb",
)
# Options that choose among the components of a node.
BY_OPTION = {node.option: node.name for node in NODES.values() if node.option}
RENAMED = {"config_preset": "preset", "random_seed": "random_state", "X_train": "X", "Y_train": "y"}

# Options that presets may set, and what they are otherwise.
LEFT_TO_PRESETS = {"cross_validator": "none", "ensemble_size": 1, "refit": False, "n_jobs": 1}


@dataclass(frozen=True)
class Options:
    """What the user asked for; the meanings are those of `AutoNetClassification`."""

    preset: str | Path
    max_runtime: float | None
    max_trials: int | None
    num_iterations: int | None
    min_budget: float | None
    max_budget: float | None
    budget_type: Unit
    eta: float
    optimize_metric: str | Callable[..., float] | None
    additional_metrics: Sequence[str | Callable[..., float]] | None
    pos_label: Any
    validation_split: float | None
    shuffle: bool
    cross_validator: Any
    cross_validator_args: Mapping[str, Any] | None
    ensemble_size: int | None
    baseline: bool
    refit: bool | str | None
    traditional_learners: bool
    n_jobs: int | str | None
    categorical_features: Sequence[Any] | None
    class_weight: Mapping[Any, float] | str | None
    hyperparameter_search_space_updates: HyperparameterSearchSpaceUpdates | str | Path | None
    networks: Sequence[str] | None
    optimizer: Sequence[str] | None
    lr_scheduler: Sequence[str] | None
    preprocessors: Sequence[str] | None
    normalization_strategies: Sequence[str] | None
    imputation_strategies: Sequence[str] | None
    embeddings: Sequence[str] | None
    numeric_embeddings: Sequence[str] | None
    target_transforms: Sequence[str] | None
    initialization_methods: Sequence[str] | None
    loss_modules: Sequence[str] | None
    batch_loss_computation_techniques: Sequence[str] | None
    device: str | torch.device
    random_state: Any
    log_level: str | int | None
    progress_bar: bool | str

    @classmethod
    def names(cls) -> list[str]:
        """Names of all options."""
        return [field.name for field in fields(cls)]

    @classmethod
    def checked(cls, values: Mapping[str, Any], overrides: Mapping[str, Any]) -> "Options":
        """Put overrides over values and check everything that can be checked without data.

        Raises
        ------
        UnknownName
            If an override is no option; names the nearest ones.
        InvalidOption
            If a value cannot work; says what came and what was expected.
        """
        for name in overrides:
            check_choice("option", name, cls.names())
        options = cls(**{**values, **overrides})
        options.check()
        preset = load_preset(options.preset, Task("classification"))
        for name in preset.options:
            check_choice(f"option in preset {preset.name}", name, LEFT_TO_PRESETS)
        left = {k: v for k, v in {**LEFT_TO_PRESETS, **preset.options}.items() if getattr(options, k) is None}
        options = replace(options, **left)
        options.check()
        return options

    def check(self) -> None:
        """Check everything that can be checked without data."""
        self._check_numbers()
        self._check_budgets()
        check_choice("budget_type", str(self.budget_type), ("time", "epochs"))
        log_level_number(self.log_level)
        if isinstance(self.cross_validator, str):
            check_choice("cross_validator", self.cross_validator, ("auto", *CROSS_VALIDATORS))
        if self.n_jobs not in (None, "auto", -1) and not (is_real(self.n_jobs) and self.n_jobs in range(1, 1000)):
            raise InvalidOption(
                f"n_jobs must be a whole number of at least 1, -1 for one per core, or 'auto'; got {self.n_jobs!r:.60}."
            )
        if not isinstance(self.preset, str | Path):
            raise InvalidOption(f"preset must be a name or a path; got {self.preset!r:.60}.")
        for name in ("refit", "progress_bar"):
            value = getattr(self, name)
            if not (value in (None, "auto") or isinstance(value, bool | np.bool_)):
                raise InvalidOption(f"{name} must be True, False or 'auto'; got {value!r:.60}.")
        for name in ("shuffle", "baseline", "traditional_learners"):
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise InvalidOption(f"{name} must be True or False; got {getattr(self, name)!r:.60}.")
        if self.traditional_learners and self.ensemble_size == 1:
            raise InvalidOption(
                "traditional_learners=True needs an ensemble that they can join, and ensemble_size is 1, a network "
                "alone; give a larger one, such as ensemble_size=25."
            )
        if self.additional_metrics is not None and not _is_list(self.additional_metrics):
            raise InvalidOption(f"additional_metrics must be a list of metrics; got {self.additional_metrics!r:.60}.")
        for name in BY_OPTION:
            chosen = getattr(self, name)
            if chosen is not None and not (
                _is_list(chosen) and len(chosen) and all(isinstance(c, str) for c in chosen)
            ):
                raise InvalidOption(f"{name} must be a list of at least one name, or None; got {chosen!r:.60}.")
        self._check_updates()

    def _check_updates(self) -> None:
        updates = self.hyperparameter_search_space_updates
        if not (updates is None or isinstance(updates, HyperparameterSearchSpaceUpdates | str | Path)):
            raise InvalidOption(
                "hyperparameter_search_space_updates must be HyperparameterSearchSpaceUpdates or the path of a file; "
                f"got {updates!r:.60}."
            )

    def _check_numbers(self) -> None:
        for name in ("max_runtime", "min_budget", "max_budget", "max_trials", "num_iterations", "ensemble_size"):
            value = getattr(self, name)
            if value is not None and not (is_real(value) and value > 0):
                raise InvalidOption(f"{name} must be a positive number or None; got {value!r:.60}.")
        for name in ("max_trials", "min_budget", "max_budget", "eta", "ensemble_size"):
            if getattr(self, name) == math.inf:
                raise InvalidOption(f"{name} must be finite; got {getattr(self, name)!r}.")
        for name in ("max_trials", "ensemble_size"):
            value = getattr(self, name)
            if value is not None and value != int(value):
                raise InvalidOption(f"{name} must be a whole number; got {value!r}.")
        if not (is_real(self.eta) and self.eta > 1):
            raise InvalidOption(f"eta must be a number greater than 1; got {self.eta!r:.60}.")
        share = self.validation_split
        if share is not None and not (is_real(share) and 0 < share < 1):
            raise InvalidOption(f"validation_split must lie between 0 and 1, or be None; got {share!r:.60}.")

    def _check_budgets(self) -> None:
        if self.min_budget is not None and self.max_budget is not None and self.min_budget > self.max_budget:
            raise InvalidOption(
                f"min_budget must not exceed max_budget; got min_budget={self.min_budget:g} and "
                f"max_budget={self.max_budget:g}."
            )
        timed = self.budget_type == "time" and self.max_runtime is not None
        for name in ("min_budget", "max_budget"):
            value = getattr(self, name)
            if timed and value is not None and value > self.max_runtime:
                raise InvalidOption(
                    f"{name} must not exceed max_runtime; got {name}={value:g} and max_runtime={self.max_runtime:g} "
                    "seconds."
                )
        if self.budget_type == "epochs":
            for name in ("min_budget", "max_budget"):
                value = getattr(self, name)
                if value is not None and value != int(value):
                    raise InvalidOption(f"{name} must be a whole number of epochs; got {value!r}.")

    def metrics(self, defaults: Mapping[TaskKind, str], kind: TaskKind) -> list[str | Callable[..., float]]:
        """Return the metric to optimize and those to record."""
        return [
            defaults[kind] if self.optimize_metric is None else self.optimize_metric,
            *(self.additional_metrics or ()),
        ]

    def space(
        self, task: Task, modality: Modality = TABLES, networks: Node[nn.Module] = NETWORKS
    ) -> ConfigurationSpace:
        """Build the search space: options over the preset, and the user's updates over both."""
        nodes = {**modality.nodes, networks.name: networks}
        preset, chosen = load_preset(self.preset, task), []
        for option, node in BY_OPTION.items():
            names = getattr(self, option)
            if names is not None and not (node in nodes and nodes[node].names(task)):
                raise InvalidOption(f"{option} has nothing to choose from for a {task.kind}; leave it out.")
            if names is not None:
                chosen.append(HyperparameterSearchSpaceUpdate(node, nodes[node].selector, tuple(map(str, names))))
        updates = self.hyperparameter_search_space_updates
        if isinstance(updates, str | Path):
            updates = parse_hyperparameter_search_space_updates(updates)
        if modality is not TABLES:  # presets are for tables; what they say of training holds for all data
            preset = preset.restricted([name for name in nodes if nodes[name] is NODES.get(name)])
        return build_space(task, preset.components, [*preset.updates, *chosen, *(updates or ())], nodes)

    def portfolio(self, task: Task, encoding: Encoding) -> list[dict[str, Any]]:
        """Return the configurations that the preset wants tried first, within the space."""
        return fit_into(encoding, load_preset(self.preset, task).portfolio)

    def plan_time(self) -> TimePlan:
        """Plan the time of a fit that begins now."""
        unlimited = self.max_runtime is None and self.max_trials is None and self.num_iterations is None
        seconds = DEFAULT_RUNTIME if unlimited else self.max_runtime
        return TimePlan(
            runtime=None if seconds is None or math.isinf(seconds) else float(seconds),
            unit=self.budget_type,
            min_budget=self.min_budget,
            max_budget=self.max_budget,
            eta=self.eta,
            selects=self.networks_kept > 1,
            refits=self.refit is True,
            n_jobs=self.n_jobs,
        )

    def resolve_refit(self, n_folds: int, *, has_valid: bool) -> "Options":
        """Decide on what depends on the data: whether the final model is trained on all rows.

        "auto": where rows were held out, and there are several networks.  On folds all rows train as it is, and a
        single network would be one that nobody has validated.

        Parameters
        ----------
        n_folds : int
        has_valid : bool
            Whether rows to validate on were given, which stay unseen.
        """
        refit = n_folds == 1 and self.networks_kept > 1 if self.refit == "auto" else bool(self.refit)
        return replace(self, refit=refit and not has_valid)

    @property
    def networks_kept(self) -> int:
        """How many networks the final model may consist of."""
        return int(self.ensemble_size or 1)

    def trials(self, rungs: Rungs) -> int | None:
        """Return how many configurations to start: `max_trials`, or what `num_iterations` brackets would start."""
        if self.num_iterations is None or math.isinf(self.num_iterations):
            return None if self.max_trials is None else int(self.max_trials)
        brackets = sum(rungs.bracket_size(i) for i in range(int(self.num_iterations)))
        return brackets if self.max_trials is None else min(int(self.max_trials), brackets)

    def seed(self) -> int:
        """Return the root of all random streams."""
        if self.random_state is None:
            return int(torch.randint(2**31, (1,), generator=_fresh()).item())
        try:
            state = check_random_state(self.random_state)
        except ValueError as error:
            raise InvalidOption(
                "random_state must be a whole number from 0 to 2**32 - 1, a numpy RandomState or None; "
                f"got {self.random_state!r:.60}."
            ) from error
        return int(self.random_state) if isinstance(self.random_state, Integral) else int(state.randint(2**31))

    def torch_device(self) -> torch.device:
        """Return the device to train on: ``"auto"`` takes a GPU if there is one."""
        if str(self.device) == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            device = torch.device(self.device)
        except (RuntimeError, TypeError) as error:
            raise InvalidOption(f"device must be 'auto', 'cpu' or 'cuda'; got {self.device!r}.") from error
        if device.type not in ("cpu", "cuda"):
            try:
                torch.empty(1, device=device)
            except (RuntimeError, NotImplementedError, AssertionError) as error:
                why = str(error).split(". ")[0]
                raise InvalidOption(f"device={str(self.device)!r} cannot be used here ({why}); use 'cpu'.") from error
        if device.type == "cuda" and not torch.cuda.is_available():
            raise InvalidOption(f"device={str(self.device)!r}, but torch sees no CUDA GPU; use device='auto' or 'cpu'.")
        return device


def renamed(arguments: Mapping[str, Any], names: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Translate keywords of Auto-PyTorch; return the rest and the names of those that are ignored.

    Raises
    ------
    UnknownName
        For a keyword that is neither an option nor one of Auto-PyTorch's.
    """
    translated, ignored = {}, []
    for name, value in arguments.items():
        if name in IGNORED:
            ignored.append(name)
        elif name == "cuda":
            translated["device"] = "auto" if value else "cpu"
        elif name in RENAMED and RENAMED[name] in names:
            translated[RENAMED[name]] = value
        elif name in names:
            translated[name] = value
        else:
            raise unknown_option(name, names)
    return translated, ignored


def _is_list(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


def _fresh() -> torch.Generator:
    generator = torch.Generator()
    generator.seed()
    return generator

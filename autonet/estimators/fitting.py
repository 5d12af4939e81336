"""The steps of `fit`, in order; imported by the first fit, because a loaded model needs none of it."""

# ruff: noqa: SLF001 - methods of the estimator that is fitted

import logging
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from copy import copy, deepcopy
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from ConfigSpace import ConfigurationSpace

from autonet.core.component import Component, Node
from autonet.core.errors import (
    BaselineReturned,
    InvalidData,
    InvalidOption,
    SearchFailed,
    SearchInterrupted,
)
from autonet.core.interrupts import current_interrupt
from autonet.core.modality import Data, Reader
from autonet.core.task import Task
from autonet.core.typing import Array
from autonet.core.warn import warn
from autonet.data.encoding.transformers import check_storable
from autonet.data.reading.frames import warn_if_index_order_differs
from autonet.data.targets.targets import Targets
from autonet.estimators.autopytorch.keywords import translate_data, translate_options
from autonet.estimators.autopytorch.log_functions import add_logged_rows
from autonet.estimators.autopytorch.option_files import collect_options
from autonet.estimators.autopytorch.result_logger import make_loggers, write_event_files
from autonet.estimators.baselines import fit_baselines
from autonet.estimators.callbacks import FitCallbacks
from autonet.estimators.chosen import Chosen, complete_configs
from autonet.estimators.context import build_context
from autonet.estimators.description import describe_model
from autonet.estimators.inputs import FitInputs, check_classes_left, keep_read
from autonet.estimators.options import Options
from autonet.estimators.report import describe_best, log_fit, show_progress
from autonet.estimators.run import Run, open_run_of_fit
from autonet.estimators.run_spec import describe_fit
from autonet.estimators.scoring import get_positive_label
from autonet.estimators.search import (
    create_study,
    create_tree_jobs,
    explain_end,
    limit_search,
    place_rungs,
    share_encodings,
    tune_training,
)
from autonet.estimators.selection import Selection, select_model
from autonet.estimators.selection_refit import refit_selection
from autonet.estimators.stages import FitStages
from autonet.estimators.time_plan import TimePlan
from autonet.inspection.record import FitRecord
from autonet.metrics.metric import METRICS
from autonet.models.model import one_thread
from autonet.nets.registry import NETWORKS
from autonet.pipeline.context import TrialContext
from autonet.pipeline.step_memory import share_memory
from autonet.pipeline.trial import run_trial
from autonet.search.executors.base import Executor
from autonet.search.spaces.encoding import Encoding
from autonet.search.study import Study

if TYPE_CHECKING:
    from autonet.estimators.base import AutoNet

__all__ = [
    "build_context_of_fit",
    "build_space_of_fit",
    "decide_on_refit",
    "fit_estimator",
    "get_search_space",
    "read_inputs",
    "resolve_options",
]


# Random configurations whose networks are compared with initial weights, besides the default of each network.
N_COMPARED = 30


def fit_estimator(
    estimator: "AutoNet",
    data: dict[str, Any],
    sample_weight: Any,
    groups: Any,
    overrides: Mapping[str, Any],
    chosen: Chosen | None = None,
) -> None:
    """Fit an estimator, step by step, within a time plan.

    Parameters
    ----------
    estimator : AutoNet
        Gets the fitted attributes.
    data : dict
        X, y, X_valid, y_valid, X_test and y_test.
    sample_weight, groups : array-like of shape (n,) or None
    overrides : mapping
        Options of this fit only.
    chosen : Chosen, optional
        The only configuration to train; default: search.
    """
    data, overrides = translate_data(data, overrides)
    options = resolve_options(estimator, overrides)
    plan, nodes, began = options.plan_time(), know_components(estimator, options), time.monotonic()
    with log_fit(options.log_level), one_thread(), ExitStack() as on_exit:
        adopted = on_exit.enter_context(options.adopt_executor())
        stages = FitStages(on_exit.enter_context(show_progress(options.progress_bar, plan.runtime, options.max_trials)))
        stages.begin("reading")
        reader, inputs = read_inputs(estimator, data, sample_weight, groups, options)
        run = on_exit.enter_context(open_run_of_fit(estimator, options, inputs, reader))
        context = build_context_of_fit(estimator, inputs, options, plan, run)
        stages.bar.describe = partial(describe_best, context.metric)
        resolved, plan = decide_on_refit(options, plan, context, inputs)
        space = build_space_of_fit(estimator, context, resolved, nodes, chosen)
        if options.continues:
            run.begin(describe_fit(estimator, inputs, reader, context, options), context.folds)
        executor = _start_workers(adopted, context, plan, on_exit)
        stages.begin("baseline")
        default = context.resolve(space.get_default_configuration())
        baselines = fit_baselines(context, default, resolved, plan)
        searches = baselines.should_search(context, plan) and not (chosen and chosen.is_linear)
        timed = tune_training(context, default, options, plan, executor.n_slots, run.rungs) if searches else 0.0
        rungs, plan = place_rungs(context, options, plan, run.rungs, timed)
        study = create_study(space, context, resolved, rungs, run, chosen)
        plan = plan.after(run.searched)
        run.begin_search(study)
        callbacks = FitCallbacks(options.callbacks, estimator, study, context)
        if searches:
            stages.begin("search")
            with _keep_what_was_found(study), current_interrupt().abandoning():
                limits = limit_search(
                    study, resolved, plan, stages.bar, run, [*make_loggers(options, study.history), callbacks]
                )
                trees = create_tree_jobs(study, context, resolved, plan, run, executor)
                study.optimize(partial(run_trial, context), executor=trees or executor, **limits)
                if trees and not callbacks.ended:
                    trees.finish()
            callbacks.raise_error()
        run.record("selection")
        stages.begin("selection")
        selection = select_model(
            study, context, baselines, run.trees, resolved.ensemble_limits, plan, single=chosen is not None
        )
        if chosen and chosen.is_linear:
            selection = selection.without(BaselineReturned)
        if plan.refits:
            stages.begin("refit")
            selection = refit_selection(
                selection, study, context, run.trees, resolved.max_networks, executor, plan, asked=options.wants_refit
            )
        stages.begin("closing")
        _set_fitted_attributes(estimator, reader, inputs.targets, study, context, selection, plan)
        ended_by = explain_end(study, resolved, plan, callbacks) if searches else "nothing to search, or no time for it"
        estimator._record = _make_record(context, selection, run, stages, ended_by, executor.n_slots, options)
        run.end(estimator)
        _report_fit(estimator, options, time.monotonic() - began)


def build_context_of_fit(
    estimator: "AutoNet", inputs: FitInputs, options: Options, plan: TimePlan, run: Run
) -> TrialContext:
    """Build the context of the trials, with the folds of an earlier fit of the run if there are any."""
    named = estimator._known_nodes()[METRICS.name].components
    metrics = [
        named.get(metric, metric) if isinstance(metric, str) else metric
        for metric in options.list_metrics(estimator.default_metrics, inputs.targets.kind)
    ]
    return build_context(inputs, metrics, replace(options, random_state=run.seed), plan, run.folds)


def decide_on_refit(
    options: Options, plan: TimePlan, context: TrialContext, inputs: FitInputs
) -> tuple[Options, TimePlan]:
    """Decide whether the final model is trained on all rows, and reserve the time for it and for test rows."""
    resolved = options.resolve_refit(
        len(context.folds), has_valid=inputs.valid is not None, n_checked=len(context.checked_rows)
    )
    testing = plan.testing_seconds(inputs.modality.testing_seconds * len(inputs.test[0])) if inputs.test else 0.0
    return resolved, replace(plan, refits=resolved.refit_on_all_rows is True, testing=testing)


def _make_record(
    context: TrialContext,
    selection: Selection,
    run: Run,
    stages: FitStages,
    ended_by: str,
    workers: int,
    options: Options,
) -> FitRecord:
    stages.end()
    return FitRecord(
        metric=context.metric.name,
        greater_is_better=context.metric.optimum is not None,
        seconds=dict(stages.seconds),
        ended_by=ended_by,
        workers=workers,
        tree_seconds={str(candidate.name): candidate.budget for candidate in run.trees},
        notes=[str(warning) for warning in selection.warnings],
        root_folders=list(map(str, getattr(options, "root_folders", None) or ())),
    )


def _report_fit(estimator: "AutoNet", options: Options, seconds: float) -> None:
    """Write the event files that the user asks for, and log the model."""
    write_event_files(estimator, options)
    logger = logging.getLogger("autonet")
    for line in repr(estimator.summary()).splitlines():
        logger.info("%s", line)
    for line in describe_model(estimator.fit_result_):
        logger.info("%s", line)
    logger.info("fit took %.1f s; best configuration: %s", seconds, estimator.best_config_)


def _start_workers(adopted: Executor | None, context: TrialContext, plan: TimePlan, on_exit: ExitStack) -> Executor:
    """Start worker processes, unless there is an executor; those of this machine share encodings and memory."""
    executor = adopted or on_exit.enter_context(closing(plan.executor(context.data)))
    context.shared = on_exit.enter_context(share_encodings(context, executor))
    context.step_memory = None if adopted else share_memory(executor.n_slots)
    return executor


@contextmanager
def _keep_what_was_found(study: Study) -> Iterator[None]:
    """Go on after a search that failed: the baseline remains, and what was trained before an executor was lost."""
    try:
        yield
    except SearchFailed as error:
        if error.__cause__ not in (None, *study.errors):  # it is not of a trial
            warn(f"{error} The best model so far is returned.", SearchInterrupted)


def resolve_options(estimator: "AutoNet", overrides: Mapping[str, Any]) -> Options:
    """Override the parameters of an estimator by keywords, and check them."""
    kind = estimator._options()
    values = {name: getattr(estimator, name) for name in kind.names()}
    return kind.resolve(collect_options(values, translate_options(overrides, kind.names()), kind))


def get_search_space(estimator: "AutoNet", data: dict[str, Any], options: Mapping[str, Any]) -> ConfigurationSpace:
    """Return the search space of a fit; see `AutoNet.get_hyperparameter_search_space`."""
    data, overrides = translate_data(data, options)
    chosen = resolve_options(estimator, overrides)
    nodes = know_components(copy(estimator), chosen)
    if data["X"] is not None:
        _, inputs = read_inputs(estimator, data, None, None, chosen)
        targets = inputs.targets
        task = Task(targets.kind, len(inputs.data), inputs.n_features, targets.n_outputs, targets.quantiles)
        return chosen.build_space(task, estimator.modality, nodes)
    if not overrides and getattr(estimator, "_searched_with", None) == repr(chosen):
        return estimator.search_space_
    return chosen.build_space(Task(estimator.kind, quantiles=chosen.levels), estimator.modality, nodes)


def read_inputs(
    estimator: "AutoNet", data: Mapping[str, Any], sample_weight: Any, groups: Any, options: Options
) -> tuple[Reader, FitInputs]:
    """Read data and targets."""
    data, logs = add_logged_rows(estimator, data, options.additional_logs)
    for X, y in (("X", "y"), ("X_valid", "y_valid"), ("X_test", "y_test")):
        found = estimator._find_rows(data.get(X), data.get(y), options, None if X == "X" else data["y"])
        data = {**data, **dict(zip((X, y), found, strict=True))}
    for part in ("valid", "test"):
        if (data.get(f"X_{part}") is None) != (data.get(f"y_{part}") is None):
            raise InvalidOption(f"X_{part} and y_{part} belong together; got only one of them.")
    warn_if_index_order_differs("X", data["X"], {"y": data["y"], "sample_weight": sample_weight, "groups": groups})
    for part in ("valid", "test"):
        warn_if_index_order_differs(f"X_{part}", data.get(f"X_{part}"), {f"y_{part}": data.get(f"y_{part}")})
    if logs and data.get("X_test") is None:
        raise InvalidOption("additional_logs=['test_result'] needs rows to score; pass X_test and y_test to fit.")
    modality = estimator.modality
    reader, rows = modality.read(data["X"], **options.reading)
    if estimator.kind == "classification":
        check_classes_left(modality.kept(rows), data["y"])
    X, y, sample_weight, groups = keep_read(
        modality.kept(rows), X=data["X"], y=data["y"], sample_weight=sample_weight, groups=groups
    )
    targets = estimator._read_targets(y, options.levels)
    codes = targets.encode(y)
    if len(rows) != len(codes):
        raise InvalidData(f"X has {len(rows)} rows and y {len(codes)} entries; pass one entry per row.")

    def read_more(part: str) -> tuple[Data, Array] | None:
        if data.get(f"X_{part}") is None:
            return None
        try:
            more = modality.read_more(reader, data[f"X_{part}"], type(estimator).__name__, **options.reading)
        except InvalidData as error:
            if not str(error).startswith("X "):
                raise
            raise InvalidData(f"X_{part}{str(error)[1:]}") from error
        [y_part] = keep_read(modality.kept(more), **{f"y_{part}": data[f"y_{part}"]})
        return _pair(part, more, targets.encode(y_part, f"y_{part}"))

    valid, test = read_more("valid"), read_more("test")
    return reader, FitInputs(modality, X, rows, reader.n_features, targets, codes, sample_weight, groups, valid, test)


def _pair(part: str, rows: Data, codes: Array) -> tuple[Data, Array]:
    """Check that rows of `X_valid` or `X_test` have a target each."""
    if len(rows) != len(codes):
        raise InvalidData(f"X_{part} has {len(rows)} rows and y_{part} {len(codes)} entries; pass one entry per row.")
    return rows, codes


def build_space_of_fit(
    estimator: "AutoNet", context: TrialContext, options: Options, nodes: Mapping[str, Node[Any]], chosen: Chosen | None
) -> ConfigurationSpace:
    """Build the search space, and give the context the custom components that it can choose."""
    if chosen:
        chosen.check(context.task)
    found = chosen.space if chosen else None
    space = options.build_space(context.task, estimator.modality, nodes) if found is None else found
    complete_configs(options.first_configs, Encoding(space))  # an error comes before any training
    _prepare_components(context, options, nodes, space)
    return space


def _prepare_components(
    context: TrialContext, options: Options, nodes: Mapping[str, Node[Any]], space: ConfigurationSpace
) -> None:
    """Give a context the custom components that a space can choose, and try them on the data."""
    custom = {
        name: {key: component for key, component in node.custom.items() if space[node.key].legal_value(key)}
        for name, node in nodes.items()
        if node.key in space
    }
    context.custom = {name: components for name, components in custom.items() if components}
    _try_networks(context, Encoding(space))
    if options.run_dir is not None:
        check_storable(context.custom)


def _try_networks(context: TrialContext, encoding: Encoding) -> None:
    """Try what needs the shape of the data: custom networks, and initial weights."""
    for name in context.custom.get(NETWORKS.name, ()):
        (config,) = complete_configs([{NETWORKS.key: name}], encoding)
        context.modality.try_network(context.task, context.resolve(config), context.data)
    if context.initial_weights is not None:
        from autonet.pipeline.initial_weights import check_initial_weights  # noqa: PLC0415 - of images only

        network, space = encoding.space[NETWORKS.key], deepcopy(encoding.space)
        choices = [name for name in context.nodes[NETWORKS.name].components if network.legal_value(name)]
        space.seed(context.seed)
        drawn = (dict(config) for config in space.sample_configuration(N_COMPARED))
        check_initial_weights(context, chain(complete_configs([{NETWORKS.key: n} for n in choices], encoding), drawn))


def know_components(estimator: "AutoNet", options: Options) -> dict[str, Node[Any]]:
    """Return the nodes with all components that options may name; the estimator keeps classes that are options."""
    adopted = options.adopt_classes(estimator._known_nodes())
    if adopted:
        known: Mapping[str, Mapping[str, Component[Any]]] = vars(estimator).get("_custom_components", {})
        estimator._custom_components = {
            name: {**known.get(name, {}), **adopted.get(name, {})} for name in {**known, **adopted}
        }
    return estimator._known_nodes()


def _set_fitted_attributes(
    estimator: "AutoNet",
    reader: Reader,
    targets: Targets,
    study: Study,
    context: TrialContext,
    selection: Selection,
    plan: TimePlan,
) -> None:
    """Set the attributes of a fitted estimator, and warn."""
    for warning in selection.warnings:
        warnings.warn(warning, stacklevel=4)
    model = selection.model(reader, targets)
    estimator._set_model(model)
    estimator.best_config_ = selection.config
    estimator.history_ = study.history
    estimator.search_space_ = study.space
    estimator._searched_with = None
    with suppress(InvalidOption):  # parameters that could not work without options of this call
        estimator._searched_with = repr(resolve_options(estimator, {}))
    limit = min(plan.limit("closing"), current_interrupt().limit)
    estimator.fit_result_ = {
        **selection.summary(context, selection.score_training(context, limit), selection.score_unseen(context, limit)),
        "pos_label": get_positive_label(context.metric, targets),
    }

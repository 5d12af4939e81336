"""The 52 options of Auto-PyTorch 0.0.2, and what becomes of each."""

import logging
import math
from collections.abc import Collection, Mapping
from typing import Any

from autonet.core.errors import InvalidOption
from autonet.core.validation import is_real
from autonet.estimators.autopytorch.image_options import IMAGE_OPTIONS
from autonet.estimators.autopytorch.old_option import OldOption, ignored
from autonet.estimators.checks import is_share

__all__ = ["OLD_OPTIONS", "translate_old_option"]

CLUSTER = "no server is started, and n_jobs or executor trains several configurations at once"
BEST_EPOCH = "every epoch is validated, and the weights of the best one are kept"
SUBPROCESS = "trials run in this process, or in workers with n_jobs or memory_limit_mb"
ONE_THREAD = "a network is trained on one thread, with the same bits on every machine; n_jobs trains several at once"
TASK = "outputs follow from the task"
NO_LIMIT = 1_000_000  # MB, the default of Auto-PyTorch


def _limit_memory(value: Any) -> Mapping[str, Any]:
    return {} if is_real(value) and value == NO_LIMIT else {"memory_limit_mb": value}


def _hold_out_in_refit(value: Any) -> Mapping[str, Any]:
    """Keep the networks that were validated on held-out rows, if rows are to be held out of the final model."""
    if not is_share(value):
        raise InvalidOption(f"refit_validation_split must be a number from 0 to below 1; got {value!r:.60}.")
    return {"refit_on_all_rows": False} if value > 0 else {}


OPTIONS = (
    # search
    OldOption("algorithm", "bohb"),
    OldOption("budget_type", "time"),
    OldOption("min_budget", 120),
    OldOption("max_budget", 6000),
    OldOption("max_runtime", 24000),
    OldOption("num_iterations", math.inf),
    OldOption("eta", 3),
    OldOption("random_seed", 3312162633, "translated", translate=lambda value: {"random_state": value}),
    ignored("run_id", "0", CLUSTER),
    ignored("task_id", -1, CLUSTER, (-1, 1)),
    ignored("min_workers", 1, CLUSTER),
    ignored("working_dir", ".", CLUSTER),
    ignored("network_interface_name", "lo", CLUSTER),
    ignored("run_worker_on_master_node", True, CLUSTER),
    ignored("use_pynisher", True, SUBPROCESS),
    OldOption("memory_limit_mb", NO_LIMIT, why="its default limits nothing", translate=_limit_memory),
    OldOption("result_logger_dir", "."),
    OldOption("use_tensorboard_logger", False),
    OldOption("log_level", "warning"),
    # data and validation
    OldOption("validation_split", 0.3),
    OldOption(
        "refit_validation_split",
        0.0,
        "translated",
        "refit_on_all_rows trains the final model on all rows",
        translate=_hold_out_in_refit,
    ),
    OldOption("cross_validator", "none"),
    OldOption("cross_validator_args", {}),
    OldOption("min_budget_for_cv", 0),
    OldOption("shuffle", True),
    OldOption("categorical_features", None),
    ignored("dataset_name", None, "results have no name"),
    # components
    OldOption("hyperparameter_search_space_updates", None),
    OldOption("networks", ["mlpnet", "shapedmlpnet", "resnet", "shapedresnet"]),
    ignored("final_activation", "softmax", TASK, ("softmax", "sigmoid", "none")),
    OldOption("optimizer", ["adam", "adamw", "sgd", "rmsprop"]),
    OldOption(
        "lr_scheduler",
        ["cosine_annealing", "cyclic", "exponential", "step", "adapt", "plateau", "alternating_cosine", "none"],
    ),
    OldOption(
        "preprocessors",
        ["none", "truncated_svd", "power_transformer", "fast_ica", "kitchen_sinks", "kernel_pca", "nystroem"],
    ),
    OldOption("normalization_strategies", ["none", "minmax", "standardize", "maxabs"]),
    OldOption("imputation_strategies", ["mean", "median", "most_frequent"]),
    OldOption("embeddings", ["none", "learned"]),
    OldOption("initialization_methods", ["default", "sparse"]),
    ignored("initializer", "simple_initializer", "it is the only one", ("simple_initializer",)),
    OldOption("loss_modules", ["cross_entropy", "cross_entropy_weighted"]),
    OldOption("batch_loss_computation_techniques", ["standard", "mixup"]),
    OldOption("over_sampling_methods", ["none", "random", "smote"]),
    OldOption("under_sampling_methods", ["none", "random"]),
    OldOption("target_size_strategies", ["none", "upsample", "downsample", "average", "median"]),
    # training and metrics
    OldOption("cuda", True, "translated", translate=lambda value: {"device": "auto" if value else "cpu"}),
    ignored("torch_num_threads", 1, ONE_THREAD),
    ignored("full_eval_each_epoch", False, BEST_EPOCH),
    ignored("best_over_epochs", False, BEST_EPOCH),
    OldOption("early_stopping_patience", math.inf),
    ignored("early_stopping_reset_parameters", False, BEST_EPOCH),
    OldOption("optimize_metric", "accuracy"),
    OldOption("additional_metrics", []),
    OldOption("additional_logs", []),
)
OF_ENSEMBLES = {"ensemble_server_credentials": ignored("ensemble_server_credentials", None, CLUSTER)}
OLD_OPTIONS: Mapping[str, OldOption] = {option.name: option for option in OPTIONS}


def translate_old_option(name: str, value: Any, names: Collection[str]) -> Mapping[str, Any] | None:
    """Translate an option that Auto-PyTorch has and that is not kept as it is.

    Parameters
    ----------
    name : str
    value : object
    names : collection of str
        The options that exist.

    Returns
    -------
    mapping or None
        Options with their values, none if it is ignored; None if it is no such option.

    Raises
    ------
    InvalidOption
        If the value asks for something that there is not.
    """
    if name in IMAGE_OPTIONS and "image_size" not in names:
        raise InvalidOption(
            f"{name} is an option of Auto-PyTorch for images; use AutoNetImageClassification or "
            "AutoNetImageRegression, or remove it."
        )
    option = OLD_OPTIONS.get(name, OF_ENSEMBLES.get(name, IMAGE_OPTIONS.get(name)))
    if option is None or (option.fate != "ignored" and option.translate is None):
        return None
    if option.values is not None and value not in option.values:
        expected = " or ".join(map(repr, option.values))
        raise InvalidOption(f"{name} of Auto-PyTorch must be {expected}; got {value!r:.60}. Remove it: {option.why}.")
    options = {} if option.translate is None else option.translate(value)
    if not options:
        logging.getLogger("autonet").info("option %s of Auto-PyTorch is ignored: %s", name, option.why)
    return options

"""Names of options in other libraries, and the options of autonet that correspond to them."""

from collections.abc import Iterable

from autonet.core.errors import UnknownName

__all__ = ["unknown_option_error"]

EPOCHS = 'max_budget, with budget_type="epochs"'
UPDATES = "hyperparameter_search_space_updates: updates.append({}) edits its range"
# Option, as the error message names it -> its names in other libraries.
SYNONYMS = {
    "quantiles": "quantile quantile_levels quantile_alpha q",
    "random_state": "seed rng random_generator seed_value",
    "max_runtime, in seconds": (
        "time_limit time_budget max_time timeout runtime total_time_limit time_left_for_this_task max_runtime_secs "
        "walltime_limit total_walltime_limit max_time_mins max_eval_time_mins train_time_limit time timeout_seconds "
        "max_seconds time_limit_seconds time_budget_s"
    ),
    "max_trials": "n_trials num_trials n_iter max_evals n_configs max_models num_samples n_calls max_iterations trials",
    "optimize_metric": "metric scoring eval_metric objective scorer sort_metric metric_name eval_metrics",
    "additional_metrics": "metrics extra_metrics additional_metric scorers",
    "cross_validator: a name, a number of folds or a splitter": (
        "cv n_splits n_folds nfolds num_folds folds fold num_bag_folds kfold resampling_strategy splitter"
    ),
    'log_level ("info") for the log, progress_bar for a bar': "verbose verbosity silent quiet logger logging_level",
    EPOCHS: "epochs n_epochs max_epochs num_epochs max_iter iterations nb_epoch epoch n_iterations",
    UPDATES.format('"OptimizerSelector", "adamw:learning_rate", [1e-4, 1e-2], log=True'): (
        "lr learning_rate learning_rate_init eta0"
    ),
    UPDATES.format('"OptimizerSelector", "adamw:weight_decay", [1e-5, 1e-1], log=True'): "weight_decay alpha l2",
    UPDATES.format('"CreateDataLoader", "batch_size", [32, 512], log=True'): "batch_size batchsize minibatch_size",
    UPDATES.format('"NetworkSelector", "shapedresnet:max_units", [32, 512], log=True'): (
        "hidden_layer_sizes layers hidden_size n_layers num_layers hidden_units units"
    ),
    UPDATES.format('"NetworkSelector", "shapedresnet:use_dropout", [True, False]'): "dropout dropout_rate",
    'device ("auto", "cpu" or "cuda")': "gpu use_gpu gpus num_gpus n_gpus accelerator use_cuda gpu_id device_name",
    "preset": "presets quality config configuration mode",
    "initial_configs": "points_to_evaluate initial_points initial_configurations starting_points",
    "n_jobs": "n_workers num_workers n_cpus num_cpus n_threads nthreads nthread workers processes threads n_cores",
    "validation_split": "test_size validation_fraction holdout_frac valid_size val_split val_size validation_size",
    "X_valid and y_valid of fit": "validation_data eval_set X_val y_val X_validation y_validation valid tuning_data",
    "sample_weight of fit": "sample_weights weights weight",
    "X and y of fit": "train_data data label target X_train_data dataframe df label_column",
    "class_weight": "class_weights balance scale_pos_weight is_unbalance",
    "categorical_features": "cat_features categorical_columns categorical_feature cat_cols cat_idxs",
    "pos_label": "get_positive_label positive_class positive",
    "ensemble_size": "ensemble ensemble_nbest num_ensemble n_ensemble n_estimators",
    "tree_ensembles": "trees include_trees use_trees",
    "networks": "models model algorithms estimator_list architectures network architecture model_types include_models",
    "optimizer": "optimizers optim",
    "lr_scheduler": "scheduler lr_schedule schedulers",
    "loss_modules": "loss criterion loss_function loss_fn",
    "normalization_strategies": "scaler scaling normalization normalize standardize",
    "imputation_strategies": "imputer imputation",
}
OPTIONS = {name: option for option, names in SYNONYMS.items() for name in names.split()}


def unknown_option_error(name: str, valid: Iterable[str]) -> UnknownName:
    """Return the error for an unknown option; it names the option that corresponds to it, or similar ones."""
    return UnknownName("option", name, valid, OPTIONS.get(str(name).lower(), ""))

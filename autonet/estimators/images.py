"""The estimators of images: `AutoNetImageClassification` and `AutoNetImageRegression`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from torch import nn

from autonet.core.modality import Modality
from autonet.data.images.csv_files import read_csv
from autonet.data.images.folders import list_folder
from autonet.data.images.labels import find_label_kind
from autonet.data.images.names import is_table
from autonet.data.images.roots import check_roots
from autonet.data.images.sources import collect_images
from autonet.estimators.autopytorch.keywords import accept_old_keywords
from autonet.estimators.classification import AutoNetClassification
from autonet.estimators.image_inspected import InspectedImages
from autonet.estimators.image_params import ImageParams
from autonet.estimators.param_docs import document_parameters
from autonet.estimators.params import Params
from autonet.estimators.regression import AutoNetRegression
from autonet.pipeline.images import IMAGES

if TYPE_CHECKING:
    from autonet.core.component import ComponentList
    from autonet.estimators.options import Options
    from autonet.inspection.record import FitRecord
    from autonet.space.updates import HyperparameterSearchSpaceUpdates

__all__ = ["AutoNetImageClassification", "AutoNetImageRegression"]

# Without scikit-learn's `set_output`: no frame holds what `transform` returns, arrays of four dimensions.
IN_NO_FRAME: Any = {"auto_wrap_output_keys": None}


class _ImageEstimator(InspectedImages):
    """Constructor and data of the estimators of images."""

    modality: ClassVar[Modality] = IMAGES
    _record: FitRecord
    _params: ClassVar[type[Params]] = ImageParams

    @accept_old_keywords
    def __init__(  # noqa: PLR0915 - a statement for each option
        self,
        preset: str | Path | Mapping[str, Any] | None = "medium_cs",
        *,
        max_runtime: float | None = None,
        max_trials: int | None = None,
        num_iterations: int | None = None,
        min_budget: float | None = None,
        max_budget: float | None = None,
        budget_type: str = "time",
        algorithm: str = "bohb",
        eta: float = 3,
        optimize_metric: str | Callable[..., float] | None = None,
        additional_metrics: Sequence[str | Callable[..., float]] | None = None,
        score_metric: str | None = None,
        pos_label: Any = None,
        validation_split: float | None = None,
        shuffle: bool = True,
        cross_validator: Any = None,
        cross_validator_args: Mapping[str, Any] | None = None,
        min_budget_for_cv: float | None = None,
        ensemble_size: int | None = None,
        ensemble_only_consider_n_best: int | None = None,
        ensemble_sorted_initialization_n_best: int | None = None,
        baseline: bool = True,
        refit_on_all_rows: bool | str | None = None,
        n_jobs: int | str | None = None,
        run_dir: str | Path | None = None,
        warm_start: bool = False,
        executor: Any = None,
        memory_limit_mb: float | None = None,
        class_weight: Mapping[Any, float] | str | None = None,
        hyperparameter_search_space_updates: HyperparameterSearchSpaceUpdates | str | Path | None = None,
        initial_configs: Sequence[Mapping[str, Any]] | None = None,
        search_space: Mapping[str, Any] | None = None,
        include: Mapping[str, ComponentList] | None = None,
        exclude: Mapping[str, Sequence[str]] | None = None,
        networks: ComponentList | None = None,
        optimizer: ComponentList | None = None,
        lr_scheduler: ComponentList | None = None,
        target_transforms: Sequence[str] | None = None,
        initialization_methods: ComponentList | None = None,
        loss_modules: ComponentList | None = None,
        early_stopping_patience: float | None = None,
        batch_loss_computation_techniques: ComponentList | None = None,
        device: str | torch.device = "auto",
        precision: str = "auto",
        max_parameters: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        log_level: str | int | None = None,
        additional_logs: Sequence[str] | None = None,
        result_logger_dir: str | Path | None = None,
        use_tensorboard_logger: bool = False,
        progress_bar: bool | str = "auto",
        callbacks: Sequence[Any] | None = None,
        image_size: int | Sequence[int] | None = None,
        channels: str | None = None,
        on_bad_files: str = "raise",
        root_folders: Sequence[str | Path] | None = None,
        initial_weights: str | Path | None = None,
        augmentations: ComponentList | None = None,
    ) -> None:
        self.preset = preset
        self.max_runtime = max_runtime
        self.max_trials = max_trials
        self.num_iterations = num_iterations
        self.min_budget = min_budget
        self.max_budget = max_budget
        self.budget_type = budget_type
        self.algorithm = algorithm
        self.eta = eta
        self.optimize_metric = optimize_metric
        self.additional_metrics = additional_metrics
        self.score_metric = score_metric
        self.pos_label = pos_label
        self.validation_split = validation_split
        self.shuffle = shuffle
        self.cross_validator = cross_validator
        self.cross_validator_args = cross_validator_args
        self.min_budget_for_cv = min_budget_for_cv
        self.ensemble_size = ensemble_size
        self.ensemble_only_consider_n_best = ensemble_only_consider_n_best
        self.ensemble_sorted_initialization_n_best = ensemble_sorted_initialization_n_best
        self.baseline = baseline
        self.refit_on_all_rows = refit_on_all_rows
        self.n_jobs = n_jobs
        self.run_dir = run_dir
        self.warm_start = warm_start
        self.executor = executor
        self.memory_limit_mb = memory_limit_mb
        self.class_weight = class_weight
        self.hyperparameter_search_space_updates = hyperparameter_search_space_updates
        self.initial_configs = initial_configs
        self.search_space = search_space
        self.include = include
        self.exclude = exclude
        self.networks = networks
        self.optimizer = optimizer
        self.lr_scheduler = lr_scheduler
        self.target_transforms = target_transforms
        self.initialization_methods = initialization_methods
        self.loss_modules = loss_modules
        self.early_stopping_patience = early_stopping_patience
        self.batch_loss_computation_techniques = batch_loss_computation_techniques
        self.device = device
        self.precision = precision
        self.max_parameters = max_parameters
        self.random_state = random_state
        self.log_level = log_level
        self.additional_logs = additional_logs
        self.result_logger_dir = result_logger_dir
        self.use_tensorboard_logger = use_tensorboard_logger
        self.progress_bar = progress_bar
        self.callbacks = callbacks
        self.image_size = image_size
        self.channels = channels
        self.on_bad_files = on_bad_files
        self.root_folders = root_folders
        self.initial_weights = initial_weights
        self.augmentations = augmentations

    def fit(
        self,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        y_valid: Any = None,
        *,
        groups: Any = None,
        X_valid: Any = None,
        X_test: Any = None,
        y_test: Any = None,
        **options: Any,
    ) -> Self:
        """Fit the best model found within the time limit.

        Parameters
        ----------
        X : array-like, tensor, sequence, data frame or path
            Images of one shape: arrays or tensors of shape (n, height, width), (n, height, width, channels) or (n,
            channels, height, width); with `image_size` also a sequence or column of arrays of different sizes.  Or
            files, of any sizes, which need the extra ``images``: a sequence, a column, or a data frame with one column,
            of paths, contents as bytes, or PIL images.  Or, without `y`, the path of a folder with a sub-folder of
            images for each class, or of a CSV file of paths and labels.
            `predict` also takes the path of a folder of images, of a CSV file of paths, or of an image.
            `autonet.list_images` lists the images of a path in the order in which they are taken.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
            Labels of any type, or zeros and ones for several labels per image; numbers for regression.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each image in training and in the metric: 2 is the image twice, 0 is no image.
        groups : array-like of shape (n_samples,), optional
            Images of a group are never on both sides of a split.
        X_valid, y_valid : as `X` and `y`, optional
            Images to validate on instead of held-out ones.  A folder may lack classes, here and in `X_test`; labels of
            folders and CSV files are read as text or as numbers, as those of `y` are.
        X_test, y_test : as `X` and `y`, optional
            Images that are scored and nothing else: ``fit_result["info"]`` has ``test_<metric>`` of the final model,
            and ``history_`` that of each trial.
        **options
            Any option of the constructor, for this call only.

        Returns
        -------
        self

        Raises
        ------
        InvalidData
            If images, targets or weights are invalid: there are images of different shapes or units, files that cannot
            be read, classes without images, or paths that lead out of their folder; before any training.
        InvalidOption
            If an option or an update of the space is invalid; before any training.
        MissingPackage
            If there are files, and Pillow is not installed.
        SearchFailed
            If no model could be trained; its cause is the first exception.
        """
        return super().fit(  # type: ignore[misc,no-any-return]  # of the estimator
            X,
            y,
            sample_weight,
            y_valid,
            groups=groups,
            X_valid=X_valid,
            X_test=X_test,
            y_test=y_test,
            **options,
        )

    def _options(self) -> type[Options]:
        from autonet.estimators.image_options import ImageOptions  # noqa: PLC0415 - loading a model needs no search

        return ImageOptions

    def initialize_from_checkpoint(
        self,
        hyperparameter_config: Mapping[str, Any] | str | Path,
        checkpoint: str | Path,
        in_features: Sequence[int],
        out_features: int,
        final_activation: nn.Module | None = None,
    ) -> nn.Module:
        """Build the network of a configuration with the weights of a checkpoint, as Auto-PyTorch 0.0.2 does.

        To search with such weights, use the option `initial_weights`.

        Parameters
        ----------
        hyperparameter_config : mapping or path-like
            Configuration, such as ``best_config_``, or a JSON file of it, as a line of ``configs.json``.
        checkpoint : path-like
            State dict that ``torch.save`` wrote, or model file of autonet.  Tensors whose names or shapes do not match
            are not used.
        in_features : sequence of int
            Channels, height and width of an image.
        out_features : int
            Number of outputs.
        final_activation : nn.Module, optional
            Last layer.

        Returns
        -------
        nn.Module
            Maps standardized images ``(n, *in_features)`` to (n, out_features); in evaluation mode.

        Raises
        ------
        InvalidOption
            If the checkpoint cannot be read, or none of its tensors match.
        """
        from autonet.estimators.autopytorch.checkpoints import build_from_checkpoint  # noqa: PLC0415 - loading a model needs none

        network = build_from_checkpoint(
            self._known_nodes(),  # type: ignore[attr-defined]  # of an estimator
            hyperparameter_config,
            checkpoint,
            in_features,
            out_features,
        )
        return network if final_activation is None else nn.Sequential(network, final_activation)

    def _find_rows(self, X: Any, y: Any, options: Any = None, y_fit: Any = None) -> tuple[Any, Any]:
        """Return the files and labels of a folder, or of a CSV file, that is passed without `y`."""
        if not isinstance(X, str | os.PathLike):
            return X, y
        roots = self._root_folders if options is None else options.root_folders or ()
        if y is not None:
            return collect_images(X, roots=roots), y
        if options is None:
            y_fit = self.model_.targets.labels
        kind = None if options is not None and y_fit is None else find_label_kind(y_fit)
        return read_csv(X, roots, kind=kind) if is_table(X) else list_folder(X, kind)

    def _list_rows(self, X: Any) -> Any:
        """Return the files of a folder, or of a CSV file, to predict."""
        return collect_images(X, roots=self._root_folders) if isinstance(X, str | os.PathLike) else X

    @property
    def _root_folders(self) -> Sequence[str | os.PathLike[str]]:
        """Folders in which a fitted estimator looks for relative paths: those of the option, else those of the fit."""
        return check_roots(self.root_folders) or self._record.root_folders


@document_parameters
class AutoNetImageClassification(_ImageEstimator, AutoNetClassification, **IN_NO_FRAME):
    """Classifier that searches for neural networks on images.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or list of such arrays
        The labels, in the type of `y`; for several labels per row 0 and 1 for each.
    best_config_, history_, fit_result, cv_results_, search_space_, model_, threshold_
        See `AutoNetClassification`.

    Notes
    -----
    `fit` says what images may be: arrays, tensors, PIL images, paths of files, a folder or a CSV file.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> digits = load_digits()
    >>> auto = AutoNetImageClassification("tiny_cs", max_trials=1, budget_type="epochs", max_budget=5, random_state=0)
    >>> auto.fit(digits.images, digits.target).predict(digits.images).shape
    (1797,)
    """


@document_parameters
class AutoNetImageRegression(_ImageEstimator, AutoNetRegression, **IN_NO_FRAME):
    """Regressor, of one or several targets, that searches for neural networks on images.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    best_config_, history_, fit_result, cv_results_, search_space_, model_, target_scale_
        See `AutoNetRegression`.

    See Also
    --------
    AutoNetImageClassification.fit : What images may be.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.random.default_rng(0).integers(256, size=(100, 8, 8), dtype=np.uint8)
    >>> brightness = images.mean((1, 2))
    >>> auto = AutoNetImageRegression("tiny_cs", max_trials=1, budget_type="epochs", max_budget=9, random_state=0)
    >>> auto.fit(images, brightness).predict(images).shape
    (100,)
    """

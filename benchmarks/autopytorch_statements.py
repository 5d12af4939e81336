"""Auto-PyTorch's own examples, statement by statement: which of them run with another import line.

Reads README, `examples/` and the tutorial of a checkout of Auto-PyTorch v0.0.2 or v0.2.1, which is not part of this
repository.  Only the imports of autoPyTorch are replaced; limits in seconds are divided by 50, and data sets of OpenML
and of the AutoML challenge, which take a network, are generated.  Statements about images and time series are left out.
`--options` tries the options at the defaults of v0.0.2, and reads its files of options and of updates.

    git clone --branch v0.0.2 https://github.com/automl/Auto-PyTorch autopytorch
    python benchmarks/autopytorch_statements.py --checkout autopytorch [--options]
"""

import argparse
import ast
import contextlib
import io
import json
import logging
import os
import re
import shutil
import sys
import tempfile
import traceback
import types
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sklearn.datasets
from sklearn.utils import Bunch

import autonet

COMPAT = "autonet.compat.autopytorch"
DIVISOR = 50  # of limits in seconds
LIMITS = ("max_runtime", "min_budget", "max_budget")
TASK_LIMITS = ("total_walltime_limit", "func_eval_time_limit_secs", "run_time_limit_secs")  # of v0.2.1
IMAGE = re.compile(r"image", re.IGNORECASE)
OTHER_MODALITIES = ("example_image_classification.py", "example_time_series_forecasting.py")
IMAGE_CLASSES = ("AutoNetImageClassification", "AutoNetImageClassificationMultipleDatasets")


@dataclass
class Outcome:
    """A statement and what became of it: "ran", "image" (not tried), or the error."""

    file: str
    source: str
    result: str

    @property
    def kind(self) -> str:
        return self.result if self.result in ("ran", "image") else "failed"


class Translator(ast.NodeTransformer):
    """Replaces imports of autoPyTorch, and divides limits in seconds."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        if (node.module or "").partition(".")[0] not in ("autoPyTorch", "smac"):
            return node
        node.names = [alias for alias in node.names if alias.name not in IMAGE_CLASSES]
        if node.module == "autoPyTorch.metrics":
            node.module = f"{COMPAT}.metrics"
        elif node.module == "autoPyTorch" and all(hasattr(autonet, alias.name) for alias in node.names):
            node.module = "autonet"
        else:
            node.module = COMPAT
        return node

    def visit_Import(self, node: ast.Import) -> ast.AST:
        for alias in node.names:
            if alias.name.partition(".")[0] == "autoPyTorch":
                alias.name = COMPAT
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        timed = any(keyword.arg == "max_runtime" for keyword in node.keywords)
        for keyword in node.keywords:
            is_limit = keyword.arg in TASK_LIMITS or (timed and keyword.arg in LIMITS)
            if is_limit and isinstance(keyword.value, ast.Constant):
                keyword.value = ast.Constant(keyword.value.value / DIVISOR)
        return node


def statements(text: str) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the top-level statements of a file: source and tree."""
    for node in ast.parse(text).body:
        yield ast.get_source_segment(text, node) or "", node


def sources(checkout: Path) -> Iterator[tuple[Path, str]]:
    """Yield README, examples and tutorial: path, and code."""
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```py(?:thon)?\n(.*?)```", readme, re.DOTALL)
    yield checkout / "README.md", "\n".join(block for block in blocks if "Forecasting" not in block)
    for path in sorted((checkout / "examples").rglob("*.py")):
        if path.name not in ("__init__.py", *OTHER_MODALITIES):
            yield path, path.read_text(encoding="utf-8")
    for path in sorted((checkout / "examples").rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        yield path, "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def run_file(path: Path, text: str) -> Iterator[Outcome]:
    """Run the statements of a file one after the other, in one namespace."""
    namespace: dict[str, Any] = {"__name__": "__main__", "__file__": str(path)}
    os.chdir(path.parent)
    for source, node in statements(text):
        outcome = Outcome(path.name, source, "ran")
        trivial_import = isinstance(node, ast.ImportFrom) and any(a.name not in IMAGE_CLASSES for a in node.names)
        if IMAGE.search(source) and not trivial_import:
            yield Outcome(path.name, source, "image")
            continue
        tree = ast.fix_missing_locations(ast.Module([Translator().visit(node)], []))
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(tree, str(path), "exec"), namespace)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is printed
            outcome.result = f"{type(error).__name__}: {error}".splitlines()[0]
            logging.getLogger("statements").debug("%s", traceback.format_exc())
        yield outcome


# --- data that need a network


def generated(seed: int, n_rows: int = 600) -> Bunch:
    """A table with numbers and categories in place of one of OpenML."""
    import pandas as pd

    X, y = sklearn.datasets.make_classification(n_rows, 8, n_informative=5, random_state=seed)
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(8)])
    frame["level"] = pd.Categorical(np.where(X[:, 0] > 0, "high", "low"))
    return Bunch(data=frame, target=pd.Series(np.where(y, "good", "bad"), name="class", dtype="category"))


class Task:
    """A task of OpenML, as far as the examples use it."""

    def __init__(self, task_id: int) -> None:
        self.X, self.y = sklearn.datasets.make_classification(600, 8, n_informative=5, random_state=task_id)

    def get_X_and_y(self) -> tuple[Any, Any]:  # noqa: N802 - the name in openml
        return self.X, self.y

    def get_train_test_split_indices(self) -> tuple[Any, Any]:
        return np.arange(500), np.arange(500, 600)

    def get_dataset(self) -> "Task":
        return self

    default_target_attribute = "class"

    def get_data(self, **_: Any) -> tuple[Any, Any, list[bool], list[str]]:
        return self.X, self.y, [False] * 8, [f"x{i}" for i in range(8)]


def fetch(data_id: int = 0, *, name: str = "", return_X_y: bool = False, **_: Any) -> Any:
    """Generate a table in place of one of OpenML; with a name, that of a regression."""
    bunch = generated(data_id)
    if name:
        bunch.target = bunch.data["x0"] * 2 + bunch.data["x1"]
    return (bunch.data, bunch.target) if return_X_y else bunch


def stand_in_for_openml() -> None:
    """Put a module `openml` and scikit-learn's `fetch_openml` in place that generate data."""
    openml = types.ModuleType("openml")
    openml.tasks = types.SimpleNamespace(get_task=Task)  # type: ignore[attr-defined]
    sys.modules["openml"] = openml
    from autonet.compat.autopytorch import data_manager

    sklearn.datasets.fetch_openml = data_manager.fetch_openml = fetch


def write_newsgroups(folder: Path) -> None:
    """Write a small sparse data set in the format of the AutoML challenge."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    sizes = {"train": 300, "valid": 60, "test": 60}
    entries = {
        "name": "'newsgroups'",
        "task": "'multiclass.classification'",
        "metric": "'pac_metric'",
        "time_budget": 1200,
        "feat_num": 40,
        "target_num": 3,
        "feat_type": "'Numerical'",
        "is_sparse": 1,
        **{f"{part}_num": n for part, n in sizes.items()},
    }
    text = "".join(f"{name} = {value}\n" for name, value in entries.items())
    (folder / "newsgroups_public.info").write_text(text, encoding="utf-8")
    for part, n in sizes.items():
        labels = rng.integers(3, size=n)
        rows = [sorted({*(rng.integers(1, 41, size=5)), 1 + 10 * label}) for label in labels]
        lines = [" ".join(f"{column}:{rng.integers(1, 9)}" for column in row) for row in rows]
        (folder / f"newsgroups_{part}.data").write_text("\n".join(lines) + "\n", encoding="utf-8")
        solution = [" ".join(str(int(label == k)) for k in range(3)) for label in labels]
        (folder / f"newsgroups_{part}.solution").write_text("\n".join(solution) + "\n", encoding="utf-8")


# --- tables


def print_statements(outcomes: list[Outcome]) -> None:
    """Print a row per file, and what failed."""
    print("| file | statements | run unchanged | image | fail |\n|---|---|---|---|---|")
    counts: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        counts.setdefault(outcome.file, Counter())[outcome.kind] += 1
    total: Counter[str] = sum(counts.values(), Counter())
    for name, count in {**counts, "all": total}.items():
        print(f"| {name} | {sum(count.values())} | {count['ran']} | {count['image']} | {count['failed']} |")
    failed = [outcome for outcome in outcomes if outcome.kind == "failed"]
    if failed:
        print("\n| file | statement | error |\n|---|---|---|")
    for outcome in failed:
        print(f"| {outcome.file} | `{' '.join(outcome.source.split())[:70]}` | {outcome.result[:150]} |")


# Options of 0.0.2 for classification, at their defaults (`get_current_autonet_config()` with the preset None).
DEFAULTS: dict[str, Any] = {
    "algorithm": "bohb",
    "budget_type": "time",
    "min_budget": 120,
    "max_budget": 6000,
    "max_runtime": 24000,
    "num_iterations": float("inf"),
    "eta": 3,
    "random_seed": 3312162633,
    "run_id": "0",
    "task_id": -1,
    "min_workers": 1,
    "run_worker_on_master_node": True,
    "network_interface_name": "lo",
    "working_dir": ".",
    "memory_limit_mb": 1_000_000,
    "use_pynisher": True,
    "result_logger_dir": ".",
    "use_tensorboard_logger": False,
    "log_level": "warning",
    "validation_split": 0.3,
    "refit_validation_split": 0.0,
    "cross_validator": "none",
    "cross_validator_args": {},
    "min_budget_for_cv": 0,
    "shuffle": True,
    "categorical_features": None,
    "dataset_name": None,
    "hyperparameter_search_space_updates": None,
    "networks": ["mlpnet", "shapedmlpnet", "resnet", "shapedresnet"],
    "optimizer": ["adam", "adamw", "sgd", "rmsprop"],
    "lr_scheduler": [
        "cosine_annealing",
        "cyclic",
        "exponential",
        "step",
        "adapt",
        "plateau",
        "alternating_cosine",
        "none",
    ],
    "preprocessors": [
        "none",
        "truncated_svd",
        "power_transformer",
        "fast_ica",
        "kitchen_sinks",
        "kernel_pca",
        "nystroem",
    ],
    "normalization_strategies": ["none", "minmax", "standardize", "maxabs"],
    "imputation_strategies": ["mean", "median", "most_frequent"],
    "embeddings": ["none", "learned"],
    "initialization_methods": ["default", "sparse"],
    "initializer": "simple_initializer",
    "loss_modules": ["cross_entropy", "cross_entropy_weighted"],
    "batch_loss_computation_techniques": ["standard", "mixup"],
    "over_sampling_methods": ["none", "random", "smote"],
    "under_sampling_methods": ["none", "random"],
    "target_size_strategies": ["none", "upsample", "downsample", "average", "median"],
    "final_activation": "softmax",
    "cuda": True,
    "torch_num_threads": 1,
    "full_eval_each_epoch": False,
    "best_over_epochs": False,
    "early_stopping_patience": float("inf"),
    "early_stopping_reset_parameters": False,
    "optimize_metric": "accuracy",
    "additional_metrics": [],
    "additional_logs": [],
}
SHORT = {"min_budget": 0.3, "max_budget": 0.6, "max_runtime": 6.0, "result_logger_dir": "logs"}


def try_options(checkout: Path) -> Iterator[Outcome]:
    """Try each option alone, all of them in a fit, and the files of options and updates."""
    os.chdir(checkout)
    for name, value in DEFAULTS.items():
        yield _tried("options", name, lambda n=name, v=value: _build(**{n: v}))
    yield _tried("all options in a fit", "fit", lambda: _fit_with(DEFAULTS))
    presets = checkout / "autoPyTorch" / "core" / "presets"
    for path in sorted((checkout / "configs" / "autonet").rglob("*.txt")):
        if "images_root_folders" in path.read_text(encoding="utf-8"):
            yield Outcome("option files", path.name, "image")
            continue
        yield _tried("option files", str(path.relative_to(checkout)), lambda p=path: _build(**_parse(p)))
    for path in sorted(presets.glob("feature_*/*.txt")):
        yield _tried("option files", str(path.relative_to(checkout)), lambda p=path: _build(preset=p))
    for path in sorted((checkout / "configs" / "configspace").glob("*.txt")):
        yield _tried(
            "update files",
            str(path.relative_to(checkout)),
            lambda p=path: _build(preset="full_cs", hyperparameter_search_space_updates=p),
        )


def _tried(group: str, name: str, run: Any) -> Outcome:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            run()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is printed
        logging.getLogger("statements").debug("%s", traceback.format_exc())
        return Outcome(group, name, f"{type(error).__name__}: {error}".splitlines()[0])
    return Outcome(group, name, "ran")


def _build(**options: Any) -> None:
    """Check options, and build their search space."""
    path = str(options.get("preset", ""))
    estimator: Any = autonet.AutoNetRegression if "regression" in path else autonet.AutoNetClassification
    estimator = estimator(**options)
    estimator.get_current_autonet_config()
    estimator.get_hyperparameter_search_space()


def _parse(path: Path) -> dict[str, Any]:
    return dict(autonet.AutoNetClassification().get_autonet_config_file_parser().read(str(path)))


def _fit_with(options: dict[str, Any]) -> None:
    X, y = sklearn.datasets.load_iris(return_X_y=True)
    autonet.AutoNetClassification(**{**options, **SHORT}).fit(X, y)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkout", type=Path, required=True, help="folder of Auto-PyTorch v0.0.2")
    parser.add_argument("--options", action="store_true", help="try options and files instead of statements")
    parser.add_argument("--file", default="", help="only files whose name has this in it")
    parser.add_argument("--verbose", action="store_true", help="print tracebacks")
    chosen = parser.parse_args()
    logging.getLogger("autonet").setLevel(logging.ERROR)
    logging.basicConfig(level=logging.DEBUG if chosen.verbose else logging.WARNING, format="%(message)s")
    logging.getLogger("matplotlib").setLevel(logging.WARNING)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "checkout")
        shutil.copytree(chosen.checkout, copy, ignore=shutil.ignore_patterns(".git"))
        (copy / "datasets" / "automl").mkdir(parents=True, exist_ok=True)
        write_newsgroups(copy / "datasets" / "automl" / "newsgroups")
        stand_in_for_openml()
        outcomes: list[Outcome] = []
        if chosen.options:
            outcomes += try_options(copy)
        else:
            for path, text in sources(copy):
                if chosen.file in path.name:
                    outcomes += run_file(path, text)
        os.chdir("/")
        print_statements(outcomes)


if __name__ == "__main__":
    main()

"""`DataManager` of Auto-PyTorch 0.0.2: generated data, and tables from files and from OpenML."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import arff
from sklearn.datasets import fetch_openml, make_regression

from autonet.compat.autopytorch.automl_files import read_automl
from autonet.core.errors import InvalidOption, MissingPackage
from autonet.core.task import TaskKind
from autonet.core.typing import Array

__all__ = ["DataManager"]

OPENML = "openml:"  # how names of data sets begin that OpenML has
WORDS = 50  # of a generated document, on average
MISSING = "?"  # how CSV files write missing values, besides those that pandas knows


class DataManager:
    """Data of an example: all rows, and their split into rows to train on and to test on.

    Generated data are arrays, as in Auto-PyTorch; tables that are read are data frames, categories included.

    Parameters
    ----------
    verbose : int
        Not used: nothing is printed.

    Attributes
    ----------
    X, Y : array or data frame of shape (n_samples, n_features), and array or series of shape (n_samples,)
        All rows, shuffled; None before data are generated or read.
    X_train, Y_train, X_test, Y_test, X_valid, Y_valid : as `X` and `Y`
        Parts of them; None where there is no such part.
    categorical_features : list of bool
        Whether each column has categories.
    problem_type : {"classification", "multilabel", "regression"}
    is_classification, is_multilabel : bool
    metric : str or None
        Metric of a data set of the AutoML challenge.
    max_runtime : float or None
        Its time limit, in seconds.

    Examples
    --------
    >>> from autonet.compat.autopytorch import DataManager
    >>> dm = DataManager()
    >>> dm.generate_classification(num_classes=3, num_features=21, num_samples=1500)
    >>> dm.X_train.shape, dm.X_test.shape, sorted({int(label) for label in dm.Y})
    ((1350, 21), (150, 21), [0, 1, 2])
    """

    def __init__(self, verbose: int = 0) -> None:
        self.verbose = verbose
        self.X: Any = None
        self.Y: Any = None
        self._clear()

    def _clear(self) -> None:
        self.X_train: Any = None
        self.Y_train: Any = None
        self.X_test: Any = None
        self.Y_test: Any = None
        self.X_valid: Any = None
        self.Y_valid: Any = None
        self.categorical_features: list[bool] | None = None
        self.problem_type: TaskKind | None = None
        self.metric: str | None = None
        self.max_runtime: float | None = None

    @property
    def is_classification(self) -> bool:
        """Whether the targets are classes or labels."""
        return self.problem_type in ("classification", "multilabel")

    @property
    def is_multilabel(self) -> bool:
        """Whether a row may have several labels."""
        return self.problem_type == "multilabel"

    def generate_classification(
        self, num_classes: int, num_features: int, num_samples: int, test_split: float = 0.1, seed: int = 0
    ) -> None:
        """Generate counts of words in documents, whose class says how often each word is.

        Parameters
        ----------
        num_classes, num_features, num_samples : int
        test_split : float
            Share of the rows that are for tests.
        seed : int
        """
        self._clear()
        rng = np.random.RandomState(seed)
        words = rng.dirichlet(np.ones(num_features), size=num_classes)  # how often a class has each of them
        self.Y = rng.randint(num_classes, size=num_samples)
        lengths = rng.poisson(WORDS, size=num_samples)
        self.X = np.array([rng.multinomial(n, words[y]) for n, y in zip(lengths, self.Y, strict=True)], dtype=float)
        self.problem_type, self.categorical_features = "classification", [False] * num_features
        self._split(test_split, seed)

    def generate_regression(self, num_features: int, num_samples: int, test_split: float = 0.1, seed: int = 0) -> None:
        """Generate a linear function of normal features.

        Parameters
        ----------
        num_features, num_samples : int
        test_split : float
            Share of the rows that are for tests.
        seed : int
        """
        self._clear()
        self.X, self.Y = make_regression(n_samples=num_samples, n_features=num_features, random_state=seed)
        self.problem_type, self.categorical_features = "regression", [False] * num_features
        self._split(test_split, seed)

    def read_data(
        self,
        file_name: str | Path,
        test_split: float = 0.0,
        is_classification: bool | None = None,
        random_seed: int = 0,
    ) -> None:
        """Read a table, whose last column is the target.

        Parameters
        ----------
        file_name : str or Path
            A file that ends in ``.csv`` or ``.arff``, the ``.info`` file of a data set of the AutoML challenge, or
            ``"openml:<id>"``, which is downloaded from OpenML.
        test_split : float
            Share of the rows that are for tests, if the source has no test rows.
        is_classification : bool, optional
            Default: whether the target has no numbers.
        random_seed : int
            Seed of the order of the rows.

        Raises
        ------
        InvalidOption
            If the kind of file is not known.
        MissingPackage
            If pandas is not installed.
        """
        self._clear()
        name = str(file_name)
        if name.startswith(OPENML):
            bunch = fetch_openml(data_id=int(name.removeprefix(OPENML)), as_frame=True)
            self._use_frame(bunch.data, bunch.target, is_classification)
        elif name.endswith(".csv"):
            frame = _pandas().read_csv(name, na_values=MISSING, skipinitialspace=True)
            self._use_frame(frame.iloc[:, :-1], frame.iloc[:, -1], is_classification)
        elif name.endswith(".arff"):
            frame = _pandas().DataFrame(arff.loadarff(name)[0]).map(_decode)
            self._use_frame(frame.iloc[:, :-1], frame.iloc[:, -1], is_classification)
        elif name.endswith(".info"):
            for attribute, value in read_automl(Path(name)).items():
                setattr(self, attribute, value)
        else:
            raise InvalidOption(
                f"file_name must end in .csv, .arff or .info, or begin with {OPENML!r}; got {name!r:.100}."
            )
        self._split(test_split, random_seed)

    def _use_frame(self, X: Any, y: Any, is_classification: bool | None) -> None:
        types = _pandas().api.types
        self.X, self.Y = X, y
        self.categorical_features = [not types.is_numeric_dtype(X[name]) for name in X.columns]
        classes = not types.is_numeric_dtype(y) if is_classification is None else is_classification
        self.problem_type = "classification" if classes else "regression"

    def _split(self, test_split: float, seed: int) -> None:
        """Shuffle the rows, and divide them unless the source has done so."""
        if self.X_valid is not None and self.X_test is None:
            self.X_test, self.Y_test, self.X_valid, self.Y_valid = self.X_valid, self.Y_valid, None, None
        if self.X_test is not None:
            self.X_train, self.Y_train = self.X, self.Y
            return
        order = np.random.RandomState(seed).permutation(self.X.shape[0])
        self.X, self.Y = _take(self.X, order), _take(self.Y, order)
        n_test = int(test_split * len(order)) if 0 < test_split < 1 else 0
        n_train = len(order) - n_test
        self.X_train, self.Y_train = self.X[:n_train], self.Y[:n_train]
        if n_test:
            self.X_test, self.Y_test = self.X[n_train:], self.Y[n_train:]


def _take(rows: Any, order: Array) -> Any:
    return rows.iloc[order] if hasattr(rows, "iloc") else rows[order]


def _decode(value: Any) -> Any:
    """Return the text of bytes, None for a missing value."""
    text = value.decode() if isinstance(value, bytes) else value
    return None if text == MISSING else text


def _pandas() -> Any:
    try:
        import pandas as pd  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingPackage("DataManager.read_data", "pandas", "plot") from error
    return pd

"""Storages of Optuna as directories of studies."""

from autonet.search.optuna.storages import journal as journal
from autonet.search.optuna.storages.base import InMemoryStorage as InMemoryStorage
from autonet.search.optuna.storages.base import JournalFileBackend as JournalFileBackend
from autonet.search.optuna.storages.base import JournalFileStorage as JournalFileStorage
from autonet.search.optuna.storages.base import JournalStorage as JournalStorage
from autonet.search.optuna.storages.base import RDBStorage as RDBStorage
from autonet.search.optuna.storages.base import refuse as __getattr__  # noqa: F401 - of names that are not here

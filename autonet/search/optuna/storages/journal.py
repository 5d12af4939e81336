"""Journals of Optuna as directories of studies, under the names of its module."""

from autonet.search.optuna.exceptions import make_refusal
from autonet.search.optuna.storages.base import JournalFileBackend, JournalFileOpenLock

__all__ = ["JournalFileBackend", "JournalFileOpenLock", "JournalFileSymlinkLock"]

JournalFileSymlinkLock = JournalFileOpenLock

__getattr__ = make_refusal("optuna.storages.journal", __all__)

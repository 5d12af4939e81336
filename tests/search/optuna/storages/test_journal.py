"""Journals under the names of Optuna's module."""

from pathlib import Path

import pytest

from autonet.search.optuna import storages
from autonet.search.optuna.storages.journal import JournalFileBackend, JournalFileOpenLock


def test_a_journal_with_a_lock_is_a_directory() -> None:
    backend = JournalFileBackend("a/journal.log", lock_obj=JournalFileOpenLock("a/journal.log"))
    assert storages.base.find_root(storages.JournalStorage(backend)) == Path("a/journal.log")
    with pytest.raises(AttributeError, match="Did you mean 'JournalFileBackend'"):
        _ = storages.journal.JournalRedisBackend

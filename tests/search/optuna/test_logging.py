"""Logging under Optuna's names."""

import logging as standard
from collections.abc import Iterator

import pytest

from autonet.search.optuna import logging

LOGGER = standard.getLogger("autonet.search")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    level, propagate = LOGGER.level, LOGGER.propagate
    yield
    LOGGER.setLevel(level)
    LOGGER.propagate = propagate
    logging.disable_default_handler()


def test_loggers() -> None:
    LOGGER.setLevel(standard.NOTSET)
    assert logging.get_logger("optuna.study") is LOGGER
    assert logging.get_verbosity() == logging.INFO
    assert logging.get_logger("mine").name == "mine"
    logging.set_verbosity(logging.WARN)
    assert logging.get_logger("optuna").level == logging.WARNING


def test_handlers_and_propagation() -> None:
    before = list(LOGGER.handlers)
    logging.enable_default_handler()
    logging.enable_default_handler()
    assert len(LOGGER.handlers) == len(before) + 1
    logging.disable_default_handler()
    assert before == LOGGER.handlers
    logging.disable_propagation()
    assert not LOGGER.propagate
    logging.enable_propagation()
    assert LOGGER.propagate

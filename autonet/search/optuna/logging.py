"""Logging under Optuna's names, of the logger ``autonet.search``."""

import logging
from logging import CRITICAL, DEBUG, ERROR, INFO, WARNING

from autonet.search.optuna.exceptions import make_refusal

__all__ = [
    "CRITICAL",
    "DEBUG",
    "ERROR",
    "FATAL",
    "INFO",
    "WARN",
    "WARNING",
    "disable_default_handler",
    "disable_propagation",
    "enable_default_handler",
    "enable_propagation",
    "get_logger",
    "get_verbosity",
    "set_verbosity",
]

FATAL, WARN = CRITICAL, WARNING

_LOGGER = logging.getLogger("autonet.search")
_HANDLER = logging.StreamHandler()  # to standard error
_HANDLER.setFormatter(logging.Formatter("[%(levelname).1s %(asctime)s] %(message)s"))


def get_logger(name: str) -> logging.Logger:
    """Return the logger of the search for ``"optuna"``; a line per trial is logged at info level."""
    if name.partition(".")[0] != "optuna":
        return logging.getLogger(name)
    if _LOGGER.level == logging.NOTSET:
        _LOGGER.setLevel(INFO)
    return _LOGGER


def get_verbosity() -> int:
    """Return the level of the logger."""
    return _LOGGER.getEffectiveLevel()


def set_verbosity(verbosity: int) -> None:
    """Set the level of the logger; lines below warnings appear once there is a handler."""
    _LOGGER.setLevel(verbosity)


def enable_default_handler() -> None:
    """Write the lines to standard error."""
    _LOGGER.addHandler(_HANDLER)


def disable_default_handler() -> None:
    """Write no lines to standard error."""
    _LOGGER.removeHandler(_HANDLER)


def enable_propagation() -> None:
    """Pass the lines to the handlers of the root logger, too; the default."""
    _LOGGER.propagate = True


def disable_propagation() -> None:
    """Do not pass the lines to the handlers of the root logger."""
    _LOGGER.propagate = False


__getattr__ = make_refusal("optuna.logging", __all__)

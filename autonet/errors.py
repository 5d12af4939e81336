"""Errors and warnings of autonet."""

from autonet.core.errors import *  # noqa: F403
from autonet.core.errors import __all__  # noqa: F401 - the names of this module, too

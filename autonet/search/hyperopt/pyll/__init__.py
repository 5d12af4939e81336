"""Expressions of Hyperopt, and draws from them."""

from autonet.search.hyperopt.pyll import stochastic as stochastic
from autonet.search.hyperopt.pyll.base import scope as scope

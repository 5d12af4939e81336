"""Drop-in for Hyperopt: its names, arguments and shapes of results; the search is that of `Study`.

>>> from autonet.search.hyperopt import fmin, hp, tpe
>>> space = hp.uniform("x", -10, 10)
>>> best = fmin(lambda x: (x - 3) ** 2, space, algo=tpe.suggest, max_evals=100, rstate=0, verbose=False)
>>> round(best["x"])
3
"""

from types import SimpleNamespace

from autonet.core.errors import InvalidOption as DuplicateLabel
from autonet.core.errors import SearchFailed as AllTrialsFailed
from autonet.search.hyperopt import early_stop as early_stop
from autonet.search.hyperopt import hp as hp
from autonet.search.hyperopt import pyll as pyll
from autonet.search.hyperopt.base import JOB_STATE_DONE as JOB_STATE_DONE
from autonet.search.hyperopt.base import JOB_STATE_ERROR as JOB_STATE_ERROR
from autonet.search.hyperopt.base import JOB_STATE_NEW as JOB_STATE_NEW
from autonet.search.hyperopt.base import JOB_STATE_RUNNING as JOB_STATE_RUNNING
from autonet.search.hyperopt.base import STATUS_FAIL as STATUS_FAIL
from autonet.search.hyperopt.base import STATUS_NEW as STATUS_NEW
from autonet.search.hyperopt.base import STATUS_OK as STATUS_OK
from autonet.search.hyperopt.base import STATUS_RUNNING as STATUS_RUNNING
from autonet.search.hyperopt.base import STATUS_STRINGS as STATUS_STRINGS
from autonet.search.hyperopt.base import STATUS_SUSPENDED as STATUS_SUSPENDED
from autonet.search.hyperopt.base import Trials as Trials
from autonet.search.hyperopt.base import refuse as __getattr__  # noqa: F401 - of names that are not here
from autonet.search.hyperopt.fmin import anneal as anneal
from autonet.search.hyperopt.fmin import atpe as atpe
from autonet.search.hyperopt.fmin import fmin as fmin
from autonet.search.hyperopt.fmin import generate_trials_to_calculate as generate_trials_to_calculate
from autonet.search.hyperopt.fmin import no_progress_loss as no_progress_loss
from autonet.search.hyperopt.fmin import rand as rand
from autonet.search.hyperopt.fmin import tpe as tpe
from autonet.search.hyperopt.pyll.base import scope as scope
from autonet.search.hyperopt.pyll.base import space_eval as space_eval

exceptions = SimpleNamespace(AllTrialsFailed=AllTrialsFailed, DuplicateLabel=DuplicateLabel)

"""Results as HpBandSter's ``json_result_logger`` writes them, for scripts that read those of Auto-PyTorch 0.0.2."""

import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autonet.core.errors import InvalidOption
from autonet.estimators.options import Options
from autonet.search.export.values import to_json
from autonet.search.history import History
from autonet.search.records import Report, Trial
from autonet.search.study import Study

if TYPE_CHECKING:
    from autonet.estimators.base import AutoNet

__all__ = ["CONFIGS", "RESULTS", "ResultLogger", "make_loggers", "write_event_files"]

CONFIGS, RESULTS = "configs.json", "results.json"

logger = logging.getLogger("autonet")


class ResultLogger:
    """Write configurations and results as trials end, a line of JSON each; a callback of `Study.optimize`.

    A line of ``configs.json`` is ``[id, configuration, {"model_based_pick": bool}]``, a line of ``results.json``
    ``[id, budget, {"submitted": s, "started": s, "finished": s}, {"loss": loss, "info": metrics}, null]``, with null
    and a reason at its end if the job failed.  An id is ``[0, 0, number of the trial]``, times are seconds since the
    epoch.  If the files cannot be written, a warning is logged, and nothing more is written.

    Parameters
    ----------
    directory : path-like
        Made if it does not exist; files of an earlier fit are replaced.
    by_model : bool
        Whether a model proposes configurations.
    """

    def __init__(self, directory: str | os.PathLike[str], *, by_model: bool) -> None:
        self.directory, self.by_model = Path(directory), by_model
        self._known: set[int] = set()
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            for name in (CONFIGS, RESULTS):
                (self.directory / name).write_bytes(b"")
            self._failed = False
        except OSError as error:
            self._give_up(error)

    def __call__(self, study: Study, trial: Trial) -> None:
        """Write the latest result of a trial."""
        self.write(trial, trial.reports[-1])

    def write(self, trial: Trial, report: Report) -> None:
        """Write a result, and the configuration before the first one."""
        config_id = [0, 0, trial.number]
        try:
            if trial.number not in self._known:
                self._known.add(trial.number)
                info = {"model_based_pick": self.by_model and trial.origin == "sampler"}
                self._append(CONFIGS, [config_id, dict(trial.config), info])
            times = {"submitted": report.began, "started": report.began, "finished": report.began + report.seconds}
            result = None if report.failed else {"loss": report.loss, "info": dict(report.metrics)}
            self._append(RESULTS, [config_id, report.budget, times, result, (report.error or report.reason) or None])
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self._failed = True
        logger.warning("%s cannot be written, results are not logged: %s", self.directory, error)

    def _append(self, name: str, values: list[Any]) -> None:
        if not self._failed:
            with (self.directory / name).open("a", encoding="utf-8") as file:
                file.write(json.dumps(to_json(values), allow_nan=False) + "\n")


def make_loggers(options: Options, history: History) -> list[ResultLogger]:
    """Make the loggers that a fit asks for, and write what a search that continues has found before."""
    if options.result_logger_dir is None:
        return []
    loggers = [ResultLogger(options.result_logger_dir, by_model=options.algorithm == "bohb")]
    for made in loggers:
        for trial, report in history.reports:
            made.write(trial, report)
    return loggers


def write_event_files(estimator: "AutoNet", options: Options) -> None:
    """Write event files of TensorBoard if a fit asks for them; log a warning if that fails."""
    if not options.use_tensorboard_logger:
        return
    folder = Path(options.result_logger_dir or ".") / "tensorboard"
    try:
        estimator.to_tensorboard(folder)
    except (OSError, InvalidOption) as error:
        logger.warning("event files cannot be written to %s: %s", folder, error)

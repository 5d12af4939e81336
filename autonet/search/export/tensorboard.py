"""A history as event files of TensorBoard; needs the extra ``tensorboard``."""

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from numbers import Real
from pathlib import Path
from typing import Any

from autonet.core.errors import InvalidOption, MissingPackage
from autonet.search.export.values import make_step_counter, to_scalar, value_of
from autonet.search.history import History
from autonet.search.records import Trial

try:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb
    from tensorboard.summary.writer.record_writer import RecordWriter
except ImportError as problem:
    raise MissingPackage("to_tensorboard", "tensorboard", "tensorboard") from problem

__all__ = ["to_tensorboard"]

# TensorBoard reads files whose names contain "tfevents"; a constant name, so that the next export replaces them.
FILE = "events.out.tfevents.0000000000.autonet"


Curves = Mapping[int, Sequence[Any]]  # rows of learning curves by trial


def to_tensorboard(
    history: History, directory: str | os.PathLike[str], learning_curves: Iterable[Mapping[str, Any]] = ()
) -> None:
    """Write event files; see `Study.to_tensorboard`.

    Parameters
    ----------
    history : History
    directory : path-like
    learning_curves : iterable of mapping
        Rows with ``trial``, ``fold``, ``epoch``, ``seconds`` and further numbers by name, which become scalars.
    """
    folder = Path(directory)
    if folder.exists() and not folder.is_dir():
        raise InvalidOption(f"The history cannot be saved to {directory}: expected a directory; got a file.")
    before = set(folder.glob(f"trial_*/{FILE}"))
    _write(folder, _list_study_events(history))
    step, _ = make_step_counter(history)
    curves = _group_by_trial(learning_curves)
    for trial in history:
        if trial.reports or trial.curve:
            name = f"{trial.number:04d}"
            events = chain(_list_trial_events(trial, name, step), _list_curve_events(trial, curves))
            before.discard(_write(folder / f"trial_{name}", events))
    for file in before:  # of another study
        file.unlink()


def _write(folder: Path, events: Iterable[Any]) -> Path:
    """Write an event file, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    records = io.BytesIO()
    writer = RecordWriter(records)
    for event in events:
        writer.write(event.SerializeToString())
    (folder / FILE).write_bytes(records.getvalue())
    return folder / FILE


def _list_study_events(history: History) -> Iterator[Any]:
    """Yield the values of jobs, and the best one so far, in the order in which they ended."""
    best: float | None = None
    better = max if history.maximize else min
    yield Event(wall_time=min((r.began for _, r in history.reports), default=0.0), file_version="brain.Event:2")
    for step, (trial, report) in enumerate(history.reports, 1):
        value = value_of(trial, report)
        if value is None or trial.last is None:
            continue
        best = value if best is None else better(best, value)
        yield _make_event(report.began + report.seconds, step, {"study/value": value, "study/best_value": best})


def _list_trial_events(trial: Trial, name: str, step: Callable[[float], int]) -> Iterator[Any]:
    """Yield hyperparameters, scalars and the end of a trial."""
    began = min((r.began for r in trial.reports), default=0.0)
    ended = max((r.began + r.seconds for r in trial.reports), default=0.0)
    yield Event(wall_time=began, file_version="brain.Event:2")
    hparams = {str(to_scalar(key)): _as_hparam(value) for key, value in trial.config.items()}
    yield Event(wall_time=began, summary=hparams_pb(hparams, trial_id=name, start_time_secs=began))
    for at, value in trial.curve:  # without a time of their own
        yield _make_event(ended, at, {"intermediate_value": value})
    for report in trial.reports:
        scalars = {f"metrics/{key}": value for key, value in report.metrics.items() if _is_number(value)}
        found = value_of(trial, report)
        if found is not None:
            scalars["value"] = found
        yield _make_event(report.began + report.seconds, step(report.budget), scalars)
    if not trial.running:
        status = api_pb2.STATUS_SUCCESS if trial.usable else api_pb2.STATUS_FAILURE
        data = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=ended)
        yield Event(wall_time=ended, summary=_make_hparams_summary(data))


def _group_by_trial(rows: Iterable[Mapping[str, Any]]) -> Curves:
    """Return rows by trial; epochs become steps, or thousandths if any is fractional."""
    listed = list(rows)
    scale = 1 if all(float(row["epoch"]).is_integer() for row in listed) else 1000
    curves: dict[int, list[Any]] = {}
    for row in listed:
        curves.setdefault(row["trial"], []).append({**row, "epoch": round(scale * row["epoch"])})
    return curves


def _list_curve_events(trial: Trial, curves: Curves) -> Iterator[Any]:
    """Yield the learning curves of a trial, those of each fold under its number if there are several."""
    rows = curves.get(trial.number, ())
    folds = len({row["fold"] for row in rows})
    began = min((r.began for r in trial.reports), default=0.0)
    for row in rows:
        suffix = f"/fold_{row['fold']}" if folds > 1 else ""
        scalars = {
            f"learning/{key}{suffix}": value
            for key, value in row.items()
            if key not in ("trial", "fold", "budget", "epoch", "seconds") and _is_number(value)
        }
        yield _make_event(began + row["seconds"], row["epoch"], scalars)


def _make_event(wall_time: float, step: int, scalars: Mapping[str, float]) -> Any:
    """Return an event with scalars."""
    values = [Summary.Value(tag=str(to_scalar(tag)), simple_value=value) for tag, value in scalars.items()]
    return Event(wall_time=wall_time, step=step, summary=Summary(value=values))


def _make_hparams_summary(end: Any) -> Any:
    """Return the summary that ends a session of the plugin HParams."""
    content = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(session_end_info=end))
    value = Summary.Value(tag=metadata.SESSION_END_INFO_TAG, metadata=content, tensor=metadata.NULL_TENSOR)
    return Summary(value=[value])


def _as_hparam(value: Any) -> bool | float | str:
    """Return a value of a hyperparameter as a type that the plugin knows."""
    scalar = to_scalar(value)
    return "None" if scalar is None else scalar


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)

"""A job as it is sent to a worker that may be on another machine, where clock and files differ."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from autonet.core.clock import TimeLimit
from autonet.core.errors import RunUnavailable
from autonet.core.files import publish
from autonet.search.executors.pickling import SentObjective, SentOutcome
from autonet.search.executors.worker import run_job
from autonet.search.records import Job
from autonet.search.storage.checkpoints import checkpoint_path
from autonet.search.storage.files import create

__all__ = ["Missing", "Returned", "Task", "run_task", "take_outcome"]


class Missing(Enum):
    """What a worker lacks; the task must be sent again with it."""

    OBJECTIVE = "objective"
    DIRECTORY = "directory"


@dataclass(frozen=True)
class Task:
    """Job with what its worker needs.

    Attributes
    ----------
    job : Job
        Its deadline is none: it is a reading of another clock.
    seconds : float
        Time limit.
    directory_id : int
        Number of the directory of the checkpoints in its file system, by which a worker knows that it has the same one.
    files : mapping of str to bytes, optional
        Checkpoints by name, for a worker that does not have the directory.
    """

    job: Job
    seconds: float
    directory_id: int = 0
    files: Mapping[str, bytes] | None = None

    @classmethod
    def of(cls, job: Job, *, with_files: bool) -> "Task":
        """Make the task of a job that starts now; raise `RunUnavailable` if its checkpoints cannot be read."""
        seconds, sent = job.limit.left(), replace(job, deadline=float("inf"))
        if job.directory is None:
            return cls(sent, seconds)
        try:
            files = {path.name: path.read_bytes() for path in _list_files(job)} if with_files else None
            return cls(sent, seconds, Path(job.directory).stat().st_ino, files)
        except OSError as error:
            raise RunUnavailable(f"{job.directory} cannot be read: {error}.") from error


@dataclass(frozen=True)
class Returned:
    """Outcome of a job, with the content of its new checkpoint if the worker does not have the directory."""

    sent: SentOutcome
    checkpoint: bytes | None = None


def run_task(objective: SentObjective, task: Task) -> Returned | Missing:
    """Run the job of a task in a worker."""
    job, limit = task.job, TimeLimit.after(task.seconds)
    with ExitStack() as on_exit:
        if task.files is not None:
            folder = on_exit.enter_context(tempfile.TemporaryDirectory(prefix="autonet-"))
            for name, content in task.files.items():
                Path(folder, name).write_bytes(content)
            checkpoint = Path(folder, Path(job.checkpoint).name) if job.checkpoint is not None else None
            job = replace(job, directory=folder, checkpoint=checkpoint)
        elif job.directory is not None and not _is_here(job.directory, task.directory_id):
            return Missing.DIRECTORY
        outcome = run_job(objective.objective, replace(job, deadline=limit.at))
        kept = outcome.result.checkpoint
        if task.files is None or kept is None:
            return Returned(SentOutcome(outcome))
        without = replace(outcome, job=task.job, result=replace(outcome.result, checkpoint=None))
        return Returned(SentOutcome(without), Path(kept).read_bytes())


def take_outcome(returned: Returned, job: Job) -> SentOutcome:
    """Write the checkpoint that a worker has returned to the directory of the job."""
    if returned.checkpoint is None or job.directory is None:
        return returned.sent
    path = checkpoint_path(job.directory, job.trial, job.start, job.target)
    part = path.with_suffix(".part")
    try:
        create(part, [returned.checkpoint])
        publish(part, path)
    except OSError as error:
        raise RunUnavailable(f"{path} cannot be written: {error}.") from error
    outcome = returned.sent.outcome
    return SentOutcome(replace(outcome, result=replace(outcome.result, checkpoint=path)))


def _list_files(job: Job) -> list[Path]:
    """List the checkpoints that a job begins from: of the trial, and of an attempt at this job that died."""
    assert job.directory is not None  # noqa: S101 - for the type checker
    new = checkpoint_path(job.directory, job.trial, job.start, job.target)
    earlier = [] if job.checkpoint is None else [Path(job.checkpoint)]
    return [*earlier, *([new] if job.progress is not None else [])]


def _is_here(directory: str, number: int) -> bool:
    """Return whether the directory of a study can be written to from here."""
    try:
        return Path(directory).stat().st_ino == number and os.access(directory, os.W_OK)
    except OSError:
        return False

"""Durations that a fit measures at its start: of an epoch, on one thread or several, in either precision."""

import logging
import math
import time
from dataclasses import replace

import torch

from autonet.core.alarms import Alarm, TimedOut
from autonet.core.component import Components
from autonet.core.cores import available_cores
from autonet.core.interrupts import current_interrupt
from autonet.pipeline.context import TrialContext
from autonet.pipeline.threads import torch_threads
from autonet.pipeline.trial import build_in_context
from autonet.training.batches import EncodedRows, count_batches, shuffled_batches
from autonet.training.loop import TrainingPlan, train_step
from autonet.training.random import draw_from, seed_gpu
from autonet.training.state import TrainingState

__all__ = ["choose_precision", "choose_threads", "time_epoch"]

TIMING_SECONDS = 0.1  # of training steps, after one warm-up step
# Several threads must shorten an epoch so much, as each waits for the slowest and another process may take a core; so
# must a lower precision.
MIN_SPEEDUP = 1.15


def choose_threads(context: TrialContext, components: Components, n_slots: int, max_seconds: float = math.inf) -> int:
    """Return the number of threads of a trial: as many as it has cores, if an epoch is faster with them, else 1.

    With budgets in epochs it is 1, so that a seed gives the same bits on any number of cores.

    Parameters
    ----------
    context : TrialContext
    components : Components
        Of the configuration to time.
    n_slots : int
        Number of trials at once.
    max_seconds : float
        Seconds that each measurement may take.
    """
    cores = available_cores() // n_slots
    if cores < 2 or not context.modality.uses_threads or context.unit != "time" or context.device.type != "cpu":
        return 1
    one, several = (time_epoch(context, components, n_threads, max_seconds) for n_threads in (1, cores))
    return cores if one > MIN_SPEEDUP * several > 0 else 1


def choose_precision(context: TrialContext, components: Components, max_seconds: float = math.inf) -> str:
    """Return "bfloat16" if an epoch is faster with it, else "float32".

    With budgets in epochs it is "float32", so that results are the same on any processor, and with components of the
    user's own, whose operations may have no other precision.

    Parameters
    ----------
    context : TrialContext
    components : Components
        Of the configuration to time.
    max_seconds : float
        Seconds that each measurement may take.
    """
    if context.unit != "time" or context.custom:
        return "float32"
    if context.device.type == "cuda":  # slow without the instructions only, and its clock is another
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    full, half = (
        time_epoch(replace(context, precision=precision), components, context.threads, max_seconds)
        for precision in ("float32", "bfloat16")
    )
    return "bfloat16" if full > MIN_SPEEDUP * half > 0 else "float32"


def time_epoch(
    context: TrialContext, components: Components, n_threads: int = 1, max_seconds: float = math.inf
) -> float:
    """Estimate the seconds that an epoch takes on all folds, from steps on the first.

    On one thread of a CPU, processor time is measured, because worker processes start meanwhile.  Return 0 if the
    network fails; its trial will report the error.  If two steps take more than `max_seconds`, the estimate is too low.
    """
    try:
        with torch_threads(n_threads), seed_gpu(context.seed, context.device):
            return _measure(context, components, n_threads, max_seconds)
    except KeyboardInterrupt:
        raise
    except BaseException:  # of a custom network, which may even call sys.exit
        logging.getLogger("autonet").debug("an epoch cannot be timed", exc_info=True)
        return 0.0


def _measure(context: TrialContext, components: Components, n_threads: int, max_seconds: float) -> float:
    encoded, generator = context.encode_fold(components, 0), torch.Generator()
    rows, layout = encoded.rows, encoded.encoder.layout
    with draw_from(generator):
        state, plan = build_in_context(context, components, rows, layout, generator)
    try:
        with Alarm(time.monotonic() + max_seconds):
            seconds = _time_step(state, plan, rows, generator, n_threads, time.monotonic() + max_seconds / 2)
    except TimedOut:  # two steps, or one that began in the first half of the time, took longer
        seconds = max_seconds / 2
    return seconds * count_batches(len(rows), plan.batch_size) * len(context.folds)


def _time_step(
    state: TrainingState,
    plan: TrainingPlan,
    rows: EncodedRows,
    generator: torch.Generator,
    n_threads: int,
    until: float,
) -> float:
    batches = shuffled_batches(len(rows), plan.batch_size, state.device, generator)
    state.network.train()
    train_step(state, plan, rows.take(batches[0]))
    clock = time.thread_time if state.device.type == "cpu" and n_threads == 1 else time.monotonic
    began, wall_began, steps = clock(), time.monotonic(), 0
    while not current_interrupt().requested:
        train_step(state, plan, rows.take(batches[steps % len(batches)]))
        steps += 1
        if clock() - began >= TIMING_SECONDS:
            break
        if time.monotonic() >= until:  # a step waits, for which no processor time counts, or for its core
            return (time.monotonic() - wall_began) / steps
    return (clock() - began) / max(steps, 1)

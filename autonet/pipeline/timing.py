"""Time an epoch on its first batches."""

import logging
import time

import torch

from autonet.core.component import Components
from autonet.core.interrupts import current_interrupt
from autonet.pipeline.context import TrialContext
from autonet.pipeline.trial import build_training
from autonet.training.batches import count_batches, shuffled_batches
from autonet.training.loop import train_step
from autonet.training.random import draw_from

__all__ = ["time_epoch"]

SECONDS = 0.1  # of timing, after one warm-up step


def time_epoch(context: TrialContext, components: Components) -> float:
    """Estimate the seconds that an epoch takes on all folds, from steps on the first.

    On a CPU, processor time is measured, because worker processes start meanwhile.  Return 0 if the network fails; its
    trial will report the error.
    """
    try:
        return _measure(context, components)
    except KeyboardInterrupt:
        raise
    except BaseException:  # of a network of the user's own, which may even call sys.exit
        logging.getLogger("autonet").debug("an epoch cannot be timed", exc_info=True)
        return 0.0


def _measure(context: TrialContext, components: Components) -> float:
    encoded, generator = context.encode_fold(components, 0), torch.Generator()
    rows = encoded.rows
    with draw_from(generator):
        state, plan = build_training(
            context.task, components, rows, encoded.encoder.layout, generator, context.modality
        )
    batches = shuffled_batches(len(rows), plan.batch_size, state.device, generator)
    state.network.train()
    train_step(state, plan, rows.take(batches[0]))
    clock = time.thread_time if state.device.type == "cpu" else time.monotonic
    began, steps = clock(), 0
    while clock() - began < SECONDS and not current_interrupt().requested:
        train_step(state, plan, rows.take(batches[steps % len(batches)]))
        steps += 1
    seconds = (clock() - began) / max(steps, 1)
    return seconds * count_batches(len(rows), plan.batch_size) * len(context.folds)

"""Floor 1: one training loop over tensors in memory, with optimizers, schedules, losses and budgets."""

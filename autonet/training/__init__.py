"""Training: one loop over tensors in memory, with optimizers, schedules, losses and budgets."""

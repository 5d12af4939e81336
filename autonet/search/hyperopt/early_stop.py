"""Rules that stop a search of Hyperopt."""

from autonet.search.hyperopt.fmin import no_progress_loss

__all__ = ["no_progress_loss"]

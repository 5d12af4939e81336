"""Schedulers: which job next, as a function of the history."""

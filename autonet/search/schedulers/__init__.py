"""Schedulers: functions from the history to the next job."""

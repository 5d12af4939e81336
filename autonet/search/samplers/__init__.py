"""Samplers: functions from space, history and random generator to a configuration."""

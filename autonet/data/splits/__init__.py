"""Rows: which are equal, which train and which validate."""

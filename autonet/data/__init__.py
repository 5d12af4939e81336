"""Data: tables to arrays, targets and splits; everything is fitted on training rows only."""

"""Splits: holdout, cross-validation, and duplicate rows."""

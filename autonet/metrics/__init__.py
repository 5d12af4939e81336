"""Metrics: formulas, scorers of scikit-learn, and decision thresholds."""

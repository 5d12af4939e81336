"""Estimators with the API of scikit-learn; the only package where all parts meet."""

"""Displays: plots of searches and fitted models, in the style of scikit-learn's."""

"""Fitted models: all that prediction needs, and nothing of the search."""

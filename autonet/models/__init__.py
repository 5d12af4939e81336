"""Fitted models, without the search that found them."""

"""Errors, checks, specs and protocols that all packages share; knows neither torch nor ConfigSpace."""

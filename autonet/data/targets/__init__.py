"""Targets: labels and values to arrays for networks, and back."""

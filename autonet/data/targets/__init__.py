"""Targets: read from labels and values, encoded for networks, and back."""

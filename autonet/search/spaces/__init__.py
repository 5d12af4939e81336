"""Spaces: as users write them, as objectives define them, and as columns of numbers."""

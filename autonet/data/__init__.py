"""Data: reading and encoding of tables and images, targets, splits; everything is fitted on training rows only."""

"""Encoding: arrays to float32 features, fitted on training rows and applied by torch modules."""

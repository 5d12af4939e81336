"""Conformance suites for networks, augmentations, batch techniques, samplers, executors and stores."""

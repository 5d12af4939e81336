"""Conformance suites for networks, samplers, executors and stores."""

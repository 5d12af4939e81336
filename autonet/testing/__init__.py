"""Floor 4: conformance suites for parts of one's own, in one module per kind of part."""

"""Report of a fit: one HTML page for people."""

"""Search spaces, define-by-run spaces, and their encoding as rows of numbers."""

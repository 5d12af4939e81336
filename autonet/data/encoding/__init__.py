"""Arrays to the float32 matrix that a network sees: fitted on training rows, applied by torch modules."""

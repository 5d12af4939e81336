"""Floor 0: errors, small frozen types, names, metrics.  Knows neither torch nor ConfigSpace."""

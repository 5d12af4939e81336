"""Floor 1: many models to one prediction; arithmetic on arrays, without torch."""

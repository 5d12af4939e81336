"""Floor 2: one configuration to one trained model."""

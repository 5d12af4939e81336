"""Storage of studies: events in a store, checkpoints beside them."""

"""Where a study is kept: events in a store, checkpoints beside them."""

"""Floor 1: tables to arrays.  Everything is fitted on training rows only."""

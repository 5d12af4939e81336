"""Floor 1: networks.  Each builder stands beside its ConfigSpace fragment; adding one touches one file."""

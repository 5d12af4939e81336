"""Networks: builders, each beside its search space; and their layers."""

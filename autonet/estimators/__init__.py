"""Floor 3: the scikit-learn counter; the only place where space, search and pipeline meet."""

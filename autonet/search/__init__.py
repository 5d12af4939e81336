"""Floor 1: the search.  A scheduler and samplers that are functions of the history; never imports torch."""

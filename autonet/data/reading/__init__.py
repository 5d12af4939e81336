"""Reading: tables of any type to arrays, with the feature type of each column."""

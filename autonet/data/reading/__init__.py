"""Tables of every brand to arrays: what the columns are, and what their cells become."""

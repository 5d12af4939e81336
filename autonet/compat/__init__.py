"""Names of other libraries on top of the estimators; nothing of the package imports it."""
